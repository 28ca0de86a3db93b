"""Leading: as primary, propose again what must be, or ask the shell for a block (PBFT §4.4)."""

from dataclasses import replace

from chain.block import BLOCK_VERSION, Header, VoteType, transactions_root
from consensus.ask import request_check, want
from consensus.config import ticks
from consensus.input import Proposal
from consensus.output import BuildRequest
from consensus.slot import Candidate, HeldBlock
from consensus.state import State


def lead(state: State) -> bool:
    """As primary: propose again what must be, or ask for a block where the choice is free."""
    slot, views = state.slot, state.views
    if state.promises.vote(VoteType.PREPARE, views.view, slot.height) is not None:
        return False
    if not _may_lead(state):
        return False
    forced = next((c.prepared for c in views.begun if c.height == slot.height and c.prepared), None)
    if forced is None:
        _request_build(state)
        return False
    digest = forced.header.digest()
    held = slot.find(digest)
    if held is None:
        want(state, digest, (forced.primary, *(entry.member for entry in forced.prepares)))
        return False
    if held.results is None:
        request_check(state, held)
        return False
    _propose(state, held)
    return True


def _may_lead(state: State) -> bool:
    return state.leads and state.may_promise and state.started and state.slot.certificate is None


def propose(state: State, proposal: Proposal) -> None:
    """The shell's block for a BuildRequest that still stands: sign and send it."""
    slot, views, tip = state.slot, state.views, state.tip
    if not _may_lead(state):
        return
    if (proposal.height, proposal.view) != (slot.height, views.view):
        return
    if state.promises.vote(VoteType.PREPARE, views.view, slot.height) is not None:
        return
    if any(c.height == slot.height and c.prepared for c in views.begun):
        return
    assert proposal.parent == tip.digest
    assert proposal.time_ms > tip.header.time_ms
    if _would_idle(state, proposal):
        # No backup would vote for it. The deadline it was asked for has fired: wait for news.
        state.work = replace(state.work, deadline_ms=None)
        state.errands.build = None
        return
    header = _header(state, proposal)
    held = slot.hold(header, header.digest(), proposal.body_hashes, proposal.bodies)
    held.results = proposal.results
    _propose(state, held)


def _would_idle(state: State, proposal: Proposal) -> bool:
    if proposal.bodies or state.tip.results.needs_seal:
        return False
    if proposal.results is not None:
        return not proposal.results.needs_seal
    deadline_ms = state.work.deadline_ms
    return deadline_ms is None or deadline_ms > proposal.time_ms


def _header(state: State, proposal: Proposal) -> Header:
    view, tip, index = state.views.view, state.tip, state.index
    assert index is not None
    return Header(
        version=BLOCK_VERSION,
        genesis_hash=state.config.genesis_hash,
        height=proposal.height,
        parent_hash=tip.digest,
        view=view,
        parent_view=tip.certificate_for(view).view,
        time_ms=proposal.time_ms,
        proposer=index,
        epoch=state.epoch,
        transactions_root=transactions_root(proposal.body_hashes),
        transactions_count=len(proposal.body_hashes),
        state_root=tip.results.state_root,
        receipts_root=tip.results.receipts_root,
        next_committee_hash=tip.results.next_committee_hash,
    )


def _propose(state: State, held: HeldBlock) -> None:
    view = state.views.view
    certificate = state.tip.certificate_for(view)
    message = state.promises.pre_prepare(state.draft, view, held, certificate)
    state.slot.propose(Candidate(message, held.digest), view)
    if held.results is None:
        # Executed while the backups check it; the own Commit waits for the results.
        request_check(state, held)


def _request_build(state: State) -> None:
    """Ask for a block; again, and urgently, when a seal or a deadline has become due."""
    tip, deadline_ms = state.tip, state.work.deadline_ms
    delay = ticks(state.config.parameters.seal_delay_ms)
    seal = tip.results.needs_seal and state.timers.tick >= tip.tick + delay
    due = deadline_ms is not None and deadline_ms <= state.now_ms
    key = (state.slot.height, state.views.view, seal or due)
    if state.errands.build == key:
        return
    state.errands.build = key
    time_ms_min = tip.header.time_ms + 1
    state.draft.build = BuildRequest(key[0], key[1], tip.digest, time_ms_min, key[2])
