"""The exhaustive search of a small world: it ends, finds no fork, and would find one."""

import sys
from collections.abc import Sequence

import pytest

from chain.committee import Committee
from chain.votes import ViewChange
from consensus import proposal, view_change
from tests.consensus import model
from tests.consensus.model import Model, Verdict
from tests.consensus.model_rules import Mistake

STATES_MAX = 300_000


@pytest.fixture(scope="module")
def whole() -> Verdict:
    """Two heights and three views; one height and three, or two and two, are parts of it."""
    verdict = Model(2, 3).search(STATES_MAX)
    sys.stdout.write(f"{verdict.states} states\n")
    return verdict


def test_no_run_of_four_members_with_a_liar_forks(whole: Verdict) -> None:
    assert not whole.fork
    assert whole.exhausted, "the search was cut: nothing is shown"
    assert whole.states > 80_000, "something is no longer searched"


def test_the_runs_go_through_what_makes_agreement_hard(whole: Verdict) -> None:
    """Not shown by agreement alone: a world where nothing is ever decided does not fork either."""
    certified = [facts for _, facts in whole.facts]
    both = [facts for facts in certified if len({vote.block for vote in facts}) == 2]
    again = {(vote.block.view, vote.view) for facts in certified for vote in facts}
    assert again == {(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)}, "re-proposals are decided"
    assert any(len({vote.block.view for vote in facts}) == 2 for facts in both)
    rivals = {
        len({vote.block for vote in prepared if vote.block.height == 1})
        for prepared, _ in whole.facts
    }
    assert rivals == {0, 1, 2, 3}, "different blocks are prepared at one height, one in each view"


@pytest.mark.parametrize(("heights", "views"), [(1, 2), (2, 1), (3, 1)])
def test_the_search_by_stages_leaves_nothing_out(heights: int, views: int) -> None:
    staged = Model(heights, views).search(STATES_MAX)
    plain = Model(heights, views, plain=True).search(STATES_MAX)
    assert staged.exhausted
    assert plain.exhausted
    assert staged.facts == plain.facts
    assert staged.states < plain.states


def test_a_third_name_for_the_blocks_of_a_view_adds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    two = Model(2, 2).search(STATES_MAX)
    monkeypatch.setattr(model, "NAMES", 3)
    three = Model(2, 2).search(STATES_MAX)
    assert three.exhausted
    assert three.facts == two.facts


def test_a_search_that_was_cut_does_not_claim_to_be_exhausted() -> None:
    verdict = Model(1, 3).search(1_000)
    assert not verdict.exhausted
    assert not verdict.fork


@pytest.mark.parametrize(
    ("mistake", "heights", "views", "plain"),
    [
        (Mistake.QUORUM_2F, 1, 1, False),
        (Mistake.PRIMARY_COUNTED_TWICE, 1, 2, False),
        (Mistake.PREPARED_LEFT_OUT, 1, 2, False),
        (Mistake.LOWER_VIEW_CHOSEN, 1, 3, False),
        (Mistake.VOTE_BELOW_VIEW, 1, 2, True),
        (Mistake.NO_NEW_VIEW, 1, 2, False),
        (Mistake.TWO_VOTES_IN_A_SLOT, 1, 1, False),
        (Mistake.DECISION_LOST, 1, 2, False),
        (Mistake.VOTE_AT_DECIDED_HEIGHT, 2, 1, True),
    ],
)
def test_a_planted_mistake_forks(mistake: Mistake, heights: int, views: int, plain: bool) -> None:  # noqa: FBT001
    right = Model(heights, views, plain=plain).search(STATES_MAX)
    wrong = Model(heights, views, mistake, plain=plain).search(STATES_MAX)
    assert right.exhausted
    assert wrong.fork


@pytest.mark.parametrize(("heights", "views", "plain"), [(1, 2, True), (2, 2, False)])
def test_a_commit_without_the_own_prepare_is_no_danger_to_agreement(
    heights: int,
    views: int,
    plain: bool,  # noqa: FBT001
) -> None:
    """That rule makes committers hold the body; this world has none, so it can't be missed."""
    verdict = Model(heights, views, Mistake.COMMIT_WITHOUT_PREPARE, plain=plain).search(STATES_MAX)
    assert verdict.exhausted


def free_choice(shown: Sequence[ViewChange]) -> view_change.Choice:
    return view_change.Choice(max(entry.height for entry in shown), None)


def test_a_product_that_ignores_prepared_blocks_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_change, "choose", free_choice)
    assert Model(1, 2).search(STATES_MAX).fork


def test_a_product_that_prepares_anything_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposal, "justified", lambda *_, **__: True)
    assert Model(1, 2).search(STATES_MAX).fork


def test_a_product_that_counts_no_view_changes_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view_change, "check_new_view", lambda *_: None)
    assert Model(1, 2).search(STATES_MAX).fork


def test_a_product_that_believes_prepared_certificates_forks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(view_change, "check_shape", lambda *_: None)
    assert Model(1, 2).search(STATES_MAX).fork


def test_a_product_with_a_smaller_quorum_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Committee, "quorum", property(lambda committee: committee.n // 2))
    assert Model(1, 2).search(STATES_MAX).fork


def test_the_command_tells_the_way_to_a_fork(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    right = ["model", "--heights", "1", "--views", "2"]
    monkeypatch.setattr(sys, "argv", right)
    assert model.main() == 0
    assert capsys.readouterr().out == "594 states: exhausted\n"
    monkeypatch.setattr(sys, "argv", [*right, "--mistake", "prepared-left-out"])
    assert model.main() == 1
    *way, verdict = capsys.readouterr().out.splitlines()
    assert verdict.endswith(" states: a fork")
    assert way[0] == "a silent replica prepares block 1/0a in view 0"
    assert any("ViewChange(1) above height 0 showing nothing" in action for action in way)
