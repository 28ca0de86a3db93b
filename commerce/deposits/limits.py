"""What a consortium chooses about deposits and the fund: entries of `Genesis.limits`.

Amounts are minor units of the listing's asset. `deposit_minimum/<class>`: what a seller of a
product class must have deposited, 0 without an entry. `fund_debt_max`: what one merchant may owe to
the mutual fund in one asset at a time, so that however many rulings it loses, the fund lends no
more.
"""

from collections.abc import Mapping

from chain.errors import GenesisInvalid
from chain.genesis import Genesis

DEPOSIT_MINIMUM = "deposit_minimum/"
FUND_DEBT_MAX = "fund_debt_max"
# A merchant that has emptied its purse and an accomplice who wins before an honest panel get what
# the fund lends: nothing, unless a consortium that knows its merchants chooses more.
FUND_DEBT_MAX_DEFAULT_MINOR = 0


def deposit_minimum_minor(genesis: Genesis, product_class: str) -> int:
    """What a seller of this class must have deposited."""
    return genesis.limits.get(DEPOSIT_MINIMUM + product_class, 0)


def has_deposit_minima(genesis: Genesis) -> bool:
    """Does any class ask for a deposit?"""
    return any(name.startswith(DEPOSIT_MINIMUM) for name in genesis.limits)


def fund_debt_max_minor(genesis: Genesis) -> int:
    """What one merchant may owe to the fund in one asset."""
    return genesis.limits.get(FUND_DEBT_MAX, FUND_DEBT_MAX_DEFAULT_MINOR)


def is_deposit_limit(name: str) -> bool:
    """Is this entry of `Genesis.limits` one of this module's?"""
    return name == FUND_DEBT_MAX or name.startswith(DEPOSIT_MINIMUM)


def check_deposit_limits(limits: Mapping[str, int]) -> None:
    """`GenesisInvalid` for a minimum of a class without a name."""
    if DEPOSIT_MINIMUM in limits:
        msg = f"limit {DEPOSIT_MINIMUM}<class> names no class of products"
        raise GenesisInvalid(msg)
