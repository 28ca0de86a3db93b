"""One thread for the ledger: checks, builds and writes, strictly in the order they were asked.

So a block is executed on the state that the write before it left, and a 300 ms block doesn't stop
the sockets. A block is executed once: the write takes the result of the check with its digest.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from chain.errors import BlockInvalid, HushangError, LedgerError, LifetimeTooLong
from chain.execution import check_transaction
from chain.ledger import Executed, Ledger
from chain.stored_chain import Tip
from chain.transaction import ReceivedTransaction, read_transaction
from consensus.input import Checked, Proposal
from consensus.output import BuildRequest, CheckRequest, Decided, Results
from node.anchors import Anchors
from node.worker import Worker

T = TypeVar("T")

# Blocks executed at one height and not decided: one per proposal of a view.
EXECUTED_MAX = 8


class CertifiedBlockInvalid(HushangError):
    """A quorum certified a block that breaks this node's rules: it must stop."""

    hint = "this node's software or state differs from the other members'"


class ProofsEnded(HushangError):
    """The node is being stopped and proves nothing more."""

    hint = "ask another node, or this one when it runs again"


@dataclass(frozen=True, slots=True)
class Built:
    """A proposal, and the pool's transactions that may never stand in a block again."""

    proposal: Proposal
    refused: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A block that is synced: its execution, the new tip, and how long the two took here: what it
    waited for before is not its own doing.
    """

    executed: Executed
    tip: Tip
    took_s: float


@dataclass(frozen=True, slots=True)
class TreeProof:
    """What the state after `tip` holds under a key, with the proof under `tip.state_root`."""

    tip: Tip
    value: bytes | None
    proof: bytes


class LedgerQueue:
    """Runs ledger work on its thread. Jobs asked first run first."""

    def __init__(self, ledger: Ledger, written: Callable[[Tip], None] = lambda _: None) -> None:
        """`written` is told of each synced block on this thread, before the next job."""
        self._ledger = ledger
        self._told = written
        self._worker = Worker("ledger")
        # And how long that took.
        self._executed: dict[bytes, tuple[Executed, float]] = {}
        self._is_closed = False
        self.anchors = Anchors(ledger)

    def close(self) -> None:
        """Finish the job under way and end the thread."""
        self._is_closed = True
        self._worker.close()

    async def check(
        self, request: CheckRequest, transactions: Sequence[ReceivedTransaction]
    ) -> Checked | None:
        """Execute a proposed block; None if its height is no longer the next."""
        return await self._run(lambda: self._check(request, transactions))

    async def build(
        self, request: BuildRequest, candidates: Sequence[ReceivedTransaction], time_ms: int
    ) -> Built | None:
        """A proposal of those candidates that may stand in a block now."""
        return await self._run(lambda: self._build(request, candidates, time_ms))

    def write(self, decided: Decided) -> asyncio.Future[Written]:
        """Write a decided block, after all that was asked before; it is synced when done."""
        return self._worker.submit(lambda: self._write(decided))

    async def look(self, job: Callable[[Ledger], T]) -> T:
        """What a quick reader finds between two blocks: scans that it opens see one boundary."""
        return await self._run(lambda: job(self._ledger))

    async def tidy(self, job: Callable[[Ledger], None]) -> None:
        """What removes old rows, between two blocks: quick, for the next block waits."""
        await self._run(lambda: job(self._ledger))

    async def prove(self, key: bytes) -> TreeProof:
        """A state key and its proof, between two writes; `ProofsEnded` after `close`."""
        if self._is_closed:
            raise ProofsEnded("no state proof is taken any more")
        return await self._run(lambda: self._prove(key))

    async def _run(self, job: Callable[[], T]) -> T:
        return await self._worker.submit(job)

    def _check(
        self, request: CheckRequest, transactions: Sequence[ReceivedTransaction]
    ) -> Checked | None:
        if request.header.height != self._ledger.tip.height + 1:
            return None
        bodies = tuple(received.raw for received in transactions)
        height, view, digest = request.header.height, request.view, request.digest
        try:
            executed = self._execute(request.digest, request, transactions)
        except BlockInvalid as error:
            return Checked(height, view, digest, bodies, None, f"{error.code}: {error}")
        return Checked(height, view, digest, bodies, _results(executed))

    def _execute(
        self, digest: bytes, block: CheckRequest, transactions: Sequence[ReceivedTransaction]
    ) -> Executed:
        known = self._executed.get(digest)
        if known is not None:
            return known[0]
        began = perf_counter()
        executed = self._ledger.execute(block.header, transactions)
        if len(self._executed) >= EXECUTED_MAX:
            del self._executed[next(iter(self._executed))]
        self._executed[digest] = executed, perf_counter() - began
        return executed

    def _build(
        self, request: BuildRequest, candidates: Sequence[ReceivedTransaction], time_ms: int
    ) -> Built | None:
        ledger = self._ledger
        if request.height != ledger.tip.height + 1:
            return None
        on = ledger.state, ledger, ledger.rules, ledger.chain
        chosen: list[ReceivedTransaction] = []
        refused: list[bytes] = []
        for received in candidates:
            try:
                check_transaction(received, *on, time_ms)
            except LifetimeTooLong:
                # Only too early: a block with a later time may take it.
                continue
            except LedgerError:
                refused.append(received.id)
                continue
            chosen.append(received)
        chosen.sort(key=lambda received: ledger.rules.rank(received.types))
        proposal = Proposal(
            height=request.height,
            view=request.view,
            parent=request.parent,
            time_ms=time_ms,
            body_hashes=tuple(received.body_hash for received in chosen),
            bodies=tuple(received.raw for received in chosen),
        )
        return Built(proposal, tuple(refused))

    def _write(self, decided: Decided) -> Written:
        began, known = perf_counter(), self._executed.get(decided.digest)
        executed, check_s = (self._replay(decided), 0.0) if known is None else known
        tip = self._ledger.write(executed, decided.certificate)
        took_s = check_s + perf_counter() - began
        self._executed.clear()
        self.anchors.note()
        self._told(tip)
        return Written(executed, tip, took_s)

    def _prove(self, key: bytes) -> TreeProof:
        ledger = self._ledger
        return TreeProof(ledger.tip, ledger.state.get(key), ledger.prove(key))

    def _replay(self, decided: Decided) -> Executed:
        """A block decided before a restart: its execution was only in memory."""
        try:
            bodies = decided.block.bodies
            transactions = [read_transaction(raw, self._ledger.rules) for raw in bodies]
            return self._ledger.execute(decided.block.header, transactions)
        except LedgerError as error:
            msg = f"height {decided.block.header.height}: {error.code}: {error}"
            raise CertifiedBlockInvalid(msg) from error


def _results(executed: Executed) -> Results:
    roots = executed.staged.root, executed.result.receipts_root
    needs_seal, committee = executed.needs_seal, executed.next_committee
    return Results(*roots, needs_seal=needs_seal, next_committee=committee)
