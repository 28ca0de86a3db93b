"""A story whose every number can be asked of a node: steps in plain words, claims behind them.

A claim says that under a path of the API a field has a value; the field is a JSON pointer (RFC
6901). Claims are only made about what never changes (blocks, receipts) or about the end.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from chain.errors import HushangError
from node.client import NodeClient, NotFound, Outcome

PATIENCE_S: Final = 10.0
POLL_S: Final = 0.05


class ClaimFalse(HushangError):
    """Another node does not say what the demo told."""

    hint = (
        "hushang testnet status tells whether that node is behind; hushang compare finds "
        "where their data differ"
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """`GET path` of any node has `value` at `pointer`."""

    path: str
    pointer: str
    value: Any


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is told: words for people, named facts, and the claims that they rest on."""

    number: int
    words: str
    facts: Mapping[str, str]
    claims: Sequence[Claim] = ()


@dataclass(slots=True)
class Story:
    """Steps in the order they happened; each is told when it has been checked."""

    tell: Callable[[Step], None]
    steps: list[Step] = field(default_factory=list)

    def add(
        self, words: str, facts: Mapping[str, str], claims: Sequence[Claim], witness: NodeClient
    ) -> None:
        """Check the claims on the witness, another node than the one that was used; then tell."""
        self.verify(claims, witness)
        step = Step(len(self.steps) + 1, words, facts, claims)
        self.steps.append(step)
        self.tell(step)

    @staticmethod
    def verify(claims: Sequence[Claim], witness: NodeClient) -> None:
        """`ClaimFalse` unless the witness says all of this."""
        for claim in claims:
            check(witness, claim)


def receipt_claims(outcome: Outcome, **event_fields: Any) -> list[Claim]:
    """What a decided transaction lets one claim: place, status, fields of its first event."""
    assert outcome.receipt is not None
    path = f"/v1/receipts/{outcome.id}"
    claims = [
        Claim(path, f"/{name}", outcome.receipt[name])
        for name in ("id", "status", "height", "block_hash")
    ]
    return claims + [
        Claim(path, f"/events/0/data/{name}", value) for name, value in event_fields.items()
    ]


def check(witness: NodeClient, claim: Claim) -> None:
    """`ClaimFalse` unless the witness says the same; it may be a moment behind."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            told = at_pointer(witness.get(claim.path), claim.pointer)
            if told == claim.value:
                return
            words = f"{claim.path} has {told!r} at {claim.pointer}, not {claim.value!r}"
        except NotFound as error:
            words = f"{claim.path}: {error}"
        if time.monotonic() > deadline:
            raise ClaimFalse(words)
        time.sleep(POLL_S)


def at_pointer(document: Any, pointer: str) -> Any:
    """The value at a JSON pointer; None where there is none."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list) and name.isascii() and name.isdigit():
            document = document[int(name)] if int(name) < len(document) else None
        elif isinstance(document, dict):
            document = document.get(name)
        else:
            return None
    return document


def as_json(step: Step) -> dict[str, Any]:
    """A step as machines read it."""
    claims = [{"path": c.path, "pointer": c.pointer, "value": c.value} for c in step.claims]
    return {"step": step.number, "words": step.words, "facts": dict(step.facts), "claims": claims}


def as_text(step: Step) -> str:
    """A step as people read it."""
    lines = [f"{step.number:>2}. {step.words}"]
    width = max((len(name) for name in step.facts), default=0)
    lines += [f"      {name.ljust(width)}  {value}" for name, value in step.facts.items()]
    return "\n".join(lines)
