"""Signed head statements of the members: answering a peer's question, and asking the members.

A proof of state says what was so when its header was decided. f+1 members that say just now "this
is my newest header" make it a proof of now (chain/head.py). One question to all members serves
every request that waits; a statement counts if it verifies and is about that very header.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chain import crypto
from chain.block import Header
from chain.committee import Committee
from chain.crypto import PrivateKey
from chain.errors import ProtocolError
from chain.head import HeadStatement, head_bytes
from chain.ledger import Ledger
from chain.stored_chain import Tip
from p2p import messages as wire

# At most one question to the members in this time. Its answers hold twice as long, so that those of
# one question are there until those of the next.
ROUND_S: Final = 0.3
# How long a proof waits for the members.
WAIT_S: Final = 2.0
# After this a weak quorum is enough; before, one more than needed covers a clock that is wrong.
GRACE_S: Final = 0.1
# A peer is answered at most so often; it asks once in a round.
ANSWER_PAUSE_S: Final = 0.1
PEERS_MAX: Final = 1_024

Send = Callable[[bytes, wire.Message], None]


class HeadForged(ProtocolError):
    """A head statement does not carry the signature of the peer that sent it."""

    hint = "the connection was ended and nothing taken; ask that member which key its node has"


@dataclass(frozen=True, slots=True)
class _Told:
    """A statement that verifies, and when it came."""

    head: wire.Head
    at_s: float


class Heads:
    """The own statements and those of the others. All methods are called on the event loop."""

    def __init__(
        self,
        ledger: Ledger,
        key: PrivateKey,
        transport: tuple[Send, Callable[[], Sequence[bytes]]],
        clock_ms: Callable[[], int],
        is_current: Callable[[], bool],
    ) -> None:
        """`transport` sends, and tells who is connected; `is_current`: is the own tip the newest,
        as far as this node can tell? If not, it states nothing.
        """
        self._ledger = ledger
        self._key = key
        self._send, self._connected = transport
        self._clock_ms = clock_ms
        self._is_current = is_current
        self._told: dict[bytes, _Told] = {}
        # Who has answered the newest question.
        self._heard: set[bytes] = set()
        self._asked_s = -math.inf
        self._answered_s: dict[bytes, float] = {}
        self._news = asyncio.Event()

    # What peers send.

    def received(self, peer: bytes, message: wire.HeadRequest | wire.Head) -> None:
        """Answer a question, or take an answer. `HeadForged` ends the connection."""
        if isinstance(message, wire.HeadRequest):
            self._answer(peer)
        else:
            self._take(peer, message)

    def _answer(self, peer: bytes) -> None:
        now_s = _now_s()
        if now_s - self._answered_s.get(peer, -math.inf) < ANSWER_PAUSE_S:
            return
        if len(self._answered_s) >= PEERS_MAX:
            self._answered_s.clear()
        self._answered_s[peer] = now_s
        own = self._state()
        if own is not None:
            self._send(peer, own)

    def _state(self) -> wire.Head | None:
        """What this node states now; None if its statement would count for nothing.

        A header's state is that before its own block: as long as a seal must follow, the header
        hides results that somebody may know already.
        """
        tip = self._ledger.tip
        if tip.needs_seal or tip.height == 0 or not self._is_current():
            return None
        if self._committee(tip).index_of(self._key.public_key) is None:
            return None
        time_ms, epoch = self._clock_ms(), tip.header.epoch
        signed = head_bytes(self._genesis_hash, epoch, tip.height, tip.digest, time_ms)
        return wire.Head(tip.height, tip.digest, time_ms, epoch, self._key.sign(signed))

    def _take(self, peer: bytes, head: wire.Head) -> None:
        # One answer a peer and question is looked at: nobody makes this node verify without end.
        if peer in self._heard or _now_s() - self._asked_s > WAIT_S:
            return
        self._heard.add(peer)
        if head.epoch != self._ledger.tip.header.epoch:
            return
        signed = head_bytes(self._genesis_hash, head.epoch, head.height, head.digest, head.time_ms)
        if not crypto.verify(peer, signed, head.signature):
            raise HeadForged(f"about height {head.height}")
        self._told[peer] = _Told(head, _now_s())
        news, self._news = self._news, asyncio.Event()
        news.set()

    # What proofs ask for.

    async def about(self, header: Header) -> tuple[HeadStatement, ...]:
        """Statements about exactly this header, by member; fewer than f+1 if no more came in time.

        At once, if the own tip is above the header: nobody states what is over.
        """
        began_s = _now_s()
        committee, digest = self._ledger.committee_of(header.epoch), header.digest()
        while True:
            news = self._news
            found = self._found(header.height, digest, committee)
            waited_s = _now_s() - began_s
            wanted = committee.weak_quorum if waited_s >= GRACE_S else committee.quorum
            if len(found) >= wanted or waited_s >= WAIT_S or self._is_over(header):
                return found
            self._ask()
            await _either(news, GRACE_S if waited_s < GRACE_S else ROUND_S)

    def _is_over(self, header: Header) -> bool:
        return self._ledger.tip.height > header.height

    def _found(self, height: int, digest: bytes, committee: Committee) -> tuple[HeadStatement, ...]:
        self._state_own()
        oldest_s = _now_s() - 2 * ROUND_S
        found = []
        for index, member in enumerate(committee.members):
            told = self._told.get(member.node_key)
            if told is None or told.at_s < oldest_s:
                continue
            if (told.head.height, told.head.digest) == (height, digest):
                found.append(HeadStatement(index, told.head.time_ms, told.head.signature))
        return tuple(found)

    def _ask(self) -> None:
        """Ask all connected members, unless that was done just before."""
        now_s = _now_s()
        if now_s - self._asked_s < ROUND_S:
            return
        self._asked_s = now_s
        self._heard.clear()
        committee = self._committee(self._ledger.tip)
        # Who left the committee is forgotten.
        self._told = {
            peer: told for peer, told in self._told.items() if committee.index_of(peer) is not None
        }
        for peer in self._connected():
            if committee.index_of(peer) is not None:
                self._send(peer, wire.HeadRequest())

    def _state_own(self) -> None:
        """The own statement counts like the others', and is at hand."""
        own_key, now_s = self._key.public_key, _now_s()
        known = self._told.get(own_key)
        is_young = known is not None and now_s - known.at_s < ROUND_S
        if known is not None and is_young and known.head.digest == self._ledger.tip.digest:
            return
        own = self._state()
        if own is not None:
            self._told[own_key] = _Told(own, now_s)

    def _committee(self, tip: Tip) -> Committee:
        return self._ledger.committee_of(tip.header.epoch)

    @property
    def _genesis_hash(self) -> bytes:
        return self._ledger.chain.genesis_hash


def _now_s() -> float:
    return asyncio.get_running_loop().time()


async def _either(news: asyncio.Event, timeout_s: float) -> None:
    """Return when there is news, or the time is over."""
    try:
        async with asyncio.timeout(timeout_s):
            await news.wait()
    except TimeoutError:
        return
