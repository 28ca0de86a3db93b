"""The bench of codes runs, and measures each of its parts."""

import pytest

from tests.bench import codes


def test_every_part_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(codes, "ROUNDS", 1)
    codes.main()
    told = [line.rpartition(": ") for line in capsys.readouterr().out.splitlines()]
    assert [name for name, _, _ in told] == list(codes.MEASURES)
    assert all(figure.endswith(" ms") for _, _, figure in told)
