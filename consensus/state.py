"""All that a replica knows, in parts that each have one owner, and the few facts joined from them.

`receive` brings facts in, `act` lets follow what follows from them; neither keeps state of its own.
"""

from collections import deque
from dataclasses import dataclass, field, replace

from chain.block import Certificate, check_certificate
from chain.errors import CertificateInvalid
from consensus.config import ReplicaConfig, StateDiverged
from consensus.input import Work
from consensus.messages import MessageInvalid, NewView
from consensus.output import Draft
from consensus.promises import Promises
from consensus.recovery import Recovered
from consensus.roster import Roster
from consensus.slot import Ahead, Slot
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
    """How far the chain is certified above the own slot, and how far blocks were asked for."""

    target: Certificate | None = None
    asked: int = 0


@dataclass(slots=True)
class Errands:
    """What was asked of or answered to others lately, so that nothing is asked twice.

    `build` is the newest (height, view, at_once) asked for; `answered` the tick of the last answer
    to each member's Status; `proven` the certificates verified lately.
    """

    chase: Chase = field(default_factory=Chase)
    build: tuple[int, int, bool] | None = None
    answered: dict[int, int] = field(default_factory=dict)
    proven: dict[Certificate, None] = field(default_factory=dict)


@dataclass(slots=True)
class State:
    """One replica. `draft` is the Output of the call in progress, `now_ms` its wall clock."""

    config: ReplicaConfig
    roster: Roster
    tip: Tip
    slot: Slot
    views: Views
    promises: Promises
    timers: Timers
    recovered: Recovered
    genesis_digest: bytes
    ahead: Ahead = field(default_factory=Ahead)
    past: deque[VoteBook] = field(default_factory=lambda: deque(maxlen=EVIDENCE_HEIGHTS))
    errands: Errands = field(default_factory=Errands)
    work: Work = field(default_factory=lambda: Work(waiting=False))
    # Since when a transaction waits that a fair order would have placed.
    skipped_at: int | None = None
    draft: Draft = field(default_factory=Draft)
    now_ms: int = 0

    @property
    def epoch(self) -> int:
        """The committee's epoch."""
        return self.config.committee.epoch

    @property
    def leads(self) -> bool:
        """Is this replica the primary of its view at the active height?"""
        return self.primary_now() == self.config.index

    def primary_now(self) -> int | None:
        """The primary of the own view at the active height."""
        return self.roster.primary(self.views.view, self.slot.height)

    @property
    def started(self) -> bool:
        """May the own view's primary propose at the active height, as far as is known here?"""
        if self.views.view in {0, self.tip.newest.view}:
            return True
        return any(choice.height <= self.slot.height for choice in self.views.begun)

    def prove(self, certificate: Certificate) -> None:
        """Raise `MessageInvalid` unless the certificate is valid; each is verified once."""
        if certificate in self.errands.proven:
            return
        if certificate.height == 0:
            if certificate != Certificate(0, 0, self.genesis_digest, ()):
                msg = "another genesis is claimed"
                raise MessageInvalid(msg)
            return
        config = self.config
        try:
            check_certificate(certificate, config.committee, config.genesis_hash, config.verify)
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

        A view is entered on a certificate of it, of whatever height (consensus.md § Entering).
        """
        self._place(certificate)
        if certificate.view > self.views.view:
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

    def begin_view(self, message: NewView) -> None:
        """A valid NewView that begins at or below the active height: enter its view."""
        choice: Choice = choose(message.view_changes)
        if message.view > self.views.view:
            self.enter(message.view)
        self.views.begin(choice, message)
