"""One epoch as a replica lives it: who votes, from which height on, and as whom it speaks itself.

PBFT begins anew with each epoch: view 0, no blames, no words of the members before (docs/adr/0060).
So a member's index, a view and a Complaint mean something only within their era.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.committee import Committee
from chain.committees import CommitteeRecord


@dataclass(frozen=True, slots=True)
class Era:
    """`first_height` is the first that `committee` decides; `index` None: this is an observer."""

    committee: Committee
    first_height: int
    index: int | None

    @classmethod
    def of(cls, record: CommitteeRecord, node_key: bytes) -> "Era":
        """The era of a committee for the replica with this key."""
        committee = record.committee
        # Nobody decides the genesis.
        first_height = max(1, record.first_height)
        return cls(committee, first_height, committee.index_of(node_key))

    @property
    def epoch(self) -> int:
        """The committee's epoch."""
        return self.committee.epoch

    def key(self, member: int) -> bytes:
        """A member's node key."""
        return self.committee.members[member].node_key

    def others(self, members: Iterable[int]) -> tuple[bytes, ...]:
        """The node keys of these members, without the own."""
        return tuple(self.key(member) for member in members if member != self.index)
