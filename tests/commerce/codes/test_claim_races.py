"""Races for a code, beside an oracle that knows everything: who committed first, of those who
revealed in their time, has the thing; and nobody has it while somebody earlier may still come.
"""

from dataclasses import dataclass, field
from random import Random

import pytest

from chain.block import OK
from tests.commerce.codes.atelier import COUNT, Atelier, commitment, reveal
from tests.commerce.world import MINUTE_MS, account

CLAIMANTS = ("buyer", "friend", "rival", "m0")
WINDOW_MS = 10 * MINUTE_MS
STEPS = 14


@dataclass
class Oracle:
    """What a race must come to, from all that happened."""

    # By claimant: its commitment's place among all, and when it was made.
    made: dict[str, tuple[int, int]] = field(default_factory=dict)
    revealed: dict[str, tuple[int, int]] = field(default_factory=dict)
    owner: str | None = None

    def settle(self, now_ms: int) -> None:
        """The earliest that was revealed has it, once its own time is over."""
        if self.owner is None and self.revealed:
            leader = min(self.revealed, key=lambda name: self.revealed[name][0])
            if now_ms >= self.revealed[leader][1] + WINDOW_MS:
                self.owner = leader

    def reveal(self, name: str, now_ms: int) -> str:
        """The outcome that a reveal must have."""
        if name not in self.made or name in self.revealed:
            return "CommitUnknown"
        place, made_ms = self.made[name]
        if self.owner is not None:
            return "CodeClaimed"
        if now_ms >= made_ms + WINDOW_MS:
            return "CommitExpired"
        if any(earlier < place for earlier, _ in self.revealed.values()):
            return "EarlierCommit"
        self.revealed[name] = (place, made_ms)
        return OK


def race(atelier: Atelier, index: int, random: Random) -> Oracle:
    """Claimants commit and reveal in any order, with pauses; each answer is the oracle's."""
    oracle, place = Oracle(), 0
    for _ in range(STEPS):
        atelier.wait(random.choice((0, 1, MINUTE_MS, 4 * MINUTE_MS)))
        oracle.settle(atelier.time_ms)
        name = random.choice(CLAIMANTS)
        if name not in oracle.made and random.random() < 0.7:
            place += 1
            atelier.done(name, ("code.claim_commit", commitment(name, index)))
            oracle.made[name] = (place, atelier.time_ms)
            continue
        receipt = atelier.send(name, ("code.claim_reveal", reveal(name, index)))
        assert receipt.status == oracle.reveal(name, atelier.time_ms)
    atelier.wait(2 * WINDOW_MS)
    oracle.settle(atelier.time_ms)
    return oracle


@pytest.mark.parametrize("seed", range(3))
def test_whoever_committed_first_and_revealed_in_time_has_the_thing(seed: int) -> None:
    random = Random(seed)
    atelier = Atelier()
    owners = set()
    for index in range(COUNT):
        oracle = race(atelier, index, random)
        claimed = atelier.code(index).claimed
        names = {account(name): name for name in CLAIMANTS}
        assert (None if claimed is None else names[claimed.account]) == oracle.owner
        owners.add(oracle.owner)
    # The races come to different ends.
    assert len(owners) > 2
