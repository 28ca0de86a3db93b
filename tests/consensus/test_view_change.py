"""What a ViewChange may show, and what a NewView must begin with: trap 2."""

from dataclasses import replace

import pytest

from chain.votes import ViewChange
from consensus.messages import MessageInvalid, NewView
from consensus.view_change import (
    Choice,
    check_new_view,
    check_prepared,
    check_shape,
    choose,
    highest_certificate,
    usable,
)
from tests.consensus.forging import UNSIGNED, certificate, prepared
from tests.consensus.samples import CHANGES, FIRST, PREPARED, PROOF, SECOND, header_on
from tests.consensus.stub_chain import GENESIS_HASH, committee, era, verify_stub

FOUR = committee(4)
GOOD = ViewChange(3, 1, PROOF, prepared([1, 2], 0, 2, SECOND), UNSIGNED)
assert GOOD.prepared is not None
SHOWN = GOOD.prepared


def test_the_good_one_is_good() -> None:
    check_shape(GOOD, era(4))
    check_prepared(SHOWN, FOUR, GENESIS_HASH, verify_stub)


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, view=0, prepared=None),
        replace(GOOD, certificate=certificate([0, 1, 2], 3, FIRST), prepared=None),
        replace(GOOD, view=2),
        replace(GOOD, prepared=replace(SHOWN, header=header_on(SECOND))),
        replace(GOOD, prepared=replace(SHOWN, header=replace(SECOND, parent_hash=bytes(32)))),
        replace(GOOD, prepared=replace(SHOWN, header=replace(SECOND, view=3))),
        replace(GOOD, prepared=prepared([1], 0, 2, SECOND)),
        replace(GOOD, prepared=prepared([0, 1], 0, 2, SECOND)),
        replace(GOOD, prepared=replace(SHOWN, prepares=SHOWN.prepares[::-1])),
        replace(GOOD, prepared=replace(SHOWN, prepares=(*SHOWN.prepares, SHOWN.prepares[1]))),
        replace(GOOD, prepared=prepared([1, 4], 0, 2, SECOND)),
        replace(GOOD, prepared=prepared([1, 2], 4, 2, SECOND)),
    ],
    ids=[
        "to view 0",
        "to its certificate's view",
        "prepared in its own view",
        "prepared at another height",
        "prepared on another parent",
        "prepared before proposed",
        "no quorum",
        "the primary twice",
        "unsorted",
        "a member twice",
        "a stranger",
        "a strange primary",
    ],
)
def test_a_view_change_no_correct_member_sends_is_refused(bad: ViewChange) -> None:
    with pytest.raises(MessageInvalid):
        check_shape(bad, era(4))


def test_every_signature_of_a_prepared_certificate_counts() -> None:
    for i in range(2):
        forged = replace(SHOWN.prepares[i], signature=bytes(64))
        prepares = (*SHOWN.prepares[:i], forged, *SHOWN.prepares[i + 1 :])
        with pytest.raises(MessageInvalid):
            check_prepared(replace(SHOWN, prepares=prepares), FOUR, GENESIS_HASH, verify_stub)
    with pytest.raises(MessageInvalid):
        check_prepared(replace(SHOWN, signature=bytes(64)), FOUR, GENESIS_HASH, verify_stub)
    with pytest.raises(MessageInvalid):
        check_prepared(replace(SHOWN, view=1), FOUR, GENESIS_HASH, verify_stub)


NEW_VIEW = NewView(1, 2, 1, CHANGES, UNSIGNED)


@pytest.mark.parametrize(
    "bad",
    [
        replace(NEW_VIEW, view_changes=CHANGES[:2]),
        replace(NEW_VIEW, view_changes=CHANGES[::-1]),
        replace(NEW_VIEW, view_changes=(*CHANGES[:2], CHANGES[1])),
        replace(NEW_VIEW, view_changes=(*CHANGES[:2], replace(CHANGES[2], member=4))),
        replace(NEW_VIEW, view_changes=(*CHANGES[:2], replace(CHANGES[2], view=2))),
        replace(NEW_VIEW, height=1),
        replace(NEW_VIEW, height=3),
        replace(NEW_VIEW, view_changes=()),
    ],
    ids=["two", "unsorted", "double", "stranger", "other view", "lower", "higher", "none"],
)
def test_a_new_view_without_a_quorum_for_it_is_refused(bad: NewView) -> None:
    check_new_view(NEW_VIEW, era(4))
    with pytest.raises(MessageInvalid):
        check_new_view(bad, era(4))


def shows(member: int, *, height: int = 2, view: int | None = None) -> ViewChange:
    """A ViewChange to view 9 from height 1 or 2, that shows a block prepared in `view`."""
    parent, child = (FIRST, SECOND) if height == 2 else (SECOND, header_on(SECOND))
    shown = None if view is None else prepared([1, 2], 0, view, child)
    return ViewChange(9, member, certificate([0, 1, 2], 0, parent), shown, UNSIGNED)


@pytest.mark.parametrize(
    ("changes", "height", "view"),
    [
        ([shows(0), shows(1), shows(2)], 2, None),
        ([shows(0, view=1), shows(1), shows(2)], 2, 1),
        ([shows(0, view=1), shows(1, view=4), shows(2, view=2)], 2, 4),
        # Prepared below the highest certificate: that height is decided, whatever it shows.
        ([shows(0, view=8), shows(1, height=3), shows(2)], 3, None),
        ([shows(0, view=8), shows(1, height=3, view=0), shows(2)], 3, 0),
    ],
)
def test_the_choice_is_the_highest_view_prepared_above_the_highest_certificate(
    changes: list[ViewChange], height: int, view: int | None
) -> None:
    choice = choose(changes)
    assert choice.height == height
    assert (None if choice.prepared is None else choice.prepared.view) == view
    assert choose(changes[::-1]) == choice
    assert highest_certificate(changes).height == height - 1


def test_a_choice_names_the_digest_that_must_be_proposed() -> None:
    assert Choice(2, PREPARED).digest == SECOND.digest()
    assert Choice(2, None).digest is None


def test_a_block_prepared_under_another_primary_voids_its_view_change_where_it_counts() -> None:
    def led_by(view: int, height: int) -> int | None:
        return 0 if height == 2 else view

    assert usable(shows(1, view=1), 2, led_by)
    assert usable(shows(1), 2, led_by)
    assert not usable(shows(1, height=3, view=1), 3, led_by)
    assert usable(shows(1, view=1), 3, led_by), "it says nothing about height 3"
