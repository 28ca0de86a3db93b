"""A sample of `python -m tests.bench.audit`: it measures what it says."""

from pathlib import Path

from tests.bench.audit import measure


def test_a_small_chain_is_audited_pruned_and_audited_again(tmp_path: Path) -> None:
    found = measure(tmp_path, transactions=120, per_block=10)
    assert found["transactions"] >= 120
    assert 0 < found["pruned_heights"] < found["height"]
    assert found["export_bytes"] > 100_000
    assert found["header_and_certificate_bytes"] < 700
