"""What GET /metrics tells: one registry per node, every name and meaning here or in a file beside.

Counters are moved by whoever sees the thing happen; gauges are set from the node's own status when
the metrics are asked for. No label takes a value that a client chooses.
"""

import asyncio
import collections
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from chain.committee import quorum_size
from node.disk_metrics import DiskMetrics
from node.gateway_metrics import GATEWAY
from node.gauges import Gauges, Told
from node.heartbeat import Pulse
from node.service import NodeStatus
from node.upkeep_metrics import UPKEEP

LAG_INTERVAL_S = 0.25
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0)


class NodeMetrics:
    """The metrics of one node."""

    def __init__(self, data_dir: Path | None = None) -> None:
        """`data_dir`: whose disk is looked at, None for nobody's."""
        registry = self.registry = CollectorRegistry()
        self._disk = None if data_dir is None else DiskMetrics(registry, data_dir)
        # process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds, …
        ProcessCollector(registry=registry)
        self.chain = ChainMetrics(registry)
        self._status = Gauges(registry, (*_PEERS, *_KEPT, *_DUTIES, *UPKEEP))
        self.edge = EdgeMetrics(registry)
        self.gateway = Gauges(registry, GATEWAY)
        self.loop = LoopLag(registry)
        self.pulse = Pulse()

    def look(self) -> None:
        """Ask the disk, before `render` and not on the event loop."""
        if self._disk is not None:
            self._disk.look()

    def render(self, status: NodeStatus) -> bytes:
        """The exposition text, gauges as of now."""
        self.chain.set_from(status)
        self._status.set_from(status)
        return generate_latest(self.registry)


_CHAIN: Final[tuple[Told[NodeStatus], ...]] = (
    Told("hushang_height", "height of the newest block synced here", lambda s: s.height),
    Told("hushang_view", "PBFT view of this node", lambda s: s.view),
    Told("hushang_ready", "1 when GET /ready answers 200", lambda s: s.ready),
    Told("hushang_pool_transactions", "transactions waiting in the pool", lambda s: s.pool_count),
    Told("hushang_pool_bytes", "bytes of the transactions in the pool", lambda s: s.pool_bytes),
    Told(
        "hushang_evidence_records",
        "pieces of evidence against members in this node's book",
        lambda s: s.evidence_count,
    ),
    Told(
        "hushang_block_time_lag_seconds",
        "how far the newest block's time lay behind this node's clock when it was decided; "
        "not a number where it came as history",
        lambda s: math.nan if s.block_lag_ms is None else s.block_lag_ms / 1000,
    ),
    Told(
        "hushang_pool_refused",
        "clients' transactions since the start for which the pool had no place",
        lambda s: s.pool_refused,
    ),
)


class ChainMetrics(Gauges[NodeStatus]):
    """Blocks, transactions, pool and evidence."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry, _CHAIN)
        self.blocks = Counter(
            "hushang_blocks_total", "blocks written since the start", registry=registry
        )
        self.transactions = Counter(
            "hushang_transactions_total",
            "receipts written since the start, by status: ok or the broken rule",
            ["status"],
            registry=registry,
        )
        self.decision_seconds = Histogram(
            "hushang_decision_seconds",
            "from a client's submission until its block is synced here, where the client waited",
            buckets=SECONDS,
            registry=registry,
        )

    def block_written(self, statuses: Iterable[str]) -> None:
        """A block was synced; `statuses` are those of its receipts."""
        self.blocks.inc()
        for status, count in collections.Counter(statuses).items():
            self.transactions.labels(status).inc(count)


def _seated(status: NodeStatus) -> list[bool]:
    """Nodes of the committee, this one among them: is it there?"""
    own = [True] if status.member_index is not None else []
    return own + [peer.connected for peer in status.peers if peer.seat is not None]


# Other nodes, as this one meets them.
_PEERS: Final[tuple[Told[NodeStatus], ...]] = (
    Told(
        "hushang_peers_connected",
        "peers with a live link",
        lambda s: sum(peer.connected for peer in s.peers),
    ),
    Told("hushang_peers_expected", "nodes that may connect, there or not", lambda s: len(s.peers)),
    Told(
        "hushang_members_connected",
        "nodes of the committee that are there, this one counted",
        lambda s: sum(_seated(s)),
    ),
    Told(
        "hushang_members_quorum",
        "members that a decision takes",
        lambda s: quorum_size(len(_seated(s))),
    ),
    Told(
        "hushang_peer_queued_frames",
        "frames waiting for a peer",
        lambda s: {(peer.name,): peer.queued for peer in s.peers},
        ("peer",),
    ),
    Told(
        "hushang_peer_dropped_frames",
        "frames dropped for a peer since the start",
        lambda s: {(peer.name,): peer.dropped for peer in s.peers},
        ("peer",),
    ),
    Told(
        "hushang_peers_on_two_hosts",
        "peers of whose node key two processes connect by turns",
        lambda s: sum(peer.on_two_hosts for peer in s.peers),
    ),
    Told(
        "hushang_p2p_refused_connections",
        "connections refused before their peer was known, since the start, by rule",
        lambda s: {(rule,): count for rule, count in s.refused_connections.items()},
        ("rule",),
    ),
)

# How much of the chain is here: what is missing above, what was pruned below, snapshots.
_KEPT: Final[tuple[Told[NodeStatus], ...]] = (
    Told(
        "hushang_sync_lag_blocks",
        "blocks that others have decided, as far as this node knows, and it has not",
        lambda s: max(0, s.sync.target - s.height),
    ),
    Told(
        "hushang_first_block",
        "lowest height whose block is here: what is below was pruned, or never came",
        lambda s: s.first_block,
    ),
    Told(
        "hushang_snapshot_height",
        "height of the newest complete snapshot, 0 without one",
        lambda s: max((held.height for held in s.snapshots), default=0),
    ),
    Told(
        "hushang_snapshot_bytes",
        "size of the snapshots on the disk",
        lambda s: sum(held.size for held in s.snapshots),
    ),
)

# What this node is, and what it owes the others: seat, votes, its part in the beacon.
_DUTIES: Final[tuple[Told[NodeStatus], ...]] = (
    Told(
        "hushang_build_info",
        "1; its labels tell the version and the store",
        lambda s: {(s.version, s.store): 1},
        ("version", "store"),
    ),
    Told("hushang_start_time_seconds", "when the node was started", lambda s: s.started_ms / 1000),
    Told("hushang_epoch", "epoch of the committee that decides the next block", lambda s: s.epoch),
    Told(
        "hushang_seat",
        "1 when this node has a seat in that committee",
        lambda s: s.member_index is not None,
    ),
    Told(
        "hushang_suspended",
        "1 when evidence convicted this node's member",
        lambda s: s.role == "suspended",
    ),
    Told("hushang_withheld", "1 while this node casts no votes", lambda s: bool(s.withheld)),
    Told(
        "hushang_joining", "1 while the node joins by a snapshot", lambda s: s.joining is not None
    ),
    Told(
        "hushang_beacon_duties",
        "transactions for the beacon since the start, by type and outcome",
        lambda s: {(kind, outcome): n for (kind, outcome), n in s.beacon_duties.items()},
        ("type", "outcome"),
    ),
)


class EdgeMetrics:
    """The API's own: requests, connections, streams."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "hushang_http_requests_total",
            "answered requests by method, route template and status",
            ["method", "route", "status"],
            registry=registry,
        )
        self.seconds = Histogram(
            "hushang_http_request_seconds",
            "from a request's header to the last byte of its answer, waits included",
            buckets=SECONDS,
            registry=registry,
        )
        self.connections = Gauge(
            "hushang_http_connections", "open HTTP connections", registry=registry
        )
        self.dropped = Gauge(
            "hushang_http_dropped_connections",
            "connections dropped since the start, by reason",
            ["reason"],
            registry=registry,
        )
        self.streams = Gauge("hushang_event_streams", "open event streams", registry=registry)
        self.streams_ended = Counter(
            "hushang_event_streams_ended_total",
            "event streams that ended, by reason",
            ["reason"],
            registry=registry,
        )

    def set_from(self, connections: int, dropped: Mapping[str, int], streams: int) -> None:
        """Set the gauges."""
        self.connections.set(connections)
        self.streams.set(streams)
        for reason, count in dropped.items():
            self.dropped.labels(reason).set(count)


class LoopLag:
    """How late the event loop runs a timer: the first sign of something that blocks it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.seconds = Histogram(
            "hushang_loop_lag_seconds",
            "how late a timer of the event loop ran",
            buckets=SECONDS,
            registry=registry,
        )
        self.last_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Measure from now on."""
        loop = asyncio.get_running_loop()
        self._again(loop, loop.time())

    def stop(self) -> None:
        """Measure no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _again(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        now = loop.time()
        self.last_s = max(0.0, now - due)
        self.seconds.observe(self.last_s)
        due = now + LAG_INTERVAL_S
        self._timer = loop.call_at(due, self._again, loop, due)
