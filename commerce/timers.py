"""How long everything may take: the timers of commerce.md as the chain's parameters.

A genesis overrides defaults within the legal ranges below, a vote (`parameter.change`) does so
later. Durations here are commercial milliseconds; `time_scale` of a test chain divides them
(`Genesis.scaled_ms`). The ranges' ends that a law sets are cited; no vote leaves them.
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
    TimerRule(
        "quality_ms",
        15 * DAY_MS,
        7 * DAY_MS,
        30 * DAY_MS,
        "the parcel is delivered, or confirmed before that",
        "no more requests for its goods; the parcel is closed",
    ),
    TimerRule(
        "answer_unshipped_ms",
        2 * DAY_MS,
        HOUR_MS,
        15 * DAY_MS,
        "a refund of unshipped units is requested",
        "silence agrees: the money goes back",
    ),
    TimerRule(
        "answer_shipped_ms",
        5 * DAY_MS,
        HOUR_MS,
        15 * DAY_MS,
        "a refund of shipped units is requested (侵害消费者权益行为处罚办法 art. 8: 15 days)",
        "silence agrees: the money goes back, or the goods are to be sent back",
    ),
    TimerRule(
        "counter_ms",
        3 * DAY_MS,
        DAY_MS,
        15 * DAY_MS,
        "the seller rejects, or offers something else",
        "the request is closed, its units go on as before",
    ),
    TimerRule(
        "return_ship_ms",
        7 * DAY_MS,
        3 * DAY_MS,
        15 * DAY_MS,
        "a return is agreed",
        "the request is closed, its units go on as before",
    ),
    TimerRule(
        "return_lost_ms",
        15 * DAY_MS,
        7 * DAY_MS,
        30 * DAY_MS,
        "a carrier takes the goods back",
        "the money goes back, and the seller has a claim on the carrier",
    ),
    TimerRule(
        "return_accept_ms",
        7 * DAY_MS,
        DAY_MS,
        15 * DAY_MS,
        "the carrier has brought the goods back",
        "the money goes back",
    ),
    TimerRule(
        "exchange_ms",
        7 * DAY_MS,
        DAY_MS,
        15 * DAY_MS,
        "the goods to be exchanged are back",
        "the money goes back",
    ),
    TimerRule(
        "recall_ms",
        48 * HOUR_MS,
        24 * HOUR_MS,
        15 * DAY_MS,
        "the goods are recalled",
        "the money goes back",
    ),
    TimerRule(
        "draw_ms",
        3 * DAY_MS,
        HOUR_MS,
        7 * DAY_MS,
        "a dispute is opened, or goes on after an appeal",
        "without a panel the default rule decides",
    ),
    TimerRule(
        "evidence_ms",
        3 * DAY_MS,
        HOUR_MS,
        7 * DAY_MS,
        "the panel is drawn",
        "the arbiters commit",
    ),
    TimerRule(
        "commit_ms",
        2 * DAY_MS,
        HOUR_MS,
        7 * DAY_MS,
        "the evidence is in",
        "the arbiters reveal",
    ),
    TimerRule(
        "reveal_ms",
        DAY_MS,
        HOUR_MS,
        7 * DAY_MS,
        "the votes are committed",
        "the ruling is the lower median of those revealed",
    ),
    TimerRule(
        "appeal_ms",
        3 * DAY_MS,
        DAY_MS,
        15 * DAY_MS,
        "the panel has ruled",
        "the money is split as ruled",
    ),
    TimerRule(
        "dispute_cap_ms",
        60 * DAY_MS,
        15 * DAY_MS,
        60 * DAY_MS,
        "a dispute is opened",
        "the last ruling counts; without one the default rule",
    ),
    TimerRule(
        "unbond_ms",
        30 * DAY_MS,
        7 * DAY_MS,
        90 * DAY_MS,
        "an arbiter asks for its bond",
        "the bond is paid out",
    ),
    TimerRule(
        "deposit_exit_ms",
        90 * DAY_MS,
        30 * DAY_MS,
        365 * DAY_MS,
        "a merchant asks for its deposit",
        "the deposit may be paid out",
    ),
    TimerRule(
        "deposit_tail_ms",
        15 * DAY_MS,
        15 * DAY_MS,
        90 * DAY_MS,
        "a merchant's last obligation has ended",
        "the deposit may be paid out",
    ),
    TimerRule(
        "notice_ms",
        7 * DAY_MS,
        7 * DAY_MS,
        90 * DAY_MS,
        "a change of parameters or fees is decided (电子商务法 art. 34: seven days at least)",
        "the change takes effect",
    ),
    TimerRule(
        "claim_ms",
        10 * MINUTE_MS,
        10 * MINUTE_MS,
        DAY_MS,
        "somebody commits to the hidden code of a thing",
        "the commitment has run out; the earliest that was revealed has claimed the thing",
    ),
    TimerRule(
        "report_ms",
        DAY_MS,
        HOUR_MS,
        3 * DAY_MS,
        "a device has measured what it reports; a watched parcel arrives",
        "it can't be reported any more: time without a report is judged as a gap",
    ),
    TimerRule(
        "penalty_ms",
        48 * HOUR_MS,
        24 * HOUR_MS,
        15 * DAY_MS,
        "a penalty for goods that were kept badly begins, or grows",
        "it is settled, unless it was contested",
    ),
)


@dataclass(frozen=True, slots=True)
class Timers:
    """A chain's timers in block time ms; one field per entry of `TIMERS`, of its name."""

    pay_ms: U64
    ship_ms: U64
    ship_refund_ms: U64
    lost_ms: U64
    confirm_shipped_ms: U64
    confirm_delivered_ms: U64
    quality_ms: U64
    answer_unshipped_ms: U64
    answer_shipped_ms: U64
    counter_ms: U64
    return_ship_ms: U64
    return_lost_ms: U64
    return_accept_ms: U64
    exchange_ms: U64
    recall_ms: U64
    draw_ms: U64
    evidence_ms: U64
    commit_ms: U64
    reveal_ms: U64
    appeal_ms: U64
    dispute_cap_ms: U64
    unbond_ms: U64
    deposit_exit_ms: U64
    deposit_tail_ms: U64
    notice_ms: U64
    claim_ms: U64
    report_ms: U64
    penalty_ms: U64


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


def scaled_timers(genesis: Genesis, own: Mapping[str, int]) -> Timers:
    """The timers of a chain in block time: the defaults, but for those of `own`."""
    scaled_ms = genesis.scaled_ms
    return Timers(*[scaled_ms(own.get(rule.name, rule.default_ms)) for rule in TIMERS])
