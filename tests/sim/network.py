"""The simulated network: between places, with loss, delay, duplicates, replays, clogs, partitions.

A place is one running copy of a member: its index, or for a twin a number above all indexes. What
is addressed to a member reaches the places that are its home as seen from the sender.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from p2p.frames import FRAME_SIZE_MAX, Channel
from tests.sim.world import MS, Violation, World

REMEMBERED_MAX = 512

# Is a payload from a place to a place lost? A guided fault's judgement (tests.sim.sieve).
Sieve = Callable[[int, int, Channel, bytes], bool]


@dataclass(frozen=True)
class Quality:
    """How bad the network is; shares of messages, and delays in microseconds."""

    loss: float = 0.0
    duplicate: float = 0.0
    replay: float = 0.0
    delay_min_us: int = 200
    delay_mean_us: int = 1 * MS


class Port(Protocol):
    """What the network knows of a running copy of a member."""

    member: int
    alive: bool

    def receive(self, source: int, channel: Channel, payload: bytes) -> None:
        """A payload of a member has arrived."""
        ...

    def connected(self, member: int) -> None:
        """The connection to a member is new: it may have lost what it was sent before."""
        ...


class Network:
    """Carries payloads between places."""

    def __init__(self, world: World, quality: Quality) -> None:
        self._world = world
        self._chance = world.stream("network")
        self.quality = quality
        self.ports: dict[int, Port] = {}
        # Member -> the places where copies of it run; more than one for a twin.
        self.homes: dict[int, list[int]] = {}
        # For each twin member: which of its homes a place talks to.
        self.sides: dict[int, dict[int, int]] = {}
        self.blocked: set[tuple[int, int]] = set()
        self._clogged: dict[tuple[int, int], int] = {}
        # A type of consensus message that certain places do not receive for a while.
        self._muffled: tuple[int, set[int], int] | None = None
        self._past: deque[tuple[int, int, Channel, bytes]] = deque(maxlen=REMEMBERED_MAX)
        self._reconnecting: set[tuple[int, int]] = set()
        self.sieve: Sieve | None = None
        self.tamper: Callable[[int, int, Channel, bytes], Iterable[bytes]] | None = None

    def attach(self, place: int, port: Port) -> None:
        """A copy of a member runs at this place."""
        self.ports[place] = port
        homes = self.homes.setdefault(port.member, [])
        if place not in homes:
            homes.append(place)

    def places_of(self, member: int, seen_from: int) -> list[int]:
        """Where messages from a place to a member go."""
        homes = self.homes.get(member, [])
        if len(homes) < 2:
            return homes
        return [self.sides[member].get(seen_from, homes[0])]

    def send(self, source: int, member: int, channel: Channel, payload: bytes) -> None:
        """One payload from a place to a member; it may arrive never, later, twice."""
        if not 1 <= len(payload) <= FRAME_SIZE_MAX:
            raise Violation("frames are bounded", f"{len(payload)} bytes from {source}")
        own = self.ports[source].member
        for place in self.places_of(member, source):
            if source not in self.places_of(own, place):
                continue
            for sent in self._tampered(source, place, channel, payload):
                self._carry(source, place, channel, sent)

    def _tampered(
        self, source: int, place: int, channel: Channel, payload: bytes
    ) -> Iterable[bytes]:
        if self.tamper is None:
            return (payload,)
        return self.tamper(source, place, channel, payload)

    def _carry(self, source: int, place: int, channel: Channel, payload: bytes) -> None:
        quality, chance = self.quality, self._chance
        lost = chance.random() < quality.loss or (source, place) in self.blocked
        if lost or self._is_sifted(source, place, channel, payload):
            self._world.count("drops")
            if channel is Channel.TRANSACTIONS:
                self._reconnect_later(source, place)
            return
        self._past.append((source, place, channel, payload))
        self._deliver_later(source, place, channel, payload)
        if quality.duplicate and chance.random() < quality.duplicate:
            self._world.count("duplicates")
            self._deliver_later(source, place, channel, payload)
        if quality.replay and chance.random() < quality.replay:
            self._world.count("replays")
            self._deliver_later(*chance.choice(self._past))

    def _is_sifted(self, source: int, place: int, channel: Channel, payload: bytes) -> bool:
        if self.sieve is not None and self.sieve(source, place, channel, payload):
            return True
        if self._muffled is None or channel is not Channel.CONSENSUS:
            return False
        kind, places, until_us = self._muffled
        return payload[0] == kind and place in places and self._world.now_us < until_us

    def _deliver_later(self, source: int, place: int, channel: Channel, payload: bytes) -> None:
        quality = self.quality
        delay = quality.delay_min_us + int(self._chance.expovariate(1 / quality.delay_mean_us))
        clogged = self._clogged.get((source, place), 0) - self._world.now_us
        member = self.ports[source].member

        def arrive() -> None:
            port = self.ports[place]
            if port.alive:
                self._world.note(f"{source}>{place} {channel.name}", payload)
                port.receive(member, channel, payload)

        self._world.after(delay + max(0, clogged), arrive)

    # Faults.

    def block(self, sources: Iterable[int], targets: Iterable[int]) -> None:
        """Nothing goes from these places to those."""
        to = list(targets)
        self.blocked |= {(a, b) for a in sources for b in to if a != b}

    def clog(self, source: int, place: int, duration_us: int) -> None:
        """What goes this way arrives after the clog has gone, all at once."""
        self._clogged[source, place] = self._world.now_us + duration_us

    def muffle(self, kind: int, places: set[int], duration_us: int) -> None:
        """Consensus messages of this type are lost on their way to these places."""
        self._muffled = (kind, places, self._world.now_us + duration_us)

    def heal(self) -> None:
        """Every link works; connections that lost something are made anew."""
        self.blocked.clear()
        self._clogged.clear()
        self._muffled = None
        self.sieve = None

    def _reconnect_later(self, source: int, place: int) -> None:
        """TCP loses nothing silently: a loss ends the connection, and it is made again."""
        link = (min(source, place), max(source, place))
        if link in self._reconnecting:
            return
        self._reconnecting.add(link)
        delay = self._chance.randint(100 * MS, 900 * MS)
        self._world.after(delay, lambda: self._reconnect(link))

    def _reconnect(self, link: tuple[int, int]) -> None:
        self._reconnecting.discard(link)
        first, second = link
        if not (self.ports[first].alive and self.ports[second].alive):
            return
        if link in self.blocked or (second, first) in self.blocked:
            self._reconnect_later(first, second)
            return
        self.connect(first, second)

    def connect(self, first: int, second: int) -> None:
        """Both ends hear of a new connection, if there is one."""
        for here, there in ((first, second), (second, first)):
            port, other = self.ports[here], self.ports[there]
            if here != there and port.alive and other.alive and port.member != other.member:
                port.connected(other.member)

    def started(self, place: int) -> None:
        """A copy has started: it connects to all others."""
        for other in sorted(self.ports):
            if (place, other) in self.blocked or (other, place) in self.blocked:
                self._reconnect_later(place, other)
            else:
                self.connect(place, other)
