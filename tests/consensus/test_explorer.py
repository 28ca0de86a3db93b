"""Random schedules: agreement, one vote per slot, and progress after healing, for many seeds."""

import pytest

from consensus import act, view_change
from consensus.promises import Promises
from consensus.views import Views
from tests.consensus.explorer import explore

SIZES = (4, 4, 5, 6, 7, 4, 1, 2, 3)


@pytest.mark.parametrize("batch", range(6))
def test_no_schedule_forks_or_stalls_the_chain(batch: int) -> None:
    seeds = range(batch * 50, batch * 50 + 50)
    counts: dict[str, int] = {}
    for seed in seeds:
        n = SIZES[seed % len(SIZES)]
        try:
            happened = explore(seed, n)
        except AssertionError as error:
            raise AssertionError(f"replay: explore({seed}, {n})") from error
        for what, times in happened.items():
            counts[what] = counts.get(what, 0) + times
    wanted = {"partition", "restart", "VIEW_CHANGE", "NEW_VIEW", "re-proposal", "evidence"}
    wanted |= {f"byzantine {lie}" for lie in ("PrePrepare", "vote", "ViewChange", "NewView")}
    assert wanted <= counts.keys(), "too tame"


def test_the_same_seed_does_the_same() -> None:
    assert explore(3, 4) == explore(3, 4)


def found(seeds: int = 200) -> bool:
    """Does some seed fail on the planted bug?"""
    for seed in range(seeds):
        try:
            explore(seed, SIZES[seed % 5])
        except AssertionError:
            return True
    return False


def test_a_view_change_that_hides_prepared_blocks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act, "_shown", lambda state: (state.tip.certificate, None))
    assert found()


def test_a_journal_without_votes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Promises, "recall", lambda _self, _record, **_above: None)
    assert found()


def test_a_primary_free_to_ignore_prepared_blocks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "consensus.state.choose", lambda shown: view_change.Choice(shown[0].height, None)
    )
    assert found()


def test_a_view_that_never_begins_again_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Views, "begin", lambda _self, _choice, _message: None)
    assert found()
