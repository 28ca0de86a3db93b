"""What the metrics tell of what a node does for others' systems: captures, queries, webhooks."""

from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Gauge


@dataclass(frozen=True, slots=True)
class GatewayCounts:
    """How much of each there is, or was since the start."""

    captures_taken: int
    captures_refused: int
    capture_jobs: int
    queries: int
    subscriptions: int
    subscriptions_failing: int
    webhooks_sent: int
    webhooks_failed: int
    webhooks_behind: int


class GatewayMetrics:
    """Gauges of one node's gateway."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._captures = Gauge(
            "hushang_captures",
            "documents that came by REST since the start, by what became of them",
            ["outcome"],
            registry=registry,
        )
        self._jobs = Gauge(
            "hushang_capture_jobs", "capture jobs that are remembered", registry=registry
        )
        self._queries = Gauge("hushang_named_queries", "named queries", registry=registry)
        self._subscriptions = Gauge(
            "hushang_subscriptions", "webhook subscriptions", registry=registry
        )
        self._failing = Gauge(
            "hushang_subscriptions_failing",
            "subscriptions whose receiver did not take the last message",
            registry=registry,
        )
        self._messages = Gauge(
            "hushang_webhook_messages",
            "messages to subscribers since the start: taken by them, or not and tried again",
            ["outcome"],
            registry=registry,
        )
        self._behind = Gauge(
            "hushang_webhooks_behind_blocks",
            "blocks whose events the slowest subscriber has not been told",
            registry=registry,
        )

    def set_from(self, counts: GatewayCounts) -> None:
        """Set the gauges."""
        self._captures.labels("taken").set(counts.captures_taken)
        self._captures.labels("refused").set(counts.captures_refused)
        self._jobs.set(counts.capture_jobs)
        self._queries.set(counts.queries)
        self._subscriptions.set(counts.subscriptions)
        self._failing.set(counts.subscriptions_failing)
        self._messages.labels("sent").set(counts.webhooks_sent)
        self._messages.labels("failed").set(counts.webhooks_failed)
        self._behind.set(counts.webhooks_behind)
