"""The stories by name: each can be played at its own pace, and at the one that is recommended."""

import pytest

from commerce.timers import DAY_MS, TIMERS
from node.demo.pacing import PaceUnfit, Pacing
from node.demo.tales import TALES

# As a test network with a time scale has them.
TIMERS_MS = {rule.name: rule.default_ms for rule in TIMERS} | {"pay_ms": DAY_MS, "claim_ms": DAY_MS}


@pytest.mark.parametrize("name", TALES)
def test_a_story_fits_its_own_pace_and_the_recommended_one(name: str) -> None:
    tale = TALES[name]
    assert f"{40_000}" in PaceUnfit.hint
    for scale in (tale.time_scale, 40_000):
        pacing = Pacing(TIMERS_MS, scale)
        pacing.require(tale.waits, tale.windows)
        # Half of a minute is what nobody does anything in; the rest is for blocks.
        assert pacing.real_s(tale.waits) < 40


def test_the_stories_are_those_of_the_issue() -> None:
    names = ["happy", "partial", "silent-seller", "silent-buyer", "dispute", "recall"]
    names += ["cold-chain", "copies"]
    assert list(TALES) == names
