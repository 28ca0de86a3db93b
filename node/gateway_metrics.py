"""What the metrics tell of what a node does for others' systems: captures, queries, webhooks."""

from dataclasses import dataclass
from typing import Final

from node.gauges import Told


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


GATEWAY: Final[tuple[Told[GatewayCounts], ...]] = (
    Told(
        "hushang_captures",
        "documents that came by REST since the start, by what became of them",
        lambda s: {("taken",): s.captures_taken, ("refused",): s.captures_refused},
        ("outcome",),
    ),
    Told("hushang_capture_jobs", "capture jobs that are remembered", lambda s: s.capture_jobs),
    Told("hushang_named_queries", "named queries", lambda s: s.queries),
    Told("hushang_subscriptions", "webhook subscriptions", lambda s: s.subscriptions),
    Told(
        "hushang_subscriptions_failing",
        "subscriptions whose receiver did not take the last message",
        lambda s: s.subscriptions_failing,
    ),
    Told(
        "hushang_webhook_messages",
        "messages to subscribers since the start: taken by them, or not and tried again",
        lambda s: {("sent",): s.webhooks_sent, ("failed",): s.webhooks_failed},
        ("outcome",),
    ),
    Told(
        "hushang_webhooks_behind_blocks",
        "blocks whose events the slowest subscriber has not been told",
        lambda s: s.webhooks_behind,
    ),
)
