"""What a consortium chooses about disputes: entries of `Genesis.limits`, and the fixed bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from chain.errors import GenesisInvalid
from chain.genesis import Genesis

PERMILLE: Final = 1_000
APPEALS_MAX = 2
ROUNDS_MAX = APPEALS_MAX + 1
# Arbiters that sit in each round (commerce.md, Disputes).
PANEL_SIZES = (3, 5, 7)
PANEL_MAX = max(PANEL_SIZES)
# Enough for every seat to be given up once and once more by each party's challenge.
RESERVES_MAX = 16
# Nobody who had a seat gets another one in the same dispute.
FORMER_MAX = ROUNDS_MAX * (PANEL_MAX + RESERVES_MAX)
EXHIBITS_OF_PARTY_MAX = 16
EXHIBITS_OF_WITNESS_MAX = 4
EXHIBITS_OF_WITNESSES_MAX = 32
EXHIBITS_MAX = 2 * EXHIBITS_OF_PARTY_MAX + EXHIBITS_OF_WITNESSES_MAX
# How often it is tried to reserve a secret for a draw, over `draw_ms`.
DRAW_TRIES_MAX = 8
# A draw keeps a list of all that may be drawn.
ARBITERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class LimitRule:
    """One entry of `Genesis.limits`: its name, default and range, and what it bounds."""

    name: str
    default: int
    min: int
    max: int
    meaning: str


LIMITS: tuple[LimitRule, ...] = (
    LimitRule(
        "arbiter_bond_min_minor",
        100_000,
        1,
        2**32 - 1,
        "the least bond of an arbiter who is drawn, in minor units of its asset",
    ),
    LimitRule(
        "arbiter_slash_permille",
        500,
        0,
        PERMILLE,
        "how much of that least bond an arbiter loses for a vote that it owed",
    ),
    LimitRule(
        "arbiters_max",
        ARBITERS_MAX,
        0,
        ARBITERS_MAX,
        "how many arbiters there may be, with a bond or on the regulator's list",
    ),
    LimitRule(
        "dispute_bond_permille",
        20,
        0,
        PERMILLE,
        "of what is at stake, the least bond of a seller who opens a dispute; an appeal takes "
        "twice that of anybody, a second one four times",
    ),
)
_RULES: Mapping[str, LimitRule] = {rule.name: rule for rule in LIMITS}


def is_dispute_limit(name: str) -> bool:
    """Is this entry of `Genesis.limits` one of this module's?"""
    return name in _RULES


def check_dispute_limits(limits: Mapping[str, int]) -> None:
    """`GenesisInvalid` for an entry of this module out of its range."""
    for rule in LIMITS:
        value = limits.get(rule.name)
        if value is not None and not rule.min <= value <= rule.max:
            msg = f"limit {rule.name}: {value}, allowed {rule.min} to {rule.max}"
            raise GenesisInvalid(msg)


def limit(genesis: Genesis, name: str) -> int:
    """The chain's own value of an entry, or the default."""
    return genesis.limits.get(name, _RULES[name].default)


def slash_minor(genesis: Genesis) -> int:
    """What an arbiter loses for a vote that it owed."""
    least = limit(genesis, "arbiter_bond_min_minor")
    return least * limit(genesis, "arbiter_slash_permille") // PERMILLE


def least_bond_minor(genesis: Genesis, stake_minor: int, round_: int) -> int:
    """The least bond of a seller's opening (round 0) or of anybody's appeal (to round 1 or 2)."""
    permille = limit(genesis, "dispute_bond_permille")
    return (-(-stake_minor * permille // PERMILLE)) << round_
