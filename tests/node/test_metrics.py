"""The metrics of a node: names that dashboards rely on, and values that follow what happens."""

import asyncio
import math
import time
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from node.metrics import LAG_INTERVAL_S, NodeMetrics
from tests.node.api.service import FakeService

NAMES = {
    "hushang_height",
    "hushang_view",
    "hushang_ready",
    "hushang_blocks",
    "hushang_transactions",
    "hushang_decision_seconds",
    "hushang_pool_transactions",
    "hushang_pool_bytes",
    "hushang_peers_connected",
    "hushang_peer_queued_frames",
    "hushang_peer_dropped_frames",
    "hushang_evidence_records",
    "hushang_snapshot_height",
    "hushang_snapshot_bytes",
    "hushang_peers_on_two_hosts",
    "hushang_p2p_refused_connections",
    "hushang_http_requests",
    "hushang_http_request_seconds",
    "hushang_http_connections",
    "hushang_http_dropped_connections",
    "hushang_event_streams",
    "hushang_event_streams_ended",
    "hushang_loop_lag_seconds",
    "hushang_build_info",
    "hushang_start_time_seconds",
    "hushang_epoch",
    "hushang_seat",
    "hushang_suspended",
    "hushang_withheld",
    "hushang_joining",
    "hushang_beacon_duties",
    "hushang_peers_expected",
    "hushang_members_connected",
    "hushang_members_quorum",
    "hushang_pool_refused",
    "hushang_certificate_end_timestamp_seconds",
    "hushang_certificate_start_timestamp_seconds",
    "hushang_protocol_version",
    "hushang_protocol_software",
    "hushang_protocol_planned",
    "hushang_protocol_planned_height",
    "hushang_sync_lag_blocks",
    "hushang_block_time_lag_seconds",
    "hushang_first_block",
    "hushang_disk_free_bytes",
    "hushang_disk_bytes",
    "hushang_store_bytes",
    "hushang_journal_bytes",
    "hushang_backup_timestamp_seconds",
    "hushang_backup_height",
    "hushang_captures",
    "hushang_capture_jobs",
    "hushang_named_queries",
    "hushang_subscriptions",
    "hushang_subscriptions_failing",
    "hushang_webhook_messages",
    "hushang_webhooks_behind_blocks",
}


def values(metrics: NodeMetrics, service: FakeService) -> dict[tuple[str, str], float]:
    """Sample values by name and first label."""
    text = metrics.render(service.status()).decode()
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.asyncio
async def test_every_documented_name_is_there(tmp_path: Path) -> None:
    text = NodeMetrics(tmp_path).render(FakeService().status()).decode()
    told = {family.name for family in text_string_to_metric_families(text)}
    assert told >= NAMES
    assert {name for name in told if name.startswith("hushang_") and "created" not in name} == NAMES


@pytest.mark.asyncio
async def test_two_nodes_in_one_process_count_apart() -> None:
    service, first, second = FakeService(), NodeMetrics(), NodeMetrics()
    first.chain.block_written(["ok", "ok", "InsufficientFunds"])
    told = values(first, service)
    assert told["hushang_blocks_total", ""] == 1
    assert told["hushang_transactions_total", "ok"] == 2
    assert told["hushang_transactions_total", "InsufficientFunds"] == 1
    assert values(second, service)["hushang_blocks_total", ""] == 0


@pytest.mark.asyncio
async def test_gauges_are_those_of_the_status() -> None:
    service = FakeService()
    await service.submit(service.issue("buyer", 1, "bank").raw)
    service.reasons = ("behind",)
    told = values(NodeMetrics(), service)
    assert told["hushang_pool_transactions", ""] == 1
    assert told["hushang_pool_bytes", ""] > 100
    assert told["hushang_ready", ""] == 0
    assert told["hushang_peers_connected", ""] == 1
    assert told["hushang_peer_queued_frames", "m1"] == 3


@pytest.mark.asyncio
async def test_the_lag_of_block_time_is_no_number_while_blocks_come_as_history() -> None:
    service, metrics = FakeService(), NodeMetrics()
    name = ("hushang_block_time_lag_seconds", "")
    assert math.isnan(values(metrics, service)[name])
    metrics.chain.set_from(replace(service.status(), block_lag_ms=-1_500))
    assert metrics.registry.get_sample_value(name[0]) == -1.5


@pytest.mark.asyncio
async def test_a_blocked_loop_shows_as_lag() -> None:
    lag = NodeMetrics().loop
    lag.start()
    try:
        time.sleep(2 * LAG_INTERVAL_S)  # noqa: ASYNC251 - blocking the loop is the point
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert lag.last_s >= 0.5 * LAG_INTERVAL_S
    finally:
        lag.stop()
