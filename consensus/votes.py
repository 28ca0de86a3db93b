"""Who voted for what at one height: quorums, certificates, and votes that contradict each other.

A member's first vote of a kind in a view counts, a second one for another digest is evidence. What
is added here has been verified. Bounded by members x `VOTES_PER_MEMBER_MAX`, whatever is sent.
"""

from collections.abc import Iterator

from chain.block import Certificate, CommitSignature, VoteType
from chain.votes import SignedVote, slot_kind
from consensus.messages import Commit, Prepare

# Votes of one member at one height (two kinds, several views); its lowest view gives way.
VOTES_PER_MEMBER_MAX = 32

_Slot = tuple[VoteType, int]
_Choice = tuple[VoteType, int, bytes]


def as_signed(message: Prepare | Commit) -> SignedVote:
    """The vote without its envelope."""
    kind = VoteType.PREPARE if isinstance(message, Prepare) else VoteType.COMMIT
    return SignedVote(
        kind, message.view, message.height, message.digest, message.member, message.signature
    )


def as_signatures(signatures: dict[int, bytes]) -> tuple[CommitSignature, ...]:
    """Signatures by member, sorted, as certificates carry them."""
    return tuple(CommitSignature(member, signatures[member]) for member in sorted(signatures))


class VoteBook:
    """All votes of one height. A PrePrepare takes its primary's Prepare slot (PBFT §4.2)."""

    __slots__ = ("_by_choice", "_by_member", "_quorum", "certified", "height")

    def __init__(self, height: int, quorum: int) -> None:
        self.height = height
        self._quorum = quorum
        self._by_member: dict[int, dict[_Slot, SignedVote]] = {}
        self._by_choice: dict[_Choice, dict[int, bytes]] = {}
        # The view and digest that a quorum committed to, as soon as there is one.
        self.certified: tuple[int, bytes] | None = None

    def earlier(self, kind: VoteType, view: int, member: int) -> SignedVote | None:
        """The member's vote in this slot; `kind` PREPARE also finds its PrePrepare."""
        slots = self._by_member.get(member)
        return None if slots is None else slots.get((kind, view))

    def add(self, vote: SignedVote) -> None:
        """Count a verified vote; its slot must be free."""
        kind = slot_kind(vote.type)
        slots = self._by_member.setdefault(vote.member, {})
        assert (kind, vote.view) not in slots
        if len(slots) >= VOTES_PER_MEMBER_MAX and not self._make_room(slots, vote.view):
            return
        slots[kind, vote.view] = vote
        if vote.type == VoteType.PRE_PREPARE:
            return
        signatures = self._by_choice.setdefault((kind, vote.view, vote.digest), {})
        signatures[vote.member] = vote.signature
        if kind is VoteType.COMMIT and len(signatures) >= self._quorum:
            self.certified = self.certified or (vote.view, vote.digest)

    def _make_room(self, slots: dict[_Slot, SignedVote], view: int) -> bool:
        lowest = min(slots, key=lambda slot: slot[1])
        if lowest[1] >= view:
            return False
        vote = slots.pop(lowest)
        choice = (*lowest, vote.digest)
        signatures = self._by_choice.get(choice)
        if signatures is not None:
            signatures.pop(vote.member, None)
            if not signatures:
                del self._by_choice[choice]
        return True

    def signatures(self, kind: VoteType, view: int, digest: bytes) -> dict[int, bytes]:
        """Signatures by member of the Prepares or Commits for this digest; do not alter."""
        return self._by_choice.get((kind, view, digest), {})

    def certificate(self) -> Certificate | None:
        """The certificate, once a quorum of Commits of any one view stands on one digest."""
        if self.certified is None:
            return None
        view, digest = self.certified
        signatures = self.signatures(VoteType.COMMIT, view, digest)
        return Certificate(self.height, view, digest, as_signatures(signatures))

    def of(self, member: int) -> list[SignedVote]:
        """All votes of the member at this height."""
        return list(self._by_member.get(member, {}).values())

    def commits_of(self, member: int) -> Iterator[SignedVote]:
        """The member's Commits at this height."""
        for (kind, _), vote in self._by_member.get(member, {}).items():
            if kind is VoteType.COMMIT:
                yield vote
