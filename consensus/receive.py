"""Taking messages in: cheapest checks first, every signature before any state is touched.

What no correct member sends raises a `ProtocolError`; what is stale, early or repeated returns
silently. These functions only note facts; what follows from them is `consensus.act`.
"""

from chain.block import VoteType, transactions_root
from chain.evidence import Equivocation, HiddenCommit, contradicts
from chain.votes import SignedVote, ViewChange
from consensus import proposal, view_change
from consensus.input import Checked, FetchedBlock
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    MessageInvalid,
    NewView,
    Prepare,
    PrePrepare,
    Status,
)
from consensus.output import Serve
from consensus.signing import verify_message
from consensus.slot import Candidate
from consensus.state import State
from consensus.votes import VoteBook, as_signed

# How many blocks are pushed to a member that lags, before it asks by itself.
SERVE_MAX = 2


def pre_prepare(state: State, message: PrePrepare) -> None:
    """A proposal: its parent's certificate counts in any case, itself if it is for our slot."""
    slot = state.slot
    if message.height <= state.tip.height:
        return
    known = slot.proposals.get(message.view) if message.height == slot.height else None
    if known is not None and known.message.signature == message.signature:
        return
    proposal.check_shape(message, state.config)
    _verify(state, message)
    if message.height <= slot.height + 1 or _is_news(state, message.certificate.height):
        state.prove(message.certificate)
        state.learn(message.certificate)
    if message.height == slot.height + 1:
        state.ahead.add(message)
    elif message.height == slot.height:
        accept_proposal(state, message)


def _is_news(state: State, height: int) -> bool:
    target = state.errands.chase.target
    return height > (state.slot.height if target is None else target.height)


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
        if proposal.refusal(message, state.tip, state.config, state.roster.primary):
            return
        first = message.header.view == view
        parameters, now_ms = state.config.parameters, state.now_ms
        parent = state.tip.header
        if first and not proposal.time_fits(message.header, parent, parameters, now_ms):
            return
    slot.propose(Candidate(message, digest), state.views.view)


def prepare(state: State, message: Prepare) -> None:
    """A backup's vote for a proposal; of use only in our view or one to come."""
    book = _book(state, message.height)
    if book is None or not _of_use(state, book, VoteType.PREPARE, message):
        return
    _verify(state, message)
    accept_vote(state, message)


def commit(state: State, message: Commit) -> None:
    """A Commit counts in whatever view: a quorum of any one view decides."""
    book = _book(state, message.height)
    if book is None or not _of_use(state, book, VoteType.COMMIT, message):
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
    kind = VoteType.COMMIT if vote.type == VoteType.COMMIT else VoteType.PREPARE
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
    if views.change(message.member, message.view) is not None:
        return
    if message.view < views.view and message.view <= views.newest_change(message.member):
        return
    _check_view_change(state, message)
    state.learn(message.certificate)
    state.views.note_view_change(message)
    for book in (state.slot.votes, *state.past):
        for vote in book.commits_of(message.member):
            if contradicts(message, vote):
                state.draft.evidence.append(HiddenCommit(state.epoch, vote, message))


def _check_view_change(state: State, message: ViewChange) -> None:
    config = state.config
    view_change.check_shape(message, config.committee)
    _verify(state, message)
    state.prove(message.certificate)
    if message.prepared is not None:
        view_change.check_prepared(
            message.prepared, config.committee, config.genesis_hash, config.verify
        )


def new_view(state: State, message: NewView) -> None:
    """A view begins. Everything it shows is checked again, nothing is believed (PBFT §4.4)."""
    views = state.views
    if message.view < max(views.view, 1):
        return
    if message.view == views.view and any(c.height == message.height for c in views.begun):
        return
    waiting = views.waiting.get(message.member)
    if waiting is not None and waiting.view >= message.view:
        return
    view_change.check_new_view(message, state.config.committee)
    _verify(state, message)
    for entry in message.view_changes:
        if views.change(entry.member, entry.view) != entry:
            _check_view_change(state, entry)
    state.learn(view_change.highest_certificate(message.view_changes))
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
    if message.view <= state.views.complaint(message.member):
        return
    _verify(state, message)
    state.views.note_complaint(message.member, message.view)


def status(state: State, message: Status) -> None:
    """Where a member stands: learn from it if it is ahead, help it if it is behind."""
    _verify(state, message)
    if message.height >= state.tip.height or message.certificate.view > state.views.view:
        state.prove(message.certificate)
        state.learn(message.certificate)
    state.views.note_status(message.member, message.view)
    _answer(state, message)


def _answer(state: State, message: Status) -> None:
    """Send what the member lacks: blocks with certificates, or what starts the view."""
    timers, tip, views = state.timers, state.tip, state.views
    # One below is no lag while the Commits of our newest block may still be on their way.
    settled = tip.height - (timers.tick < tip.tick + timers.answer_ticks)
    lags = message.height < settled
    lost = message.view < views.view or (message.view == views.view and not message.started)
    if not lags and not (lost and state.started):
        return
    last = state.errands.answered.get(message.member)
    if last is not None and timers.tick < last + timers.answer_ticks:
        return
    state.errands.answered[message.member] = timers.tick
    if lags:
        first = message.height + 1
        last_served = min(tip.height, message.height + SERVE_MAX)
        state.draft.serve.append(Serve(message.member, first, last_served))
    if lost and views.new_view is not None:
        state.draft.to((message.member,), views.new_view)
    # Our Status carries the newest certificate: a start of its view, and a height to fetch up to.
    state.promises.report(
        state.draft, (message.member,), views.view, tip.newest, started=state.started
    )


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
        state.learn(certificate)
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
    config = state.config
    verify_message(message, config.committee, config.genesis_hash, config.verify)
