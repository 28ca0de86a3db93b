"""The longest that units of an order can live, from the automaton's table and the timers.

Everybody uses every day that a clock leaves, takes every detour once, and the longest way is taken:
an upper bound for any order, checked against the parameters of a genesis and of every vote.
"""

from collections.abc import Mapping
from functools import lru_cache

from commerce.aftersale.books import TRIES_MAX
from commerce.escrow import BACK, EDGES, REQUESTABLE, TERMINAL, State, Trigger
from commerce.extensions import EXTENSION_DAYS_MAX
from commerce.shanghai import HOLIDAY_RUN_MAX, RETURN_WINDOW_DAYS
from commerce.timers import DAY_MS, SHIP_WITHIN_MAX_MS, TIMERS

# commerce.md, Invariants 4.
LIFE_MAX_MS = 400 * DAY_MS
# To the end of the day, past the longest holidays, and twice the drift of a clock.
STATUTORY_MS = (RETURN_WINDOW_DAYS + 1 + HOLIDAY_RUN_MAX) * DAY_MS + DAY_MS
# How units get to a state that a request leaves from.
_MAIN = (State.UNFUNDED, *REQUESTABLE)


def stays_ms(own: Mapping[str, int]) -> Mapping[State, int]:
    """How long units can be in each state at most, in commercial ms, with everybody silent.

    `own` are the timers that differ from the defaults. A parcel is extended while it travels.
    RELEASED counts from the delivery, so it includes the time that a parcel waited DELIVERED.
    """
    t = {rule.name: own.get(rule.name, rule.default_ms) for rule in TIMERS}
    window_ms = max(t["quality_ms"], STATUTORY_MS)
    return {
        State.UNFUNDED: t["pay_ms"],
        State.HELD: max(t["ship_ms"], SHIP_WITHIN_MAX_MS),
        State.LATE: t["ship_refund_ms"],
        State.IN_TRANSIT: t["lost_ms"] + EXTENSION_DAYS_MAX * DAY_MS,
        State.DELIVERED: max(t["confirm_shipped_ms"], t["confirm_delivered_ms"], STATUTORY_MS),
        State.RELEASED: window_ms,
        State.REFUND_PENDING: max(t["answer_unshipped_ms"], t["answer_shipped_ms"]),
        State.REJECTED: t["counter_ms"],
        State.COUNTERED: t["counter_ms"],
        State.RETURNING: t["return_ship_ms"],
        State.RETURN_IN_TRANSIT: t["return_lost_ms"],
        State.RETURN_DELIVERED: t["return_accept_ms"],
        State.EXCHANGING: t["exchange_ms"],
        State.RECALLED: t["recall_ms"],
        # All phases and rounds of a dispute stand under one cap.
        State.DISPUTED: t["dispute_cap_ms"],
        State.DECIDED: 0,
    }


def longest_life_ms(own: Mapping[str, int]) -> int:
    """In commercial ms, from the order's creation; `own` as in `stays_ms`."""
    return _Lives(stays_ms(own)).longest_ms(State.UNFUNDED)


def longest_from_ms(own: Mapping[str, int], state: State) -> int:
    """As `longest_life_ms`, from when units came to a state for the first time."""
    return _Lives(stays_ms(own)).longest_ms(state)


# How many requests came back, and whether the goods were exchanged.
Used = tuple[int, bool]


class _Lives:
    """Longest paths through the table; a detour counts as a try, and units have so many.

    The one more that a return without a reason has is for goods that were never exchanged: their
    lives are shorter by all of a second delivery.
    """

    def __init__(self, stays: Mapping[State, int]) -> None:
        self._stays = stays
        self._cached = lru_cache(maxsize=None)(self._after)

    def longest_ms(self, state: State) -> int:
        """From the arrival in a state, with all tries left."""
        return self._arrive(state, None, (0, False))

    def _arrive(self, state: State, before: State | None, used: Used) -> int:
        if state in TERMINAL:
            return 0
        stay_ms = self._stays[state]
        if state is State.RELEASED and before is State.DELIVERED:
            # The windows have run since the delivery.
            stay_ms = max(0, stay_ms - self._stays[State.DELIVERED])
        return stay_ms + self._cached(state, used)

    def _after(self, state: State, used: Used) -> int:
        """The longest that can follow the stay in a state; a request leaves at its last moment."""
        longest = 0
        for edge in EDGES:
            if edge.source is not state or edge.trigger is Trigger.RECALL:
                continue
            if edge.trigger is Trigger.REQUEST:
                if used[0] < TRIES_MAX:
                    longest = max(longest, self._detour(State.REFUND_PENDING, state, used))
            elif edge.target is not BACK and edge.target in _MAIN:
                longest = max(longest, self._arrive(edge.target, state, used))
            elif edge.target is not BACK:
                longest = max(longest, self._detour(edge.target, state, used))
        return max(longest, self._stays[State.RECALLED])

    def _detour(self, state: State, origin: State, used: Used) -> int:
        """Through a case: to an end, back to where it began, or on its way again (an exchange)."""
        if state in TERMINAL:
            return 0
        longest = 0
        for edge in EDGES:
            if edge.source is not state or edge.trigger in (Trigger.RECALL, Trigger.APPEAL):
                continue
            if edge.target is State.EXCHANGING and used[1]:
                continue
            if edge.target is BACK:
                # The time that was left there is counted in its stay.
                longest = max(longest, self._cached(origin, (used[0] + 1, used[1])))
            elif edge.target in _MAIN:
                longest = max(longest, self._arrive(edge.target, None, (used[0] + 1, True)))
            else:
                longest = max(longest, self._detour(edge.target, origin, used))
        return self._stays[state] + longest
