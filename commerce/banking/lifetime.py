"""The longest that an order can live with everybody silent, or using every day that it has.

An upper bound from the timers: every stage as long as its clock allows, one after the other, the
longest way through the automaton (docs/transactions.md). Nothing may live for more than 400 days.
"""

from collections.abc import Mapping

from commerce.shanghai import HOLIDAY_RUN_MAX, RETURN_WINDOW_DAYS
from commerce.timers import DAY_MS, SHIP_WITHIN_MAX_MS, TIMERS

LIFE_MAX_MS = 400 * DAY_MS
# To the end of the day, and then past the longest holidays (commerce/shanghai.py).
_STATUTORY_MS = (RETURN_WINDOW_DAYS + 1 + HOLIDAY_RUN_MAX) * DAY_MS


def longest_life_ms(own: Mapping[str, int]) -> int:
    """In commercial ms; `own` are the timers that differ from the defaults."""
    timers = {rule.name: own.get(rule.name, rule.default_ms) for rule in TIMERS}
    # Whatever a request comes to, it is answered first; one that lapses may be filed once more.
    answered_ms = max(timers["answer_unshipped_ms"], timers["answer_shipped_ms"])
    request_ms = answered_ms + max(timers["counter_ms"], timers["return_ship_ms"])
    # On its way for as long as until it counts as lost; then at the end of the last window.
    window_ms = max(
        timers["confirm_shipped_ms"],
        timers["confirm_delivered_ms"],
        timers["quality_ms"],
        _STATUTORY_MS,
    )
    delivery_ms = timers["lost_ms"] + window_ms
    return_ms = timers["lost_ms"] + timers["return_accept_ms"]
    return (
        timers["pay_ms"]
        + max(timers["ship_ms"], SHIP_WITHIN_MAX_MS)
        + timers["ship_refund_ms"]
        + delivery_ms
        + 2 * request_ms
        + return_ms
        + timers["exchange_ms"]
        + delivery_ms
        + timers["recall_ms"]
        + timers["dispute_cap_ms"]
    )
