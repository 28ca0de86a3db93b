"""Toy rules for tests of the ledger's core: they show each thing that rules can do, and no trade.

Counters under names, deadlines on them, and operations that fail in every way that matters.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from chain import committees, deadlines, upgrades
from chain.account import ACCOUNTS, DELEGATIONS, Account, Delegation, KeyPolicy
from chain.block import Event
from chain.codec import U64, Hash, Height, Name, Size, TimeMs, from_value, to_value
from chain.committee import Committee
from chain.context import PROVEN_INDEX, Context, event
from chain.deadlines import DEADLINES, Deadline
from chain.errors import (
    EncodingInvalid,
    IndexUnproven,
    InvariantBreach,
    LedgerError,
    OperationMalformed,
    OperationUnknown,
)
from chain.execution import Rank
from chain.genesis import Genesis
from chain.state import Overlay, StateReader, Table, u64
from chain.transaction import Operation
from chain.upgrades import FIRST_VERSION, Upgrade

# A counter of this value breaks the toy invariant.
BREACH = 666
# One of this value has an index entry that the state proves, and a copy of it that follows.
PROVEN_AT = 777
PROVEN = PROVEN_INDEX + b"at/"
COPIED = PROVEN_INDEX + b"copy/"


class CounterFull(LedgerError):
    """The toy rule that a counter never exceeds 1000."""


class ElectionPending(LedgerError):
    """The toy rule that one change of the committee waits for the other."""


class EmptyState:
    """A state reader without keys."""

    def get(self, key: bytes) -> bytes | None:  # noqa: ARG002
        return None

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:  # noqa: ARG002
        return iter(())


@dataclass(frozen=True, slots=True)
class Counter:
    """State: a number under a name's hash."""

    value: U64


@dataclass(frozen=True, slots=True)
class Add:
    """Add to a counter; fails above 1000."""

    counter: Hash
    amount: U64


@dataclass(frozen=True, slots=True)
class Schedule:
    """Give a counter a deadline, after which it is `sys.ring` one more and 100 on the counter."""

    counter: Hash
    time_ms: TimeMs
    kind: Name


@dataclass(frozen=True, slots=True)
class Rotate:
    """Replace the sender's policy."""

    policy: KeyPolicy


@dataclass(frozen=True, slots=True)
class Delegate:
    """Give a key a scope."""

    key: Hash
    delegation: Delegation


@dataclass(frozen=True, slots=True)
class AskFor:
    """Needs the consent of these accounts."""

    accounts: Annotated[tuple[Hash, ...], Size(max=8)]


@dataclass(frozen=True, slots=True)
class Say:
    """Emits events; `kind` says which freak of a handler's data they hold."""

    kind: Name
    count: U64


@dataclass(frozen=True, slots=True)
class Elect:
    """Make this the next committee."""

    committee: Committee


@dataclass(frozen=True, slots=True)
class Look:
    """Emit the digest of a header below."""

    height: Height


COUNTERS: Table[Counter] = Table("counter", Counter)
PAYLOADS: dict[str, type] = {
    "toy.add": Add,
    "toy.cancel": Add,
    "toy.recall": Add,
    "toy.confirm": Add,
    "toy.schedule": Schedule,
    "toy.rotate": Rotate,
    "toy.delegate": Delegate,
    "toy.ask": AskFor,
    "toy.quorum": AskFor,
    "toy.say": Say,
    "toy.store": Add,
    "toy.long_key": Add,
    "toy.elect": Elect,
    "toy.look": Look,
    "toy.plan": Upgrade,
}
RANKS = {"toy.recall": Rank.RECALL, "toy.cancel": Rank.CANCEL, "toy.confirm": Rank.CONFIRM}
FREAKS: dict[str, Any] = {
    "plain": 1,
    "huge": 2**64,
    "float": 0.5,
    "list": [1],
    "unsorted": {"b": 1, "a": 2},
    "decomposed": "e\u0301",
    "rank": Rank.OTHER,
    "deep": ((((((((((((((((((1,),),),),),),),),),),),),),),),),),),
}


def counter(name: str) -> bytes:
    """The id of a counter."""
    return name.encode().ljust(32, b"\x00")


def value_of(state: StateReader, name: str) -> int:
    """A counter's value."""
    found = COUNTERS.load(state, counter(name))
    return 0 if found is None else found.value


def add(name: str, amount: int = 1, kind: str = "toy.add") -> Operation:
    """An operation that adds to a counter."""
    return Operation(kind, to_value(Add(counter(name), amount)))


def schedule(name: str, time_ms: int, kind: str = "sys.ring") -> Operation:
    """An operation that gives a counter a deadline."""
    return Operation("toy.schedule", to_value(Schedule(counter(name), time_ms, kind)))


def say(kind: str, count: int = 1) -> Operation:
    """An operation that emits events."""
    return Operation("toy.say", to_value(Say(kind, count)))


def plan(version: int, height: int) -> Operation:
    """An operation that plans a protocol version."""
    return Operation("toy.plan", to_value(Upgrade(version, height)))


def elect(committee: Committee) -> Operation:
    """An operation that changes the committee."""
    return Operation("toy.elect", to_value(Elect(committee)))


def look(height: int) -> Operation:
    """An operation that looks at a header below."""
    return Operation("toy.look", to_value(Look(height)))


class ToyRules:
    """`chain.execution.Rules` of the toy types; `applied` and `fired` tell what ran, in order."""

    version = FIRST_VERSION

    def __init__(self) -> None:
        self.log: list[str] = []
        # What only a later version has.
        self.later: dict[str, int] = {}

    def since(self, types: Sequence[str]) -> int:
        return max(self.later.get(name, FIRST_VERSION) for name in types)

    def decode(self, operation: Operation) -> object:
        cls = PAYLOADS.get(operation.type)
        if cls is None:
            raise OperationUnknown(operation.type)
        try:
            decoded: object = from_value(cls, operation.payload)
        except EncodingInvalid as error:
            raise OperationMalformed(str(error)) from error
        return decoded

    def rank(self, types: Sequence[str]) -> Rank:
        return max(RANKS.get(name, Rank.OTHER) for name in types)

    def overdue(
        self,
        types: Sequence[str],  # noqa: ARG002
        payloads: Sequence[object],
        state: StateReader,
        time_ms: int,
    ) -> Sequence[Deadline]:
        touched = {payload.counter for payload in payloads if isinstance(payload, Add)}
        return [entry for entry in deadlines.due(state, time_ms) if entry.object_id in touched]

    def apply(self, name: str, payload: object, context: Context) -> Sequence[Event]:
        match payload:
            case Add():
                return self._add(name, payload, context)
            case Schedule():
                deadline = Deadline(payload.time_ms, payload.counter, payload.kind)
                deadlines.schedule(context.state, deadline)
            case Rotate():
                account = Account(payload.policy, context.sender, None)
                ACCOUNTS.store(context.state, account, context.sender)
            case Delegate():
                DELEGATIONS.store(context.state, payload.delegation, context.sender, payload.key)
            case AskFor():
                self._ask(name, payload, context)
            case Say():
                data = FREAKS[payload.kind]
                return [event("toy.said", data=data) for _ in range(payload.count)]
            case Elect() | Look() | Upgrade():
                return self._follow(payload, context)
            case _:
                raise AssertionError(name)
        return ()

    def _follow(self, payload: Elect | Look | Upgrade, context: Context) -> Sequence[Event]:
        if isinstance(payload, Look):
            return (event("toy.looked", digest=context.past_digest(payload.height)),)
        if isinstance(payload, Upgrade):
            upgrades.announce(context.state, context.height, payload)
        else:
            self._elect(payload, context)
        return ()

    def _elect(self, payload: Elect, context: Context) -> None:
        last = committees.newest(context.state)
        if last is not None and last.committee.epoch != context.chain.committee.epoch:
            raise ElectionPending
        founders = context.chain.genesis.committee()
        committees.change(context.state, founders, payload.committee, context.height)

    def _ask(self, name: str, payload: AskFor, context: Context) -> None:
        for account in payload.accounts:
            context.require_consent(account, "the account asked for")
        if name == "toy.quorum":
            context.require_member_quorum()

    def _add(self, name: str, payload: Add, context: Context) -> Sequence[Event]:
        label = payload.counter.rstrip(b"\x00").decode()
        self.log.append(f"{name} {label}")
        if name == "toy.long_key":
            COUNTERS.store(context.state, Counter(1), bytes(payload.amount))
        found = COUNTERS.load(context.state, payload.counter)
        value = payload.amount + (0 if found is None else found.value)
        stored = Counter(value - 10**6 if name == "toy.store" else value)
        COUNTERS.store(context.state, stored, payload.counter)
        context.index(b"counter/" + payload.counter, u64(value))
        if value == PROVEN_AT:
            context.index(PROVEN + payload.counter, u64(value))
            context.index(COPIED + payload.counter, u64(value))
        if value > 1000:
            raise CounterFull(str(value))
        return (event("toy.added", counter=payload.counter, value=value),)

    def fire(self, deadline: Deadline, context: Context) -> Sequence[Event]:
        label = deadline.object_id.rstrip(b"\x00").decode()
        self.log.append(f"{deadline.kind} {label}")
        found = COUNTERS.load(context.state, deadline.object_id) or Counter(0)
        if deadline.kind == "sys.refuse":
            raise CounterFull(label)
        if deadline.kind == "sys.silence":
            for other in list(deadlines.due(context.state, deadline.time_ms + 10)):
                deadlines.cancel(context.state, other)
        if deadline.kind == "sys.again":
            later = Deadline(deadline.time_ms + 1, deadline.object_id, "sys.ring")
            deadlines.schedule(context.state, later)
        COUNTERS.store(context.state, Counter(found.value + 100), deadline.object_id)
        return (event("toy.rang", counter=deadline.object_id),)

    def check_invariants(self, before: StateReader, after: Overlay) -> None:  # noqa: ARG002
        for key in after.changes:
            if key.startswith(COUNTERS.prefix):
                found = COUNTERS.load(after, key[len(COUNTERS.prefix) :])
                if found is not None and found.value == BREACH:
                    raise InvariantBreach("the number of the beast")

    def proven_entries(
        self, state: StateReader, key: bytes, value: bytes
    ) -> Iterable[tuple[bytes, bytes]]:
        """A counter's proven entry says what it stands at; a copy follows from it."""
        if not key.startswith(PROVEN):
            return ()
        part = key[len(PROVEN) :]
        found = COUNTERS.load(state, part)
        if found is None or u64(found.value) != value:
            raise IndexUnproven("the counter stands elsewhere")
        return ((key, value), (COPIED + part, value))

    def required_entries(self, state: StateReader) -> Iterable[bytes]:
        return [PROVEN + part for part, found in COUNTERS.items(state) if found.value == PROVEN_AT]

    def found(self, genesis: Genesis, state: Overlay) -> None:
        policies = [party.policy for party in genesis.members]
        policies += [party.policy for party in genesis.accounts]
        for policy in policies:
            account = policy.account_id()
            ACCOUNTS.store(state, Account(policy, account, None), account)


def deadlines_of(state: StateReader) -> list[tuple[int, str]]:
    """What is in the index: (time, name)."""
    return [
        (entry.time_ms, entry.object_id.rstrip(b"\x00").decode())
        for _, entry in DEADLINES.items(state)
    ]
