"""What GET /metrics tells: one registry per node, every name and meaning in this file.

Counters are moved by whoever sees the thing happen; gauges are set from the node's own status when
the metrics are asked for. No label takes a value that a client chooses.
"""

import asyncio
import collections
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

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
from node.gateway_metrics import GatewayMetrics
from node.heartbeat import Pulse
from node.service import NodeStatus
from node.upkeep_metrics import UpkeepMetrics

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
        self.peers = PeerMetrics(registry)
        self.kept = KeptMetrics(registry)
        self.duties = DutyMetrics(registry)
        self.upkeep = UpkeepMetrics(registry)
        self.edge = EdgeMetrics(registry)
        self.gateway = GatewayMetrics(registry)
        self.loop = LoopLag(registry)
        self.pulse = Pulse()

    def look(self) -> None:
        """Ask the disk, before `render` and not on the event loop."""
        if self._disk is not None:
            self._disk.look()

    def render(self, status: NodeStatus) -> bytes:
        """The exposition text, gauges as of now."""
        self.chain.set_from(status)
        self.peers.set_from(status)
        self.kept.set_from(status)
        self.duties.set_from(status)
        self.upkeep.set_from(status)
        return generate_latest(self.registry)


class ChainMetrics:
    """Blocks, transactions, pool and evidence."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.height = Gauge(
            "hushang_height", "height of the newest block synced here", registry=registry
        )
        self.view = Gauge("hushang_view", "PBFT view of this node", registry=registry)
        self.ready = Gauge("hushang_ready", "1 when GET /ready answers 200", registry=registry)
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
        self.pool_transactions = Gauge(
            "hushang_pool_transactions", "transactions waiting in the pool", registry=registry
        )
        self.pool_bytes = Gauge(
            "hushang_pool_bytes", "bytes of the transactions in the pool", registry=registry
        )
        self.evidence = Gauge(
            "hushang_evidence_records",
            "pieces of evidence against members in this node's book",
            registry=registry,
        )
        self.block_time_lag = Gauge(
            "hushang_block_time_lag_seconds",
            "how far the newest block's time lay behind this node's clock when it was decided; "
            "not a number where it came as history",
            registry=registry,
        )
        self.pool_refused = Gauge(
            "hushang_pool_refused",
            "clients' transactions since the start for which the pool had no place",
            registry=registry,
        )

    def block_written(self, statuses: Iterable[str]) -> None:
        """A block was synced; `statuses` are those of its receipts."""
        self.blocks.inc()
        for status, count in collections.Counter(statuses).items():
            self.transactions.labels(status).inc(count)

    def set_from(self, status: NodeStatus) -> None:
        """Set the gauges."""
        self.height.set(status.height)
        self.view.set(status.view)
        self.ready.set(int(status.ready))
        self.pool_transactions.set(status.pool_count)
        self.pool_bytes.set(status.pool_bytes)
        self.pool_refused.set(status.pool_refused)
        lag_ms = status.block_lag_ms
        self.block_time_lag.set(math.nan if lag_ms is None else lag_ms / 1000)
        self.evidence.set(status.evidence_count)


class KeptMetrics:
    """How much of the chain is here: what is missing above, what was pruned below, snapshots."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sync_lag = Gauge(
            "hushang_sync_lag_blocks",
            "blocks that others have decided, as far as this node knows, and it has not",
            registry=registry,
        )
        self.first_block = Gauge(
            "hushang_first_block",
            "lowest height whose block is here: what is below was pruned, or never came",
            registry=registry,
        )
        self.snapshot_height = Gauge(
            "hushang_snapshot_height",
            "height of the newest complete snapshot, 0 without one",
            registry=registry,
        )
        self.snapshot_bytes = Gauge(
            "hushang_snapshot_bytes", "size of the snapshots on the disk", registry=registry
        )

    def set_from(self, status: NodeStatus) -> None:
        """Set the gauges."""
        self.sync_lag.set(max(0, status.sync.target - status.height))
        self.first_block.set(status.first_block)
        self.snapshot_height.set(max((held.height for held in status.snapshots), default=0))
        self.snapshot_bytes.set(sum(held.size for held in status.snapshots))


class DutyMetrics:
    """What this node is, and what it owes the others: seat, votes, its part in the beacon."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._build = Gauge(
            "hushang_build_info",
            "1; its labels tell the version and the store",
            ["version", "store"],
            registry=registry,
        )
        self._started = Gauge(
            "hushang_start_time_seconds", "when the node was started", registry=registry
        )
        self._epoch = Gauge(
            "hushang_epoch", "epoch of the committee that decides the next block", registry=registry
        )
        self._seat = Gauge(
            "hushang_seat", "1 when this node has a seat in that committee", registry=registry
        )
        self._suspended = Gauge(
            "hushang_suspended", "1 when evidence convicted this node's member", registry=registry
        )
        self._withheld = Gauge(
            "hushang_withheld", "1 while this node casts no votes", registry=registry
        )
        self._joining = Gauge(
            "hushang_joining", "1 while the node joins by a snapshot", registry=registry
        )
        self._beacon = Gauge(
            "hushang_beacon_duties",
            "transactions for the beacon since the start, by type and outcome",
            ["type", "outcome"],
            registry=registry,
        )

    def set_from(self, status: NodeStatus) -> None:
        """Set the gauges."""
        self._build.labels(status.version, status.store).set(1)
        self._started.set(status.started_ms / 1000)
        self._epoch.set(status.epoch)
        self._seat.set(int(status.member_index is not None))
        self._suspended.set(int(status.role == "suspended"))
        self._withheld.set(int(bool(status.withheld)))
        self._joining.set(int(status.joining is not None))
        for (kind, outcome), count in status.beacon_duties.items():
            self._beacon.labels(kind, outcome).set(count)


class PeerMetrics:
    """Other nodes, as this one meets them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.peers = Gauge("hushang_peers_connected", "peers with a live link", registry=registry)
        self.expected = Gauge(
            "hushang_peers_expected", "nodes that may connect, there or not", registry=registry
        )
        self.members = Gauge(
            "hushang_members_connected",
            "nodes of the committee that are there, this one counted",
            registry=registry,
        )
        self.quorum = Gauge(
            "hushang_members_quorum", "members that a decision takes", registry=registry
        )
        self.queued = Gauge(
            "hushang_peer_queued_frames", "frames waiting for a peer", ["peer"], registry=registry
        )
        self.peer_dropped = Gauge(
            "hushang_peer_dropped_frames",
            "frames dropped for a peer since the start",
            ["peer"],
            registry=registry,
        )
        self.on_two_hosts = Gauge(
            "hushang_peers_on_two_hosts",
            "peers of whose node key two processes connect by turns",
            registry=registry,
        )
        self.refused = Gauge(
            "hushang_p2p_refused_connections",
            "connections refused before their peer was known, since the start, by rule",
            ["rule"],
            registry=registry,
        )

    def set_from(self, status: NodeStatus) -> None:
        """Set the gauges."""
        self.peers.set(sum(peer.connected for peer in status.peers))
        self.expected.set(len(status.peers))
        seated = [peer.connected for peer in status.peers if peer.seat is not None]
        own = [True] if status.member_index is not None else []
        self.members.set(sum([*own, *seated]))
        self.quorum.set(quorum_size(len(own) + len(seated)))
        self.on_two_hosts.set(sum(peer.on_two_hosts for peer in status.peers))
        # Who is no longer admitted is no longer counted.
        self.queued.clear()
        self.peer_dropped.clear()
        for peer in status.peers:
            self.queued.labels(peer.name).set(peer.queued)
            self.peer_dropped.labels(peer.name).set(peer.dropped)
        for rule, count in status.refused_connections.items():
            self.refused.labels(rule).set(count)


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
