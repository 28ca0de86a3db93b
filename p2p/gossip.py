"""Spreading transactions: in batches, each to a peer once, never back to where it came from.

The members form a full mesh, so whoever a client hands a transaction to sends it to all others and
nobody passes it on: relaying at once would multiply the traffic by the number of members. When the
node notices that somebody lacks it (it was passed over by a block), `spread_again` closes the gap.
What a peer knows is remembered in bounded memory and forgotten with its connection.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

from chain.transaction import body_hash
from p2p.frames import Channel
from p2p.limits import KIB
from p2p.messages import TRANSACTIONS_MAX, Transactions, write_message


@dataclass(frozen=True, slots=True)
class GossipLimits:
    """A batch ends at a count or a size, whichever comes first; one larger transaction fits."""

    batch_transactions_max: int = TRANSACTIONS_MAX
    batch_size_max: int = 256 * KIB
    pause_s: float = 0.005
    remembered_max: int = 32_768


@dataclass(frozen=True, slots=True)
class Batch:
    """One encoded `Transactions` payload and the peers it is for, in the order they connected."""

    peers: tuple[bytes, ...]
    payload: bytes


class Spread:
    """Which transaction still goes to whom; no I/O, no clock.

    A set of peers is an int with a bit for each, so that what has the same recipients shares one
    encoding: nearly always everything. Invariant: no pending set is empty.
    """

    __slots__ = ("_bits", "_known", "_limits", "_pending", "_queued", "count", "size")

    def __init__(self, limits: GossipLimits) -> None:
        self._limits = limits
        self._bits: dict[bytes, int] = {}  # of the connected peers
        # Body hash -> who has it or was sent it; oldest first. A dict would look for its
        # first entry among all that were removed before.
        self._known: OrderedDict[bytes, int] = OrderedDict()
        self._pending: dict[int, list[bytes]] = {}  # recipients -> raw transactions
        # Of clients, until the next batches: a thousand copies of one go out as one.
        self._queued: set[bytes] = set()
        self.count = 0
        self.size = 0

    def connected(self, peer: bytes) -> None:
        """A peer is there; it is taken to know nothing."""
        used = sum(self._bits.values())
        self._bits[peer] = ~used & (used + 1)  # the lowest bit that is free
        self._queued.clear()

    def disconnected(self, peer: bytes) -> None:
        """A peer is gone, and may have lost all that it knew."""
        bit = self._bits.pop(peer)
        for known, peers in self._known.items():
            self._known[known] = peers & ~bit
        pending, self._pending = self._pending, {}
        self.count = self.size = 0
        for peers, raws in pending.items():
            for raw in raws:
                self._queue(peers & ~bit, raw)

    def add(self, raw: bytes, known_as: bytes, origin: bytes | None) -> None:
        """A transaction entered the pool: from a peer (`origin`), or from a client of this node.

        From a client it goes to everybody, also if it was here before: the pools may have let it
        go since.
        """
        if origin is not None:
            self._remember(known_as, self._known.get(known_as, 0) | self._bits.get(origin, 0))
            return
        everybody = sum(self._bits.values())
        self._remember(known_as, everybody)
        if known_as not in self._queued:
            self._queued.add(known_as)
            self._queue(everybody, raw)

    def again(self, raw: bytes, known_as: bytes) -> None:
        """Somebody lacks this transaction: it goes to each peer not known to have it."""
        everybody = sum(self._bits.values())
        known = self._known.get(known_as, 0)
        self._remember(known_as, everybody)
        self._queue(everybody & ~known, raw)

    @property
    def full(self) -> bool:
        """Is there a whole batch to send already?"""
        limits = self._limits
        return self.count >= limits.batch_transactions_max or self.size >= limits.batch_size_max

    def take(self) -> list[Batch]:
        """All that waits, in batches; each transaction is in one."""
        pending, self._pending = self._pending, {}
        self._queued = set()
        self.count = self.size = 0
        batches = []
        for peers, raws in pending.items():
            keys = tuple(key for key, bit in self._bits.items() if bit & peers)
            for part in self._cut(raws):
                _, payload = write_message(Transactions(part))
                batches.append(Batch(keys, payload))
        return batches

    def _queue(self, peers: int, raw: bytes) -> None:
        if not peers:
            return
        self._pending.setdefault(peers, []).append(raw)
        self.count += 1
        self.size += len(raw)

    def _remember(self, known_as: bytes, peers: int) -> None:
        self._known[known_as] = peers
        self._known.move_to_end(known_as)
        if len(self._known) > self._limits.remembered_max:
            self._known.popitem(last=False)

    def _cut(self, raws: list[bytes]) -> list[tuple[bytes, ...]]:
        parts: list[tuple[bytes, ...]] = []
        start, size = 0, 0
        for at, raw in enumerate(raws):
            fits = size + len(raw) <= self._limits.batch_size_max
            if at > start and not (fits and at - start < self._limits.batch_transactions_max):
                parts.append(tuple(raws[start:at]))
                start, size = at, 0
            size += len(raw)
        parts.append(tuple(raws[start:]))
        return parts


class Sender(Protocol):
    """What gossip needs of `p2p.network.Network`."""

    def send(self, peer: bytes, channel: Channel, payload: bytes) -> bool:
        """Queue a payload for a peer; never waits."""


class Outlet(Protocol):
    """Where the network will be; None until it is made."""

    @property
    def network(self) -> Sender | None:
        """The network, once there is one."""


class Gossip:
    """Sends what `Spread` says: the first at once, the following together after a pause."""

    def __init__(self, outlet: Outlet, limits: GossipLimits | None = None) -> None:
        self._outlet = outlet
        self._limits = limits or GossipLimits()
        self._spread = Spread(self._limits)
        self._wake = asyncio.Event()

    def connected(self, peer: bytes) -> None:
        """Tell of each peer that the network's handler hears of."""
        self._spread.connected(peer)

    def disconnected(self, peer: bytes) -> None:
        """Tell of each peer that is gone."""
        self._spread.disconnected(peer)

    def add(self, raw: bytes, known_as: bytes, origin: bytes | None) -> None:
        """A transaction newly in the pool; `known_as` is its body hash, `origin` None: a client."""
        self._spread.add(raw, known_as, origin)
        self._stir()

    def spread_again(self, raw: bytes) -> None:
        """To all who are not known to have it; costs nothing when everybody has."""
        self._spread.again(raw, body_hash(raw))
        self._stir()

    async def run(self) -> None:
        """Send batches until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._flush()
            await asyncio.sleep(self._limits.pause_s)

    def _stir(self) -> None:
        # A whole batch goes at once, so that what waits is bounded by one batch.
        if self._spread.full:
            self._flush()
        elif self._spread.count:
            self._wake.set()

    def _flush(self) -> None:
        network = self._outlet.network
        for batch in self._spread.take():
            for peer in batch.peers:
                if network is not None:
                    network.send(peer, Channel.TRANSACTIONS, batch.payload)
