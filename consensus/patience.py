"""What a replica waits for, when it complains, and what it says again while nothing moves."""

from chain.block import VoteType
from consensus import inquiry
from consensus.ask import chase_request, hearsay_request
from consensus.config import ticks
from consensus.input import Work
from consensus.output import ALL, FetchBlock
from consensus.state import State
from consensus.timers import Watch


def take_work(state: State, work: Work) -> None:
    """What there is to do has changed."""
    state.work = work
    skipped = work.skipped_ms > 0
    state.skipped_at = state.timers.tick - ticks(work.skipped_ms) if skipped else None


def outstanding(state: State) -> dict[Watch, int]:
    """The work that somebody must move, and since which tick (consensus.md § What the timer
    watches). The same on every replica, the primary too.
    """
    tip, work, timers = state.tip, state.work, state.timers
    now = timers.tick
    begun: dict[Watch, int] = {}
    if state.skipped_at is not None:
        begun[Watch.SKIPPED] = state.skipped_at
    if _is_under_way(state):
        begun[Watch.PROPOSAL] = now
        return begun
    if work.waiting:
        begun[Watch.REQUEST] = now
    if tip.results.needs_seal:
        begun[Watch.SEAL] = tip.tick
    drift_ms = state.config.parameters.clock_drift_max_ms
    if work.deadline_ms is not None and work.deadline_ms + drift_ms <= state.now_ms:
        begun[Watch.DEADLINE] = now
    return begun


def _is_under_way(state: State) -> bool:
    """Is there a proposal at the active height that this replica concurs with, or may have to?"""
    slot = state.slot
    if slot.certificate is not None or slot.prepared is not None:
        return True
    if state.promises.voted_at(slot.height):
        return True
    candidate = slot.proposals.get(state.views.view)
    held = None if candidate is None else slot.blocks.get(candidate.digest)
    return held is not None and held.refusal is None


def may_run(state: State) -> bool:
    """Does the timer of the own view run? (consensus.md § Complaints)

    In a view that was not begun yet, only while a quorum is there: else one member could drag
    another one view ahead for ever.
    """
    views = state.views
    return state.started or views.present(views.view) >= state.committee.quorum


def watch(state: State) -> None:
    """One look at the timers: complain, once per view, if one has run out."""
    views, timers, index = state.views, state.timers, state.index
    if state.recovered.reached > state.tip.height:
        # What this replica knows is not all back yet: the view neither. Where its store is another
        # one than its journal's, the blocks up to there are with the others.
        if timers.resend_due():
            ask_for_blocks(state)
        return
    begun = {}
    if may_run(state):
        begun = outstanding(state)
    else:
        timers.hold()
    if index is not None and timers.watch(begun) and views.complaint(index) < views.view:
        state.promises.complain(state.draft, views.view, state.slot.height)
        views.note_complaint(index, views.view)
    if timers.resend_due():
        say_again(state)
    ask_for_more(state)
    inquiry.ask_again(state)


def ask_for_more(state: State) -> None:
    """Say where we stand when what was dropped unread may be all that is missing; who is ahead, or
    waits for our vote, answers. Else a member that fell behind and leads next is waited for, for a
    resend interval, while it knows of nothing to do. Claims that nobody has verified prove nothing,
    so it is said now and then only.
    """
    errand, slot, timers = state.errands.chase, state.slot, state.timers
    if errand.unread < slot.height or errand.target is not None or slot.certificate is not None:
        return
    if errand.unread > slot.height and state.views.view in slot.proposals:
        return
    if not state.speaks or timers.tick < errand.may_tell_at:
        return
    errand.unread, errand.may_tell_at = 0, timers.tick + timers.answer_ticks
    view, newest = state.views.view, state.tip.newest
    state.promises.report(state.draft, ALL, view, newest, started=state.started)


def say_again(state: State) -> None:
    """No progress for a while: repeat the newest messages and say where we stand."""
    if state.index is not None:
        _repeat_words(state, state.index)
    ask_for_blocks(state)


def ask_for_blocks(state: State) -> None:
    """Repeat what is asked of the peers."""
    draft, slot, errand = state.draft, state.slot, state.errands.chase
    if slot.wanted is not None:
        draft.fetch.append(FetchBlock(slot.height, *slot.wanted))
    if errand.target is not None:
        draft.fetch.append(chase_request(state, errand.target))
    elif errand.hearsay > slot.height or not state.speaks:
        # An observer says nothing that others could answer with what it lacks. Where the new
        # committee shares nobody with the old one, only those removed may have the block between.
        draft.fetch.append(hearsay_request(state))
    # It is asked for as long as somebody says so.
    errand.hearsay = 0


def _repeat_words(state: State, index: int) -> None:
    draft, promises, views = state.draft, state.promises, state.views
    view = views.view
    inquiry.ask(state)
    if promises.view_change is not None and promises.view_change.view == view:
        draft.to(ALL, promises.view_change)
    if promises.new_view is not None and promises.new_view.view == view:
        draft.to(ALL, promises.new_view)
    repeat_votes(state, ALL)
    if views.complaint(index) >= view:
        promises.complain(draft, view, state.slot.height)
    promises.report(draft, ALL, view, state.tip.newest, started=state.started)


def repeat_votes(state: State, recipients: tuple[bytes, ...]) -> None:
    """Send the own votes of the own view at the active height once more."""
    slot, promises, view = state.slot, state.promises, state.views.view
    own = promises.vote(VoteType.PREPARE, view, slot.height)
    if own is None:
        return
    if own.type == VoteType.PRE_PREPARE:
        held = slot.blocks[own.digest]
        message = promises.proposal(own, held, state.tip.certificate_for(view))
        state.draft.to(recipients, message)
    else:
        promises.send_vote(state.draft, own, recipients)
    commit = promises.vote(VoteType.COMMIT, view, slot.height)
    if commit is not None:
        promises.send_vote(state.draft, commit, recipients)


def wake_at(state: State) -> int:
    """The tick by which something may be due."""
    timers, tip, deadline_ms = state.timers, state.tip, state.work.deadline_ms
    due = timers.resend_at
    if deadline_ms is not None and deadline_ms > state.now_ms:
        due = min(due, timers.tick + ticks(deadline_ms - state.now_ms))
    begun = outstanding(state)
    if not begun:
        return due
    if tip.results.needs_seal:
        seal_at = tip.tick + ticks(state.config.parameters.seal_delay_ms)
        due = min(due, max(timers.tick + 1, seal_at))
    return min(due, timers.look_at(begun))
