"""What GET /metrics tells: one registry per node, every name and meaning in this file.

Counters are moved by whoever sees the thing happen; gauges are set from the node's own status when
the metrics are asked for. No label takes a value that a client chooses.
"""

import asyncio
import collections
from collections.abc import Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from node.service import NodeStatus

LAG_INTERVAL_S = 0.25
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 30.0)


class NodeMetrics:
    """The metrics of one node."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        # process_resident_memory_bytes, process_cpu_seconds_total, process_open_fds, …
        ProcessCollector(registry=registry)
        self.chain = ChainMetrics(registry)
        self.peers = PeerMetrics(registry)
        self.edge = EdgeMetrics(registry)
        self.loop = LoopLag(registry)

    def render(self, status: NodeStatus) -> bytes:
        """The exposition text, gauges as of now."""
        self.chain.set_from(status)
        self.peers.set_from(status)
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
        self.snapshot_height = Gauge(
            "hushang_snapshot_height",
            "height of the newest complete snapshot, 0 without one",
            registry=registry,
        )
        self.snapshot_bytes = Gauge(
            "hushang_snapshot_bytes", "size of the snapshots on the disk", registry=registry
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
        self.evidence.set(status.evidence_count)
        self.snapshot_height.set(max((held.height for held in status.snapshots), default=0))
        self.snapshot_bytes.set(sum(held.size for held in status.snapshots))


class PeerMetrics:
    """Other nodes, as this one meets them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.peers = Gauge("hushang_peers_connected", "peers with a live link", registry=registry)
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
