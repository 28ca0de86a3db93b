"""Waiting for a claim: until it is settled, lost, or somebody stops the command."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from chain.bech32m import encode_account
from node.commands import code_claim
from node.commands.code_claim import ClaimLost
from node.commands.options import Output
from node.commands.output import Printer
from node.commands.session import Session
from tests.commerce.shop import TEA

OWN, OTHER = bytes(range(32)), bytes(32)
UNTIL_MS = 1_767_225_660_000


class Answers:
    """A session whose node tells one verdict after another, the last one for ever."""

    def __init__(self, verdicts: Sequence[dict[str, Any]]) -> None:
        self.left = list(verdicts)
        self.said: list[str] = []
        self.printer = Printer(Output.JSON)
        self.client = self
        self.signer = self
        self.account = OWN

    def get(self, path: str) -> dict[str, Any]:
        assert path.startswith("/v1/codes/")
        return {"code": self.left.pop(0) if len(self.left) > 1 else self.left[0]}

    def say(self, words: str) -> None:
        self.said.append(words)


def verdict(name: str, *, claimant: bytes | None = None, owner: bytes = OWN) -> dict[str, Any]:
    return {
        "verdict": name,
        "claimant": None if claimant is None else encode_account(claimant),
        "claim_until_ms": None if claimant is None else UNTIL_MS,
        "owner": encode_account(owner),
    }


def waited(monkeypatch: pytest.MonkeyPatch, *verdicts: dict[str, Any]) -> Answers:
    """Wait with a clock that stands still."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    answers = Answers(verdicts)
    code_claim.Claimant(cast("Session", answers), TEA, "S1", None).wait(Path("kept"))
    return answers


def test_it_waits_until_the_thing_is_the_claimants(monkeypatch: pytest.MonkeyPatch) -> None:
    leading = verdict("registered", claimant=OWN)
    answers = waited(monkeypatch, leading, leading, leading, verdict("claimed"))
    (words,) = answers.said
    assert words.startswith("yours at 2026-01-01")


def test_whoever_was_overtaken_or_came_too_late_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    leading = verdict("registered", claimant=OWN)
    for ends in (verdict("registered", claimant=OTHER), verdict("registered")):
        with pytest.raises(ClaimLost):
            waited(monkeypatch, leading, ends)
    with pytest.raises(ClaimLost):
        waited(monkeypatch, leading, verdict("claimed", owner=OTHER))


def test_who_stops_the_command_is_told_where_the_claim_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stop(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", stop)
    answers = Answers([verdict("registered", claimant=OWN)])
    claimant = code_claim.Claimant(cast("Session", answers), TEA, "S1", None)
    with pytest.raises(KeyboardInterrupt):
        claimant.wait(Path("kept"))
    assert "kept" in answers.said[-1]
