"""How long everything may take: the timers of commerce.md as genesis parameters.

A genesis overrides defaults within the legal ranges below. An order copies its timers when it is
created, already scaled, so that a vote never changes a running clock. Durations here are commercial
milliseconds; `time_scale` of a test chain divides them (`Genesis.scaled_ms`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chain.codec import U64
from chain.errors import GenesisInvalid
from chain.genesis import Genesis

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

# A listing's own promise to ship; 45 days is a presale.
SHIP_WITHIN_MIN_MS = HOUR_MS
SHIP_WITHIN_MAX_MS = 45 * DAY_MS


@dataclass(frozen=True, slots=True)
class TimerRule:
    """One timer: its name in `Genesis.timers`, default and range in ms, and what happens then."""

    name: str
    default_ms: int
    min_ms: int
    max_ms: int
    begins: str
    expiry: str


TIMERS: tuple[TimerRule, ...] = (
    TimerRule(
        "pay_ms",
        120 * MINUTE_MS,
        5 * MINUTE_MS,
        DAY_MS,
        "the order is created",
        "the order is closed, the stock returns",
    ),
    TimerRule(
        "ship_ms",
        72 * HOUR_MS,
        SHIP_WITHIN_MIN_MS,
        SHIP_WITHIN_MAX_MS,
        "the order is paid (a listing's own promise comes first)",
        "the buyer may cancel alone",
    ),
    TimerRule(
        "ship_refund_ms",
        15 * DAY_MS,
        DAY_MS,
        15 * DAY_MS,
        "the units are late",
        "the unshipped units are refunded, the stock returns",
    ),
    TimerRule(
        "lost_ms",
        30 * DAY_MS,
        15 * DAY_MS,
        60 * DAY_MS,
        "the parcel is shipped",
        "the parcel is refunded",
    ),
    TimerRule(
        "confirm_shipped_ms",
        10 * DAY_MS,
        3 * DAY_MS,
        30 * DAY_MS,
        "the parcel is shipped; the latest of the three counts",
        "the parcel is released to the seller",
    ),
    TimerRule(
        "confirm_delivered_ms",
        3 * DAY_MS,
        3 * DAY_MS,
        30 * DAY_MS,
        "the parcel is delivered; never before the end of the statutory window",
        "the parcel is released to the seller",
    ),
)


@dataclass(frozen=True, slots=True)
class OrderTimers:
    """An order's own timers in block time ms; one field per entry of `TIMERS`, of its name."""

    pay_ms: U64
    ship_ms: U64
    ship_refund_ms: U64
    lost_ms: U64
    confirm_shipped_ms: U64
    confirm_delivered_ms: U64


def check_timers(timers: Mapping[str, int]) -> None:
    """`GenesisInvalid` for a timer that nobody knows or that leaves its range."""
    rules = {rule.name: rule for rule in TIMERS}
    for name, value_ms in sorted(timers.items()):
        rule = rules.get(name)
        if rule is None:
            msg = f"no timer {name}; there are {', '.join(rules)}"
            raise GenesisInvalid(msg)
        if not rule.min_ms <= value_ms <= rule.max_ms:
            msg = f"timer {name}: {value_ms}, allowed {rule.min_ms} to {rule.max_ms}"
            raise GenesisInvalid(msg)


def order_timers(genesis: Genesis) -> OrderTimers:
    """What an order of this chain copies."""
    key = (genesis.time_scale, *genesis.timers.items())
    known = _KNOWN.get(key)
    if known is None:
        own, scaled_ms = genesis.timers, genesis.scaled_ms
        known = OrderTimers(*[scaled_ms(own.get(rule.name, rule.default_ms)) for rule in TIMERS])
        if len(_KNOWN) >= KNOWN_MAX:
            _KNOWN.clear()
        _KNOWN[key] = known
    return known


# What chains copy, by their scale and own timers; a process executes one chain.
KNOWN_MAX = 16
_KNOWN: dict[tuple[object, ...], OrderTimers] = {}
