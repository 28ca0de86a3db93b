"""The driver obeys: persist, then send, then write; what is fatal ends it by name."""

import asyncio
import logging
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from chain.block import Certificate
from chain.store_contract import StorageFailed
from consensus.config import StateDiverged
from consensus.input import Input, Work
from consensus.messages import Commit, Complaint, Prepare, PrePrepare
from consensus.output import ALL, BuildRequest, Decided, Output, Send
from consensus.records import (
    DecidedRecord,
    SilenceRecord,
    SyncedRecord,
    VoteRecord,
    decode_record,
)
from consensus.replica import Replica
from node import block_size
from node import driver as driver_module
from node.block_size import BlockSize
from node.journal import Journal, JournalFailed
from node.ledger_queue import LedgerQueue, Written
from node.sync import Sync
from tests.node.drivers import DivergingQueue, Seat, restore, table, waiting_in
from tests.node.parts import issue, payment

VOTES = (PrePrepare, Prepare, Commit)


def assert_promised_before_said(seat: Seat) -> None:
    """Every vote that left was on disk before, with the decision that it rests on."""
    signatures: set[bytes] = set()
    decided = {0}
    for kind, what in seat.diary:
        if kind in {"append", "rewrite"}:
            assert isinstance(what, list)
            signatures |= {record.signature for record in what if isinstance(record, VoteRecord)}
            decided |= {r.certificate.height for r in what if isinstance(r, DecidedRecord)}
            decided |= {r.height for r in what if isinstance(r, SyncedRecord)}
        elif kind == "send" and isinstance(what, VOTES):
            assert what.signature in signatures, f"{what} left before it was on disk"
            assert what.height - 1 in decided, f"{what} left before the block below was on disk"


@pytest.mark.asyncio
async def test_four_drivers_persist_then_send_then_write(tmp_path: Path) -> None:
    async with table(tmp_path) as at:
        at.run()
        at.submit(issue(at.world))
        # The block and its seal.
        await at.height(2)
        for seat in at.seats.values():
            assert_promised_before_said(seat)
            commits = [m.height for m in seat.of("send") if isinstance(m, Commit)]
            assert commits, "every member voted"
            at_commit = seat.diary.index(("send", _first_commit(seat)))
            assert at_commit < seat.diary.index(("write", None))
        assert len({seat.parts.ledger.tip.digest for seat in at.seats.values()}) == 1


def _first_commit(seat: Seat) -> Commit:
    return next(m for m in seat.of("send") if isinstance(m, Commit))


@pytest.mark.asyncio
async def test_one_fsync_covers_what_waits_together_and_comes_before_all_of_it(
    tmp_path: Path,
) -> None:
    async with table(tmp_path, seated=1) as at:
        seat = at.seats[0]
        records = [VoteRecord(1, view, 1, bytes(32), bytes(64)) for view in range(3)]
        messages = [Complaint(view, 1, 0, bytes(64)) for view in range(3)]
        outputs = [
            _output(record, message) for record, message in zip(records, messages, strict=True)
        ]
        await seat.driver._obey(outputs)
        assert seat.diary == [("append", records), *(("send", message) for message in messages)]


@pytest.mark.asyncio
async def test_a_decision_waits_for_the_next_promise_and_is_on_disk_with_it(tmp_path: Path) -> None:
    async with table(tmp_path, seated=1) as at:
        seat = at.seats[0]
        decision = DecidedRecord(Certificate(1, 0, bytes(32), ()))
        vote = VoteRecord(1, 0, 2, bytes(32), bytes(64))
        message = Complaint(0, 2, 0, bytes(64))
        silent = replace(_output(vote, message), persist=(decision,), send=())
        await seat.driver._obey([silent])
        assert seat.diary == []
        await seat.driver._obey([_output(vote, message)])
        assert seat.diary == [("append", [decision, vote]), ("send", message)]
        # A promise is not a decision: it is on disk at once, also where nothing is sent yet.
        await seat.driver._obey([silent, replace(silent, persist=(SilenceRecord(3),))])
        assert seat.diary[2:] == [("append", [decision, SilenceRecord(3)])]


@pytest.mark.asyncio
async def test_the_pools_news_are_told_when_they_are_news(tmp_path: Path) -> None:
    async with table(tmp_path, seated=1) as at:
        seat = at.seats[0]
        seat.parts.mempool.add(issue(at.world), b"m0", 0)
        seat.driver.work_changed()
        assert len(seat.driver._round(0)) == 1
        seat.driver.work_changed()
        assert not seat.driver._round(0), "the replica knows that something waits"


def _output(record: VoteRecord, message: Complaint) -> Output:
    return Output((record,), (Send(ALL, message),), (), (), (), (), None, (), (), 100)


@pytest.mark.asyncio
async def test_nothing_is_sent_when_the_journal_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with table(tmp_path, n=1) as at:
        seat = at.seats[0]

        def failing(*_: object) -> None:
            raise JournalFailed("no space left")

        monkeypatch.setattr(seat.journal, "append", failing)
        at.run()
        at.submit(issue(at.world))
        assert seat.task is not None
        with pytest.raises(BaseExceptionGroup) as raised:
            await seat.task
        assert raised.group_contains(JournalFailed)
        # A Status promises nothing; of what does, nothing left.
        assert not [m for m in seat.of("send") if isinstance(m, VOTES)]


@pytest.mark.asyncio
async def test_a_failing_store_ends_the_driver_by_name(tmp_path: Path) -> None:
    async with table(tmp_path, n=1) as at:
        seat = at.seats[0]
        seat.store.full = True
        at.run()
        at.submit(issue(at.world))
        assert seat.task is not None
        with pytest.raises(BaseExceptionGroup) as raised:
            await seat.task
        assert raised.group_contains(StorageFailed)
        # Nobody was told that it was decided.
        assert seat.written == []


@pytest.mark.asyncio
async def test_a_member_whose_state_differs_ends_by_name_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    async with table(tmp_path, seated=3) as at:
        seat = at.seat(3, DivergingQueue)
        at.run()
        at.submit(issue(at.world))
        await at.height(2, 0, 1, 2)
        assert seat.task is not None
        with pytest.raises(BaseExceptionGroup) as raised:
            await asyncio.wait_for(seat.task, 20)
        assert raised.group_contains(StateDiverged)


@pytest.mark.asyncio
async def test_the_journal_is_shortened_only_when_the_written_height_is_the_replicas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "JOURNAL_SIZE_MAX", 1)
    async with table(tmp_path, n=1) as at:
        seat = at.seats[0]
        heights: list[tuple[int, int]] = []
        rewrite = seat.journal.rewrite

        def noting(records: list[bytes]) -> None:
            heights.append((seat.parts.ledger.tip.height, seat.parts.replica.height))
            rewrite(records)

        monkeypatch.setattr(seat.journal, "rewrite", noting)
        at.run()
        at.submit(issue(at.world))
        for _ in range(5):
            at.submit(payment(at.world))
        await at.height(2)
        assert heights
        assert all(written == decided for written, decided in heights)
        assert_promised_before_said(seat)
        await at.close()
        # What is left is enough to go on.
        assert restore(seat.parts.ledger, 0, _reopened(seat)).height == seat.parts.ledger.tip.height


def _reopened(seat: Seat) -> Journal:
    journal = Journal(seat.journal._directory, seat.journal._header[-32:])
    journal.close()
    return journal


@pytest.mark.asyncio
async def test_a_block_under_way_to_the_disk_keeps_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "JOURNAL_SIZE_MAX", 1)
    async with table(tmp_path, n=1) as at:
        seat = at.seats[0]
        writing, go_on = threading.Event(), threading.Event()
        write = seat.store.write

        def slow(batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
            writing.set()
            go_on.wait(20)
            write(batch, sync=sync)

        monkeypatch.setattr(seat.store, "write", slow)
        at.run()
        at.submit(issue(at.world))
        await asyncio.to_thread(writing.wait, 20)
        before = len(seat.of("rewrite"))
        for _ in range(5):
            # Rounds go on meanwhile.
            at.submit(payment(at.world))
            await asyncio.sleep(0.01)
        assert seat.parts.replica.height == 1
        kept = [decode_record(r) for r in _reopened(seat).records]
        assert any(isinstance(r, DecidedRecord) and r.certificate.height == 1 for r in kept)
        assert len(seat.of("rewrite")) == before
        go_on.set()
        await at.height(1)


class CountingReplica(Replica):
    """A real replica that counts what it is told of work."""

    told = 0

    @override
    def step(self, event: Input, now_ms: int) -> Output:
        self.told += isinstance(event, Work)
        return super().step(event, now_ms)


@pytest.mark.asyncio
async def test_work_that_came_together_is_told_once(tmp_path: Path) -> None:
    async with table(tmp_path, seated=1) as at:
        seat = at.seats[0]
        replica = CountingReplica(seat.parts.replica._state)
        seat.driver._parts = replace(seat.parts, replica=replica)
        for _ in range(100):
            seat.driver.work_changed()
        outputs = [len(seat.driver._round(0)) for _ in range(2)]
        assert (outputs, replica.told) == ([1, 0], 1)


def request_of(seat: Seat) -> BuildRequest:
    """To propose the first block, if something waits."""
    tip = seat.parts.ledger.tip
    return BuildRequest(1, 0, tip.digest, tip.header.time_ms + 1, at_once=False)


@pytest.mark.asyncio
async def test_a_request_to_build_that_is_repeated_more_urgently_is_built_once(
    tmp_path: Path,
) -> None:
    async with table(tmp_path, n=1) as at:
        driver, request = at.seats[0].driver, request_of(at.seats[0])
        at.seats[0].parts.mempool.add(issue(at.world), b"m0", 0)
        async with asyncio.TaskGroup() as group:
            driver._group = group
            driver._building.request = request
            driver._try_build()
            driver._building.request = replace(request, at_once=True)
            driver._try_build()
        assert at.seats[0].driver._building.request is None
        assert [type(event).__name__ for event, _ in waiting_in(driver)] == ["Proposal"]


@pytest.mark.asyncio
async def test_blocks_that_a_node_fetches_pass_over_nothing_that_came_to_it_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with table(tmp_path, n=1) as at:
        seat, height = at.seats[0], 10
        seat.parts.mempool.add(issue(at.world), b"m0", 2)
        told: list[int] = []
        for lived_ms in (1, None):
            monkeypatch.setattr(Sync, "lived_ms", lived_ms)
            seat.driver._note_skipped(height, ())
            told.append(seat.driver._work().skipped_ms)
        assert told[0] > 0
        assert told[1] == 0


class SlowQueue(LedgerQueue):
    """Each block takes four fifths of a request timeout of 500 ms, by what it says."""

    @override
    def _write(self, decided: Decided) -> Written:
        return replace(super()._write(decided), took_s=0.4)


@pytest.mark.asyncio
async def test_a_proposal_is_cut_to_what_this_node_checks_and_writes_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(block_size, "COUNT_MIN", 2)
    async with table(tmp_path, n=1, seated=0) as at:
        seat = at.seat(0, SlowQueue)
        seat.driver._block_size = BlockSize(5, 500)
        at.run()
        for number in range(10):
            at.submit(issue(at.world, f"bank-{number}"))
        # Of the first only the size was the limit; then come two, two and one, and perhaps a seal.
        await at.height(4)
        headers = [seat.parts.ledger.header(height) for height in range(1, 5)]
        first, *others = [header.transactions_count for header in headers if header is not None]
        assert (first, max(others)) == (5, 2)


@pytest.mark.asyncio
async def test_nothing_to_propose_now_but_a_seal_came_meanwhile_so_it_is_built(
    tmp_path: Path,
) -> None:
    async with table(tmp_path, n=1) as at:
        seat, request = at.seats[0], request_of(at.seats[0])
        # A transaction of nobody: it may not stand in a block.
        seat.parts.mempool.add(payment(at.world, sender="stranger"), b"m0", 0)
        async with asyncio.TaskGroup() as group:
            seat.driver._group = group
            seat.driver._building.request = request
            seat.driver._try_build()
            seat.driver._building.request = replace(request, at_once=True)
        assert [type(event).__name__ for event, _ in waiting_in(seat.driver)] == ["Proposal"]
        assert len(seat.parts.mempool) == 0


@pytest.mark.asyncio
async def test_a_forged_vote_is_logged_with_its_peer_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with table(tmp_path) as at:
        at.run()
        forged = Prepare(0, 1, bytes(32), 1, bytes(64))
        with caplog.at_level(logging.WARNING, "node.driver"):
            at.seats[0].driver.receive(forged, bytes([7] * 32), 0)
            at.submit(issue(at.world))
            await at.height(1)
        assert "0707070707070707 sent what no correct member sends" in caplog.text


@pytest.mark.asyncio
async def test_a_round_ends_after_some_time_however_many_wait_and_a_flood_passes_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(1_000))
    monkeypatch.setattr(driver_module, "monotonic", lambda: next(clock) * driver_module.ROUND_S / 4)
    async with table(tmp_path, seated=1) as at:
        driver = at.seats[0].driver
        forged = Prepare(0, 1, bytes(32), 1, bytes(64))
        for _ in range(50):
            driver.receive(forged, bytes([7] * 32), 0)
        driver.receive(forged, bytes([8] * 32), 0)
        driver._round(0)
        # Three steps: two of the flood, and between them the other's.
        assert [peer for _, peer in waiting_in(driver)] == [bytes([7] * 32)] * 48
