"""What the beacon costs is measured of handlers that succeed, and told for each size."""

import pytest

from tests.bench import beacon


def test_each_step_of_a_draw_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    costs = beacon.measure(4, repeats=1)
    assert min(costs.deal, costs.open, costs.share, costs.acknowledge, costs.reveal) > 0
    # Four points, a key and four shares, of 32 bytes each, and their frames.
    assert 9 * 32 < costs.size < 9 * 32 + 50
    beacon.print_costs([4])
    header, line = capsys.readouterr().out.splitlines()
    assert len(header.split("  ")) > 7
    assert len(line.split()) == 8
