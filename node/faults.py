"""What is wrong between the nodes of a test network, and what that does to each direction; pure.

The model, as two endpoints of TCP see it:

- *cut*: bytes don't arrive, and are not lost: they arrive when the cut is lifted, if anybody waits
  for them. No new connection comes about while either direction is cut; a handshake needs both.
  With `reset` both ends are told at once instead, as by a firewall that rejects.
- *delay*: every byte arrives so much later, give or take the jitter; never out of order.
- *loss*: of segments of 1,448 bytes. A lost one arrives after a retransmission timeout of 200 ms
  and a round trip, doubled each time that it is lost again (RFC 6298); what follows waits for it.
  A real sender often learns of a loss sooner (RFC 5681 § 3.2): this is the worse case.
- *rate*: bytes leave one after another, no faster.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from node.validation import Form
from node.words import said

SEGMENT_SIZE: Final = 1_448
RETRANSMIT_MS: Final = 200
# Doublings of the timeout: Linux gives up after so many (tcp_retries2).
RETRANSMISSIONS_MAX: Final = 15
PPM: Final = 1_000_000
NODES_MAX: Final = 64

Name = Annotated[str, Field(min_length=1, max_length=64)]
Names = Annotated[tuple[Name, ...], Field(max_length=NODES_MAX)]


class OneWay(Form):
    """`listener` doesn't hear `speaker`; the other direction passes."""

    speaker: Name
    listener: Name


class Delay(Form):
    """On every way that touches one of `nodes` (none: on all)."""

    delay_ms: Annotated[int, Field(ge=0, le=60_000)]
    jitter_ms: Annotated[int, Field(ge=0, le=60_000)] = 0
    nodes: Names = ()


class Loss(Form):
    """As `Delay`; so many of a million segments are lost."""

    loss_ppm: Annotated[int, Field(ge=0, le=PPM // 2)]
    nodes: Names = ()


class Rate(Form):
    """As `Delay`; so many bytes a second in each direction."""

    rate: Annotated[int, Field(ge=1_000, le=2**40)]
    nodes: Names = ()


class Faults(Form):
    """All faults in force. `groups` hear nothing of one another; who is in none is the last."""

    groups: Annotated[tuple[Names, ...], Field(max_length=NODES_MAX)] = ()
    one_way: Annotated[tuple[OneWay, ...], Field(max_length=NODES_MAX**2)] = ()
    reset: bool = False
    delay: Delay | None = None
    loss: Loss | None = None
    rate: Rate | None = None

    def rule(self, speaker: str, listener: str) -> "Rule":
        """What happens to the bytes from one node to another."""
        delay = self.delay if self.delay and _touches(self.delay.nodes, speaker, listener) else None
        loss = self.loss if self.loss and _touches(self.loss.nodes, speaker, listener) else None
        rate = self.rate if self.rate and _touches(self.rate.nodes, speaker, listener) else None
        return Rule(
            cut=self._group(speaker) != self._group(listener)
            or any((o.speaker, o.listener) == (speaker, listener) for o in self.one_way),
            reset=self.reset,
            delay_ms=delay.delay_ms if delay else 0,
            jitter_ms=delay.jitter_ms if delay else 0,
            loss_ppm=loss.loss_ppm if loss else 0,
            rate=rate.rate if rate else None,
        )

    def words(self, names: Sequence[str]) -> list[str]:
        """For people; `names` are the network's nodes."""
        told: list[str] = []
        if self.groups:
            grouped = {name for group in self.groups for name in group}
            rest = [name for name in names if name not in grouped]
            sides = [*map(" ".join, self.groups), *filter(None, [" ".join(rest)])]
            told.append(said("partition: {sides}", sides=" | ".join(sides)))
        told += [
            said("one way: {listener} doesn't hear {speaker}", **o.model_dump())
            for o in self.one_way
        ]
        if told and self.reset:
            told.append(said("what is cut is reset"))
        if self.delay:
            jitter = f" ± {self.delay.jitter_ms} ms" if self.delay.jitter_ms else ""
            delay = f"{self.delay.delay_ms} ms{jitter}"
            told.append(_where(said("delay: {delay}", delay=delay), self.delay.nodes))
        if self.loss:
            loss = said("loss: {percent:g} %", percent=self.loss.loss_ppm / 10_000)
            told.append(_where(loss, self.loss.nodes))
        if self.rate:
            rate = said("rate: {rate} bytes/s", rate=self.rate.rate)
            told.append(_where(rate, self.rate.nodes))
        return told

    def _group(self, name: str) -> int:
        return next((i for i, group in enumerate(self.groups) if name in group), -1)


NONE: Final = Faults()


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens in one direction; `rate` None: as fast as it goes."""

    cut: bool = False
    reset: bool = False
    delay_ms: int = 0
    jitter_ms: int = 0
    loss_ppm: int = 0
    rate: int | None = None

    @property
    def rejects(self) -> bool:
        """Are connections ended at once, rather than left to hang?"""
        return self.cut and self.reset

    def travel_s(self, size: int, draw: random.Random) -> float:
        """How long so many bytes take, besides their own length."""
        late_ms = self.delay_ms + draw.uniform(-self.jitter_ms, self.jitter_ms)
        return max(0.0, late_ms + self._stalled_ms(size, draw)) / 1000

    def leaving_s(self, size: int) -> float:
        """How long so many bytes take to leave one after another."""
        return 0.0 if self.rate is None else size / self.rate

    def _stalled_ms(self, size: int, draw: random.Random) -> int:
        """What the unluckiest of the segments waits for; they are sent again side by side."""
        if not self.loss_ppm:
            return 0
        # The end of a connection is a segment without bytes.
        segments = max(1, -(-size // SEGMENT_SIZE))
        most = max(self._times_lost(draw) for _ in range(segments))
        return (RETRANSMIT_MS + 2 * self.delay_ms) * ((1 << most) - 1)

    def _times_lost(self, draw: random.Random) -> int:
        times = 0
        while times < RETRANSMISSIONS_MAX and draw.randrange(PPM) < self.loss_ppm:
            times += 1
        return times


def _touches(nodes: Sequence[str], *ends: str) -> bool:
    return not nodes or any(end in nodes for end in ends)


def _where(words: str, nodes: Sequence[str]) -> str:
    return said("{words} at {nodes}", words=words, nodes=" ".join(nodes)) if nodes else words
