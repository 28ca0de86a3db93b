"""Pledges: known kinds, sorted, each once."""

import pytest

from commerce.catalogue.errors import PledgesUnsorted, PledgeUnknown
from commerce.catalogue.pledges import PLEDGE_KINDS, Pledge, check_pledges, pledged_permille


def test_each_kind_may_be_pledged_once_in_order() -> None:
    every = tuple(Pledge(kind, 300) for kind in PLEDGE_KINDS)
    check_pledges(every)
    check_pledges(())
    with pytest.raises(PledgesUnsorted):
        check_pledges(every[::-1])
    with pytest.raises(PledgesUnsorted):
        check_pledges((Pledge("late", 1), Pledge("late", 2)))
    with pytest.raises(PledgeUnknown):
        check_pledges((Pledge("happy", 1),))


def test_what_is_not_pledged_is_worth_nothing() -> None:
    pledges = (Pledge("late", 50), Pledge("lost", 200))
    assert [pledged_permille(pledges, kind) for kind in PLEDGE_KINDS] == [0, 50, 200]
