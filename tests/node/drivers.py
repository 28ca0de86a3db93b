"""Drivers without sockets: real replicas, journals on disk and ledgers, and a diary of each.

A vote that one sends is posted to the others; transactions are put into every pool.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from typing_extensions import override

from chain.block import Header
from chain.committees import CommitteeRecord
from chain.leaders import Leaders
from chain.ledger import Ledger
from chain.schema import META_GENESIS
from chain.store_contract import StorageFailed
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction
from commerce.registry import Registry
from consensus.config import ChainTip, ReplicaConfig
from consensus.input import Checked, FetchedBlock, Input
from consensus.messages import Message
from consensus.output import CheckRequest, Results, Send
from consensus.records import Record, decode_record
from consensus.replica import Replica
from node.bodies import Bodies
from node.clock import now_ms
from node.driver import Driver, Parts
from node.journal import Journal, journal_owner
from node.ledger_queue import LedgerQueue, Written
from node.mempool import Mempool
from node.sync import Sync
from node.verifier import TransactionVerifier, VoteVerifier
from p2p import messages as wire
from tests.chain.world import World, genesis, key

# What happened, in order: ("append" | "rewrite", records), ("send", message), ("write", height).
Entry = tuple[str, object]


class DiaryJournal(Journal):
    """A real journal that notes when records are on disk."""

    def __init__(self, directory: Path, owner: bytes, diary: list[Entry]) -> None:
        super().__init__(directory, owner)
        self._diary = diary

    @override
    def append(self, records: Sequence[bytes]) -> None:
        super().append(records)
        self._diary.append(("append", [decode_record(record) for record in records]))

    @override
    def rewrite(self, records: Sequence[bytes]) -> None:
        self._diary.append(("rewrite", [decode_record(record) for record in records]))
        super().rewrite(records)


class DiaryStore(MemoryStore):
    """A store that notes each block's batch; `full` from some moment on."""

    def __init__(self, diary: list[Entry]) -> None:
        super().__init__()
        self._diary = diary
        self.full = False

    @override
    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        if self.full:
            raise StorageFailed("no space left")
        if self.get(META_GENESIS) is not None:
            self._diary.append(("write", None))
        super().write(batch, sync=sync)


class DivergingQueue(LedgerQueue):
    """A ledger whose results are not those of the other members."""

    @override
    async def check(
        self, request: CheckRequest, transactions: Sequence[ReceivedTransaction]
    ) -> Checked | None:
        checked = await super().check(request, transactions)
        if checked is None or checked.results is None:
            return checked
        return replace(checked, results=replace(checked.results, state_root=bytes(32)))


@dataclass(frozen=True, slots=True)
class _Headers:
    ledger: Ledger

    def header(self, height: int) -> Header:
        header = self.ledger.header(height)
        assert header is not None
        return header

    def committee(self, height: int) -> CommitteeRecord:
        return self.ledger.record_at(height)

    def leaders(self) -> Leaders | None:
        return self.ledger.leaders


@dataclass
class Seat:
    """One member's driver and all its parts."""

    index: int
    parts: Parts
    driver: Driver
    store: DiaryStore
    journal: DiaryJournal
    diary: list[Entry]
    written: list[int]
    task: "asyncio.Task[None] | None" = None

    def of(self, kind: str) -> list[object]:
        """What the diary says of one kind."""
        return [what for name, what in self.diary if name == kind]


class Table:
    """The members of one committee; only those that were seated exist."""

    def __init__(self, directory: Path, n: int) -> None:
        self.directory = directory
        self.world = World(made=replace(genesis(n), time_ms=now_ms()))
        self.seats: dict[int, Seat] = {}
        self.verifier = TransactionVerifier(Registry(), 1)
        # Set whenever a member has written a block.
        self.news = asyncio.Event()

    def seat(self, index: int, queue: type[LedgerQueue] = LedgerQueue) -> Seat:
        """Make a member's parts; it does not run yet."""
        diary: list[Entry] = []
        store = DiaryStore(diary)
        ledger = Ledger(store, self.world.genesis, Registry())
        owner = journal_owner(ledger.chain.genesis_hash, key(f"node of m{index}").public_key)
        journal = DiaryJournal(self.directory / f"m{index}", owner, diary)
        pool = Mempool(1024 * 1024, ledger.chain.committee.n)
        written: list[int] = []

        def send(sends: Sequence[Send]) -> None:
            for one in sends:
                diary.append(("send", one.message))
                self._deliver(index, one.recipients, one.message)

        def feed(block: FetchedBlock) -> None:
            self.seats[index].driver.post(block)

        def note(done: Written) -> None:
            written.append(done.tip.height)
            self.news.set()

        parts = Parts(
            replica=restore(ledger, index, journal),
            journal=journal,
            ledger=ledger,
            queue=queue(ledger),
            mempool=pool,
            bodies=Bodies(pool, self.verifier, lambda *_: None),
            sync=Sync(
                ledger,
                lambda peer, message: self._trade(index, peer, message),
                feed,
                now_ms,
                self._keys,
            ),
            clock_ms=now_ms,
            send_votes=send,
            spread_again=lambda _: None,
            written=note,
            convict=lambda _: True,
        )
        seat = Seat(index, parts, Driver(parts), store, journal, diary, written)
        self.seats[index] = seat
        return seat

    def _keys(self) -> tuple[bytes, ...]:
        return tuple(node_key(index) for index in self.seats)

    def _deliver(self, source: int, recipients: tuple[bytes, ...], message: Message) -> None:
        peer = node_key(source)
        for index, seat in self.seats.items():
            if index != source and (not recipients or node_key(index) in recipients):
                seat.driver.receive(message, peer, 0)

    def _trade(self, number: int, target: bytes, message: wire.Message) -> None:
        """What the router does with blocks and requests for them."""
        source = node_key(number)
        parts = next((s.parts for i, s in self.seats.items() if node_key(i) == target), None)
        if parts is None:
            return
        match message:
            case wire.Blocks():
                parts.sync.arrived(source, message)
            case wire.BlocksGone():
                parts.sync.gone(source, message)
            case wire.Proposed():
                parts.sync.proposed(message)
            case wire.BlocksRequest(start, count):
                parts.sync.serve(source, start, count)
            case wire.ProposedRequest(_, digest):
                held = parts.replica.held_block(digest)
                parts.sync.serve_proposed(source, held[0] if held else None, message)
            case _:
                pass

    def submit(self, received: ReceivedTransaction) -> None:
        """Put a transaction into every pool."""
        for seat in self.seats.values():
            seat.parts.mempool.add(received, b"m0", seat.parts.ledger.tip.height)
            seat.driver.work_changed()

    def run(self) -> None:
        """Let everybody drive."""
        for seat in self.seats.values():
            seat.task = asyncio.ensure_future(seat.driver.run())

    async def height(self, height: int, *indexes: int) -> None:
        """Wait until these members (default: all) have written this height."""
        wanted = [self.seats[index] for index in indexes or self.seats]
        async with asyncio.timeout(20):
            while not all(height in seat.written for seat in wanted):
                self.news.clear()
                news = asyncio.ensure_future(self.news.wait())
                tasks = [seat.task for seat in wanted if seat.task is not None]
                await asyncio.wait((news, *tasks), return_when=asyncio.FIRST_COMPLETED)
                news.cancel()
                for task in tasks:
                    if task.done():
                        task.result()

    async def close(self) -> None:
        """Stop everybody."""
        tasks = [seat.task for seat in self.seats.values() if seat.task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        for seat in self.seats.values():
            seat.parts.queue.close()
            seat.journal.close()
        self.verifier.close()


def waiting_in(driver: Driver) -> list[tuple[Input, bytes | None]]:
    """Take all that waits to be stepped, in the order of turns."""
    mail = driver._inbox.mail
    taken: list[tuple[Input, bytes | None]] = []
    while mail:
        taken.append(mail.take())
    return taken


def node_key(index: int) -> bytes:
    return key(f"node of m{index}").public_key


def restore(ledger: Ledger, index: int, journal: Journal) -> Replica:
    """A replica as journal and ledger left it."""
    chain, tip = ledger.chain, ledger.tip
    config = ReplicaConfig(
        genesis_hash=chain.genesis_hash,
        node_key=node_key(index),
        parameters=chain.genesis.consensus,
        sign=key(f"node of m{index}").sign,
        verify=VoteVerifier(),
    )
    results = Results(tip.state_root, tip.receipts_root, needs_seal=tip.needs_seal)
    records: list[Record] = [decode_record(data) for data in journal.records]
    start = ChainTip(tip.header, tip.certificate, results)
    return Replica.restore(config, start, _Headers(ledger), records)


@asynccontextmanager
async def table(directory: Path, n: int = 4, seated: int | None = None) -> AsyncIterator[Table]:
    """`seated` members (default: all) of a committee of `n`; stopped at the end."""
    made = Table(directory, n)
    try:
        for index in range(n if seated is None else seated):
            made.seat(index)
        yield made
    finally:
        await made.close()
