"""The pruner beside a ledger: filed before deleted, in small batches, going on after a kill."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chain.ledger import Ledger
from chain.pruning import Keep
from chain.store_contract import KVStore, StorageFailed
from chain.store_memory import MemoryStore
from node import pruner as pruning
from node.archive import Archive, ArchiveRefused, write_archive
from node.pruner import PrunePolicy, Pruner
from tests.node.audit.chains import Trading, history

KEEP = Keep(blocks=4, age_ms=0)


class Killed(BaseException):
    """The process ends here."""


class Jobs:
    """The ledger's thread: runs jobs in place, and may end the process before one of them."""

    def __init__(self, ledger: Ledger, killed_at: int = -1) -> None:
        self.ledger = ledger
        self.killed_at = killed_at
        self.done = 0

    async def run(self, job: Callable[[Ledger], None]) -> None:
        if self.done == self.killed_at:
            raise Killed
        self.done += 1
        job(self.ledger)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "PAUSE_S", 0)


def traded(store: KVStore | None = None) -> Trading:
    return history(store or MemoryStore(), 40)


def files_of(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def policy(archive: Path | None = None, heights: int = 10) -> PrunePolicy:
    return PrunePolicy(KEEP, archive, heights)


@pytest.mark.asyncio
async def test_whole_spans_are_pruned_and_the_rest_waits() -> None:
    ledger = traded().ledger
    jobs = Jobs(ledger)
    assert await Pruner(ledger, policy(), jobs.run).prune() == 31
    assert ledger.base.first_block == 31
    assert jobs.done == 3
    assert await Pruner(ledger, policy(), jobs.run).prune() == 31


@pytest.mark.asyncio
async def test_what_is_pruned_was_filed_as_it_was(tmp_path: Path) -> None:
    trading, whole = traded(), traded().ledger
    ledger = trading.ledger
    await Pruner(ledger, policy(tmp_path), Jobs(ledger).run).prune()
    with closing(Archive(tmp_path, ledger.chain.genesis_hash)) as archive:
        assert archive.covered_from(1) == ledger.base.first_block == 31
        for height in range(1, 31):
            filed = archive.at(height)
            assert filed.block == whole.block_bytes(height)
            assert filed.certificate == whole.certificate_bytes(height)
            assert len(filed.receipts) == len(whole.receipts(height))


@pytest.mark.asyncio
@pytest.mark.parametrize("killed_at", [0, 1, 2, 3])
async def test_a_kill_between_file_and_deletion_loses_nothing_and_files_nothing_twice(
    killed_at: int, tmp_path: Path
) -> None:
    ledger = traded().ledger
    with pytest.raises(Killed):
        await Pruner(ledger, policy(tmp_path, 9), Jobs(ledger, killed_at).run).prune()
    files = files_of(tmp_path)
    again = Trading(ledger.store).ledger
    kept = again.base.first_block
    assert again.block(kept) is not None
    await Pruner(again, policy(tmp_path, 9), Jobs(again).run).prune()
    assert again.base.first_block == 37
    with closing(Archive(tmp_path, again.chain.genesis_hash)) as archive:
        assert archive.covered_from(1) == 37
    assert [path.name for path in files_of(tmp_path)] == [
        "blocks-000000000001-000000000009.hsa",
        "blocks-000000000010-000000000018.hsa",
        "blocks-000000000019-000000000027.hsa",
        "blocks-000000000028-000000000036.hsa",
    ]
    assert files_of(tmp_path)[: len(files)] == files


@pytest.mark.asyncio
async def test_a_damaged_archive_file_is_written_again_before_its_blocks_go(
    tmp_path: Path,
) -> None:
    ledger = traded().ledger
    with pytest.raises(Killed):
        await Pruner(ledger, policy(tmp_path), Jobs(ledger, 0).run).prune()
    (file,) = files_of(tmp_path)
    file.write_bytes(file.read_bytes()[:-40])
    await Pruner(ledger, policy(tmp_path), Jobs(ledger).run).prune()
    with closing(Archive(tmp_path, ledger.chain.genesis_hash)) as archive:
        assert archive.covered_from(1) == 31
        assert archive.at(1).block


@pytest.mark.asyncio
async def test_a_full_archive_disk_prunes_nothing_and_the_node_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = traded().ledger
    refused = asyncio.Event()

    def full(*_: object) -> Path:
        loop.call_soon_threadsafe(refused.set)
        raise ArchiveRefused("No space left on device")

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(pruning, "write_archive", full)
    running = asyncio.ensure_future(Pruner(ledger, policy(tmp_path), Jobs(ledger).run).run())
    await refused.wait()
    monkeypatch.setattr(pruning, "write_archive", write_archive)
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ledger.base.first_block == 1


@pytest.mark.asyncio
async def test_a_missing_block_is_fatal_and_named(tmp_path: Path) -> None:
    ledger = traded().ledger
    ledger.store.write({b"b" + (7).to_bytes(8): None})
    with pytest.raises(StorageFailed, match="height 7"):
        await Pruner(ledger, policy(tmp_path), Jobs(ledger).run).prune()
    assert ledger.base.first_block == 1


@pytest.mark.asyncio
async def test_large_blocks_are_filed_in_smaller_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = traded().ledger
    monkeypatch.setattr(pruning, "FILE_SIZE_MAX", 6_000)
    await Pruner(ledger, policy(tmp_path), Jobs(ledger).run).prune()
    assert len(files_of(tmp_path)) > 3
    assert ledger.base.first_block > 26


@pytest.mark.asyncio
async def test_who_is_cancelled_reads_nothing_of_the_store_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, filing, told = traded().ledger, asyncio.Event(), list[str]()
    pruner = Pruner(ledger, policy(tmp_path), Jobs(ledger).run)

    def slowly(folder: Path, chain: bytes, span: tuple[int, int], blocks: Any) -> Path:
        loop.call_soon_threadsafe(filing.set)
        pruner._stop.wait()
        try:
            return write_archive(folder, chain, span, blocks)
        finally:
            told.append("over")

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(pruning, "write_archive", slowly)
    running = asyncio.ensure_future(pruner.run())
    await filing.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert told == ["over"]
    assert not [file for file in files_of(tmp_path) if file.suffix == ".hsa"]
    assert ledger.base.first_block == 1
    monkeypatch.setattr(pruning, "write_archive", write_archive)
    await Pruner(ledger, policy(tmp_path), Jobs(ledger).run).prune()
    assert ledger.base.first_block == 31
