"""A block is a function from one state to the next: the rules every replica applies to it.

First the block is checked against the state after its parent: a block that breaks a rule here is
invalid and nobody votes for it. Then it is executed on an overlay, in the order of commerce.md:
`recall.open`, due deadlines, cancellations, refund requests, shipments, the rest, confirmations.
A transaction that breaks a rule of commerce stays in the block with a failed receipt and no effect.
Nothing here waits, reads a clock or writes to disk.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice, pairwise
from typing import Protocol

from chain import block as blocks
from chain import deadlines, merkle, replay
from chain.block import OK, Event, Header, Receipt
from chain.codec import encode, encode_checked
from chain.context import Authority, Chain, Context, Past, authorise
from chain.deadlines import Deadline
from chain.errors import (
    BlockInvalid,
    EncodingInvalid,
    LedgerError,
    OperationNotInForce,
    ResultMalformed,
    TransactionRepeated,
)
from chain.genesis import ConsensusParameters, Genesis
from chain.leaders import LeaderRules
from chain.replay import RememberedIds
from chain.state import Overlay, StateReader
from chain.transaction import Operation, ReceivedTransaction, check_window


class Rank(IntEnum):
    """Classes of transactions inside a block; a transaction ranks by its last-ranked operation."""

    RECALL = 1
    DEADLINES = 2
    CANCEL = 3
    REFUND_REQUEST = 4
    SHIP = 5
    OTHER = 6
    CONFIRM = 7


class Rules(Protocol):
    """What the chain asks of the native transaction types; `commerce.registry` answers."""

    @property
    def version(self) -> int:
        """The newest protocol version whose rules these are."""
        ...

    def since(self, types: Sequence[str]) -> int:
        """The first protocol version that has all of these operations."""
        ...

    def decode(self, operation: Operation) -> object:
        """The payload as its dataclass; `OperationUnknown` or `OperationMalformed`."""
        ...

    def rank(self, types: Sequence[str]) -> Rank:
        """The class of a transaction with these operations."""
        ...

    def overdue(
        self, types: Sequence[str], payloads: Sequence[object], state: StateReader, time_ms: int
    ) -> Sequence[Deadline]:
        """Deadlines that are due for the objects these operations touch, oldest first."""
        ...

    def apply(self, name: str, payload: object, context: Context) -> Sequence[Event]:
        """Run one operation; raises a `LedgerError` naming the broken rule."""
        ...

    def fire(self, deadline: Deadline, context: Context) -> Sequence[Event]:
        """Run the system transition of a deadline (already removed from the index)."""
        ...

    def check_invariants(self, before: StateReader, after: Overlay) -> None:
        """`InvariantBreach` if the pending writes would create or destroy money."""
        ...

    def found(self, genesis: Genesis, state: Overlay) -> None:
        """Write the first state: accounts, roles, assets of the genesis."""
        ...

    def proven_entries(
        self, state: StateReader, key: bytes, value: bytes
    ) -> Iterable[tuple[bytes, bytes]]:
        """What an offered index entry under `PROVEN_INDEX` stands for: itself and all that follows
        from it, or nothing if it follows from another. `IndexUnproven` if the state denies it.
        """
        ...

    def required_entries(self, state: StateReader) -> Iterable[bytes]:
        """Keys of all index entries that the state proves by themselves."""
        ...


class Below(RememberedIds, Past, Protocol):
    """What an execution asks of the chain below it, besides its state."""

    @property
    def parent_view(self) -> int:
        """What the header below says of the view in which its own parent was decided."""
        ...


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What a block does, ready to be written in one batch.

    `changes` are state keys with new values (None deletes), `indexes` likewise outside the state
    root; `receipt_rows` are the receipts' canonical bytes; `remembered` are (minute, id, place in
    the minute) to add, `forgotten` minutes to drop.
    `fired` counts system transitions; a block with transactions or fired deadlines must be sealed
    by another.
    """

    changes: dict[bytes, bytes | None]
    receipts: tuple[Receipt, ...]
    receipt_rows: tuple[bytes, ...]
    receipts_root: bytes
    indexes: tuple[tuple[bytes, bytes | None], ...]
    remembered: tuple[tuple[int, bytes, int], ...]
    forgotten: tuple[int, ...]
    fired: int


def check_transaction(  # every argument is a different authority on the question
    received: ReceivedTransaction,
    state: StateReader,
    ids: RememberedIds,
    rules: Rules,
    chain: Chain,
    time_ms: int,
) -> None:
    """May the transaction stand in a block at `time_ms` on this state? (Signatures: elsewhere.)

    The rules of a valid block, in order: operations in force, chain, window, id new, sender known,
    policy satisfied.
    """
    require_in_force(received, rules, chain)
    transaction = received.transaction
    limits = chain.genesis.consensus
    # The door measured the lifetime by its own clock, which may be ahead of the proposer's.
    lifetime_max_ms = limits.transaction_lifetime_max_ms + limits.clock_drift_max_ms
    check_window(transaction, chain.genesis_hash, time_ms, lifetime_max_ms)
    if ids.is_remembered(replay.minute_of(transaction.valid_until_ms), received.id):
        msg = f"transaction {received.id.hex()} was decided before"
        raise TransactionRepeated(msg)
    authorise(state, received, time_ms)


def require_in_force(received: ReceivedTransaction, rules: Rules, chain: Chain) -> None:
    """`OperationNotInForce` for what only a later protocol version has."""
    # Where all that is known is in force nothing need be looked up.
    if rules.version > chain.version and (since := rules.since(received.types)) > chain.version:
        msg = f"it needs protocol version {since}, {chain.version} governs"
        raise OperationNotInForce(msg)


def check_block(  # see check_transaction
    header: Header,
    transactions: Sequence[ReceivedTransaction],
    state: StateReader,
    ids: RememberedIds,
    rules: Rules,
    chain: Chain,
) -> None:
    """Raise `BlockInvalid` unless every correct proposer could have made this body."""
    _check_body(header, transactions, chain.genesis.consensus)
    ranks = [rules.rank(received.types) for received in transactions]
    if any(a > b for a, b in pairwise(ranks)):
        _invalid("the transactions' classes are out of order")
    try:
        for received in transactions:
            check_transaction(received, state, ids, rules, chain, header.time_ms)
    except LedgerError as error:
        msg = f"{error.code}: {error}"
        raise BlockInvalid(msg) from error


def _check_body(
    header: Header, transactions: Sequence[ReceivedTransaction], limits: ConsensusParameters
) -> None:
    if len(transactions) != header.transactions_count:
        _invalid(f"{len(transactions)} bodies, the header counts {header.transactions_count}")
    if len(transactions) > limits.block_transactions_max:
        _invalid(f"more than {limits.block_transactions_max} transactions")
    if sum(len(received.raw) for received in transactions) > limits.block_size_max:
        _invalid(f"more than {limits.block_size_max} bytes")
    hashes = [received.body_hash for received in transactions]
    if blocks.transactions_root(hashes) != header.transactions_root:
        _invalid("the bodies are not those of the header")
    if len({received.id for received in transactions}) != len(transactions):
        _invalid("a transaction id stands twice")


def _invalid(reason: str) -> None:
    raise BlockInvalid(reason)


def execute_block(  # see check_transaction
    header: Header,
    transactions: Sequence[ReceivedTransaction],
    state: StateReader,
    below: Below,
    rules: Rules,
    chain: Chain,
) -> BlockResult:
    """Check and execute a block on the state after its parent; pure. Raises `BlockInvalid`."""
    check_block(header, transactions, state, below, rules, chain)
    run = Run(Overlay(state), header, below, rules, chain)
    forgotten = replay.forget(run.state, header.time_ms)
    parameters = chain.genesis.consensus
    leaders = LeaderRules.of(chain.committee, chain.first_height, parameters)
    leaders.record(run.state, header, below.parent_view)
    ranked = [(rules.rank(received.types), received) for received in transactions]
    run.transactions(received for rank, received in ranked if rank < Rank.DEADLINES)
    run.due_deadlines()
    run.transactions(received for rank, received in ranked if rank > Rank.DEADLINES)
    remembered = replay.remember(
        run.state,
        (
            (replay.minute_of(received.transaction.valid_until_ms), received.id)
            for received in transactions
        ),
    )
    return BlockResult(
        changes=run.state.changes,
        receipts=tuple(run.receipts),
        receipt_rows=tuple(run.receipt_rows),
        receipts_root=merkle.root(run.receipt_rows),
        indexes=tuple(run.indexes),
        remembered=remembered,
        forgotten=forgotten,
        fired=run.fired,
    )


class Run:
    """One execution of one block: the block's overlay and what piles up beside it."""

    def __init__(
        self, state: Overlay, header: Header, past: Past, rules: Rules, chain: Chain
    ) -> None:
        self.state = state
        self.header = header
        self.past = past
        self.rules = rules
        self.chain = chain
        self.receipts: list[Receipt] = []
        self.receipt_rows: list[bytes] = []
        self.indexes: list[tuple[bytes, bytes | None]] = []
        self.fired = 0

    def transactions(self, transactions: Iterable[ReceivedTransaction]) -> None:
        """Execute in the given order; each leaves a receipt."""
        for received in transactions:
            self.apply_overdue(received)
            self._transaction(received)

    def apply_overdue(self, received: ReceivedTransaction) -> None:
        """Whoever acts on an object after its deadline acts on what the deadline left.

        A transition may leave another that is due already; as in `due_deadlines`, the measure ends
        the loop.
        """
        types, payloads = received.types, received.payloads
        time_ms = self.header.time_ms
        overdue = self.rules.overdue
        while due := overdue(types, payloads, self.state, time_ms):
            if not self._fire_all(due):
                return

    def due_deadlines(self) -> None:
        """Fire what is due, oldest first; the rest is carried over to the next block.

        A transition may schedule another that is due at once; that one fires in the next round.
        The measure of commerce.md (every step of an object strictly decreases) ends the loop, the
        limit bounds the block.
        """
        limit = self.chain.genesis.consensus.block_deadlines_max
        while limit > 0:
            batch = tuple(islice(self._due(), limit))
            if not batch:
                return
            self._fire_all(batch)
            limit -= len(batch)

    def _due(self) -> Iterator[Deadline]:
        return deadlines.due(self.state, self.header.time_ms)

    def _context(self, overlay: Overlay, receipt_id: bytes) -> Context:
        header = self.header
        return Context(
            overlay, self.chain, header.height, header.time_ms, receipt_id, past=self.past
        )

    def _fire_all(self, batch: Sequence[Deadline]) -> bool:
        """Fire each that is still in the index; was there any?"""
        fired_before = self.fired
        for deadline in batch:
            # A transition fired just before may have moved or ended the clock of this object.
            if deadlines.is_scheduled(self.state, deadline):
                self._fire(deadline)
        return self.fired > fired_before

    def _fire(self, deadline: Deadline) -> None:
        deadlines.cancel(self.state, deadline)
        overlay = Overlay(self.state)
        receipt_id = blocks.system_receipt_id(deadline.kind, self.header.height, self.fired)
        context = self._context(overlay, receipt_id)
        self.fired += 1
        try:
            events = self.rules.fire(deadline, context)
            self._keep(receipt_id, events, overlay, context)
        except LedgerError as error:
            # A transition that breaks an invariant is undone and told; the chain goes on.
            self.fail(receipt_id, error, 0)

    def _transaction(self, received: ReceivedTransaction) -> None:
        overlay = Overlay(self.state)
        context = self._context(overlay, received.id)
        context.received = received
        events: list[Event] = []
        try:
            context.authority = self._authority(received)
            for index, name in enumerate(received.types):
                context.operation_index = index
                events.extend(self.rules.apply(name, received.payloads[index], context))
            self._keep(received.id, events, overlay, context)
        except LedgerError as error:
            self.fail(received.id, error, context.operation_index)

    def fail(self, receipt_id: bytes, error: LedgerError, operation: int) -> None:
        """The receipt of what had no effect."""
        receipt = Receipt(receipt_id, error.code, operation, ())
        self.receipts.append(receipt)
        self.receipt_rows.append(encode(receipt))

    def _authority(self, received: ReceivedTransaction) -> Authority:
        """Asked again in the block: an earlier transaction may have changed policy or scope."""
        return authorise(self.state, received, self.header.time_ms)

    def _keep(
        self, receipt_id: bytes, events: Sequence[Event], overlay: Overlay, context: Context
    ) -> None:
        """Take over what went well, or raise and take over nothing."""
        self.rules.check_invariants(self.state, overlay)
        receipt = Receipt(receipt_id, OK, None, tuple(events))
        try:
            row = encode_checked(receipt)
        except EncodingInvalid as error:
            raise ResultMalformed(str(error)) from error
        self.state.merge(overlay)
        self.indexes.extend(context.indexes)
        self.receipts.append(receipt)
        self.receipt_rows.append(row)
