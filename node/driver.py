"""The driver obeys the replica: persist, then send, then write.

One task steps the replica; all that waits for it is stepped together, so that one fsync covers the
promises of all (group commit), and nothing of an Output leaves before its promises are on disk.
Decided blocks are written, proposals checked and built on the ledger's thread, in that order.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic

from chain.errors import HushangError, LedgerError, ProtocolError
from chain.evidence import Evidence, culprit
from chain.ledger import Ledger
from chain.transaction import ReceivedTransaction
from consensus.config import TICK_MS
from consensus.input import Checked, FetchedBlock, Input, Proposal, Work
from consensus.messages import Message
from consensus.output import BuildRequest, CheckRequest, Decided, Output, Send
from consensus.records import encode_record, promises_nothing
from consensus.replica import Replica
from node.block_size import BlockSize
from node.bodies import Bodies
from node.door import sponsor_of
from node.journal import Journal
from node.ledger_queue import LedgerQueue, Written
from node.mailbox import Mailbox
from node.mempool import Mempool
from node.sync import Sync
from node.worker import Worker

logger = logging.getLogger(__name__)

# One round: what waits is stepped together, but others of the loop have their turn in between. By
# time, not by number, for what one message costs is up to whoever sent it.
ROUND_S = 0.003
STEPS_PER_ROUND_MAX = 256
JOURNAL_SIZE_MAX = 16 * 1024 * 1024
# Well below the request timer, which complains about what waits.
POOL_LOOK_S = 0.2
SPREAD_MAX = 64


class KeyUsedElsewhere(HushangError):
    """Others hold a vote under this node's key that this node never cast."""

    hint = "stop every other process with this key; if there is none, give the node a new key"


@dataclass(frozen=True, slots=True)
class Parts:
    """What the driver drives, each complete when it is handed in."""

    replica: Replica
    journal: Journal
    ledger: Ledger
    queue: LedgerQueue
    mempool: Mempool
    bodies: Bodies
    sync: Sync
    clock_ms: Callable[[], int]
    # Queue consensus messages for their recipients; never waits.
    send_votes: Callable[[Sequence[Send]], None]
    # Gossip transactions once more that a primary passed over: it may never have had them.
    spread_again: Callable[[Sequence[bytes]], None]
    # Told of each block once it is synced here.
    written: Callable[[Written], None]
    # Keep evidence; was it new? (`EvidenceBook.add`)
    convict: Callable[[Evidence], bool]


@dataclass(slots=True)
class _Building:
    """The newest request to propose, and whether an answer is being made."""

    request: BuildRequest | None = None
    busy: bool = False


@dataclass(slots=True)
class _Inbox:
    """What waits to be stepped."""

    mail: Mailbox = field(default_factory=Mailbox)
    work_changed: bool = False
    # Does the replica know already that transactions wait?
    waiting_told: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Driver:
    """Runs one replica. Fatal errors (storage, divergence) leave `run` as they are."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._inbox = _Inbox()
        self._journal_thread = Worker("journal")
        self._writes: asyncio.Queue[asyncio.Future[Written]] = asyncio.Queue()
        self._building = _Building()
        limits = parts.ledger.chain.genesis.consensus
        self._executing = 0
        self._block_size = BlockSize(limits.block_transactions_max, limits.request_timeout_ms)
        self._checks: dict[bytes, asyncio.Task[None]] = {}
        self._skipped: dict[bytes, int] = {}
        self._wake_at = 0
        # Why the replica cast no votes when it was last looked at.
        self._withheld = ""
        # What of the journal was left by its last rewrite.
        self._journal_rest = 0
        # What nobody is told of before the next promise is: it is on disk with that.
        self._unsaid: list[bytes] = []
        self._group: asyncio.TaskGroup | None = None

    # The node's side.

    def post(self, event: Input) -> None:
        """Hand something of this node's own to the replica; it is stepped soon, in this order."""
        self._inbox.mail.put(event, None, 0)
        self._inbox.news.set()

    def receive(self, message: Message, peer: bytes, size: int) -> Awaitable[None] | None:
        """A peer's message of so many bytes; an awaitable holds it back until it has room."""
        mail = self._inbox.mail
        mail.put(message, peer, size)
        self._inbox.news.set()
        return mail.room(peer) if mail.is_full(peer) else None

    def work_changed(self) -> None:
        """The pool has something new."""
        self._parts.bodies.news()
        if not self._inbox.waiting_told:
            self._tell_work()
        self._try_build()

    def _tell_work(self) -> None:
        """Tell the replica in the next round what there is to do: once, however much has come."""
        self._inbox.work_changed = True
        self._inbox.news.set()

    # The one task that steps the replica.

    async def run(self) -> None:
        """Drive until cancelled; ends with an exception on a fatal error."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        ticked = 0
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(self._follow_writes(), name="writes")
                group.create_task(self._watch_pool(), name="pool")
                self._tell_work()
                outputs = [self._parts.replica.tick(self._parts.clock_ms(), 1)]
                while True:
                    await self._obey(outputs)
                    await self._wait(started)
                    passed = int((loop.time() - started) * 1000) // TICK_MS
                    outputs = self._round(passed - ticked)
                    ticked = max(ticked, passed)
        finally:
            self._journal_thread.close()

    async def _wait(self, started: float) -> None:
        loop = asyncio.get_running_loop()
        if self._inbox.mail or self._inbox.work_changed:
            # Others get their turn between two rounds.
            await asyncio.sleep(0)
            return
        news = self._inbox.news
        news.clear()
        # Cheaper than a timeout, and there are several rounds to a block.
        alarm = loop.call_at(started + self._wake_at * TICK_MS / 1000, news.set)
        try:
            await news.wait()
        finally:
            alarm.cancel()

    def _round(self, ticks: int) -> list[Output]:
        """Step what waits, after counting the ticks that have passed."""
        replica, now_ms = self._parts.replica, self._parts.clock_ms()
        outputs = [replica.tick(now_ms, ticks)] if ticks > 0 else []
        if self._inbox.work_changed:
            self._inbox.work_changed = False
            outputs.append(replica.step(self._work(), now_ms))
        mail, ends = self._inbox.mail, monotonic() + ROUND_S
        while mail and len(outputs) < STEPS_PER_ROUND_MAX and monotonic() < ends:
            event, peer = mail.take()
            try:
                outputs.append(replica.step(event, now_ms))
            except ProtocolError as fault:
                who = peer.hex()[:16] if peer else "somebody"
                told = {"event": "peer_faulty", "peer": who, "code": fault.code}
                logger.warning("%s sent what no correct member sends: %s", who, fault, extra=told)
                if isinstance(event, FetchedBlock):
                    self._parts.sync.disbelieved(event)
        if replica.withheld != self._withheld:
            self._withheld = replica.withheld
            told = {"event": "votes_withheld" if self._withheld else "votes_resumed"}
            logger.info("votes: %s", self._withheld or "this node takes part", extra=told)
        return outputs

    async def _obey(self, outputs: list[Output]) -> None:
        await self._persist(outputs)
        for output in outputs:
            self._parts.send_votes(output.send)
            self._trade_blocks(output)
            for decided in output.decided:
                self._decide(decided)
            for request in output.check:
                self._check(request)
            if output.build is not None:
                self._building.request = output.build
            self._wake_at = output.wake_at
        self._try_build()
        await self._shorten_journal()

    async def _persist(self, outputs: list[Output]) -> None:
        """One append, one fsync; none for a mere decision, which the next promise brings along."""
        records = [record for output in outputs for record in output.persist]
        if not records:
            return
        self._unsaid += [encode_record(record) for record in records]
        if promises_nothing(records) and not any(output.send for output in outputs):
            return
        unsaid, self._unsaid = self._unsaid, []
        await self._on_journal_thread(lambda: self._parts.journal.append(unsaid))

    def _trade_blocks(self, output: Output) -> None:
        for serve in output.serve:
            self._parts.sync.serve(serve.peer, serve.first, serve.last - serve.first + 1)
        for fetch in output.fetch:
            self._parts.sync.fetch(fetch)
        for evidence in output.evidence:
            if self._parts.convict(evidence):
                who = culprit(evidence)
                told = {"event": "evidence_found", "member": who}
                logger.error("evidence against member %s: %s", who, evidence, extra=told)
        for vote in output.foreign:
            msg = f"a {type(vote).__name__} at height {vote.height}, view {vote.view}"
            raise KeyUsedElsewhere(f"{msg} is signed with this node's key and not by this node")

    async def _on_journal_thread(self, job: Callable[[], None]) -> None:
        await self._journal_thread.submit(job)

    async def _shorten_journal(self) -> None:
        """A synced block's records are no longer needed; but never while one is being written."""
        parts = self._parts
        if parts.journal.size < max(JOURNAL_SIZE_MAX, 2 * self._journal_rest):
            return
        if parts.ledger.tip.height != parts.replica.height:
            return
        records = [encode_record(record) for record in parts.replica.records()]
        # They hold what was unsaid, as far as the store does not.
        self._unsaid = []
        await self._on_journal_thread(lambda: parts.journal.rewrite(records))
        self._journal_rest = parts.journal.size

    # Writing decided blocks.

    def _decide(self, decided: Decided) -> None:
        self._writes.put_nowait(self._parts.queue.write(decided))
        height = decided.block.header.height
        for task in [task for task in self._checks.values() if task.get_name() <= _name(height)]:
            task.cancel()
        self._parts.sync.decided(height)

    async def _follow_writes(self) -> None:
        """What follows a synced block, in the order of heights."""
        while True:
            writing = await self._writes.get()
            written = await writing
            parts, height = self._parts, written.tip.height
            included = [received.id for received in written.executed.transactions]
            parts.mempool.discard(included)
            parts.bodies.decided(height, written.executed.transactions)
            self._note_skipped(height, written.executed.transactions)
            self._block_size.took(len(included), int(written.took_s * 1000))
            parts.written(written)
            self._tell_work()
            self._try_build()

    async def _watch_pool(self) -> None:
        """Before anybody is blamed for what waits, make sure that everybody has it (PBFT §4.4).

        What came from a peer was not passed on; the primary may never have got it.
        """
        parts = self._parts
        height = -1
        while True:
            await asyncio.sleep(POOL_LOOK_S)
            tip = parts.ledger.tip
            expired = parts.mempool.expired(max(parts.clock_ms(), tip.header.time_ms))
            parts.mempool.discard(expired)
            # While a block is executed, which may take longer, nobody is idle for want of them.
            if tip.height == height and len(parts.mempool) and not self._executing:
                parts.spread_again(parts.mempool.oldest(height + 1, SPREAD_MAX))
            height = tip.height
            if expired or self._skipped:
                self._tell_work()

    def _note_skipped(self, height: int, included: Sequence[ReceivedTransaction]) -> None:
        """Which waiting transactions fair order would have put into the last block."""
        if self._parts.sync.lived_ms is None:
            # What waits came after such blocks, which a node fetches that was away.
            self._skipped = {}
            return
        now_ms, state = self._parts.clock_ms(), self._parts.ledger.state
        skipped = self._parts.mempool.passed_over(height, included, partial(sponsor_of, state))
        self._skipped = {id_: self._skipped.get(id_, now_ms) for id_ in skipped}
        if skipped:
            self._parts.spread_again(skipped)

    def _work(self) -> Work:
        oldest_ms = min(self._skipped.values(), default=None)
        skipped_ms = 0 if oldest_ms is None else max(1, self._parts.clock_ms() - oldest_ms)
        waiting = self._inbox.waiting_told = len(self._parts.mempool) > 0
        return Work(waiting, skipped_ms, self._parts.ledger.next_deadline_ms())

    # Checking proposals.

    def _check(self, request: CheckRequest) -> None:
        assert self._group is not None
        known = self._checks.pop(request.digest, None)
        if known is not None:
            # A later request knows more: the bodies themselves, or that a quorum decided.
            known.cancel()
        task = self._group.create_task(self._gather(request), name=_name(request.header.height))
        self._checks[request.digest] = task
        task.add_done_callback(lambda done: self._checked(request.digest, done))

    def _checked(self, digest: bytes, done: asyncio.Task[None]) -> None:
        if self._checks.get(digest) is done:
            del self._checks[digest]

    async def _gather(self, request: CheckRequest) -> None:
        try:
            transactions = await self._parts.bodies.gather(request)
        except LedgerError as error:
            refusal = f"{error.code}: {error}"
            height, view = request.header.height, request.view
            self.post(Checked(height, view, request.digest, (), None, refusal))
            return
        self._executing += 1
        try:
            checked = await self._parts.queue.check(request, transactions)
        finally:
            self._executing -= 1
        if checked is not None:
            if checked.results is None:
                told = {"event": "proposal_refused", "height": checked.height, "view": checked.view}
                words = "refused the proposal at %s: %s"
                logger.warning(words, checked.height, checked.refusal, extra=told)
            self.post(checked)

    # Proposing.

    def _try_build(self) -> None:
        request, parts = self._building.request, self._parts
        if request is None or self._building.busy or self._group is None:
            return
        if parts.ledger.tip.height != request.height - 1:
            return
        if not request.at_once and not len(parts.mempool):
            return
        self._building.busy = True
        self._group.create_task(self._build(request), name="build")

    async def _build(self, request: BuildRequest) -> None:
        parts = self._parts
        size_max = parts.ledger.chain.genesis.consensus.block_size_max
        candidates = parts.mempool.pick(request.height, self._block_size.count, size_max)
        time_ms = max(parts.clock_ms(), request.time_ms_min)
        built = await parts.queue.build(request, candidates, time_ms)
        self._building.busy = False
        if built is not None and built.refused:
            parts.mempool.discard(built.refused)
            self._tell_work()
        if built is not None and (built.proposal.bodies or request.at_once):
            self._propose(request, built.proposal)
        elif self._building.request is not request:
            # A newer request, or a more urgent one, came meanwhile.
            self._try_build()

    def _propose(self, request: BuildRequest, proposal: Proposal) -> None:
        newest = self._building.request
        if newest is not None and (newest.height, newest.view) == (request.height, request.view):
            # Also a repetition that came meanwhile: a second proposal would be dropped.
            self._building.request = None
        self.post(proposal)


def _name(height: int) -> str:
    return f"check {height:020}"
