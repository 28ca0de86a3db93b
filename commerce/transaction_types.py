"""What a native transaction type and a system transition are: the rows of commerce/families/."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chain.block import Event
from chain.context import Context
from chain.deadlines import Deadline
from chain.errors import LedgerError
from chain.execution import Rank
from chain.state import StateReader
from chain.upgrades import FIRST_VERSION
from commerce.clocks import Clock
from commerce.refusals import refusals_of

# The objects that a payload touches, by id, each with its clock.
ClocksOf = Callable[[Any, StateReader], Sequence[tuple[bytes, Clock]]]


@dataclass(frozen=True, slots=True)
class TransactionType:
    """One native type.

    `signers` is documentation in the letters of docs/transactions.md. `clocks` are those of the
    objects that a payload touches, by object id: what is overdue is applied before the operation.
    `since` is the protocol version that brings it.
    """

    name: str
    payload: type
    handler: Callable[[Any, Context], Sequence[Event]]
    signers: str
    rank: Rank = Rank.OTHER
    clocks: ClocksOf | None = None
    since: int = FIRST_VERSION

    @property
    def refusals(self) -> tuple[type[LedgerError], ...]:
        """The rules that the handler declares, in its order."""
        return refusals_of(self.handler)


@dataclass(frozen=True, slots=True)
class SystemTransition:
    """What happens at a deadline of this kind."""

    kind: str
    handler: Callable[[Deadline, Context], Sequence[Event]]
