"""Where members stand: learn from who is ahead, help who is behind, answer who has just started."""

from chain.block import VoteType
from consensus import inquiry, patience, receive
from consensus.messages import RecoveryQuery, RecoveryReply, Status
from consensus.output import Serve
from consensus.state import State
from consensus.timers import Watch

# How many blocks are pushed to a member that lags, before it asks by itself.
SERVE_MAX = 2


def status(state: State, message: Status) -> None:
    """Where a member stands: learn from it if it is ahead, help it if it is behind."""
    certificate = message.certificate
    if not receive.is_authentic(state, message):
        receive.hear(state, certificate)
        return
    of_era = state.is_of_era(message.height + 1)
    if certificate.height >= state.tip.height or (of_era and certificate.view > state.views.view):
        state.prove(certificate)
        receive.learn(state, certificate)
    if of_era:
        state.views.note_status(message.member, message.view)
    _answer(state, message, of_era=of_era)


def _answer(state: State, message: Status, *, of_era: bool) -> None:
    """Send what the member lacks: blocks with certificates, or what starts the view; or a hint."""
    timers, tip, views = state.timers, state.tip, state.views
    # One below is no lag while the Commits of our newest block may still be on their way.
    settled = tip.height - (timers.tick < tip.tick + timers.answer_ticks)
    lags = message.height < settled
    lost = of_era and (
        message.view < views.view or (message.view == views.view and not message.started)
    )
    if not lags and not (lost and state.started):
        _hint(state, message, of_era=of_era)
        return
    peer = receive.signer(state, message)
    if not state.may_answer(state.errands.answered, peer):
        return
    if lags:
        first = message.height + 1
        last_served = min(tip.height, message.height + SERVE_MAX)
        state.draft.serve.append(Serve(peer, first, last_served))
    if lost and views.new_view is not None:
        state.draft.to((peer,), views.new_view)
    # Our Status carries the newest certificate: a start of its view, and a height to fetch up to.
    _tell_where(state, peer)


def _hint(state: State, message: Status, *, of_era: bool) -> None:
    """What may be all that a member lacks which has just come after (`patience.ask_for_more`): the
    certificate of the block above its own, or the votes of a proposal that has waited for its own.
    """
    below = message.height < state.tip.height
    unheard = of_era and message.height == state.tip.height and _is_unheard(state, message)
    if not below and not unheard:
        return
    peer = receive.signer(state, message)
    if not state.may_answer(state.errands.hinted, peer):
        return
    if unheard:
        patience.repeat_votes(state, (peer,))
    else:
        _tell_where(state, peer)


def _is_unheard(state: State, message: Status) -> bool:
    """Is there a proposal since the last look at the timers, and no vote of the member for it?"""
    view, votes = state.views.view, state.slot.votes
    if message.view != view or not state.timers.watches(Watch.PROPOSAL):
        return False
    return votes.earlier(VoteType.PREPARE, view, message.member) is None


def _tell_where(state: State, peer: bytes) -> None:
    if state.index is not None:
        view, newest = state.views.view, state.tip.newest
        state.promises.report(state.draft, (peer,), view, newest, started=state.started)


def recovery_query(state: State, message: RecoveryQuery) -> None:
    """A member that has just started asks for its own votes."""
    if receive.is_authentic(state, message):
        inquiry.answer(state, message, receive.signer(state, message))


def recovery_reply(state: State, message: RecoveryReply) -> None:
    """A member's answer to this replica's own question."""
    config, certificate = state.config, message.certificate
    if (message.asker, message.nonce) != (config.node_key, config.nonce):
        return
    if not receive.is_authentic(state, message):
        receive.hear(state, certificate)
        return
    state.prove(certificate)
    receive.learn(state, certificate)
    inquiry.take_answer(state, message)
