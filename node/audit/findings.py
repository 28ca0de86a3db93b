"""What an audit finds: the first thing that is not as it must be, and where."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from typing_extensions import override

from chain.errors import HushangError


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule. `height` is that of the block that it concerns, or of the tip for what a store
    has once: state, tree, indexes, remembered ids. None where no height could be read.
    """

    height: int | None
    rule: str
    words: str

    @override
    def __str__(self) -> str:
        where = "" if self.height is None else f"height {self.height}: "
        return f"{where}{self.rule}: {self.words}"


class AuditFailed(HushangError):
    """The data is not what the chain's rules make of the genesis and the certified blocks."""

    hint = "keep a copy as it is; hushang repair fetches what is damaged from the other members"

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding
        # Another chain's data is not damaged.
        is_other = finding.rule == "genesis"
        self.told_hint = "name the genesis.json of this chain" if is_other else self.hint

    @property
    def details(self) -> dict[str, Any]:
        """For machines, beside the words."""
        return {"height": self.finding.height, "rule": self.finding.rule}


def require(holds: bool, height: int | None, rule: str, words: str) -> None:  # noqa: FBT001
    """`AuditFailed` unless it holds. (Reads like an assertion.)"""
    if not holds:
        raise AuditFailed(Finding(height, rule, words))


@dataclass(frozen=True, slots=True)
class Step:
    """How far an audit is: `done` of `total` heights or rows of this stage."""

    stage: str
    done: int
    total: int
    transactions: int = 0


Tell: TypeAlias = Callable[[Step], None]


def silent(_: Step) -> None:
    """Tell nobody."""
