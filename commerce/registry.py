"""The native transaction types: one line each, from which everything else is derived.

Decoding, dispatch, block order, receipts, `hushang tx`, `GET /v1/transaction-types` and the
generated docs/transactions.md all read this table. Adding a type is one function and one line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chain.block import Event
from chain.codec import from_value, to_value
from chain.context import Context
from chain.deadlines import Deadline
from chain.errors import EncodingInvalid, OperationMalformed, OperationUnknown
from chain.execution import Rank
from chain.genesis import Genesis
from chain.state import Overlay, StateReader
from chain.transaction import Operation
from commerce.accounts import found_accounts
from commerce.invariants import check_conservation
from commerce.payments import AssetIssue, PayTransfer, asset_issue, pay_transfer

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class TransactionType:
    """One native type. `signers` is documentation in the letters of docs/transactions.md.

    `objects` names the deadlines of the objects that a payload touches (for the overdue rule).
    """

    name: str
    payload: type
    handler: Callable[[Any, Context], Sequence[Event]]
    signers: str
    rank: Rank = Rank.OTHER
    objects: Callable[[Any, StateReader], Sequence[Deadline]] | None = None


@dataclass(frozen=True, slots=True)
class SystemTransition:
    """What happens at a deadline of this kind."""

    kind: str
    handler: Callable[[Deadline, Context], Sequence[Event]]


TYPES: tuple[TransactionType, ...] = (
    TransactionType("asset.issue", AssetIssue, asset_issue, "I"),
    TransactionType("pay.transfer", PayTransfer, pay_transfer, "owner"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()


class Registry:
    """The rules as the chain asks for them (`chain.execution.Rules`)."""

    def __init__(
        self,
        types: Sequence[TransactionType] = TYPES,
        transitions: Sequence[SystemTransition] = TRANSITIONS,
    ) -> None:
        self.types = {entry.name: entry for entry in types}
        self.transitions = {entry.kind: entry for entry in transitions}
        assert len(self.types) == len(types)

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

    def rank(self, types: Sequence[str]) -> Rank:
        """The class of a transaction: that of its last-ranked operation."""
        return max(self.types[name].rank for name in types)

    def overdue(
        self, types: Sequence[str], payloads: Sequence[object], state: StateReader, time_ms: int
    ) -> Sequence[Deadline]:
        """Due deadlines of the objects that these operations touch, oldest first."""
        found: dict[bytes, Deadline] = {}
        for name, payload in zip(types, payloads, strict=True):
            objects = self.types[name].objects
            for deadline in objects(payload, state) if objects else ():
                if deadline.time_ms <= time_ms:
                    found[deadline.object_id] = deadline
        return sorted(found.values(), key=lambda entry: (entry.time_ms, entry.object_id))

    def apply(self, name: str, payload: object, context: Context) -> Sequence[Event]:
        """Run one operation."""
        return self.types[name].handler(payload, context)

    def fire(self, deadline: Deadline, context: Context) -> Sequence[Event]:
        """Run the system transition of a deadline."""
        return self.transitions[deadline.kind].handler(deadline, context)

    def check_invariants(self, before: StateReader, after: Overlay) -> None:
        """Conservation of money over the pending writes."""
        check_conservation(before, after)

    def found(self, genesis: Genesis, state: Overlay) -> None:
        """Write the first state of a genesis."""
        found_accounts(genesis, state)


def operation(name: str, payload: object) -> Operation:
    """An operation of a payload dataclass, as a client builds it."""
    return Operation(name, to_value(payload))
