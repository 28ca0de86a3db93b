"""All that a replica knows, in parts that each have one owner, and the few facts joined from them.

`receive` brings facts in, `act` lets follow what follows from them; neither keeps state of its own.
"""

from collections import deque
from dataclasses import dataclass, field, replace

from chain.block import Certificate, check_certificate
from chain.committee import Committee
from chain.committees import CHANGE_DELAY_HEIGHTS
from chain.errors import CertificateInvalid
from consensus.config import History, ReplicaConfig, StateDiverged
from consensus.era import Era
from consensus.input import Work
from consensus.messages import MessageInvalid, NewView
from consensus.output import Draft
from consensus.promises import Promises
from consensus.questions import Questions
from consensus.recovery import Recovered
from consensus.roster import Roster
from consensus.slot import Ahead, HeldBlock, Slot
from consensus.timers import Timers
from consensus.tip import Tip
from consensus.view_change import Choice, choose
from consensus.views import Views
from consensus.votes import VoteBook

# Decided heights whose votes are kept to compare late ones with (consensus.md § Evidence).
EVIDENCE_HEIGHTS = 16
PROVEN_MAX = 64


@dataclass(slots=True)
class Chase:
    """How far the chain is certified above the own slot, and how far blocks were asked for.

    `hearsay`: a height that somebody claims and whose committee is not known here; `asked` counts
    for it too. `unread`: the highest height of a vote or proposal that was dropped unread since it
    was too far ahead; from the tick `may_tell_at` on all may be told again that it matters now.
    """

    target: Certificate | None = None
    asked: int = 0
    hearsay: int = 0
    unread: int = 0
    may_tell_at: int = 0


@dataclass(slots=True)
class Errands:
    """What was asked of or answered to others lately, so that nothing is asked twice.

    `build` is the newest (height, view, at_once) asked for; `answered` the tick of the last answer
    to each node's Status, `hinted` that of the last hint, `replied` to its RecoveryQuery; `proven`
    are certificates verified lately.
    """

    chase: Chase = field(default_factory=Chase)
    build: tuple[int, int, bool] | None = None
    answered: dict[bytes, int] = field(default_factory=dict)
    hinted: dict[bytes, int] = field(default_factory=dict)
    replied: dict[bytes, int] = field(default_factory=dict)
    proven: dict[Certificate, None] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """One replica. `draft` is the Output of the call in progress, `now_ms` its wall clock."""

    config: ReplicaConfig
    history: History
    era: Era
    # The era that the newest block has decided on: it begins above the active height.
    next_era: Era | None
    roster: Roster
    tip: Tip
    slot: Slot
    views: Views
    promises: Promises
    timers: Timers
    recovered: Recovered
    questions: Questions
    genesis_digest: bytes
    ahead: Ahead = field(default_factory=Ahead)
    # The block decided last, for peers that lack it while it is being written.
    decided: HeldBlock | None = None
    past: deque[VoteBook] = field(default_factory=lambda: deque(maxlen=EVIDENCE_HEIGHTS))
    errands: Errands = field(default_factory=Errands)
    work: Work = field(default_factory=lambda: Work(waiting=False))
    # Since when a transaction waits that a fair order would have placed.
    skipped_at: int | None = None
    draft: Draft = field(default_factory=Draft)
    now_ms: int = 0

    @property
    def epoch(self) -> int:
        """The epoch of the active height."""
        return self.era.epoch

    @property
    def committee(self) -> Committee:
        """The committee of the active height."""
        return self.era.committee

    @property
    def index(self) -> int | None:
        """The own index in the committee; None: this replica has no vote."""
        return self.era.index

    @property
    def may_promise(self) -> bool:
        """May this replica vote and change views now? If it knows all that it has promised."""
        return self.speaks and self.questions.allow(self.slot.height)

    @property
    def speaks(self) -> bool:
        """Is it a member, and one that knows again all that it said before?"""
        return self.index is not None and self.recovered.reached <= self.tip.height

    @property
    def leads(self) -> bool:
        """Is this replica the primary of its view at the active height?"""
        return self.index is not None and self.primary_now() == self.index

    def primary_now(self) -> int | None:
        """The primary of the own view at the active height."""
        return self.roster.primary(self.views.view, self.slot.height)

    @property
    def started(self) -> bool:
        """May the own view's primary propose at the active height, as far as is known here?"""
        if self.views.view in {0, self.tip_view}:
            return True
        return any(choice.height <= self.slot.height for choice in self.views.begun)

    @property
    def tip_view(self) -> int:
        """The highest view of this era that a certificate of the newest block has; 0 if none."""
        return self.tip.newest.view if self.is_of_era(self.tip.height) else 0

    def is_of_era(self, height: int) -> bool:
        """Is the height decided by the committee of the active one, as far as is known here?"""
        following = self.next_era
        return self.era.first_height <= height and (
            following is None or height < following.first_height
        )

    def knows(self, height: int) -> bool:
        """Is it known here who governs the height?"""
        return height <= self.tip.height + CHANGE_DELAY_HEIGHTS

    def committee_of(self, height: int) -> Committee:
        """Who governs the height; above those known, the newest committee that is."""
        if height < self.era.first_height:
            return self.history.committee(height).committee
        if self.is_of_era(height) or self.next_era is None:
            return self.era.committee
        return self.next_era.committee

    def may_answer(self, log: dict[bytes, int], node_key: bytes) -> bool:
        """Is it time to answer this node again? If so, it is noted."""
        tick, last = self.timers.tick, log.get(node_key)
        if last is not None and tick < last + self.timers.answer_ticks:
            return False
        log[node_key] = tick
        return True

    def prove(self, certificate: Certificate) -> None:
        """Raise `MessageInvalid` unless the certificate is valid; each is verified once.

        One of a height that is not known yet is only tried with the newest committee: if it holds,
        that committee governs so far.
        """
        if certificate in self.errands.proven:
            return
        if certificate.height == 0:
            if certificate != Certificate(0, 0, self.genesis_digest, ()):
                msg = "another genesis is claimed"
                raise MessageInvalid(msg)
            return
        config, committee = self.config, self.committee_of(certificate.height)
        try:
            check_certificate(certificate, committee, config.genesis_hash, config.verify)
        except CertificateInvalid as error:
            raise MessageInvalid(str(error)) from error
        self.note_proven(certificate)

    def note_proven(self, certificate: Certificate) -> None:
        """A valid certificate, verified just now or put together from verified Commits.

        Remembered with its signatures: one that names the same block under forged ones would be
        believed here, handed on, and refused everywhere else.
        """
        proven = self.errands.proven
        proven[certificate] = None
        if len(proven) > PROVEN_MAX:
            del proven[next(iter(proven))]

    def learn(self, certificate: Certificate) -> None:
        """Take in a proven certificate: it enters its view, decides, or shows how far others are.

        A view is entered on a certificate of it, of whatever height of the era (consensus.md §
        Entering).
        """
        self._place(certificate)
        if certificate.view > self.views.view and self.is_of_era(certificate.height):
            self.enter(certificate.view)

    def _place(self, certificate: Certificate) -> None:
        tip = self.tip
        if certificate.height < tip.height:
            return
        if certificate.height == tip.height:
            if certificate.digest != tip.digest:
                msg = f"another block is certified at height {tip.height}"
                raise StateDiverged(msg)
            if certificate.view > tip.newest.view:
                self.tip = replace(tip, newest=certificate)
        elif certificate.height == self.slot.height:
            self.slot.certificate = self.slot.certificate or certificate
        else:
            target = self.errands.chase.target
            if target is None or certificate.height > target.height:
                self.errands.chase.target = certificate

    def enter(self, view: int) -> None:
        """The own view rises; its timer starts anew."""
        self.views.enter(view)
        self.timers.entered_view()
        self.slot.leave_view()

    def begin_era(self, era: Era) -> None:
        """Another committee governs the active height: everything said before was of another era.

        Only blocks, certificates and what was kept for the heights ahead go on.
        """
        config = self.config
        self.era, self.next_era = era, None
        self.roster = Roster(era, config.parameters, self.tip.header)
        self.views = Views(era.index, era.committee.weak_quorum, 0)
        self.promises = Promises(config, era)
        # Late votes are compared within their era.
        self.past.clear()

    def begin_view(self, message: NewView) -> None:
        """A valid NewView that begins at or below the active height: enter its view."""
        choice: Choice = choose(message.view_changes)
        if message.view > self.views.view:
            self.enter(message.view)
        self.views.begin(choice, message)
