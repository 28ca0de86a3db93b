"""The replica: a function of the messages, facts and ticks it was given (PBFT, one height a time).

    replica = Replica.restore(config, tip, history, records)
    output = replica.tick(now_ms)
    output = replica.step(message_or_input, now_ms)

Every call returns an Output to obey, and no call waits. `now_ms` is the wall clock (UTC); only
proposals, their acceptance and deadlines look at it. Time otherwise is the count of 10 ms ticks.

How to read on: a call first takes in one fact (`consensus.receive`: verify, then note), then does
all that has become due (`consensus.act.settle`: decide, change view, prepare, commit, propose), and
returns what piled up. What is due depends on the facts alone, never on which of them came last.
`consensus.state` lists the parts that hold the facts; `consensus.patience` is about time.
"""

from collections.abc import Sequence
from typing import assert_never

from chain.block import Block
from chain.committee import Committee
from chain.committees import CHANGE_DELAY_HEIGHTS, CommitteeRecord
from chain.votes import ViewChange
from consensus import act, inquiry, patience, receive, standing
from consensus.config import ChainTip, History, ReplicaConfig
from consensus.era import Era
from consensus.input import Checked, FetchedBlock, Input, Proposal, Work
from consensus.lead import propose
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from consensus.output import Draft, Output
from consensus.picture import Picture, picture_of
from consensus.promises import Promises
from consensus.questions import Questions
from consensus.records import (
    BlockRecord,
    DecidedRecord,
    NewViewRecord,
    PreparedRecord,
    Record,
    SyncedRecord,
    ViewChangeRecord,
)
from consensus.recovery import Replay
from consensus.roster import Roster
from consensus.slot import Slot
from consensus.state import State
from consensus.timers import Timers
from consensus.tip import Tip
from consensus.views import Views


class Replica:
    """One member's vote in the chain."""

    def __init__(self, state: State) -> None:
        self._state = state

    @classmethod
    def restore(
        cls,
        config: ReplicaConfig,
        tip: ChainTip,
        history: History,
        records: Sequence[Record] = (),
    ) -> "Replica":
        """The replica as its journal (in order; empty for a new node) and its store left it.

        Raises `JournalIncomplete` if it voted for more than they hold. Call `tick` next.
        """
        replay = Replay.of(records, tip.header.height)
        return cls(_restored(config, tip, history, replay))

    @property
    def height(self) -> int:
        """The decided height."""
        return self._state.tip.height

    @property
    def epoch(self) -> int:
        """The epoch of the active height."""
        return self._state.epoch

    @property
    def committee(self) -> Committee:
        """The committee of the active height."""
        return self._state.committee

    @property
    def withheld(self) -> str:
        """Why this replica casts no votes now, for people; empty if it does."""
        return inquiry.withheld(self._state)

    @property
    def unsure(self) -> bool:
        """Is it unknown yet, or for good, what this replica may have promised before?"""
        questions = self._state.questions
        return self._state.index is not None and (questions.asking or questions.lost)

    @property
    def reached(self) -> int:
        """What was decided here before this process began, in the store or the journal."""
        return self._state.recovered.reached

    @property
    def view(self) -> int:
        """The own view."""
        return self._state.views.view

    @property
    def primary(self) -> int | None:
        """The member that leads the own view at the active height."""
        return self._state.primary_now()

    def picture(self) -> Picture:
        """What stands between here and the next decision, for people."""
        return picture_of(self._state)

    def step(self, event: Input, now_ms: int) -> Output:
        """Take one message or fact and return all that follows from it.

        Raises a `ProtocolError` for a message that no correct member sends (blame the peer that
        handed it in; nothing has changed), and `StateDiverged`, after which the node must stop.
        What is merely stale, early or repeated is dropped without a word.
        """
        state = self._begin(now_ms)
        match event:
            case Checked():
                receive.checked(state, event)
            case FetchedBlock():
                receive.fetched(state, event)
            case Work():
                patience.take_work(state, event)
            case Proposal():
                propose(state, event)
            case _:
                self._take(event)
        return self._finish()

    def _take(self, message: Message) -> None:  # noqa: C901, PLR0912 - one branch per kind
        """One message of a member; an own one that came back says nothing."""
        state = self._state
        if receive.is_own(state, message):
            return
        match message:
            case PrePrepare():
                receive.pre_prepare(state, message)
            case Prepare():
                receive.prepare(state, message)
            case Commit():
                receive.commit(state, message)
            case ViewChange():
                receive.on_view_change(state, message)
            case NewView():
                receive.new_view(state, message)
            case Complaint():
                receive.complaint(state, message)
            case Status():
                standing.status(state, message)
            case RecoveryQuery():
                standing.recovery_query(state, message)
            case RecoveryReply():
                standing.recovery_reply(state, message)
            case _:
                assert_never(message)

    def tick(self, now_ms: int, ticks: int = 1) -> Output:
        """Let `ticks` ticks pass. Before a `step`, first count those that have passed."""
        state = self._begin(now_ms)
        state.timers.advance(ticks)
        patience.watch(state)
        return self._finish()

    def held_block(self, digest: bytes) -> tuple[Block, tuple[bytes, ...]] | None:
        """A block (and its body hashes) to answer a peer's `FetchBlock` with: an undecided one, or
        the one decided last, which the store may not have yet.
        """
        held = self._state.slot.blocks.get(digest) or self._state.decided
        if held is None or held.digest != digest or held.bodies is None:
            return None
        return Block(held.header, held.bodies), held.body_hashes

    def records(self) -> tuple[Record, ...]:
        """All that a fresh journal must begin with. The old one may be deleted once the block that
        is decided now is synced in the store; until then keep both, old before new.
        """
        state = self._state
        promises, slot = state.promises, state.slot
        found: list[Record] = [SyncedRecord(max(state.tip.height, state.recovered.reached))]
        found += [
            BlockRecord(Block(held.header, held.bodies), held.body_hashes)
            for held in slot.blocks.values()
            if held.journalled and held.bodies is not None
        ]
        if promises.highest_vote is not None:
            found.append(promises.highest_vote)
        found += promises.votes()
        if slot.prepared is not None:
            found.append(PreparedRecord(slot.prepared))
        held = None if slot.certificate is None else slot.blocks.get(slot.certificate.digest)
        if slot.certificate is not None and held is not None and held.journalled:
            found.append(DecidedRecord(slot.certificate))
        if promises.view_change is not None:
            found.append(ViewChangeRecord(promises.view_change))
        if promises.new_view is not None:
            found.append(NewViewRecord(promises.new_view))
        silence = state.questions.record()
        if silence is not None:
            found.append(silence)
        return (*found, *state.recovered.records())

    def _begin(self, now_ms: int) -> State:
        self._state.draft = Draft()
        self._state.now_ms = now_ms
        return self._state

    def _finish(self) -> Output:
        act.settle(self._state)
        return self._state.draft.finish(patience.wake_at(self._state))


def _restored(config: ReplicaConfig, start: ChainTip, history: History, replay: Replay) -> State:
    """The state from which a replica goes on: nothing it promised is forgotten."""
    height, recovered = start.header.height, replay.recovered
    era = Era.of(history.committee(height + 1), config.node_key)
    following = start.results.next_committee
    certificate, digest = start.certificate, start.header.digest()
    state = State(
        config=config,
        history=history,
        era=era,
        next_era=None,
        roster=Roster.restore(era, config.parameters, history, start.header),
        tip=Tip(start.header, digest, certificate, certificate, start.results, tick=0),
        slot=Slot(height + 1, era.committee.quorum),
        views=Views(era.index, era.committee.weak_quorum, 0),
        promises=Promises(config, era),
        timers=Timers(config.parameters),
        recovered=recovered,
        questions=_questions(config, replay),
        genesis_digest=history.header(0).digest(),
    )
    if following is not None:
        record = CommitteeRecord(following, height + CHANGE_DELAY_HEIGHTS)
        state.next_era = Era.of(record, config.node_key)
    if state.tip_view:
        state.enter(state.tip_view)
    recovered.fill(state.slot)
    if recovered.reached == height:
        act.recall(state)
    return state


def _questions(config: ReplicaConfig, replay: Replay) -> Questions:
    recovered = replay.recovered
    questions = Questions.at_start(
        recovered.reached, recovered.votes, recovered.view_change, replay.silence
    )
    questions.asking = config.nonce is not None
    return questions
