"""A lost or older journal: what is asked after a start, and how long this replica keeps silent.

A journal can be older than what its key has signed: restored from a backup, lost with its disk, or
the key is in use on another host. So before its first vote a replica asks the other members for
their highest certificate and for its own newest votes, and waits until they and itself are a
quorum. If its journal was lost, or a vote of its own is unknown to it, it votes at no height up to
H+2, H = the highest certificate it was told: when it last voted a quorum had committed to the
height below, so had decided the one below that, and two quorums less itself share one that is
correct if itself counts among the f, as it does meanwhile. Where f = 0 it stays silent until the
operator says that nothing was lost. (consensus.md § A lost or older journal, docs/adr/0061; compare
PBFT-PR, TOCS '02 §4.3.2.) What is done with it: `consensus.inquiry`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chain.codec import HEIGHT_MAX
from chain.votes import SignedVote, ViewChange, slot_kind
from consensus.records import SilenceRecord, VoteRecord

# Heights above the highest certificate known at which a forgotten vote may stand.
FORGOTTEN_HEIGHTS = 2
FOREVER = HEIGHT_MAX

_Promise = tuple[int, int, int, bytes]


@dataclass(slots=True)
class Questions:
    """What the journal knew at the start, and what the members answered since.

    `height`: what was decided then. `lost`: the journal does not hold all that this key signed.
    `silent_until`: no vote at this height or below. `answers`: the height that each member, by
    node key, proved. `ask_at`: the tick when the question is due again.
    """

    height: int
    known: frozenset[_Promise]
    view_change: ViewChange | None
    lost: bool = False
    silent_until: int = 0
    asking: bool = False
    ask_at: int = 0
    answers: dict[bytes, int] = field(default_factory=dict)

    @classmethod
    def at_start(
        cls,
        height: int,
        votes: Iterable[VoteRecord],
        view_change: ViewChange | None,
        silence: SilenceRecord | None,
    ) -> "Questions":
        """As the journal leaves it; nothing is asked yet."""
        known = frozenset((slot_kind(v.type), v.view, v.height, v.digest) for v in votes)
        questions = cls(height, known, view_change)
        if silence is not None:
            questions.lost = silence.until is None
            questions.silent_until = FOREVER if silence.until is None else silence.until
        return questions

    def allow(self, height: int) -> bool:
        """May this replica vote at the height, as far as its past is concerned?"""
        return not self.asking and height > self.silent_until

    def knows_vote(self, vote: SignedVote) -> bool:
        """Is the own vote in the journal? At heights decided at the start it does not matter."""
        promise = slot_kind(vote.type), vote.view, vote.height, vote.digest
        return vote.height <= self.height or promise in self.known

    def knows_change(self, message: ViewChange) -> bool:
        """Is it the own newest ViewChange of the journal, or an older one? Both of one era."""
        known = self.view_change
        return known is not None and (message == known or message.view < known.view)

    def record(self) -> SilenceRecord | None:
        """What must stand in the journal while the silence lasts."""
        if self.lost:
            return SilenceRecord(None)
        return SilenceRecord(self.silent_until) if self.silent_until else None
