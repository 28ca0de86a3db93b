"""What follows from the facts: each function does one thing if it is due, and says whether it did.

`settle` runs them until none is due. Safety rules stand at their branches; all signing goes through
`Promises`, so that the journal comes first.
"""

from chain.block import (
    Block,
    Certificate,
    VoteType,
)
from chain.committees import CHANGE_DELAY_HEIGHTS, CommitteeRecord
from chain.votes import PreparedCertificate
from consensus import inquiry, receive
from consensus.ask import chase, request_check, want
from consensus.config import StateDiverged
from consensus.era import Era
from consensus.lead import lead
from consensus.messages import PrePrepare
from consensus.output import (
    Decided,
)
from consensus.patience import ask_for_more
from consensus.proposal import justified
from consensus.records import BlockRecord, DecidedRecord
from consensus.slot import Candidate, HeldBlock, Slot
from consensus.state import State
from consensus.tip import Tip
from consensus.view_change import choose, usable
from consensus.votes import as_signatures


def settle(state: State) -> None:
    """Do all that is due, in this order, until nothing is."""
    while (
        inquiry.close(state)
        or decide(state)
        or change_view(state)
        or open_view(state)
        or vote_prepare(state)
        or vote_commit(state)
        or lead(state)
    ):
        pass
    chase(state)
    if state.draft.decided:
        ask_for_more(state)


# --- deciding


def decide(state: State) -> bool:
    """A certificate, the block and its results at hand: final (PBFT §4.2, committed-local)."""
    slot = state.slot
    if slot.certificate is None:
        certificate = slot.votes.certificate()
        if certificate is None:
            return False
        state.note_proven(certificate)
        state.learn(certificate)
    certificate = slot.certificate
    assert certificate is not None
    held = slot.find(certificate.digest)
    if held is None:
        want(state, certificate.digest, tuple(s.member for s in certificate.signatures))
        return False
    _check_certified(state, held)
    if held.results is None:
        request_check(state, held, certificate)
        return False
    _finalize(state, held, certificate)
    return True


def _check_certified(state: State, held: HeldBlock) -> None:
    """A quorum says otherwise than this node computed: stop, and never mend (§ Results)."""
    header, results = held.header, state.tip.results
    if header.parent_hash != state.tip.digest:
        raise StateDiverged(f"the block certified at height {header.height} has another parent")
    if header.state_root != results.state_root:
        raise StateDiverged(f"the certified state root after height {state.tip.height} is another")
    if header.receipts_root != results.receipts_root:
        raise StateDiverged(f"the certified receipts root of height {state.tip.height} is another")
    if held.refusal is not None:
        raise StateDiverged(f"the block certified at height {header.height}: {held.refusal}")


def _finalize(state: State, held: HeldBlock, certificate: Certificate) -> None:
    """The decision: journal first, then the next slot with all that waited for it."""
    assert held.results is not None
    assert held.bodies is not None
    block = Block(held.header, held.bodies)
    draft = state.draft
    if not held.journalled:
        draft.persist.append(BlockRecord(block, held.body_hashes))
    draft.persist.append(DecidedRecord(certificate))
    draft.decided.append(Decided(block, held.body_hashes, held.digest, certificate, held.results))
    state.roster.extend(held.header)
    tick = state.timers.tick
    state.tip = Tip(held.header, held.digest, certificate, certificate, held.results, tick)
    state.past.append(state.slot.votes)
    state.decided = held
    state.promises.forget(state.tip.height)
    state.timers.decided()
    _open_slot(state)
    target = state.errands.chase.target
    if target is not None and target.height == state.slot.height:
        state.errands.chase.target = None
        state.slot.certificate = target
    for message in state.ahead.take(state.slot.height):
        if isinstance(message, PrePrepare):
            receive.accept_proposal(state, message)
        else:
            receive.accept_vote(state, message)
    for new_view in state.views.take_ready(state.slot.height):
        receive.accept_new_view(state, new_view)


def _open_slot(state: State) -> None:
    """The height above the newest block, under the committee that governs it."""
    tip, following = state.tip, state.next_era
    if following is not None and following.first_height == tip.height + 1:
        state.begin_era(following)
        # A member since now: not to lead a first view that cannot begin.
        inquiry.ask(state)
    if tip.results.next_committee is not None:
        first_height = tip.height + CHANGE_DELAY_HEIGHTS
        record = CommitteeRecord(tip.results.next_committee, first_height)
        state.next_era = Era.of(record, state.config.node_key)
    state.slot = Slot(tip.height + 1, state.committee.quorum)
    state.recovered.fill(state.slot)
    if tip.height == state.recovered.reached:
        recall(state)


def recall(state: State) -> None:
    """After a restart, once all that was decided before is: the own promises, in their era."""
    promises, recovered, first_height = state.promises, state.recovered, state.era.first_height
    for record in recovered.votes:
        if record.height >= first_height:
            promises.recall(record, above=state.tip.height)
    changed, begun = recovered.view_change, recovered.new_view
    if changed is not None and changed.height >= first_height:
        promises.view_change = changed
        state.views.note_view_change(changed)
    if begun is not None and begun.height >= first_height:
        promises.new_view = begun
    view = max(
        state.views.view,
        0 if promises.highest_vote is None else promises.highest_vote.view,
        0 if promises.view_change is None else promises.view_change.view,
        0 if promises.new_view is None else promises.new_view.view,
    )
    if view > state.views.view:
        state.enter(view)
    begun = promises.new_view
    if begun is not None and begun.view == view:
        if begun.height > state.slot.height:
            state.views.wait(begun)
        else:
            state.begin_view(begun)
    recall_votes(state)
    recovered.forget_promises()


def recall_votes(state: State) -> None:
    """After a restart: own votes of the journal at the height that has become active."""
    slot, promises, view = state.slot, state.promises, state.views.view
    for record in promises.votes():
        if record.height != slot.height:
            continue
        slot.votes.add(promises.as_signed(record))
        if record.type == VoteType.PRE_PREPARE and record.view == view:
            certificate = state.tip.certificate_for(view)
            message = promises.proposal(record, slot.blocks[record.digest], certificate)
            slot.propose(Candidate(message, record.digest), view)


# --- changing views


def change_view(state: State) -> bool:
    """f+1 members want a higher view: promise to leave this one (PBFT §4.4, §4.5.2)."""
    views = state.views
    view = views.target
    if view <= views.view or not state.may_promise:
        return False
    certificate, prepared = _shown(state)
    if not state.is_of_era(certificate.height + 1):
        # The era is over; its last block is only not executed here yet.
        return False
    state.enter(view)
    message = state.promises.change_view(state.draft, view, certificate, prepared)
    views.note_view_change(message)
    return True


def _shown(state: State) -> tuple[Certificate, PreparedCertificate | None]:
    """The highest certificate, and the highest-view prepared certificate above it.

    A block that is certified but not executed yet counts.
    """
    slot = state.slot
    if slot.certificate is None:
        return state.tip.certificate, slot.prepared
    return slot.certificate, None


def open_view(state: State) -> bool:
    """As primary of a view that a quorum changed to: prove it to all (PBFT §4.4)."""
    views = state.views
    view, height = views.view, state.slot.height
    own = state.promises.new_view
    if view == 0 or (own is not None and own.view >= view) or not state.leads:
        return False
    if state.slot.certificate is not None or not state.may_promise:
        return False
    shown = [
        entry for entry in views.changes_to(view) if usable(entry, height, state.roster.primary)
    ]
    if len(shown) < state.committee.quorum:
        return False
    if max(entry.height for entry in shown) != height:
        # Decided above all of them: the next view follows. Below: fetch first.
        return False
    message = state.promises.open_view(state.draft, view, height, tuple(shown))
    views.begin(choose(shown), message)
    return True


# --- voting


def vote_prepare(state: State) -> bool:
    """Prepare for the proposal of the own view, once justified, held and checked (PBFT §4.2)."""
    slot, views = state.slot, state.views
    candidate = slot.proposals.get(views.view)
    # What is most often so is asked first, here and below: this runs after every message.
    if candidate is None:
        return False
    if state.promises.vote(VoteType.PREPARE, views.view, slot.height) is not None:
        return False
    # No vote is signed where a certificate is known: the block is the answer there.
    if slot.certificate is not None or not state.may_promise:
        return False
    header, digest = candidate.message.header, candidate.digest
    certified = state.tip_view == views.view
    if not justified(views.view, header, digest, certified=certified, begun=views.begun):
        return False
    held = slot.find(digest)
    assert held is not None
    if held.results is None:
        request_check(state, held)
        return False
    if is_idle(state, held):
        return False
    vote = state.promises.prepare(state.draft, views.view, held)
    slot.votes.add(vote)
    return True


def is_idle(state: State, held: HeldBlock) -> bool:
    """An empty block that fired nothing and seals nothing: the chain would not come to rest."""
    assert held.results is not None
    return not held.results.needs_seal and not state.tip.results.needs_seal


def vote_commit(state: State) -> bool:
    """Commit once a quorum prepared, the primary's PrePrepare among it (PBFT §4.2).

    Only in the own view, with the own Prepare on the same digest and own results.
    """
    slot, view = state.slot, state.views.view
    candidate = slot.proposals.get(view)
    if candidate is None:
        return False
    own = state.promises.vote(VoteType.PREPARE, view, slot.height)
    if own is None or own.digest != candidate.digest:
        return False
    prepares = slot.votes.signatures(VoteType.PREPARE, view, own.digest)
    # The primary's own vote is its PrePrepare, never counted among the Prepares.
    if len(prepares) + 1 < state.committee.quorum:
        return False
    if state.promises.vote(VoteType.COMMIT, view, slot.height) is not None:
        return False
    if slot.certificate is not None or not state.may_promise:
        return False
    held = slot.find(own.digest)
    assert held is not None
    if held.results is None:
        request_check(state, held)
        return False
    message = candidate.message
    slot.prepared = PreparedCertificate(
        view, message.header, message.member, message.signature, as_signatures(prepares)
    )
    vote = state.promises.commit(state.draft, slot.prepared, own.digest)
    slot.votes.add(vote)
    return True
