"""Random schedules of membership and memory: agreement, kept promises, progress after all."""

import pytest

from consensus.questions import Questions
from tests.consensus.wanderer import wander


@pytest.mark.parametrize("batch", range(3))
def test_no_change_and_no_lost_journal_forks_or_stalls_the_chain(batch: int) -> None:
    counts: dict[str, int] = {}
    for seed in range(batch * 45, batch * 45 + 45):
        try:
            happened = wander(seed)
        except AssertionError as error:
            raise AssertionError(f"replay: wander({seed})") from error
        for what, times in happened.items():
            counts[what] = counts.get(what, 0) + times
    wanted = {"change", "loss", "power cut", "VIEW_CHANGE", "NEW_VIEW", "re-proposal"}
    assert wanted <= counts.keys(), "too tame"
    assert counts["epochs"] > 20, "too tame"


def test_the_same_seed_does_the_same() -> None:
    assert wander(11) == wander(11)


def found(seeds: int = 60) -> bool:
    """Does some seed fail on the planted bug?"""
    for seed in range(seeds):
        try:
            wander(seed)
        except AssertionError:
            return True
    return False


def test_a_lost_journal_without_silence_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Questions, "allow", lambda questions, _height: not questions.asking)
    assert found()
