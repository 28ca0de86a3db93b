"""Proof bundles made from a ledger (chain/bundle.py): claims, the committees up to them, the file.

What is claimed about the state is taken from the tree as it is now, whose root the newest header
has or the next one will have; `Prover` waits for that header. All else is read from blocks that
are decided, by functions that may run in any thread.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from chain import committees
from chain.block import Certificate, Header
from chain.bundle import (
    STEPS_MAX,
    Anchor,
    Bundle,
    CommitteeStep,
    Proven,
    ReceiptClaim,
    StateClaim,
    TransactionClaim,
    encode_bundle,
    receipt_claim,
    transaction_claim,
)
from chain.codec import decode
from chain.committees import CommitteeRecord
from chain.errors import HistoryPruned, HushangError
from chain.head import HeadStatement
from chain.ledger import Ledger
from chain.store_contract import StorageFailed
from chain.stored_chain import ReceiptPlace
from chain.transaction import SignedTransaction, transaction_id
from node.anchors import Anchors
from node.ledger_queue import TreeProof

# How long a proof may wait for the header that certifies what was executed last.
WAIT_MS: Final = 10_000


class ProofNotReady(HushangError):
    """No certified header has the newest state's root yet."""

    hint = "try again in a second; a chain that was just founded has none before its first block"


class StartUnusable(HushangError):
    """A proof can't start from the header that the client trusts."""

    hint = "leave trusted out: a proof from the genesis is longer and shows the same"


class StateQueue(Protocol):
    """Where state proofs are taken: `node.ledger_queue.LedgerQueue`."""

    @property
    def anchors(self) -> Anchors:
        """Who governed at headers of late."""
        ...

    async def prove(self, key: bytes) -> TreeProof:
        """A state key and its proof, between two writes."""
        ...


class HeadSource(Protocol):
    """Where statements of the members come from: `node.heads.Heads`."""

    async def about(self, header: Header) -> tuple[HeadStatement, ...]:
        """What members sign just now about a header being their newest."""
        ...


@dataclass(frozen=True, slots=True)
class StateProof:
    """A state key as it was below the header at `height`, which is decided."""

    height: int
    claim: StateClaim


@dataclass(frozen=True, slots=True)
class Claims:
    """What is claimed under the header at one height."""

    height: int
    states: tuple[StateClaim, ...] = ()
    transactions: tuple[TransactionClaim, ...] = ()
    receipts: tuple[ReceiptClaim, ...] = ()

    def joined(self, other: "Claims") -> "Claims":
        """Both, of one height."""
        assert self.height == other.height
        return Claims(
            self.height,
            self.states + other.states,
            self.transactions + other.transactions,
            self.receipts + other.receipts,
        )


@dataclass(frozen=True, slots=True)
class Start:
    """A header that the client trusts, by its height, and the proof of who governed there."""

    height: int
    proof: bytes | None


class Prover:
    """What a running node adds to its ledger for proofs: the tree of now, anchors, heads."""

    def __init__(
        self,
        queue: StateQueue,
        heads: HeadSource,
        wait_height: Callable[[int, int], Awaitable[int]],
    ) -> None:
        """`wait_height(height, timeout_ms)` returns the newest height, at last."""
        self._queue = queue
        self._heads = heads
        self._wait_height = wait_height

    def start(self, height: int) -> Start:
        """To begin a bundle at a header that the client trusts."""
        return Start(height, self._queue.anchors.proof(height))

    async def heads_about(self, header: Header) -> tuple[HeadStatement, ...]:
        """What members sign just now about a header being their newest, as far as they answer."""
        return await self._heads.about(header)

    async def state(self, key: bytes) -> StateProof:
        """The newest of what can be proven under a key; `ProofNotReady` if no block comes."""
        found = await self._queue.prove(key)
        tip = found.tip
        height = tip.height
        if height == 0 or tip.header.state_root != tip.state_root:
            # Results are certified one header later, and this one comes by itself.
            height += 1
            if not tip.needs_seal or await self._wait_height(height, WAIT_MS) < height:
                raise ProofNotReady(f"height {height} is not decided")
        return StateProof(height, StateClaim(key, found.value, found.proof))


# What follows only reads the ledger.


def transaction_claims(ledger: Ledger, place: ReceiptPlace, wanted_id: bytes) -> Claims | None:
    """The transaction of a receipt in its block; None for a system transition."""
    block = ledger.block(place.height)
    ledger.require_block(place.height)
    assert block is not None, "a decided block that is kept"
    index = _index_in_block(block.bodies, place, wanted_id)
    if index is None:
        return None
    return Claims(place.height, transactions=(transaction_claim(block.bodies, index),))


def _index_in_block(bodies: Sequence[bytes], place: ReceiptPlace, wanted_id: bytes) -> int | None:
    """Receipts of deadlines stand between those of transactions: never before the same number."""
    for index in range(min(place.index, len(bodies) - 1), -1, -1):
        if transaction_id(decode(SignedTransaction, bodies[index]).content) == wanted_id:
            return index
    return None


def receipt_claims(ledger: Ledger, place: ReceiptPlace) -> Claims:
    """A receipt under the header above its block, which the caller knows to be decided."""
    receipts = ledger.receipts(place.height)
    ledger.require_block(place.height)
    return Claims(place.height + 1, receipts=(receipt_claim(receipts, place.index),))


def merged(claims: Sequence[Claims]) -> tuple[Claims, ...]:
    """One for each height, ascending."""
    found: dict[int, Claims] = {}
    for entry in claims:
        known = found.get(entry.height)
        found[entry.height] = entry if known is None else known.joined(entry)
    return tuple(found[height] for height in sorted(found))


def make_bundle(
    ledger: Ledger,
    claims: Sequence[Claims],
    *,
    start: Start | None = None,
    heads: Sequence[HeadStatement] = (),
) -> bytes:
    """The file of a bundle with these claims. Raises `StartUnusable` or `HistoryPruned`.

    `start` None: from the genesis. `heads` are about the header of the last claim.
    """
    proven = tuple(_proven(ledger, entry) for entry in merged(claims))
    anchor = None if start is None else _anchor(ledger, start, proven[0].header)
    first_epoch = 0 if anchor is None else anchor.header.epoch
    steps = _steps(ledger, first_epoch, proven[-1].header.epoch)
    genesis_hash = ledger.chain.genesis_hash
    return encode_bundle(Bundle(genesis_hash, anchor, steps, proven, tuple(heads)))


def _proven(ledger: Ledger, claims: Claims) -> Proven:
    header, certificate = certified(ledger, claims.height)
    return Proven(header, certificate, claims.states, claims.transactions, claims.receipts)


def certified(ledger: Ledger, height: int) -> tuple[Header, Certificate]:
    """A decided header and its certificate; `HistoryPruned` if they are no longer here."""
    header, certificate = ledger.header(height), ledger.certificate(height)
    if header is None or certificate is None:
        msg = f"the header at height {height} and its certificate are no longer here"
        raise HistoryPruned(msg)
    return header, certificate


def _anchor(ledger: Ledger, start: Start, first: Header) -> Anchor | None:
    """Who governs at a header that the client trusts; None in epoch 0, where the genesis says it.

    `first` is the lowest header of the bundle.
    """
    header = ledger.header(start.height)
    if header is None:
        raise StartUnusable(f"no header at height {start.height} here")
    if header.epoch == 0:
        return None
    if header.epoch > first.epoch:
        words = f"height {start.height} is of epoch {header.epoch}"
        raise StartUnusable(f"{words}, what is proven of epoch {first.epoch}")
    if start.proof is None:
        raise StartUnusable(f"who governed at height {start.height} is no longer provable here")
    return Anchor(header, _record(ledger, header.epoch), start.proof)


def _steps(ledger: Ledger, first_epoch: int, last_epoch: int) -> tuple[CommitteeStep, ...]:
    """A certified header for each change of the committee after the first epoch."""
    if last_epoch - first_epoch > STEPS_MAX:
        raise StartUnusable(f"more than {STEPS_MAX} changes of the committee lie between")
    return tuple(_step(ledger, epoch) for epoch in range(first_epoch + 1, last_epoch + 1))


def _step(ledger: Ledger, epoch: int) -> CommitteeStep:
    record = _record(ledger, epoch)
    header, certificate = certified(ledger, record.first_height - 1)
    return CommitteeStep(header, certificate, record.committee)


def _record(ledger: Ledger, epoch: int) -> CommitteeRecord:
    record = committees.of_epoch(ledger.state, ledger.chain.genesis.committee(), epoch)
    if record is None:
        msg = f"a header of epoch {epoch} is decided and the state has no such committee"
        raise StorageFailed(msg)
    return record
