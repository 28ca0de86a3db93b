"""What the API asks of a running node: the narrow protocol between `node/api` and the rest."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from chain.block import Receipt
from chain.context import Chain
from chain.errors import HushangError
from chain.ledger import Ledger
from chain.stored_chain import ReceiptPlace
from chain.upgrades import FIRST_VERSION, PROTOCOL_VERSION, Upgrade
from node.consensus_place import ConsensusPlace
from node.evidence_book import EvidenceBook
from node.proofs import Prover

# `suspended`: evidence convicted it; it votes and never leads.
Role: TypeAlias = Literal["member", "observer", "suspended"]
JoiningPhase: TypeAlias = Literal["asking", "fetching", "installing"]


class PoolFull(HushangError):
    """The node's pool, or the sponsoring member's fair share of it, is full: try again later."""

    hint = "wait retry_after_ms and send the same bytes again; repeating is harmless"

    def __init__(self, message: str, retry_after_ms: int, sponsor: bytes | None = None) -> None:
        """`sponsor`: whose share is used up, where it is one's."""
        super().__init__(message)
        self.retry_after_ms = retry_after_ms
        self.sponsor = sponsor


@dataclass(frozen=True, slots=True)
class Decided:
    """The outcome of a transaction: its block is synced on this node.

    `row` is the receipt's canonical bytes, as they were made when it was executed.
    """

    place: ReceiptPlace
    receipt: Receipt
    row: bytes
    block_hash: bytes
    time_ms: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """A transaction that passed the door. `decided` is set when it already was decided."""

    id: bytes
    decided: Decided | None


@dataclass(frozen=True, slots=True)
class PeerView:
    """One other node as this one sees it.

    `height`: what it was last heard to have decided. `address`: where the settings say that it is.
    `direction`: who dialled the connection. `clock_skew_ms`: its clock less this node's, by its
    last proposal and with the way of that; None while it made none.
    """

    name: str
    public_key: bytes
    connected: bool
    height: int | None
    last_seen_ms: int | None
    queued: int
    dropped: int
    bytes_in: int
    bytes_out: int
    last_error: str | None
    # Two processes with this node's key connect by turns: one must be stopped.
    on_two_hosts: bool = False
    address: str | None = None
    direction: Literal["inbound", "outbound"] | None = None
    connected_ms: int | None = None
    agent: str = ""
    # Its index in the committee of this node's epoch; None: it has no seat.
    seat: int | None = None
    role: Role = "observer"
    clock_skew_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SyncView:
    """How a node catches up: level where `target`, the greatest certified height it knows, is its
    own height. `eta_ms` is the time left, None while no block comes.
    """

    height: int
    target: int
    blocks_per_s: int
    transactions_per_s: int
    eta_ms: int | None


@dataclass(frozen=True, slots=True)
class CertificateState:
    """A certificate that this node shows: to `peers`, which it renews by itself, or by the `api`,
    which its operator renews. `names`: those that it holds for.
    """

    use: Literal["peers", "api"]
    names: tuple[str, ...]
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class SnapshotView:
    """A complete snapshot: the height of its block, that block's time, its size in bytes."""

    height: int
    time_ms: int
    size: int


@dataclass(frozen=True, slots=True)
class ProtocolView:
    """The protocol version that governs the next block, since which height; the newest whose rules
    this software has; and what is planned.
    """

    version: int
    since_height: int
    software: int
    planned: Upgrade | None

    @classmethod
    def of(cls, ledger: Ledger) -> "ProtocolView":
        """The chain's plan as its newest block left it."""
        next_height = ledger.tip.height + 1
        governing = ledger.plan.governing(next_height)
        pending = ledger.plan.pending(next_height)
        return cls(governing.version, governing.height, ledger.rules.version, pending)


_FIRST_PROTOCOL = ProtocolView(FIRST_VERSION, 0, PROTOCOL_VERSION, None)


@dataclass(frozen=True, slots=True)
class JoiningView:
    """How far a node is that joins by a snapshot. `target`: the snapshot's height, 0 while none is
    chosen; `words`: why none is.
    """

    phase: JoiningPhase
    target: int
    parts_done: int
    parts: int
    words: str


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A node's own account of itself. `ready` and `not_ready_because` answer GET /ready."""

    name: str
    version: str
    store: str
    time_ms: int
    started_ms: int
    height: int
    block_hash: bytes
    state_root: bytes
    view: int
    primary: str
    member_index: int | None
    pool_count: int
    pool_bytes: int
    ready: bool
    not_ready_because: tuple[str, ...]
    peers: Sequence[PeerView]
    # Connections refused before their peer was known, by the rule's name, since the start.
    refused_connections: Mapping[str, int] = field(default_factory=dict)
    # Entries of the evidence book.
    evidence_count: int = 0
    # What the node is in the committee that decides the next block, and that committee's number.
    role: Role = "member"
    epoch: int = 0
    # Why this node casts no votes now; empty if it does.
    withheld: str = ""
    # The lowest height whose block and receipts are here.
    first_block: int = 1
    sync: SyncView = SyncView(0, 0, 0, 0, 0)
    protocol: ProtocolView = _FIRST_PROTOCOL
    certificates: tuple[CertificateState, ...] = ()
    # Newest first.
    snapshots: tuple[SnapshotView, ...] = ()
    # Where other nodes reach this one, and the key by which they know it.
    p2p_port: int = 0
    node_key: bytes = bytes(32)
    # Transactions that found no place in the pool, and what was sent for the beacon by type and
    # outcome, both since the start.
    pool_refused: int = 0
    beacon_duties: Mapping[tuple[str, str], int] = field(default_factory=dict)
    # The own clock less the newest block's time when that was decided; None if it came as history.
    block_lag_ms: int | None = None
    # Set while the node has no database: then only its own account of itself is served.
    joining: JoiningView | None = None


class NodeService(Protocol):
    """A running node. All methods are called on its event loop."""

    @property
    def ledger(self) -> Ledger:
        """The ledger; its readers may be called freely."""
        ...

    @property
    def evidence(self) -> EvidenceBook:
        """What this node found against members: its own, nothing agreed."""
        ...

    @property
    def proofs(self) -> Prover:
        """What proofs take besides the ledger."""
        ...

    @property
    def chain(self) -> Chain:
        """The constants of the chain."""
        ...

    async def submit(self, raw: bytes) -> Submitted:
        """Take raw signed transaction bytes through the door.

        Raises the `LedgerError` of the first broken rule, or `PoolFull`. Sending the same bytes
        again is harmless: the same answer, also after the decision.
        """
        ...

    async def submit_batch(self, raws: Sequence[bytes]) -> Sequence[Submitted | HushangError]:
        """Take many through the door at once: in their order what `submit` returns or raises."""
        ...

    async def wait_decided(self, transaction_id: bytes, timeout_ms: int) -> Decided | None:
        """The outcome once the block is synced here; None when the time is over."""
        ...

    async def wait_all_decided(
        self, ids: Collection[bytes], timeout_ms: int
    ) -> Mapping[bytes, Decided]:
        """The outcomes once all are synced here; those there are when the time is over."""
        ...

    def decided(self, transaction_id: bytes) -> Decided | None:
        """The outcome if it is known here already."""
        ...

    def is_pending(self, transaction_id: bytes) -> bool:
        """Is the transaction in the pool?"""
        ...

    async def wait_height(self, height: int, timeout_ms: int) -> int:
        """The newest height, as soon as it is at least `height` or the time is over."""
        ...

    def end_waits(self) -> None:
        """Answer all who wait with what is known now, and from now on whoever comes: it stops."""
        ...

    def status(self) -> NodeStatus:
        """What the node says of itself now."""
        ...

    def consensus(self) -> ConsensusPlace:
        """Where the node stands before the next decision."""
        ...
