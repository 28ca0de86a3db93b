"""Gauges of a table: each value as its row reads it, also one by label."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry

from node.gauges import Gauges, Told

TABLE: tuple[Told[Mapping[str, int]], ...] = (
    Told("queued", "all of them", lambda s: sum(s.values())),
    Told("queued_by", "by peer", lambda s: {(name,): n for name, n in s.items()}, ("peer",)),
)


def test_each_is_as_its_row_reads_it_and_who_is_gone_is_told_no_longer() -> None:
    registry = CollectorRegistry()
    gauges = Gauges(registry, TABLE)
    gauges.set_from({"m1": 3, "m2": 4})
    assert registry.get_sample_value("queued") == 7
    assert registry.get_sample_value("queued_by", {"peer": "m2"}) == 4
    gauges.set_from({"m1": 5})
    assert registry.get_sample_value("queued_by", {"peer": "m1"}) == 5
    assert registry.get_sample_value("queued_by", {"peer": "m2"}) is None
