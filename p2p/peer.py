"""One other member's node: what the network remembers of it from connection to connection."""

import asyncio
import enum
from dataclasses import dataclass
from typing import Protocol

from chain.errors import ProtocolError
from p2p.frames import Channel
from p2p.instances import Instances
from p2p.limits import Limits
from p2p.link import Link
from p2p.outbox import Outbox, QueueStatus


class WrongPeer(ProtocolError):
    """Another member answered than the one that was dialled."""

    hint = (
        "put that member's right address under [[peers]] in hushang.toml; this node dials "
        "again by itself"
    )


class DuplicateConnection(ProtocolError):
    """Another connection to the same peer is kept."""

    hint = "nothing to do: one connection between two nodes is enough"


class AddressChanged(ProtocolError):
    """The settings say now that the peer listens elsewhere."""

    hint = "nothing to do: this node dials the peer at its new address"


class Member(Protocol):
    """What the network needs to know of a node that it admits; the chain's membership says who."""

    @property
    def public_key(self) -> bytes:
        """The node key, 32 bytes: the peer's id."""

    @property
    def name(self) -> str:
        """For logs and status only."""

    @property
    def address(self) -> tuple[str, int] | None:
        """Where to dial: host (an address or a name) and port; None if nobody knows: it dials."""


class Direction(enum.StrEnum):
    """Who dialled."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class PeerStatus:
    """A peer as `hushang status` and the metrics show it; counters since the process started.

    `height` is what it claimed when it connected. `last_error` stays until the next connection.
    `on_two_hosts`: processes with this one key connect by turns. `age_ms`: how long the connection
    has stood. `address`: where it is dialled, if anybody knows.
    """

    public_key: bytes
    name: str
    connected: bool
    direction: Direction | None
    height: int | None
    agent: str
    queues: dict[Channel, QueueStatus]
    size_in: int
    size_out: int
    connections: int
    last_seen_ms: int | None
    last_error: str
    on_two_hosts: bool
    age_ms: int | None
    address: tuple[str, int] | None


class Peer:
    """Invariant: `unlinked` is set exactly while `link` is None. At most one link is current.

    `addressed` is set exactly while there is an address to dial; `moved` when there is another one
    than before, until the dialler has seen it.
    """

    def __init__(self, member: Member, limits: Limits) -> None:
        self.member = member
        self.addressed = asyncio.Event()
        self.moved = asyncio.Event()
        self.link: Link | None = None
        self.dialling: Link | None = None
        self.name_as(member)
        self.outbox = Outbox(limits)
        self._limits = limits
        self.instances = Instances(limits)
        self.unlinked = asyncio.Event()
        self.unlinked.set()
        # Held from the handler's `connected` to its `disconnected`: sessions never overlap.
        self.turn = asyncio.Lock()
        self.last_error = ""
        self._connections = 0
        self._size_in = 0
        self._size_out = 0
        self._size_seen = 0
        self._last_seen_ms: int | None = None
        self._dial_ticks = 0  # of the attempt under way
        self._age_ticks = 0  # of the current link, or how old the last one grew

    def name_as(self, member: Member) -> None:
        """What the membership says of this node now; from now on it is dialled there, or not.

        A connection that stands ends if the address was another one, whoever dialled it: the way
        that the operator has chosen now may lead through a tunnel, or around a fault.
        """
        before, self.member = self.member.address, member
        if member.address is None:
            self.addressed.clear()
        else:
            self.addressed.set()
        if before is None or before == member.address:
            return
        self.moved.set()
        for link in filter(None, (self.link, self.dialling)):
            link.close(AddressChanged("dialled anew"), blame=True)

    def join(self, link: Link) -> None:
        """Make a greeted link the current one; what waits goes on, if it is the same process."""
        assert link.hello is not None
        self.instances.met(link.hello.instance)
        if self.dialling is not None and self.dialling is not link:
            self.dialling.close(DuplicateConnection("the peer dialled too"), blame=True)
        self.dialling = None
        if self.link is not None:
            assert self.link.hello is not None
            self._count(self.link)
            self.link.close(DuplicateConnection("replaced by a newer connection"))
            if self.link.hello.instance != link.hello.instance:
                self.outbox.clear()
        self.link = link
        self.last_error = ""
        self.unlinked.clear()
        self._connections += 1
        self._age_ticks = 0
        link.join(self.outbox)

    def part(self) -> None:
        """The current link has ended: what waited for it is stale."""
        assert self.link is not None
        assert self.link.reason is not None
        self._count(self.link)
        self.last_error = describe(self.link.reason)
        self.link = None
        self.outbox.clear()
        self.unlinked.set()

    def accepts(self, newcomer: Link, own_key: bytes) -> bool:
        """Keep a connection that the peer dialled, greeted and ready to be answered?

        A node dials only while it has no connection, so a newcomer tells that the peer lost the
        current one, even if nothing else has told it yet. Unless both dialled at once: then the
        one dialled by the smaller key stays, and the other is left unanswered.
        """
        assert newcomer.hello is not None
        if own_key > newcomer.peer:
            return True
        recent = self._limits.crossing_ticks_max
        if self.dialling is not None and self._dial_ticks <= recent:
            return False
        current = self.link
        if current is None or not (current.open and current.dialled):
            return True
        assert current.hello is not None
        restarted = newcomer.hello.instance != current.hello.instance
        return restarted or self._age_ticks > recent

    def dial(self, link: Link) -> None:
        """Remember the attempt under way; it ends with `join` of this or another link."""
        self.dialling = link
        self._dial_ticks = 0

    def tick(self, now_ms: int) -> None:
        """A beat of the heart. `now_ms`: for `last_seen_ms` only."""
        self._dial_ticks += 1
        if self.link is None:
            return
        self._age_ticks += 1
        self.instances.tick()
        self.link.tick()
        if self.link.size_in != self._size_seen:
            self._size_seen, self._last_seen_ms = self.link.size_in, now_ms

    def was_stable(self) -> bool:
        """Did the last link hold for a while? Says so once."""
        stable = self._age_ticks >= self._limits.stable_ticks
        self._age_ticks = 0
        return stable

    def status(self) -> PeerStatus:
        """A picture of the moment."""
        link = self.link if self.link is not None and self.link.open else None
        hello = link.hello if link else None
        return PeerStatus(
            public_key=self.member.public_key,
            name=self.member.name,
            connected=link is not None,
            direction=_direction(link),
            height=hello.height if hello else None,
            agent=hello.agent if hello else "",
            queues=self.outbox.status(),
            size_in=self._size_in + (self.link.size_in if self.link else 0),
            size_out=self._size_out + (self.link.size_out if self.link else 0),
            connections=self._connections,
            last_seen_ms=self._last_seen_ms,
            last_error=self.last_error,
            on_two_hosts=self.instances.are_two,
            age_ms=int(self._age_ticks * self._limits.tick_s * 1000) if link else None,
            address=self.member.address,
        )

    def _count(self, link: Link) -> None:
        self._size_in += link.size_in
        self._size_out += link.size_out
        self._size_seen = 0


def _direction(link: Link | None) -> Direction | None:
    if link is None:
        return None
    return Direction.OUTBOUND if link.dialled else Direction.INBOUND


def describe(error: Exception) -> str:
    """`Name: detail`, the form in which refusals are shown; some errors have no detail."""
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
