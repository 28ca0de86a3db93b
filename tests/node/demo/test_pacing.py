"""A story is played only where its clocks act soon, and leave time enough to act."""

import pytest

from commerce.timers import DAY_MS, HOUR_MS, TIMERS
from node.demo.pacing import PaceUnfit, Pacing

DEFAULTS = {rule.name: rule.default_ms for rule in TIMERS}


def test_a_day_takes_as_long_as_the_scale_says() -> None:
    pacing = Pacing({"pay_ms": DAY_MS, "ship_ms": 3 * DAY_MS, "draw_ms": 2 * HOUR_MS}, 43_200)
    assert pacing.real_s(("pay_ms", "ship_ms")) == 8.0
    assert pacing.duration("pay_ms") == "1 day (2.0 s here)"
    assert pacing.duration("ship_ms") == "3 days (6.0 s here)"
    assert pacing.duration("draw_ms") == "2 hours (0.2 s here)"
    assert pacing.rule("pay_ms") == (
        "1 day (2.0 s here) after the order is created: the order is closed, the stock returns"
    )


def test_a_network_without_a_scale_is_too_slow_for_clocks_but_not_for_deeds() -> None:
    pacing = Pacing(DEFAULTS, 1)
    pacing.require((), ("pay_ms",))
    with pytest.raises(PaceUnfit, match=r"time_scale 1: nobody acts for 48\.0 hours"):
        pacing.require(("recall_ms",), ())


def test_where_nobody_could_act_in_time_the_story_is_not_begun() -> None:
    with pytest.raises(PaceUnfit, match=r"pay_ms is over after 0\.18 s"):
        Pacing(DEFAULTS, 40_000).require((), ("ship_ms", "pay_ms"))
