"""What a consortium chooses about disputes: entries of `Genesis.limits`, and the fixed bounds.

`arbiter_bond_min_minor`: the least bond, in minor units of its asset, of an arbiter who is drawn.
`arbiter_slash_permille`: how much of that least bond an arbiter loses for a vote that it owed.
`arbiters_max`: how many arbiters there may be, with a bond or on the regulator's list.
`dispute_bond_permille`: of what is at stake, the least bond of a seller who opens a dispute; an
appeal takes twice that of anybody, a second one four times.
"""

from collections.abc import Mapping
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

# Default and range of each entry.
LIMITS: Mapping[str, tuple[int, int, int]] = {
    "arbiter_bond_min_minor": (100_000, 1, 2**32 - 1),
    "arbiter_slash_permille": (500, 0, PERMILLE),
    "arbiters_max": (1_000, 0, 10_000),
    "dispute_bond_permille": (20, 0, PERMILLE),
}


def is_dispute_limit(name: str) -> bool:
    """Is this entry of `Genesis.limits` one of this module's?"""
    return name in LIMITS


def check_dispute_limits(limits: Mapping[str, int]) -> None:
    """`GenesisInvalid` for an entry of this module out of its range."""
    for name, (_, low, high) in LIMITS.items():
        value = limits.get(name)
        if value is not None and not low <= value <= high:
            msg = f"limit {name}: {value}, allowed {low} to {high}"
            raise GenesisInvalid(msg)


def limit(genesis: Genesis, name: str) -> int:
    """The chain's own value of an entry, or the default."""
    return genesis.limits.get(name, LIMITS[name][0])


def slash_minor(genesis: Genesis) -> int:
    """What an arbiter loses for a vote that it owed."""
    least = limit(genesis, "arbiter_bond_min_minor")
    return least * limit(genesis, "arbiter_slash_permille") // PERMILLE


def least_bond_minor(genesis: Genesis, stake_minor: int, round_: int) -> int:
    """The least bond of a seller's opening (round 0) or of anybody's appeal (to round 1 or 2)."""
    permille = limit(genesis, "dispute_bond_permille")
    return (-(-stake_minor * permille // PERMILLE)) << round_
