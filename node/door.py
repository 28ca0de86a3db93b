"""The door: what a transaction must pass before the pool takes it, from clients and from peers.

Bytes, caps, every signature, chain, window, sender and policy: what could not stand in a valid
block is refused here, by the rule's name. All that commerce may say against it (funds, roles, an
order's state) is said in a receipt. Repeating the same bytes is harmless and gives the same answer.
"""

from collections.abc import Callable, Sequence
from functools import partial

from chain.account import ACCOUNTS
from chain.block import Receipt
from chain.context import authorise_by, sender_of
from chain.errors import HushangError, TransactionExpired, as_value
from chain.execution import require_in_force
from chain.ledger import Ledger
from chain.replay import minute_of
from chain.state import StateReader
from chain.store_contract import StorageError
from chain.stored_chain import read_row
from chain.transaction import (
    TRANSACTION_SIZE_MAX,
    ReceivedTransaction,
    body_hash,
    check_window,
)
from node.bodies import Bodies
from node.mempool import Mempool
from node.service import Decided, PoolFull, Submitted
from node.verifier import Read, TransactionVerifier, are_few

# Of clients; a batch that begins below it is read as a whole.
READING_MAX = 20_000
RETRY_AFTER_MS = 500
# Told of each newly admitted transaction, with the peer it came from (None: a client).
Admitted = Callable[[ReceivedTransaction, bytes | None], None]


def sponsor_of(state: StateReader, received: ReceivedTransaction) -> bytes | None:
    """The member that answers for a transaction's sender; None for who has no account."""
    account = ACCOUNTS.load(state, received.transaction.sender)
    return None if account is None else account.sponsor


class Door:
    """Admits raw transactions to the pool."""

    def __init__(
        self,
        ledger: Ledger,
        mempool: Mempool,
        bodies: Bodies,
        verifier: TransactionVerifier,
        clock_ms: Callable[[], int],
        admitted: Admitted,
    ) -> None:
        self._ledger = ledger
        self._mempool = mempool
        self._bodies = bodies
        self._verifier = verifier
        self._clock_ms = clock_ms
        self._admitted = admitted
        # Of clients, with the verifier now.
        self._reading = 0
        # Peers whose last batch had something for which there was no room, and whose room that is.
        self._crowded_by: dict[bytes, bytes] = {}

    async def admit(self, raw: bytes) -> Submitted:
        """Take a client's raw bytes in, or raise the refusal (`LedgerError`, `PoolFull`)."""
        (answer,) = await self.admit_batch((raw,))
        if isinstance(answer, HushangError):
            try:
                raise answer
            finally:
                # It leads to this frame, which must not lead back (`as_value`).
                del answer
        return answer

    async def admit_batch(self, raws: Sequence[bytes]) -> list[Submitted | HushangError]:
        """Take in many of a client's at once: in their order what `admit` returns or raises."""
        bodies: list[bytes] = []
        answers: dict[bytes, Submitted | HushangError] = {}
        fresh: dict[bytes, bytes] = {}
        for raw in raws:
            body = body_hash(raw)
            bodies.append(body)
            answer = self._look(body, raw)
            if answer is None:
                fresh[body] = raw
            else:
                answers[body] = answer
        if fresh:
            self._reading += len(fresh)
            try:
                read = await self._verifier.read_all(fresh, judge=self._require_share)
            finally:
                self._reading -= len(fresh)
            for body in fresh:
                answers[body] = self._take(read[body], None)
        return [answers[body] for body in bodies]

    def _look(self, body: bytes, raw: bytes) -> Submitted | PoolFull | None:
        """The answer where none of the work of reading is needed; None to read it."""
        known = self._mempool.by_body(body)
        if known is not None:
            # From a peer it came no further than here; a client's goes to everybody.
            self._admitted(known, None)
            return Submitted(known.id, None)
        if self._reading >= READING_MAX:
            return PoolFull(f"{READING_MAX} transactions wait to be verified", RETRY_AFTER_MS)
        try:
            self._require_room(raw)
        except PoolFull as error:
            return as_value(error)
        return None

    def _require_room(self, raw: bytes) -> None:
        """Refusing must cost little: no signature is checked for what has no place (`PoolFull`)."""
        # A greater one is refused by its own rule, however much room there is.
        size = min(len(raw), TRANSACTION_SIZE_MAX)
        self._mempool.require_room(size, None)

    def _require_share(self, received: ReceivedTransaction) -> None:
        """The same of what was read: its sponsor is known now. Called on the verifier's threads."""
        self._require_sponsors_room(received, None)

    def _require_peers_share(self, origin: bytes | None, received: ReceivedTransaction) -> None:
        """As `_require_share`, of gossip: a flood of one member's costs no signatures."""
        self._require_sponsors_room(received, origin)

    def _require_sponsors_room(self, received: ReceivedTransaction, origin: bytes | None) -> None:
        sponsor = sponsor_of(self._ledger.state, received)
        if sponsor is not None:
            self._mempool.require_room(len(received.raw), sponsor, origin)

    def _take(self, result: Read, origin: bytes | None) -> Submitted | HushangError:
        if isinstance(result, HushangError):
            return result
        try:
            return self._enter(result, origin)
        except StorageError:
            # No refusal: the node must not go on.
            raise
        except HushangError as error:
            return as_value(error)

    def admit_few(self, raws: Sequence[bytes], origin: bytes | None) -> int | None:
        """As `admit_all`, at once where they are few; None, and nothing done, where they aren't."""
        if not are_few(raws):
            return None
        fresh, known = self._sort(raws)
        read = self._verifier.read_few(fresh, judge=partial(self._require_peers_share, origin))
        return self._enter_all([*known, *read.values()], origin)

    async def admit_all(self, raws: Sequence[bytes], origin: bytes | None) -> int:
        """Take in a batch of gossip; what is refused is dropped. Returns how many were refused."""
        fresh, known = self._sort(raws)
        judge = partial(self._require_peers_share, origin)
        read = await self._verifier.read_all(fresh, judge=judge)
        return self._enter_all([*known, *read.values()], origin)

    def _sort(self, raws: Sequence[bytes]) -> tuple[dict[bytes, bytes], list[ReceivedTransaction]]:
        """Of a peer's: what is new, and what a proposal has brought and verified already.

        Under load gossip comes behind the blocks: what waits or is written is dropped unread.
        """
        fresh: dict[bytes, bytes] = {}
        known: list[ReceivedTransaction] = []
        for raw in raws:
            body = body_hash(raw)
            if self._mempool.by_body(body) is not None or self._bodies.is_written(body):
                continue
            verified = self._bodies.verified(body)
            if verified is None:
                fresh[body] = raw
            else:
                known.append(verified)
        return fresh, known

    def _enter_all(self, read: Sequence[Read], origin: bytes | None) -> int:
        refused = 0
        for result in read:
            answer = self._take(result, origin)
            if isinstance(answer, HushangError):
                refused += 1
            if isinstance(answer, PoolFull) and answer.sponsor and origin:
                self._crowded_by[origin] = answer.sponsor
        return refused

    def has_room_for(self, peer: bytes) -> bool:
        """Is there room for what this peer brings, as far as its last batches tell?"""
        sponsor = self._crowded_by.get(peer)
        if sponsor is None or self._mempool.has_room_again(sponsor, peer):
            self.forget(peer)
            return True
        return False

    def forget(self, peer: bytes) -> None:
        """It brings nothing any more."""
        self._crowded_by.pop(peer, None)

    def _enter(self, received: ReceivedTransaction, origin: bytes | None) -> Submitted:
        ledger, now_ms = self._ledger, self._clock_ms()
        require_in_force(received, ledger.rules, ledger.chain)
        # A block's time may be ahead of this node's clock.
        time_ms = max(now_ms, ledger.tip.header.time_ms)
        lifetime_max_ms = ledger.chain.genesis.consensus.transaction_lifetime_max_ms
        try:
            check_window(received.transaction, ledger.chain.genesis_hash, time_ms, lifetime_max_ms)
        except TransactionExpired:
            # A client that asks late what came of it must not hear that nothing did.
            known = self.decided(received.id) if origin is None else None
            if known is None:
                raise
            return Submitted(received.id, known)
        if ledger.is_remembered(minute_of(received.transaction.valid_until_ms), received.id):
            # A peer isn't answered.
            return Submitted(received.id, self.decided(received.id) if origin is None else None)
        account = sender_of(ledger.state, received)
        authorise_by(account, ledger.state, received, time_ms)
        height = ledger.tip.height
        if self._mempool.add(received, account.sponsor, height, origin):
            self._admitted(received, origin)
        return Submitted(received.id, None)

    def decided(self, transaction_id: bytes) -> Decided | None:
        """The outcome of a decided transaction or system transition, or None."""
        found = self._ledger.receipt_row(transaction_id)
        if found is None:
            return None
        place, row = found
        header = self._ledger.header(place.height)
        assert header is not None, "a receipt's block is in the store"
        return Decided(place, read_row(Receipt, row), row, header.digest(), header.time_ms)
