"""The committee: who votes, how many may be faulty, how many must agree. The one place for it.

f = ⌊(n-1)/3⌋, quorum = ⌈(n+f+1)/2⌉, weak quorum = f+1, for any n ≥ 1. The textbook 2f+1 is unsafe
where n ≠ 3f+1: at n = 6 two quorums of 3 can be disjoint (docs/protocol.md § Committee).
"""

from dataclasses import dataclass
from typing import Annotated

from chain.codec import U64, Hash, Name, PublicKey, Size, encode
from chain.crypto import tagged_hash

COMMITTEE_SIZE_MAX = 128


def fault_limit(n: int) -> int:
    """f: how many of n members may be Byzantine (PBFT §2)."""
    return (n - 1) // 3


def quorum_size(n: int) -> int:
    """The least q for which two quorums of n members share a correct one."""
    return (n + fault_limit(n) + 2) // 2


@dataclass(frozen=True, slots=True)
class Member:
    """One voting member: its organisation's name and account, the key that signs its votes.

    `suspended`: evidence convicted this key; it votes and never leads.
    """

    name: Name
    account: Hash
    node_key: PublicKey
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Committee:
    """The members of one epoch. A member's index in `members` is its identity in votes."""

    epoch: U64
    members: Annotated[tuple[Member, ...], Size(min=1, max=COMMITTEE_SIZE_MAX)]

    @property
    def n(self) -> int:
        """How many members vote."""
        return len(self.members)

    @property
    def f(self) -> int:
        """How many of them may be Byzantine."""
        return fault_limit(len(self.members))

    @property
    def quorum(self) -> int:
        """How many votes make a certificate."""
        return quorum_size(len(self.members))

    @property
    def weak_quorum(self) -> int:
        """How many votes include one of a correct member."""
        return self.f + 1

    def index_of(self, node_key: bytes) -> int | None:
        """The index of the member with this key, or None: it has no vote."""
        for index, member in enumerate(self.members):
            if member.node_key == node_key:
                return index
        return None

    def hash(self) -> bytes:
        """Hash of the committee's canonical bytes; the next one's stands in a header."""
        return tagged_hash("committee", encode(self))
