"""The peers while a node joins: what they offer, and what they answer. Nothing else is served.

`p2p.handler.Handler` of the network that runs before the node proper: votes and transactions are
dropped, requests for blocks are not answered; the greeting says the own height.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chain.errors import HushangError
from chain.snapshot import PartId
from p2p import messages as wire
from p2p.frames import Channel
from p2p.messages import Hello, Message, Offer, Part, PartRequest, Snapshots, SnapshotsRequest
from p2p.peer import PeerStatus

# One answer carries at most a MiB.
ANSWER_WAIT_S: Final = 10.0
# Different snapshots that are remembered with those who offered them.
VOUCHED_MAX: Final = 1_024


class PeerLeft(HushangError):
    """The peer's connection ended before it answered."""

    hint = "nothing to do: the node asks another peer; hushang peers tells who is connected"


class PeerSilent(HushangError):
    """The peer did not answer in time."""

    hint = "nothing to do: the node asks another peer; if none is left, see hushang peers"


class PartLacking(HushangError):
    """The peer doesn't have the part any more."""

    hint = "nothing to do: the node asks another peer, or takes a newer snapshot"


class PartTooLarge(HushangError):
    """The peer's part is larger than any of its kind, or changes its size."""

    hint = "nothing to do: the node asks another peer; tell the operator of that one"


@dataclass(frozen=True, slots=True)
class _Question:
    """What one answer is awaited for."""

    peer: bytes
    height: int
    part: PartId
    offset: int


class Exchange:
    """Asks for snapshots and parts, and matches the answers."""

    def __init__(self, height: int, send: Callable[[bytes, Message], None]) -> None:
        self._height = height
        self._send = send
        self._open: dict[_Question, asyncio.Future[Part]] = {}
        # By connected peer; None until it has answered.
        self._offers: dict[bytes, tuple[Offer, ...] | None] = {}
        # Everybody who offered a snapshot, whether or not it is still there.
        self._vouchers: dict[Offer, set[bytes]] = {}
        # Set whenever a peer came, left, or offered.
        self.news = asyncio.Event()

    # `p2p.handler.Handler`.

    def height(self) -> int:
        """The own height, for the greeting."""
        return self._height

    def connected(self, peer: bytes, _hello: Hello) -> None:
        """Ask at once what it has."""
        self._offers[peer] = None
        self._send(peer, SnapshotsRequest())
        self.news.set()

    def disconnected(self, peer: bytes, reason: str) -> None:
        """It answers nothing more."""
        self._offers.pop(peer, None)
        for question, future in self._open.items():
            if question.peer == peer and not future.done():
                future.set_exception(PeerLeft(reason))
        self.news.set()

    def received(self, peer: bytes, channel: Channel, payload: bytes) -> None:
        """Offers and parts count, the rest is for a node that has joined."""
        if channel is not Channel.SYNC:
            return
        match wire.read_message(channel, payload):
            case Snapshots(offers):
                self._offers[peer] = offers
                self._vouch(peer, offers)
                self.news.set()
            case Part() as answer:
                self._answered(peer, answer)
            case SnapshotsRequest():
                self._send(peer, Snapshots(()))
            case _:
                pass

    # What is offered.

    def ask_again(self) -> None:
        """What the peers have may have changed."""
        for peer in self._offers:
            self._send(peer, SnapshotsRequest())

    def forget(self, peer: bytes, rest_s: float) -> None:
        """What it offered isn't kept: it counts again when it repeats it, after a rest."""
        if self._offers.get(peer) is not None:
            self._offers[peer] = None
            loop = asyncio.get_running_loop()
            loop.call_later(rest_s, self._send, peer, SnapshotsRequest())

    def offers(self) -> dict[bytes, tuple[Offer, ...]]:
        """By peer that is there and has answered."""
        return {peer: offers for peer, offers in self._offers.items() if offers is not None}

    def have_all_answered(self) -> bool:
        """Is there no connected peer whose offers are not known?"""
        return all(offers is not None for offers in self._offers.values())

    def offering(self, offer: Offer) -> tuple[bytes, ...]:
        """The peers that are there and have this very snapshot."""
        return tuple(peer for peer, offers in self.offers().items() if offer in offers)

    def vouchers(self, offer: Offer) -> frozenset[bytes]:
        """The peers whose own connections offered this very snapshot."""
        return frozenset(self._vouchers.get(offer, ()))

    def _vouch(self, peer: bytes, offers: Sequence[Offer]) -> None:
        for offer in offers:
            if offer not in self._vouchers and len(self._vouchers) >= VOUCHED_MAX:
                # Oldest first: a dict keeps the order of insertion.
                del self._vouchers[next(iter(self._vouchers))]
            self._vouchers.setdefault(offer, set()).add(peer)

    # Parts.

    async def fetch(self, peer: bytes, offer: Offer, part: PartId) -> bytes:
        """A whole part of one peer; not proven.

        Raises `PeerLeft`, `PeerSilent`, `PartLacking`, `PartTooLarge`.
        """
        data = bytearray()
        size = None
        while size is None or len(data) < size:
            answer = await self._ask(_Question(peer, offer.height, part, len(data)))
            if answer.size == 0 or not answer.data:
                raise PartLacking(part.name)
            if answer.size > part.size_max or size not in (None, answer.size):
                raise PartTooLarge(f"{part.name}: {answer.size} bytes")
            size = answer.size
            data += answer.data
        if len(data) > size:
            raise PartTooLarge(f"{part.name}: {len(data)} bytes of {size}")
        return bytes(data)

    async def _ask(self, question: _Question) -> Part:
        future: asyncio.Future[Part] = asyncio.get_running_loop().create_future()
        if question.peer not in self._offers:
            raise PeerLeft("it is not connected")
        self._open[question] = future
        part = question.part
        request = PartRequest(question.height, part.kind, part.number, question.offset)
        self._send(question.peer, request)
        try:
            async with asyncio.timeout(ANSWER_WAIT_S):
                return await future
        except TimeoutError:
            msg = f"no answer for {part.name} in {ANSWER_WAIT_S:g} s"
            raise PeerSilent(msg) from None
        finally:
            del self._open[question]

    def _answered(self, peer: bytes, answer: Part) -> None:
        """What nobody asked for is dropped."""
        for question, future in self._open.items():
            asked = question.peer, question.height, question.part.kind, question.part.number
            told = peer, answer.height, answer.kind, answer.number
            if asked == told and question.offset == answer.offset and not future.done():
                future.set_result(answer)


def nothing_offered(
    exchange: Exchange, peers: Sequence[PeerStatus], public_key: bytes, least: int
) -> str:
    """Who was asked for a snapshot of this height or above in vain; or why nobody could be."""
    answers = exchange.offers()
    asked = [peer.name for peer in peers if peer.public_key in answers]
    if asked:
        names = ", ".join(asked)
        return f"none of the {len(asked)} peers asked ({names}) offers a snapshot from {least} on"
    reasons = "; ".join(f"{peer.name}: {_why_silent(peer)}" for peer in peers)
    key = f"is the key {public_key.hex()} registered? hushang member register"
    return f"no peer can be asked for a snapshot ({reasons or 'none is known'}); {key}"


def _why_silent(peer: PeerStatus) -> str:
    if peer.connected:
        return "connected, no answer yet"
    return peer.last_error or "not connected; is its address under [[peers]]?"
