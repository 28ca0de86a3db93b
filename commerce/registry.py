"""The rules as the chain asks for them, over the tables of commerce/families/."""

from collections.abc import Iterable, Sequence

from chain.block import Event
from chain.codec import from_value, to_value
from chain.context import Context
from chain.deadlines import DEADLINES, Deadline
from chain.errors import EncodingInvalid, OperationMalformed, OperationUnknown
from chain.execution import Rank
from chain.genesis import Genesis
from chain.state import Overlay, StateReader, u64
from chain.transaction import Operation
from chain.upgrades import PROTOCOL_VERSION
from commerce.banking.fees import SCHEDULE_KEY, charge
from commerce.clocks import deadline_of
from commerce.delegations import require_own_keys
from commerce.epcis import capture
from commerce.families import TRANSITIONS, TYPES
from commerce.founding import found_commerce
from commerce.indexes import index_activity
from commerce.invariants import check_conservation
from commerce.transaction_types import SystemTransition, TransactionType

__all__ = ["TRANSITIONS", "TYPES", "Registry", "SystemTransition", "TransactionType", "operation"]


class Registry:
    """The rules as the chain asks for them (`chain.execution.Rules`)."""

    def __init__(
        self,
        types: Sequence[TransactionType] = TYPES,
        transitions: Sequence[SystemTransition] = TRANSITIONS,
        version: int = PROTOCOL_VERSION,
    ) -> None:
        self.version = version
        self.types = {entry.name: entry for entry in types}
        self.transitions = {entry.kind: entry for entry in transitions}
        assert len(self.types) == len(types)
        assert all(entry.since <= version for entry in types)

    def decode(self, operation: Operation) -> object:
        """The payload as its dataclass; `OperationUnknown` or `OperationMalformed`."""
        entry = self.types.get(operation.type)
        if entry is None:
            msg = f"no transaction type {operation.type}"
            raise OperationUnknown(msg)
        try:
            return from_value(entry.payload, operation.payload)
        except EncodingInvalid as error:
            msg = f"{operation.type}: {error}"
            raise OperationMalformed(msg) from error

    def since(self, types: Sequence[str]) -> int:
        """The first protocol version that has all of these operations."""
        return max(self.types[name].since for name in types)

    def rank(self, types: Sequence[str]) -> Rank:
        """The class of a transaction: that of its last-ranked operation."""
        if len(types) == 1:
            return self.types[types[0]].rank
        return max([self.types[name].rank for name in types])

    def overdue(
        self, types: Sequence[str], payloads: Sequence[object], state: StateReader, time_ms: int
    ) -> Sequence[Deadline]:
        """Due deadlines of the objects that these operations touch, oldest first."""
        found: dict[bytes, Deadline] = {}
        for name, payload in zip(types, payloads, strict=True):
            clocks = self.types[name].clocks
            for object_id, clock in clocks(payload, state) if clocks else ():
                if clock[0] > time_ms:
                    continue
                deadline = deadline_of(object_id, clock)
                if _is_scheduled(deadline, state):
                    found[object_id] = deadline
        if not found:
            return ()
        return sorted(found.values(), key=lambda entry: (entry.time_ms, entry.object_id))

    def apply(self, name: str, payload: object, context: Context) -> Sequence[Event]:
        """Run one operation, and charge its sender if there is a schedule of fees."""
        require_own_keys(name, context)
        index_activity(context, context.sender)
        events = self.types[name].handler(payload, context)
        # One look-up where everything is free.
        if context.state.get(SCHEDULE_KEY) is None:
            return events
        return (*events, *charge(name, context))

    def fire(self, deadline: Deadline, context: Context) -> Sequence[Event]:
        """Run the system transition of a deadline."""
        return self.transitions[deadline.kind].handler(deadline, context)

    def check_invariants(self, before: StateReader, after: Overlay) -> None:
        """Conservation of money over the pending writes."""
        check_conservation(before, after)

    def found(self, genesis: Genesis, state: Overlay) -> None:
        """Write the first state of a genesis."""
        found_commerce(genesis, state)

    def proven_entries(
        self, state: StateReader, key: bytes, value: bytes
    ) -> Iterable[tuple[bytes, bytes]]:
        """The records of captured events, and what follows from them."""
        return capture.proven_entries(state, key, value)

    def required_entries(self, state: StateReader) -> Iterable[bytes]:
        """The record of each captured event."""
        return capture.required_entries(state)


def _is_scheduled(deadline: Deadline, state: StateReader) -> bool:
    """Is the deadline still in the index? (A transition that was refused as a breach isn't.)"""
    return DEADLINES.load(state, u64(deadline.time_ms), deadline.object_id) == deadline


def operation(name: str, payload: object) -> Operation:
    """An operation of a payload dataclass, as a client builds it."""
    return Operation(name, to_value(payload))
