"""Guided faults: an adversary that reads every message and chooses which the network loses.

An asynchronous network may lose, for a while, whatever it likes, so every schedule made here is a
legal one. Random losses seldom bring about the few situations in which a fork would begin; these
go for them.
"""

from collections.abc import Sequence
from random import Random

from chain.block import VoteType
from chain.errors import ProtocolError
from chain.votes import ViewChange
from consensus.messages import (
    Commit,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    decode_message,
)
from p2p.frames import Channel
from tests.sim.node import SimNode
from tests.sim.world import World

# Fewer honest copies can't play all the parts.
PARTS = 3
KINDS_HEARD = {VoteType.PRE_PREPARE, VoteType.PREPARE, VoteType.COMMIT, VoteType.NEW_VIEW}


def read(channel: Channel, payload: bytes) -> Message | None:
    """The vote that a payload is, if it is one."""
    if channel is not Channel.CONSENSUS:
        return None
    try:
        return decode_message(payload)
    except ProtocolError:
        return None


class PreparedTwice:
    """Two blocks are prepared at one height; the later one is decided by one node, unheard.

    `first` alone prepares a block and is not heard. The others go on to a view that knows nothing
    of it and prepare another block, which `second` alone decides and can tell nobody. The third
    view is begun by a quorum that holds both certificates: only the later block may go on. (Who
    took the lower one would fork; PBFT §4.4, consensus.md, View change.)
    """

    def __init__(self, world: World, first: SimNode, second: SimNode, height: int) -> None:
        self._world = world
        self._first = first
        self._second = second
        self._height = height
        # The views in which the two blocks were prepared, as soon as they are.
        self._early: int | None = None
        self._late: int | None = None

    def __call__(self, source: int, place: int, channel: Channel, payload: bytes) -> bool:
        """Is this payload lost?"""
        self._look()
        if self._late is not None and source == self._second.place:
            return True
        message = read(channel, payload)
        if message is None:
            return False
        if isinstance(message, Prepare | Commit) and message.height == self._height:
            return not self._may_hear(place, message)
        # The first block's certificate must not be known when the next view begins.
        hides = isinstance(message, ViewChange | NewView | PrePrepare)
        return hides and source == self._first.place and self._is_early_only()

    def _look(self) -> None:
        """Notice what has come about; the adversary sees everything."""
        if self._early is None:
            slot = self._first.replica._state.slot
            if slot.height == self._height and slot.prepared is not None:
                self._early = slot.prepared.view
        elif self._late is None:
            tip = self._second.replica._state.tip
            if tip.height >= self._height:
                self._late = tip.certificate.view
                self._world.count("prepared_twice")

    def _is_early_only(self) -> bool:
        return self._early is not None and self._late is None

    def _may_hear(self, place: int, message: Prepare | Commit) -> bool:
        is_first, is_second = place == self._first.place, place == self._second.place
        if self._early is None or message.view <= self._early:
            return isinstance(message, Prepare) and is_first
        if self._late is None or message.view <= self._late:
            return not is_first if isinstance(message, Prepare) else is_second
        return not is_second


class SplitDecision:
    """A liar proposes two blocks; one node decides the one, unheard, and a view change follows.

    Whoever heard of the other block must not be able to show it as prepared (PBFT §4.2).
    """

    def __init__(self, nodes: Sequence[SimNode], chance: Random) -> None:
        self._nodes = {node.place: node for node in nodes}
        self._chance = chance
        # Who heard of which block, by view and height.
        self._heard: dict[tuple[int, int], dict[bytes, list[int]]] = {}
        self._split: tuple[int, int] | None = None
        self._alone = next(iter(self._nodes.values()))

    def __call__(self, source: int, place: int, channel: Channel, payload: bytes) -> bool:
        """Is this payload lost?"""
        if source == self._alone.place and self._is_decided():
            return True
        message = read(channel, payload)
        if isinstance(message, PrePrepare) and self._split is None and place in self._nodes:
            self._note(place, message)
        if isinstance(message, Commit) and self._split == (message.view, message.height):
            return place != self._alone.place
        return False

    def _is_decided(self) -> bool:
        return self._split is not None and self._alone.replica.height >= self._split[1]

    def _note(self, place: int, message: PrePrepare) -> None:
        """Two blocks in one view: one of those who heard what most heard will decide alone."""
        slot = message.view, message.height
        blocks = self._heard.setdefault(slot, {})
        blocks.setdefault(message.header.digest(), []).append(place)
        if len(blocks) > 1:
            most = max(blocks.values(), key=len)
            self._alone = self._nodes[self._chance.choice(most)]
            self._split = slot


class Rounds:
    """In each view of each height other places hear each kind of message (Twins, OPODIS '21)."""

    def __init__(self, places: Sequence[int], chance: Random, share: float) -> None:
        self._places = list(places)
        self._chance = chance
        # How often a kind of message is kept from some.
        self._share = share
        self._deaf: dict[tuple[int, int, int], frozenset[int]] = {}

    def __call__(self, source: int, place: int, channel: Channel, payload: bytes) -> bool:  # noqa: ARG002
        """Is this payload lost?"""
        message = read(channel, payload)
        if message is None or payload[0] not in KINDS_HEARD:
            return False
        round_ = payload[0], message.view, message.height
        deaf = self._deaf.get(round_)
        if deaf is None:
            deaf = self._deaf[round_] = self._draw()
        return place in deaf

    def _draw(self) -> frozenset[int]:
        if self._chance.random() >= self._share:
            return frozenset()
        return frozenset(
            self._chance.sample(self._places, self._chance.randint(1, len(self._places)))
        )
