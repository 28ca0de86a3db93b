"""What must hold of a data directory after `crash_program` was killed anywhere in it.

The chain opens at a height that is at least the newest one acknowledged; every block and state root
is that of a run that nobody killed; the journal holds no two votes for one thing; the member goes
on by itself.
"""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from chain.block import Block
from chain.codec import decode
from chain.ledger import Ledger
from chain.store import open_store
from commerce.registry import Registry
from consensus.records import VoteRecord, decode_record
from node.archive import Archive
from node.backup import check_backup
from node.restore import BUILDING
from node.restore import restore as restore_backup
from node.snapshot_files import FOLDER_NAME, SnapshotFolder, check_folder
from tests.processes import crash_program as program

# How far the member must go on after it recovered.
FURTHER = 2


class NotRecovered(AssertionError):
    """What a kill left is not what it may leave."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The digest and the state root after each height of a run that nobody killed."""

    blocks: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def made(cls) -> "Reference":
        """Of a run of its own."""
        with TemporaryDirectory() as folder:
            directory = Path(folder) / "data"
            program.prepare(directory)
            program.decide(directory, program.HEIGHT_MAX)
            with program.opened(directory) as files:
                return cls(blocks_of(files.ledger))


def blocks_of(ledger: Ledger) -> tuple[tuple[bytes, bytes], ...]:
    """(digest, state root after it) of each height."""
    headers = []
    for height in range(ledger.tip.height + 1):
        header = ledger.header(height)
        require(header is not None, f"no header at {height}")
        assert header is not None
        headers.append(header)
    roots = [header.state_root for header in headers[1:]] + [ledger.tip.state_root]
    return tuple((header.digest(), root) for header, root in zip(headers, roots, strict=True))


def require(holds: object, what: str) -> None:
    """`NotRecovered` unless it holds; also under `python -O`."""
    if not holds:
        raise NotRecovered(what)


def check_member(directory: Path, said: Sequence[int], reference: Reference) -> int:
    """The height at which a killed member recovers; it goes on from there."""
    program_order = list(range(said[0], said[0] + len(said))) if said else []
    require(list(said) == program_order, f"acknowledged out of order: {said}")
    votes: dict[tuple[int, int, int], bytes] = {}
    with program.eager():
        with program.opened(directory) as files:
            height = files.ledger.tip.height
            require(height >= max(said, default=0), f"{height}, acknowledged {said[-1:]}")
            _require_same(files.ledger, reference)
            _require_one_vote_each(files, votes)
            goal = min(height + FURTHER, program.HEIGHT_MAX)
            asyncio.run(program.drive(files, goal, lambda _: None))
            require(files.ledger.tip.height >= goal, f"stands at {files.ledger.tip.height}")
            _require_same(files.ledger, reference)
        with program.opened(directory) as files:
            _require_same(files.ledger, reference)
            _require_one_vote_each(files, votes)
    return height


def _require_same(ledger: Ledger, reference: Reference) -> None:
    found = blocks_of(ledger)
    require(found == reference.blocks[: len(found)], f"another chain at {len(found) - 1}")


def _require_one_vote_each(files: program.Opened, votes: dict[tuple[int, int, int], bytes]) -> None:
    for data in files.journal.records:
        record = decode_record(data)
        if isinstance(record, VoteRecord):
            slot = (record.type, record.view, record.height)
            digest = votes.setdefault(slot, record.digest)
            require(digest == record.digest, f"two votes for {slot}")


def check_restored(directory: Path, file: Path, root: bytes) -> bool:
    """Was the killed restore complete? If not it can be repeated; either way it is right."""
    is_complete = (directory / "db").exists()
    if not is_complete:
        restore_backup(file, directory, program.GENESIS)
    require(not (directory / "journal" / "journal").exists(), "a journal was made up")
    require(not (directory / "journal" / "new").exists(), "the key is vouched for as new")
    require(not (directory / BUILDING).exists() or is_complete, "a half-built database is left")
    with closing(open_store(directory / "db")) as store:
        ledger = Ledger(store, program.GENESIS, Registry())
        require(ledger.tip.state_root == root, "another state")
    return is_complete


def check_backed_up(file: Path, root: bytes) -> None:
    """A killed backup leaves the older file, or the new one; both are whole."""
    check_backup(file)
    with TemporaryDirectory() as folder:
        restored = restore_backup(file, Path(folder) / "data", program.GENESIS)
        require(restored.state_root == root, "another state")


def check_snapshots(data: Path) -> None:
    """Every part of what is held proves right, and another can be made."""
    folder = SnapshotFolder(data / FOLDER_NAME)
    for _ in range(2):
        folder.open()
        for held in folder.held:
            check_folder(folder.folder(held.height), program.GENESIS)
        left = {path.name for path in folder.path.iterdir()}
        require(left == {str(held.height) for held in folder.held}, f"left: {left}")
        program.make_snapshot(data)
    folder.open()
    require(folder.held, "none was made")


def check_pruned(data: Path, archive: Path) -> None:
    """Every block is in the store or in the archive, and pruning comes to its end."""
    with program.opened(data) as files:
        _require_everywhere(files.ledger, archive)
    program.prune(data, archive)
    with program.opened(data) as files:
        _require_everywhere(files.ledger, archive)
        kept = files.ledger.base.first_block
        require(kept > program.PRUNED_HEIGHTS, f"kept from {kept}")


def _require_everywhere(ledger: Ledger, archive: Path) -> None:
    heights = range(1, ledger.tip.height + 1)
    found = {height: ledger.block_bytes(height) for height in heights}
    gone = [height for height, block in found.items() if block is None]
    require(all(height < ledger.base.first_block for height in gone), f"no blocks at {gone}")
    if gone:
        with closing(Archive(archive, ledger.chain.genesis_hash)) as filed:
            found |= {height: filed.at(height).block for height in gone}
    for height, block in found.items():
        same = block is not None and ledger.header(height) == decode(Block, block).header
        require(same, f"another block at {height}")
