"""What became of a transaction, as one of four: done, refused by a rule, lapsed, or unknown yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from chain.errors import HushangError
from node.clients.errors import OutcomeUnknown
from node.clients.submission import Outcome

OK = "ok"


class OperationRefused(HushangError):
    """The transaction was decided, and a rule of the ledger refused it; it had no effect."""

    hint = "hushang explain CODE says what helps; what was asked can be sent anew, changed"

    def __init__(self, refused: "Refused") -> None:
        super().__init__(refused.title)
        self.told_code = refused.rule
        self.told_hint = refused.hint
        self.details = {"id": refused.id, "height": refused.height}
        self.refused = refused


class TransactionLapsed(HushangError):
    """The transaction's time is over and no block has it, nor ever will: it did nothing."""

    hint = "make a new one: client.submit_once does, with the same reference"


@dataclass(frozen=True, slots=True)
class Decided:
    """What a block has, whatever came of it."""

    outcome: Outcome

    @property
    def id(self) -> str:
        """Of the transaction, in hex."""
        return self.outcome.id

    @property
    def height(self) -> int:
        """Of its block."""
        return self.outcome.height


@dataclass(frozen=True, slots=True)
class Done(Decided):
    """It was decided at `height` and had its effect."""

    @property
    def events(self) -> Sequence[Mapping[str, Any]]:
        """What happened, in order."""
        return self.outcome.events

    def event(self, name: str) -> Mapping[str, Any]:
        """The data of the first event of this type."""
        return self.outcome.event(name)

    def done(self) -> "Done":
        """Itself."""
        return self


@dataclass(frozen=True, slots=True)
class Refused(Decided):
    """It was decided, and the `rule` refused it: it had no effect."""

    @property
    def rule(self) -> str:
        """The broken rule's stable name; `hushang explain` tells of it."""
        return self.outcome.status

    @property
    def title(self) -> str:
        """What the rule says."""
        return str(self._told("title") or self.rule)

    @property
    def hint(self) -> str:
        """What to do about it."""
        return str(self._told("hint") or "")

    def _told(self, name: str) -> object:
        receipt = self.outcome.receipt or {}
        return (receipt.get("rule") or {}).get(name)

    def done(self) -> Done:
        """Raises `OperationRefused`."""
        raise OperationRefused(self)


@dataclass(frozen=True, slots=True)
class Lapsed:
    """No block has it and none ever will: a decided block is past its `valid_until_ms`."""

    id: str
    valid_until_ms: int

    def done(self) -> Done:
        """Raises `TransactionLapsed`."""
        raise TransactionLapsed(f"transaction {self.id}")


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been decided, or still be. `raw` are its bytes: safe to submit again."""

    id: str
    raw: bytes
    why: str

    def done(self) -> Done:
        """Raises `OutcomeUnknown`."""
        raise OutcomeUnknown(self.why, self.id)


Fate: TypeAlias = Done | Refused | Lapsed | Unknown


def fate_of(outcome: Outcome) -> Done | Refused:
    """What a decided outcome says."""
    return Done(outcome) if outcome.status == OK else Refused(outcome)
