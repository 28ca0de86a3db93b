"""Who moves whom: f+1 members against a view, and nobody less."""

import pytest

from chain.votes import ViewChange
from consensus.messages import NewView
from consensus.view_change import Choice
from consensus.views import VIEW_CHANGES_PER_MEMBER_MAX, WAITING_MAX, Views, kth_highest
from tests.consensus.samples import PROOF


def change(member: int, view: int) -> ViewChange:
    return ViewChange(view, member, PROOF, None, bytes(64))


def views(
    n: int, complaints: dict[int, int] | None = None, changes: dict[int, int] | None = None
) -> Views:
    made = Views(0, (n - 1) // 3 + 1, 0)
    for member, view in (complaints or {}).items():
        made.note_complaint(member, view)
    for member, view in (changes or {}).items():
        made.note_view_change(change(member, view))
    return made


@pytest.mark.parametrize(
    ("n", "complaints", "changes", "target"),
    [
        # n, Complaints by member, ViewChanges by member, where to go
        (1, {0: 0}, {}, 1),
        (3, {2: 0}, {}, 1),
        (4, {}, {}, 0),
        (4, {1: 0}, {}, 0),
        (4, {0: 0, 1: 0}, {}, 1),
        (4, {0: 0, 1: 2**32}, {}, 1),
        (4, {0: 3, 1: 2**32}, {}, 4),
        (4, {}, {1: 2**32}, 0),
        (4, {}, {1: 2**32, 2: 5}, 5),
        (4, {}, {1: 1, 2: 1}, 1),
        # One against view 0 by Complaint, one by having left it: heights are not compared.
        (4, {1: 0}, {2: 1}, 1),
        (4, {1: 1}, {2: 2}, 2),
        (4, {1: 0}, {1: 9}, 0),
        (7, {1: 0, 2: 0}, {}, 0),
        (7, {1: 0, 2: 0}, {3: 1}, 1),
        (7, {1: 4, 2: 7, 3: 9}, {}, 5),
    ],
)
def test_the_view_that_f_plus_one_want(
    n: int, complaints: dict[int, int], changes: dict[int, int], target: int
) -> None:
    assert views(n, complaints, changes).target == target


def test_only_a_members_newest_word_counts() -> None:
    made = views(4, {1: 5})
    made.note_complaint(1, 2)
    assert made.complaint(1) == 5
    made.note_view_change(change(2, 4))
    made.note_view_change(change(2, 3))
    assert made.newest_change(2) == 4


def test_of_one_member_two_view_changes_are_kept() -> None:
    made = views(4)
    for view in range(1, 50):
        made.note_view_change(change(3, view))
    kept = [entry.view for entry in made.changes_of(3)]
    assert kept == [48, 49]
    assert len(kept) == VIEW_CHANGES_PER_MEMBER_MAX
    assert made.changes_to(48) == [change(3, 48)]


def test_a_quorum_is_there_by_view_change_or_status_itself_included() -> None:
    made = views(4, changes={1: 3})
    assert made.present(3) == 2
    made.note_status(2, 3)
    made.note_status(1, 7)
    assert made.present(3) == 3
    assert made.present(4) == 2
    made.note_status(2, 1)
    assert made.present(3) == 3


def new_view(member: int, view: int, height: int) -> NewView:
    return NewView(view, height, member, (), bytes(64))


def test_what_began_a_view_ends_with_it() -> None:
    made = views(4)
    made.enter(1)
    made.begin(Choice(1, None), new_view(1, 1, 1))
    assert made.begun
    made.enter(2)
    assert made.begun == []
    assert made.new_view is None


def test_waiting_new_views_are_bounded_and_come_out_when_their_height_is_reached() -> None:
    made = views(31)
    for member in range(20):
        made.wait(new_view(member, member + 1, 10 + member))
    assert len(made.waiting) == WAITING_MAX
    assert made.take_ready(11) == []
    assert [entry.view for entry in made.take_ready(28)] == list(range(19, 12, -1))
    made.enter(30)
    assert made.waiting == {}


def test_the_kth_highest() -> None:
    assert kth_highest([3, 9, 5], 1, -1) == 9
    assert kth_highest([3, 9, 5], 3, -1) == 3
    assert kth_highest([3], 2, -1) == -1
