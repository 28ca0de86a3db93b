"""The JSON views of the node itself and of what its chain started from."""

from typing import Any, Literal

from chain.codec import encode
from chain.context import Chain
from node.api.models import TimeMs, View, Whole
from node.api.render import HashText, HexText, Json, render_fields
from node.service import NodeStatus, PeerView


class HealthView(View):
    """The process and its event loop are alive."""

    status: Literal["ok"]
    loop_lag_ms: Whole


class SyncStateView(View):
    """How the node catches up: level where `target`, the greatest certified height it knows of, is
    its own. `eta_ms` is the time left, null while no block comes.
    """

    height: Whole
    target: Whole
    blocks_per_s: Whole
    transactions_per_s: Whole
    eta_ms: Whole | None


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


class PeerStatusView(View):
    """Another node as this one sees it. `on_two_hosts`: two processes use its key by turns."""

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

    @classmethod
    def of(cls, peer: PeerView) -> "PeerStatusView":
        """The view of a peer."""
        return cls.model_validate(render_fields(peer))


class SnapshotStateView(View):
    """A snapshot that this node offers: the height and time of its block, its size in bytes."""

    height: Whole
    time_ms: TimeMs
    size: Whole


class StatusView(View):
    """A node's own account of itself.

    `role` and `member_index` are those in the committee of `epoch`, which decides the next block.
    `withheld` says why this node casts no votes now; empty if it does.
    `first_block` is the lowest height whose block and receipts are here; 1 on a full node.
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
    snapshots: list[SnapshotStateView]

    @classmethod
    def of(cls, status: NodeStatus, chain: Chain) -> "StatusView":
        """The view of a status."""
        fields = {
            **render_fields(status),
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
