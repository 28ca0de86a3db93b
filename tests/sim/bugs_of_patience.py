"""Bugs in waiting, repeating and catching up: nothing forks, everything stands still."""

from typing import Any

from chain.block import Header
from consensus import act, patience, proposal, receive, views
from consensus.messages import PrePrepare
from consensus.slot import Ahead, HeldBlock, Slot
from consensus.state import State
from consensus.timers import Timers
from tests.sim.bugs import Patch, Plant, everywhere


def _nothing_sent_again() -> list[Patch]:
    return [(patience, "say_again", lambda *_: None)]


def _next_height_dropped() -> list[Patch]:
    return [(Ahead, "add", lambda *_: None)]


def _waits_for_single_bodies() -> list[Patch]:
    original = Slot.hold

    def hold(
        self: Slot,
        header: Header,
        digest: bytes,
        body_hashes: tuple[bytes, ...],
        bodies: tuple[bytes, ...] | None,
    ) -> HeldBlock:
        known = self.blocks.get(digest)
        asked = None if known is None else known.asked
        held = original(self, header, digest, body_hashes, bodies)
        if asked is not None:
            held.asked = asked
        return held

    return [(Slot, "hold", hold)]


def _timers_keep_doubling() -> list[Patch]:
    original = Timers.decided

    def decided(self: Timers) -> None:
        doublings = self._doublings
        original(self)
        self._doublings = doublings

    return [(Timers, "decided", decided)]


def _one_complaint_is_enough() -> list[Patch]:
    original = views.kth_highest

    def kth_highest(values: Any, _k: int, default: int) -> int:
        return original(values, 1, default)

    return [(views, "kth_highest", kth_highest)]


def _own_complaint_is_enough() -> list[Patch]:
    """Whoever is out of patience goes on alone."""
    original = act.change_view

    def change_view(state: State) -> bool:
        own = -1 if state.index is None else state.views.complaint(state.index)
        if own >= state.views.view:
            state.views.target = max(state.views.target, own + 1)
        return original(state)

    return [(act, "change_view", change_view)]


def _old_times_refused() -> list[Patch]:
    """A block that is proposed again must be of now, too (indy-plenum#1488)."""
    original = receive.accept_proposal

    def accept_proposal(state: State, message: PrePrepare) -> None:
        header, parameters = message.header, state.config.parameters
        fits = proposal.time_fits(header, state.tip.header, parameters, state.now_ms)
        if header.view == message.view or fits:
            original(state, message)

    return everywhere(receive, "accept_proposal", accept_proposal)


PLANTS = (
    Plant("nothing is sent again", _nothing_sent_again),
    Plant("messages for the next height are dropped", _next_height_dropped),
    Plant("single bodies are waited for", _waits_for_single_bodies),
    Plant("timers keep doubling", _timers_keep_doubling),
    Plant("a block of old may not be proposed again", _old_times_refused),
    Plant("one member moves everybody's view", _one_complaint_is_enough),
    Plant("the own Complaint moves the view", _own_complaint_is_enough),
)
