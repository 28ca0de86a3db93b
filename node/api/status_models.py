"""The JSON views of the node itself and of what its chain started from."""

from typing import Any, Literal

from pydantic import BaseModel

from chain.codec import encode
from chain.context import Chain
from node.api.models import TimeMs, View, Whole
from node.api.render import HashText, HexText, Json, model_of, render_fields
from node.consensus_place import ConsensusPlace
from node.service import JoiningView, NodeStatus, PeerView

# What `node_reads.consensus` answers.
CONSENSUS_MODEL: type[BaseModel] = model_of(ConsensusPlace)


class HealthView(View):
    """The process and its event loop are alive; `hung`: its ledger's thread has not answered for
    a minute, and only a restart helps. `ledger_silent_ms`: for how long; 0 before there is one.
    """

    status: Literal["ok", "hung"]
    loop_lag_ms: Whole
    ledger_silent_ms: Whole


class SyncStateView(View):
    """How the node catches up: level where `target`, the greatest certified height it knows of, is
    its own. `eta_ms` is the time left, null while no block comes.
    """

    height: Whole
    target: Whole
    blocks_per_s: Whole
    transactions_per_s: Whole
    eta_ms: Whole | None


class JoiningStateView(View):
    """How a node that joins by a snapshot gets there. `target`: the snapshot's height, 0 while none
    is chosen; `words` say why none is.
    """

    phase: Literal["asking", "fetching", "installing"]
    target: Whole
    parts_done: Whole
    parts: Whole
    words: str

    @classmethod
    def of(cls, view: JoiningView | None) -> "JoiningStateView | None":
        """The view of a node that joins; None once it serves."""
        return None if view is None else cls.model_validate(render_fields(view))


class ReadyView(View):
    """Does the node follow the others and serve what is current? `reasons` say why not.

    `withheld` says why it casts no votes now; empty if it does. A silence that ends with new blocks
    leaves it ready: stop no other member meanwhile.
    """

    ready: bool
    reasons: list[str]
    withheld: str
    height: Whole
    sync: SyncStateView
    joining: JoiningStateView | None


class PeerStatusView(View):
    """Another node as this one sees it. `on_two_hosts`: two processes use its key by turns.

    `height` is what it was last heard to have decided. `address`: where the settings say that it
    is. `direction`: who dialled the connection, which stands since `connected_ms`. `seat`: its
    index in the committee of `epoch`. `clock_skew_ms`: its clock less this node's, by its last
    proposal; null while it made none.
    """

    name: str
    public_key: HashText
    connected: bool
    height: Whole | None
    last_seen_ms: TimeMs | None
    queued: Whole
    dropped: Whole
    bytes_in: Whole
    bytes_out: Whole
    last_error: str | None
    on_two_hosts: bool
    address: str | None
    direction: Literal["inbound", "outbound"] | None
    connected_ms: TimeMs | None
    agent: str
    seat: Whole | None
    role: Literal["member", "observer", "suspended"]
    clock_skew_ms: int | None

    @classmethod
    def of(cls, peer: PeerView) -> "PeerStatusView":
        """The view of a peer."""
        return cls.model_validate(render_fields(peer))


class HeldCertificateView(View):
    """A certificate that this node shows, its names, and from when until when it holds: to `peers`,
    renewed by the node itself, or by the `api`, renewed by its operator.
    """

    use: Literal["peers", "api"]
    names: list[str]
    start_ms: TimeMs
    end_ms: TimeMs


class SnapshotStateView(View):
    """A snapshot that this node offers: the height and time of its block, its size in bytes."""

    height: Whole
    time_ms: TimeMs
    size: Whole


class UpgradeView(View):
    """A protocol version and the first height that it governs."""

    version: Whole
    height: Whole


class ProtocolStateView(View):
    """The protocol version that governs the next block, and since which height. `software` is the
    newest whose rules this node has: below `planned.version` it stops before `planned.height`.
    """

    version: Whole
    since_height: Whole
    software: Whole
    planned: UpgradeView | None


class StatusView(View):
    """A node's own account of itself.

    `role` and `member_index` are those in the committee of `epoch`, which decides the next block.
    `withheld` says why this node casts no votes now; empty if it does.
    `first_block` is the lowest height whose block and receipts are here; 1 on a full node.
    `p2p_port` is where other nodes reach this one, `node_key` the key by which they know it.
    `joining` is null unless the node has no database yet and serves nothing else.
    `refused_connections` counts other nodes' connections that were refused, by the rule's name.
    """

    name: str
    version: str
    chain_id: str
    genesis_hash: HashText
    store: str
    time_ms: TimeMs
    started_ms: TimeMs
    height: Whole
    first_block: Whole
    block_hash: HashText
    state_root: HashText
    view: Whole
    primary: str
    member_index: Whole | None
    role: Literal["member", "observer", "suspended"]
    epoch: Whole
    withheld: str
    pool_count: Whole
    pool_bytes: Whole
    ready: bool
    not_ready_because: list[str]
    peers: list[PeerStatusView]
    refused_connections: dict[str, Whole]
    evidence_count: Whole
    sync: SyncStateView
    protocol: ProtocolStateView
    certificates: list[HeldCertificateView]
    snapshots: list[SnapshotStateView]
    p2p_port: Whole
    node_key: HashText
    joining: JoiningStateView | None

    @classmethod
    def of(cls, status: NodeStatus, chain: Chain) -> "StatusView":
        """The view of a status."""
        told: dict[str, Any] = render_fields(status)
        # Only the metrics tell these.
        del told["pool_refused"], told["beacon_duties"], told["block_lag_ms"]
        fields = {
            **told,
            "chain_id": chain.genesis.chain_id,
            "genesis_hash": chain.genesis_hash.hex(),
            "peers": [PeerStatusView.of(peer) for peer in status.peers],
        }
        return cls.model_validate(fields)


class GenesisView(View):
    """What the chain starts from; `raw` are the canonical bytes whose hash names the chain."""

    hash: HashText
    chain_id: str
    genesis: dict[str, Any]
    raw: HexText

    @classmethod
    def of(cls, chain: Chain) -> "GenesisView":
        """The view of a genesis."""
        genesis: dict[str, Json] = render_fields(chain.genesis)
        return cls.model_validate(
            {
                "hash": chain.genesis_hash.hex(),
                "chain_id": chain.genesis.chain_id,
                "genesis": genesis,
                "raw": encode(chain.genesis).hex(),
            }
        )


class FieldView(View):
    """One field of a payload and what it holds."""

    name: str
    holds: str
    nullable: bool


class RefusalView(View):
    """A rule that a handler checks."""

    code: str
    title: str
    hint: str | None


class TransactionTypeView(View):
    """A native transaction type, derived from the registry.

    `refusals` are in the handler's order of precedence; `payload` is the JSON Schema of the payload
    as this API shows it.
    """

    name: str
    summary: str
    payload_notes: str
    signers: str
    rank: str
    refusals: list[RefusalView]
    fields: list[FieldView]
    payload: dict[str, Any]


class TransactionTypesView(View):
    """Every native transaction type of this chain."""

    types: list[TransactionTypeView]
