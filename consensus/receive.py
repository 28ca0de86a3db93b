"""Taking messages in: cheapest checks first, every signature before any state is touched.

What no correct member sends raises a `ProtocolError`; what is stale, early or repeated returns
silently. These functions only note facts; what follows from them is `consensus.act`.
"""

from chain.block import Certificate, VoteType, transactions_root
from chain.evidence import Equivocation, HiddenCommit, contradicts
from chain.votes import PreparedCertificate, SignedVote, ViewChange, slot_kind
from consensus import inquiry, proposal, view_change
from consensus.input import Checked, FetchedBlock
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    MessageInvalid,
    MessageSignatureInvalid,
    NewView,
    NotAMember,
    Prepare,
    PrePrepare,
)
from consensus.signing import verify_message, voting_height
from consensus.slot import Candidate
from consensus.state import State
from consensus.votes import VoteBook, as_signed


def pre_prepare(state: State, message: PrePrepare) -> None:
    """A proposal: its parent's certificate counts in any case, itself if it is for our slot."""
    slot = state.slot
    if message.height <= state.tip.height:
        return
    known = slot.proposals.get(message.view) if message.height == slot.height else None
    if known is not None and known.message.signature == message.signature:
        return
    proposal.check_shape(message, state.config)
    if message.height > slot.height + 1:
        leave_unread(state, message)
        hear(state, message.certificate)
        return
    _verify(state, message)
    state.prove(message.certificate)
    learn(state, message.certificate)
    if message.height == slot.height + 1:
        state.ahead.add(message)
    elif message.height == slot.height:
        accept_proposal(state, message)


def leave_unread(state: State, message: PrePrepare | Prepare | Commit) -> None:
    """Too far ahead to be kept, and nothing of it verified: worth a question once it is not ahead
    any more (`patience.ask_for_more`), since nobody repeats it before a resend interval has passed.
    """
    if message.height > state.slot.height + 1:
        chase = state.errands.chase
        chase.unread = max(chase.unread, message.height)


def hear(state: State, certificate: Certificate) -> None:
    """A certificate in a message that says nothing else here: it may show that others are ahead.

    Where its committee is not known yet it is hearsay, worth a question for the blocks between.
    """
    slot, chase = state.slot, state.errands.chase
    known = slot.height - (slot.certificate is None)
    if chase.target is not None:
        known = max(known, chase.target.height)
    if certificate.height <= known:
        return
    try:
        state.prove(certificate)
    except MessageInvalid:
        if state.knows(certificate.height):
            raise
        chase.hearsay = max(chase.hearsay, certificate.height)
        return
    learn(state, certificate)


def learn(state: State, certificate: Certificate) -> None:
    """Take in a proven certificate, after a look at what it says that this replica cast."""
    if certificate.height == state.slot.height:
        view, height, digest = certificate.view, certificate.height, certificate.digest
        for entry in certificate.signatures:
            if entry.member == state.index:
                own = VoteType.COMMIT, view, height, digest, entry.member, entry.signature
                inquiry.notice_foreign(state, SignedVote(*own))
    state.learn(certificate)


def accept_proposal(state: State, message: PrePrepare) -> None:
    """Keep a verified proposal for the active height, if it deserves a vote in its view."""
    slot, view = state.slot, message.view
    if view < state.views.view or state.roster.primary(view, slot.height) != message.member:
        return
    digest = message.header.digest()
    vote = SignedVote(
        VoteType.PRE_PREPARE, view, slot.height, digest, message.member, message.signature
    )
    if not _count(state, slot.votes, vote):
        return
    own = state.promises.vote(VoteType.PREPARE, view, slot.height)
    if own is None or own.digest != digest:
        # An own vote says that all this was asked before, under another `now`.
        parameters, now_ms = state.config.parameters, state.now_ms
        if proposal.refusal(message, state.tip, state.era, parameters, state.roster.primary):
            return
        first = message.header.view == view
        parent = state.tip.header
        if first and not proposal.time_fits(message.header, parent, parameters, now_ms):
            return
    slot.propose(Candidate(message, digest), state.views.view)


def prepare(state: State, message: Prepare) -> None:
    """A backup's vote for a proposal; of use only in our view or one to come."""
    book = _book(state, message.height)
    if book is None or not _of_use(state, book, VoteType.PREPARE, message):
        leave_unread(state, message)
        return
    _verify(state, message)
    accept_vote(state, message)


def commit(state: State, message: Commit) -> None:
    """A Commit counts in whatever view: a quorum of any one view decides."""
    book = _book(state, message.height)
    if book is None or not _of_use(state, book, VoteType.COMMIT, message):
        leave_unread(state, message)
        return
    _verify(state, message)
    accept_vote(state, message)


def accept_vote(state: State, message: Prepare | Commit) -> None:
    """Count a verified vote where its height is ours, keep it where it is one ahead."""
    if message.height > state.slot.height:
        state.ahead.add(message)
        return
    book = _book(state, message.height)
    assert book is not None
    vote = as_signed(message)
    if vote.type == VoteType.PREPARE:
        # The primary's PrePrepare is its Prepare; a second voice would count it twice.
        primary = state.roster.primary(message.view, message.height)
        if primary in (None, message.member):
            return
    if not _count(state, book, vote) or vote.type != VoteType.COMMIT:
        return
    for change in state.views.changes_of(vote.member):
        if contradicts(change, vote):
            state.draft.evidence.append(HiddenCommit(state.epoch, vote, change))


def _book(state: State, height: int) -> VoteBook | None:
    """The votes of a height that is active, one ahead, or decided lately."""
    slot = state.slot
    if height == slot.height or height == slot.height + 1:
        return slot.votes
    return next((book for book in state.past if book.height == height), None)


def _of_use(state: State, book: VoteBook, kind: VoteType, message: Prepare | Commit) -> bool:
    """Is it worth verifying: a new vote, or, at a decided height, one against an earlier one?"""
    if message.height > state.slot.height:
        return True
    earlier = book.earlier(kind, message.view, message.member)
    if earlier is None:
        return message.height == state.slot.height
    return earlier.digest != message.digest


def _count(state: State, book: VoteBook, vote: SignedVote) -> bool:
    """Count a verified vote, or keep what convicts its member; False if the slot was taken."""
    kind = slot_kind(vote.type)
    earlier = book.earlier(kind, vote.view, vote.member)
    if earlier is None:
        book.add(vote)
        return True
    if earlier.digest != vote.digest:
        state.draft.evidence.append(Equivocation(state.epoch, earlier, vote))
        return False
    return earlier.type == vote.type == VoteType.PRE_PREPARE


def on_view_change(state: State, message: ViewChange) -> None:
    """A member's promise to leave lower views; only its newest two are kept."""
    views = state.views
    if not _is_of_era(state, message, message.certificate):
        return
    if views.change(message.member, message.view) is not None:
        return
    if message.view < views.view and message.view <= views.newest_change(message.member):
        return
    _check_view_change(state, message)
    learn(state, message.certificate)
    state.views.note_view_change(message)
    for book in (state.slot.votes, *state.past):
        for vote in book.commits_of(message.member):
            if contradicts(message, vote):
                state.draft.evidence.append(HiddenCommit(state.epoch, vote, message))


def _check_view_change(state: State, message: ViewChange) -> None:
    config = state.config
    view_change.check_shape(message, state.era)
    _verify(state, message)
    state.prove(message.certificate)
    if message.prepared is not None:
        view_change.check_prepared(
            message.prepared, state.committee, config.genesis_hash, config.verify
        )
        _notice_prepared(state, message.prepared)


def _notice_prepared(state: State, prepared: PreparedCertificate) -> None:
    """Did this replica cast what the certificate says of it?"""
    digest = prepared.header.digest()
    votes = [(VoteType.PRE_PREPARE, prepared.primary, prepared.signature)]
    votes += [(VoteType.PREPARE, entry.member, entry.signature) for entry in prepared.prepares]
    for kind, member, signature in votes:
        if member == state.index:
            vote = SignedVote(kind, prepared.view, prepared.height, digest, member, signature)
            inquiry.notice_foreign(state, vote)


def new_view(state: State, message: NewView) -> None:
    """A view begins. Everything it shows is checked again, nothing is believed (PBFT §4.4)."""
    views = state.views
    shown = message.view_changes
    if not _is_of_era(state, message, view_change.highest_certificate(shown) if shown else None):
        return
    if message.view < max(views.view, 1):
        return
    if message.view == views.view and any(c.height == message.height for c in views.begun):
        return
    waiting = views.waiting.get(message.member)
    if waiting is not None and waiting.view >= message.view:
        return
    view_change.check_new_view(message, state.era)
    _verify(state, message)
    for entry in message.view_changes:
        if views.change(entry.member, entry.view) != entry:
            _check_view_change(state, entry)
        inquiry.notice_foreign(state, entry)
    learn(state, view_change.highest_certificate(message.view_changes))
    if message.height > state.slot.height:
        state.views.wait(message)
    else:
        accept_new_view(state, message)


def accept_new_view(state: State, message: NewView) -> None:
    """Enter the view of a verified NewView that begins at or below the active height."""
    if message.view < state.views.view:
        return
    primary_of, height = state.roster.primary, message.height
    if primary_of(message.view, height) != message.member:
        return
    if all(view_change.usable(entry, height, primary_of) for entry in message.view_changes):
        state.begin_view(message)


def complaint(state: State, message: Complaint) -> None:
    """A member wants another primary; only its newest Complaint counts."""
    if not _is_of_era(state, message, None):
        return
    if message.view <= state.views.complaint(message.member):
        return
    _verify(state, message)
    state.views.note_complaint(message.member, message.view)


def checked(state: State, event: Checked) -> None:
    """The verdict on a block; the view does not matter to it."""
    held = state.slot.blocks.get(event.digest) if event.height == state.slot.height else None
    if held is None or held.results is not None or held.refusal is not None:
        return
    held.bodies = event.bodies
    held.results = event.results
    held.refusal = event.refusal or "invalid" if event.results is None else None


def fetched(state: State, event: FetchedBlock) -> None:
    """A block from a peer: certified, or one that we asked for by its digest."""
    slot, header, certificate = state.slot, event.block.header, event.certificate
    if header.height != slot.height:
        return
    digest = header.digest()
    if certificate is not None:
        if certificate.height != header.height or certificate.digest != digest:
            raise MessageInvalid("the certificate is not this block's")
        state.prove(certificate)
    elif slot.wanted is None or slot.wanted[0] != digest:
        return
    _check_bodies(event)
    if certificate is not None:
        learn(state, certificate)
    if slot.wanted is not None and slot.wanted[0] == digest:
        slot.wanted = None
    slot.hold(header, digest, event.body_hashes, event.block.bodies)


def _check_bodies(event: FetchedBlock) -> None:
    header, hashes = event.block.header, event.body_hashes
    if len(hashes) != header.transactions_count or len(event.block.bodies) != len(hashes):
        raise MessageInvalid("the bodies are not as many as the header counts")
    if header.transactions_root != transactions_root(hashes):
        raise MessageInvalid("the bodies are not those of the header")


def _verify(state: State, message: Message) -> None:
    config, committee = state.config, state.committee_of(voting_height(message))
    verify_message(message, committee, config.genesis_hash, config.verify)


def is_authentic(state: State, message: Message) -> bool:
    """Is it its signer's word? False where the height's committee is not known yet."""
    try:
        _verify(state, message)
    except (MessageSignatureInvalid, NotAMember):
        if state.knows(voting_height(message)):
            raise
        return False
    return True


def _is_of_era(state: State, message: Message, certificate: Certificate | None) -> bool:
    """May it be about our views? Else its signer is behind, or ahead as its certificate shows.

    Whoever is ahead says so again when this replica has come after.
    """
    height = voting_height(message)
    if state.is_of_era(height) and (state.knows(height) or is_authentic(state, message)):
        return True
    if certificate is not None:
        hear(state, certificate)
    return False


def is_own(state: State, message: Message) -> bool:
    """Is it said to be from this replica itself?"""
    height = voting_height(message)
    if state.is_of_era(height):
        return message.member == state.index
    return state.committee_of(height).index_of(state.config.node_key) == message.member


def signer(state: State, message: Message) -> bytes:
    """The node key of a verified message's signer."""
    return state.committee_of(voting_height(message)).members[message.member].node_key
