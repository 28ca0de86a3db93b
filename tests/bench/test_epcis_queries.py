"""The bench of queries runs, and its queries find what they are about."""

import sys

import pytest

from tests.bench import epcis_queries


def test_every_query_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["epcis_queries", "--documents", "5", "--events", "100"])
    epcis_queries.main()
    told = capsys.readouterr().out.splitlines()
    found = {line[2:30].strip(): int(line.split()[-1]) for line in told[1:]}
    assert set(found) == set(epcis_queries.QUERIES)
    assert found["one item"] == found["an eventID"] == 1
    assert found["all, as captured"] == found["one product, newest first"] == 30
    assert found["warmer than 288.95 K"] == 3
    assert found["nothing has this step"] == 0
