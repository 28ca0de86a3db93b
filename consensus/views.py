"""The view: what members said about views, and how the current one may begin.

Views only grow. The newest word of each member counts, so that memory is bounded by members and no
flood of far views moves anybody: it takes f+1 members to move a replica, a quorum to begin.
"""

from collections.abc import Iterable

from chain.votes import ViewChange
from consensus.messages import NewView
from consensus.view_change import Choice

# Of one member the newest two ViewChanges: a NewView may still need the one before its last.
VIEW_CHANGES_PER_MEMBER_MAX = 2
WAITING_MAX = 8


def kth_highest(values: Iterable[int], k: int, default: int) -> int:
    """The k-th highest value (k ≥ 1): k members are there or above."""
    ranked = sorted(values, reverse=True)
    return ranked[k - 1] if len(ranked) >= k else default


class Views:
    """The own view and everybody's newest word about views."""

    __slots__ = (
        "_changes",
        "_complaints",
        "_index",
        "_statuses",
        "_weak_quorum",
        "begun",
        "new_view",
        "target",
        "view",
        "waiting",
    )

    def __init__(self, index: int | None, weak_quorum: int, view: int) -> None:
        self._index = index
        self._weak_quorum = weak_quorum
        self._changes: dict[int, dict[int, ViewChange]] = {}
        self._complaints: dict[int, int] = {}
        self._statuses: dict[int, int] = {}
        self.view = view
        # How valid NewViews of this view say it may begin, by height; any one justifies.
        self.begun: list[Choice] = []
        # One of those NewViews, to hand on.
        self.new_view: NewView | None = None
        # Valid NewViews that begin above the decided height, newest by primary.
        self.waiting: dict[int, NewView] = {}
        # The view that enough members want; no change is due while it is not above `view`.
        self.target = 0

    def enter(self, view: int) -> None:
        """A higher view, and all that justified the lower one is void."""
        assert view > self.view
        self.view = view
        self.begun = []
        self.new_view = None
        self.waiting = {m: entry for m, entry in self.waiting.items() if entry.view >= view}

    def begin(self, choice: Choice, message: NewView) -> None:
        """A valid NewView of this view."""
        assert message.view == self.view
        if choice not in self.begun and len(self.begun) < WAITING_MAX:
            self.begun.append(choice)
        self.new_view = message

    def wait(self, message: NewView) -> None:
        """Keep a NewView until its blocks are fetched; the highest views are kept."""
        self.waiting[message.member] = message
        if len(self.waiting) > WAITING_MAX:
            del self.waiting[min(self.waiting, key=lambda member: self.waiting[member].view)]

    def take_ready(self, height: int) -> list[NewView]:
        """The waiting NewViews that begin at or below `height`, highest view first."""
        ready = [entry for entry in self.waiting.values() if entry.height <= height]
        for entry in ready:
            del self.waiting[entry.member]
        return sorted(ready, key=lambda entry: entry.view, reverse=True)

    def note_view_change(self, message: ViewChange) -> None:
        """A valid ViewChange, perhaps the own one."""
        changes = self._changes.setdefault(message.member, {})
        changes[message.view] = message
        if len(changes) > VIEW_CHANGES_PER_MEMBER_MAX:
            del changes[min(changes)]
        self._retarget()

    def note_complaint(self, member: int, view: int) -> None:
        """A verified Complaint, perhaps the own one; only the newest counts."""
        if view > self.complaint(member):
            self._complaints[member] = view
            self._retarget()

    def note_status(self, member: int, view: int) -> None:
        """A verified Status."""
        self._statuses[member] = max(view, self._statuses.get(member, 0))

    def complaint(self, member: int) -> int:
        """The view of the member's newest Complaint, or -1."""
        return self._complaints.get(member, -1)

    def newest_change(self, member: int) -> int:
        """The view of the member's newest ViewChange, or 0."""
        return max(self._changes.get(member, (0,)))

    def change(self, member: int, view: int) -> ViewChange | None:
        """The member's ViewChange to this view, if still kept."""
        return self._changes.get(member, {}).get(view)

    def changes_of(self, member: int) -> list[ViewChange]:
        """The member's ViewChanges that are kept."""
        return list(self._changes.get(member, {}).values())

    def changes_to(self, view: int) -> list[ViewChange]:
        """The ViewChanges to exactly this view, sorted by member."""
        found = ((member, self._changes[member].get(view)) for member in sorted(self._changes))
        return [entry for _, entry in found if entry is not None]

    def present(self, view: int) -> int:
        """How many members, itself included, are known to be at `view` or above."""
        members = {m for m, changes in self._changes.items() if max(changes) >= view}
        members |= {member for member, at in self._statuses.items() if at >= view}
        return len(members if self._index is None else members | {self._index})

    def _retarget(self) -> None:
        """Where f+1 members want to be (consensus.md § Complaints, § Entering and joining).

        A member is against view v if its newest Complaint is for ≥ v or its newest ViewChange for
        > v. With w the highest view that f+1 are against, w+1 is due. This includes joining: if
        f+1 members changed to ≥ v, they are against v-1.
        """
        members = self._changes.keys() | self._complaints.keys()
        against = (
            max(self.complaint(member), self.newest_change(member) - 1) for member in members
        )
        self.target = kth_highest(against, self._weak_quorum, -1) + 1
