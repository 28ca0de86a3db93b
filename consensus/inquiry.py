"""Asking the members for the own votes after a start, answering those who ask, and what follows.

Questions and answers are signed, and answered while one waits oneself: else two restarts beside a
dead member would wait for ever.
"""

from chain.crypto import SIGNATURE_SIZE
from chain.evidence import vote_holds
from chain.votes import SignedVote, ViewChange, view_change_bytes
from consensus.messages import (
    RECOVERY_VOTES_MAX,
    MessageInvalid,
    RecoveryQuery,
    RecoveryReply,
)
from consensus.questions import FOREVER, FORGOTTEN_HEIGHTS
from consensus.records import SilenceRecord, ViewChangeRecord
from consensus.state import State
from consensus.view_change import check_prepared, check_shape

NO_SIGNATURE = bytes(SIGNATURE_SIZE)


def ask(state: State) -> None:
    """Repeat the question while answers are missing."""
    nonce = state.config.nonce
    if state.questions.asking and state.index is not None and nonce is not None:
        # Who got its seat while it ran asks from there: all below is decided here.
        state.questions.height = max(state.questions.height, state.era.first_height - 1)
        state.questions.ask_at = state.timers.tick + state.timers.resend_ticks
        state.promises.ask(state.draft, state.views.view, state.questions.height, nonce)


def ask_again(state: State) -> None:
    """The question has a clock of its own: while the others decide block after block, nothing else
    is sent again, and who asked before it was connected would never be heard.
    """
    if state.questions.asking and state.timers.tick >= state.questions.ask_at:
        ask(state)


def answer(state: State, query: RecoveryQuery, asker: bytes) -> None:
    """Tell a member what it has promised, as far as is known here: of this era, newest first."""
    if state.index is None or not state.may_answer(state.errands.replied, asker):
        return
    member = state.committee.index_of(asker)
    votes: list[SignedVote] = []
    change = None
    if member is not None:
        for book in (state.slot.votes, *reversed(state.past)):
            if book.height > query.height:
                votes += sorted(book.of(member), key=lambda vote: vote.view, reverse=True)
        newest = state.views.newest_change(member)
        change = state.views.change(member, newest)
    unsigned = RecoveryReply(
        view=state.views.view,
        asker=asker,
        nonce=query.nonce,
        member=0,
        certificate=state.tip.newest,
        votes=tuple(votes[:RECOVERY_VOTES_MAX]),
        view_change=change,
        signature=NO_SIGNATURE,
    )
    state.promises.reply(state.draft, unsigned)


def take_answer(state: State, reply: RecoveryReply) -> None:
    """A member's answer, whose signature and certificate hold: note what was not known here."""
    questions, config = state.questions, state.config
    if not questions.asking or (reply.asker, reply.nonce) != (config.node_key, config.nonce):
        return
    for vote in reply.votes:
        _check_own_vote(state, vote)
    if reply.view_change is not None:
        _check_own_change(state, reply.view_change)
    unknown = any(not questions.knows_vote(vote) for vote in reply.votes)
    if reply.view_change is not None and not _knows_change(state, reply.view_change):
        unknown = True
    if unknown and not questions.lost:
        questions.lost, questions.silent_until = True, FOREVER
        # Before the answers are complete: another start may get others.
        state.draft.persist.append(SilenceRecord(None))
    if reply.view_change is not None and questions.lost:
        _adopt(state, reply.view_change)
    key = state.committee_of(reply.height + 1).members[reply.member].node_key
    questions.answers[key] = reply.height


def close(state: State) -> bool:
    """Enough answers: vote, or keep silent up to the height where nothing can be forgotten."""
    questions, committee = state.questions, state.committee
    if not questions.asking or state.index is None:
        return False
    others = (member.node_key for member in committee.members)
    heights = [questions.answers[key] for key in others if key in questions.answers]
    if len(heights) < committee.quorum - 1:
        return False
    questions.asking = False
    if questions.lost and committee.f > 0:
        questions.lost = False
        questions.silent_until = max(*heights, state.tip.height) + FORGOTTEN_HEIGHTS
        state.draft.persist.append(SilenceRecord(questions.silent_until))
    return True


def withheld(state: State) -> str:
    """Why this replica casts no votes now, for people; empty if it does."""
    if state.index is not None and state.may_promise:
        return ""
    questions, committee = state.questions, state.committee
    if state.index is None:
        return "this node is no member of the committee and only follows"
    if questions.asking:
        needed = committee.quorum - 1
        return f"asks the members for its own votes: {len(questions.answers)} of {needed} answered"
    if questions.lost:
        return (
            "its journal lacks votes of its own, and with f = 0 nobody can tell which: "
            "hushang node accept-loss, once it has caught up"
        )
    if not questions.allow(state.slot.height):
        until = questions.silent_until
        lost = "its journal was lost or older than its votes"
        return f"{lost}: silent up to height {until}; new blocks end it"
    reached = state.recovered.reached
    return f"its store lacks blocks that its journal knows, up to height {reached}"


def notice_foreign(state: State, vote: SignedVote | ViewChange) -> None:
    """A vote under the own key that stands in what others hold: was it cast here?"""
    if not state.may_promise or vote.member != state.index:
        return
    promises = state.promises
    if isinstance(vote, SignedVote) and vote.height != state.slot.height:
        return
    if isinstance(vote, ViewChange):
        if vote.height <= state.questions.silent_until:
            # Cast here before the journal was lost, for all that is known.
            _adopt(state, vote)
            return
        own_change = promises.view_change
        newest = 0 if own_change is None else own_change.view
        cast = vote.view < newest or vote == own_change
    else:
        own = promises.find(vote)
        cast = own is not None and own.digest == vote.digest
    if not cast:
        state.draft.foreign.append(vote)


def _adopt(state: State, message: ViewChange) -> None:
    """A forgotten ViewChange of its own binds it again: never again a vote below that view.

    Whoever starts next knows it, and is neither silenced nor alarmed by it once more.
    """
    promises, views = state.promises, state.views
    known = 0 if promises.view_change is None else promises.view_change.view
    recalled = state.recovered.reached <= state.tip.height
    if state.index is None or not recalled or not state.is_of_era(message.height):
        return
    if message.view <= known:
        return
    check_shape(message, state.era)
    state.prove(message.certificate)
    if message.prepared is not None:
        config = state.config
        check_prepared(message.prepared, state.committee, config.genesis_hash, config.verify)
    promises.view_change = message
    state.draft.persist.append(ViewChangeRecord(message))
    views.note_view_change(message)
    if message.view > views.view:
        state.enter(message.view)


def _knows_change(state: State, message: ViewChange) -> bool:
    """Views of another era are others: what is known of one says nothing."""
    known = state.questions.view_change
    if not state.is_of_era(message.height):
        return True
    if known is not None and not state.is_of_era(known.height):
        return False
    return state.questions.knows_change(message)


def _check_own_vote(state: State, vote: SignedVote) -> None:
    config, committee = state.config, state.committee_of(vote.height)
    own = committee.index_of(config.node_key)
    if vote.member != own or not vote_holds(vote, committee, config.genesis_hash, config.verify):
        msg = "a vote in the answer is not the asker's"
        raise MessageInvalid(msg)


def _check_own_change(state: State, message: ViewChange) -> None:
    config, committee = state.config, state.committee_of(message.height)
    signed = view_change_bytes(config.genesis_hash, committee.epoch, message)
    own = committee.index_of(config.node_key)
    if message.member != own or not config.verify(config.node_key, signed, message.signature):
        msg = "the ViewChange in the answer is not the asker's"
        raise MessageInvalid(msg)
