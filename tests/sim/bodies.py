"""`node.bodies.Bodies` on virtual time: gathers the transactions of proposals under check.

The same rules: what is in the pool or came with the request is taken, the rest is asked for after
a short grace, again and again, until the height is decided.
"""

from collections import deque
from collections.abc import Callable, Sequence

from chain.transaction import ReceivedTransaction, body_hash
from consensus.output import CheckRequest
from node.bodies import ASK_AGAIN_S, GOSSIP_GRACE_S, WRITTEN_KEPT
from node.mempool import Mempool
from node.verifier import Read
from tests.sim.world import SECOND

Reader = Callable[[bytes, bool], Read]
Gathered = Callable[[CheckRequest, list[Read]], None]
Later = Callable[[int, Callable[[], None]], None]


class SimBodies:
    """Gathers bodies; `later` runs something in so many microseconds unless the node dies."""

    def __init__(
        self,
        mempool: Mempool,
        read: Reader,
        ask: Callable[[Sequence[bytes], tuple[bytes, ...], int], None],
        later: Later,
    ) -> None:
        self._mempool = mempool
        self._read = read
        self._ask = ask
        self._later = later
        self._wanted: dict[bytes, int] = {}
        self._found: dict[bytes, Read] = {}
        self._waiting: dict[bytes, tuple[CheckRequest, Gathered]] = {}
        self._written: deque[dict[bytes, bytes]] = deque(maxlen=WRITTEN_KEPT)

    def gather(self, request: CheckRequest, gathered: Gathered) -> None:
        """Call back with all transactions of the proposal, in order, once they are there."""
        for wanted in request.body_hashes:
            self._wanted[wanted] = request.header.height
        if request.bodies is not None:
            self._take(request.bodies, certified=request.certified)
        # A later request takes the place of an earlier one: it knows more.
        self._waiting[request.digest] = (request, gathered)
        if not self._try(request.digest):
            self._later(int(GOSSIP_GRACE_S * SECOND), lambda: self._ask_again(request, 0))

    def _ask_again(self, request: CheckRequest, attempt: int) -> None:
        waiting = self._waiting.get(request.digest)
        if waiting is None or waiting[0] is not request:
            return
        self._ask(self._missing(request), request.sources, attempt)
        self._later(int(ASK_AGAIN_S * SECOND), lambda: self._ask_again(request, attempt + 1))

    def _missing(self, request: CheckRequest) -> list[bytes]:
        return [wanted for wanted in request.body_hashes if self._get(wanted) is None]

    def _try(self, digest: bytes) -> bool:
        request, gathered = self._waiting[digest]
        found = [self._get(wanted) for wanted in request.body_hashes]
        whole = [entry for entry in found if entry is not None]
        if len(whole) < len(found):
            return False
        del self._waiting[digest]
        gathered(request, whole)
        return True

    def _get(self, wanted: bytes) -> Read | None:
        return self._mempool.by_body(wanted) or self._found.get(wanted)

    def arrived(self, raws: Sequence[bytes]) -> None:
        """A peer's answer; what nobody wants is dropped."""
        self._take(raws, certified=False)
        self.news()

    def _take(self, raws: Sequence[bytes], *, certified: bool) -> None:
        for raw in raws:
            wanted = body_hash(raw)
            if wanted in self._wanted and self._get(wanted) is None:
                self._found[wanted] = self._read(raw, certified)

    def news(self) -> None:
        """Something has come that a waiting proposal may have waited for."""
        for digest in list(self._waiting):
            self._try(digest)

    def held(self, body: bytes) -> bytes | None:
        """Raw bytes for a peer that asks, or None."""
        found = self._get(body)
        if isinstance(found, ReceivedTransaction):
            return found.raw
        return next((block[body] for block in self._written if body in block), None)

    def decided(self, height: int, transactions: Sequence[ReceivedTransaction]) -> None:
        """The height is written: forget what was wanted up to it, keep its block's for others."""
        self._written.append({received.body_hash: received.raw for received in transactions})
        over = [wanted for wanted, at in self._wanted.items() if at <= height]
        for wanted in over:
            del self._wanted[wanted]
            self._found.pop(wanted, None)

    def cancel(self, height: int) -> None:
        """The height is decided: nobody waits for the verdict on its proposals any more."""
        over = [d for d, (r, _) in self._waiting.items() if r.header.height <= height]
        for digest in over:
            del self._waiting[digest]

    @property
    def size(self) -> int:
        """How much is remembered."""
        return len(self._wanted) + len(self._found) + len(self._waiting)
