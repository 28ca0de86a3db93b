"""The bodies of proposals: in the pool, with the proposal, or with the peers that vouched for it.

A backup votes only once it holds and has checked all bodies. Gossip usually brought them already;
what is missing after a short grace is asked for, again and again, until the height is decided.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.errors import LedgerError
from chain.transaction import ReceivedTransaction, body_hash
from consensus.output import CheckRequest
from node.mempool import Mempool
from node.verifier import Read, TransactionVerifier

# Gossip travels in batches a few milliseconds behind a proposal: asking at once would double it.
GOSSIP_GRACE_S = 0.01
ASK_AGAIN_S = 0.3
# Of so many decided blocks the bodies are still handed out: whoever is a little slower asks for
# them when they have left the pools of all others.
WRITTEN_KEPT = 2

# Asks for the bodies of these hashes: on the first attempt the peers (by node key) that vouched for
# them, later others too, in turn: those may be gone.
Ask = Callable[[Sequence[bytes], tuple[bytes, ...], int], None]


class ProposalBodyInvalid(LedgerError):
    """A body that a proposal names is malformed, or one of its signatures does not hold."""

    hint = (
        "nothing to do: the proposal got no vote from here; if it goes on, ask its proposer's "
        "operator"
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of a body outside the pool; `verified` here, and not only by a quorum."""

    read: Read
    verified: bool


class Bodies:
    """Gathers the transactions of proposals under check."""

    def __init__(self, mempool: Mempool, verifier: TransactionVerifier, ask: Ask) -> None:
        self._mempool = mempool
        self._verifier = verifier
        self._ask = ask
        self._news = asyncio.Event()
        # Of the proposals at the next height: wanted hashes, and what was found outside the pool.
        self._wanted: dict[bytes, int] = {}
        self._found: dict[bytes, _Found] = {}
        # By hash, of the newest blocks here.
        self._written: deque[dict[bytes, bytes]] = deque(maxlen=WRITTEN_KEPT)

    async def gather(self, request: CheckRequest) -> tuple[ReceivedTransaction, ...]:
        """All transactions of the proposal in order; waits. Raises `ProposalBodyInvalid`."""
        height = request.header.height
        for wanted in request.body_hashes:
            self._wanted[wanted] = height
        if request.bodies is not None:
            await self._take(request.bodies, certified=request.certified)
        hashes, here = request.body_hashes, 0
        grace_s, attempt = GOSSIP_GRACE_S, 0
        while (here := self._first_missing(hashes, here)) < len(hashes):
            # Cleared before waiting: what arrives from here on wakes us.
            self._news.clear()
            try:
                async with asyncio.timeout(grace_s):
                    await self._news.wait()
            except TimeoutError:
                missing = [wanted for wanted in hashes if self._get(wanted) is None]
                if missing:
                    self._ask(missing, request.sources, attempt)
                grace_s, attempt = ASK_AGAIN_S, attempt + 1
        return tuple(self._valid(wanted) for wanted in request.body_hashes)

    def _first_missing(self, hashes: Sequence[bytes], here: int) -> int:
        """Where the first body stands that isn't here, `len(hashes)` if all are; those before
        `here` were when last looked at, and are looked at again at the end: a pool loses some.

        Each piece of news costs a look at one body: a proposal of ten thousand that don't exist
        would otherwise have each looked for whenever the pool grows.
        """
        for start, end in ((here, len(hashes)), (0, here)):
            for at in range(start, end):
                if self._get(hashes[at]) is None:
                    return at
        return len(hashes)

    def _get(self, wanted: bytes) -> Read | None:
        pooled = self._mempool.by_body(wanted)
        if pooled is not None:
            return pooled
        found = self._found.get(wanted)
        return None if found is None else found.read

    def _valid(self, wanted: bytes) -> ReceivedTransaction:
        found = self._get(wanted)
        if isinstance(found, ReceivedTransaction):
            return found
        msg = f"body {wanted.hex()}: {found}"
        raise ProposalBodyInvalid(msg)

    async def arrived(self, raws: Sequence[bytes]) -> None:
        """A peer's answer; what nobody wants is dropped before it costs anything."""
        await self._take(raws, certified=False)

    async def _take(self, raws: Sequence[bytes], *, certified: bool) -> None:
        if not self._wanted:
            return
        hashes = {body_hash(raw): raw for raw in raws}
        fresh = {h: raw for h, raw in hashes.items() if h in self._wanted and self._get(h) is None}
        if not fresh:
            return
        results = await self._verifier.read_all(fresh, certified=certified)
        for wanted, result in results.items():
            if wanted in self._wanted:
                self._found[wanted] = _Found(result, verified=not certified)
        self._news.set()

    @property
    def missing(self) -> int:
        """How many bodies of proposals under check are nowhere here yet."""
        return sum(self._get(wanted) is None for wanted in self._wanted)

    def news(self) -> None:
        """The pool has grown."""
        if self._wanted:
            self._news.set()

    def held(self, body: bytes) -> bytes | None:
        """Raw bytes for a peer that asks, or None."""
        found = self._get(body)
        if isinstance(found, ReceivedTransaction):
            return found.raw
        return next((block[body] for block in self._written if body in block), None)

    def verified(self, body: bytes) -> ReceivedTransaction | None:
        """A proposal's transaction that gossip brings once more: it need not be verified again."""
        found = self._found.get(body)
        if found is None or not found.verified or not isinstance(found.read, ReceivedTransaction):
            return None
        return found.read

    def is_written(self, body: bytes) -> bool:
        """Is it in one of the newest blocks here?"""
        return any(body in block for block in self._written)

    def decided(self, height: int, transactions: Sequence[ReceivedTransaction]) -> None:
        """Forget what was wanted up to this height, whose transactions these are."""
        self._written.append({received.body_hash: received.raw for received in transactions})
        over = [wanted for wanted, at in self._wanted.items() if at <= height]
        for wanted in over:
            del self._wanted[wanted]
            self._found.pop(wanted, None)
