"""The mutual fund: one pot per asset that pays panel-ruled losses which a merchant can't pay.

Whoever puts money in gives it away: nothing but a ruling takes any out, and what it pays becomes a
debt of the merchant to the fund. Slashed bonds go in too.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Amount, PositiveAmount
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.errors import AssetUnknown, DelegationExceeded, InsufficientFunds
from commerce.money import Symbol, add_amounts, asset_part, debit, load_asset
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class FundContribute:
    """A gift to the mutual fund of an asset. It gives no right to anything."""

    symbol: Symbol
    amount_minor: PositiveAmount


@dataclass(frozen=True, slots=True)
class Fund:
    """What the fund of one asset has."""

    held_minor: Amount


# Under the asset.
FUNDS: Table[Fund] = Table("fund", Fund)


def fund_minor(state: StateReader, symbol: str) -> int:
    """What the fund of an asset has."""
    fund = FUNDS.load(state, asset_part(symbol))
    return 0 if fund is None else fund.held_minor


def fund_add(context: Context, symbol: str, amount_minor: int) -> None:
    """Put in what the caller has taken from somewhere: a gift, a repayment, a slashed bond."""
    if amount_minor:
        held_minor = add_amounts(fund_minor(context.state, symbol), amount_minor)
        FUNDS.store(context.state, Fund(held_minor), asset_part(symbol))


def fund_take(context: Context, symbol: str, amount_minor: int) -> None:
    """Take out what is known to be there; the caller credits it, and leaves a debt for it."""
    if amount_minor:
        left_minor = fund_minor(context.state, symbol) - amount_minor
        FUNDS.store(context.state, Fund(left_minor), asset_part(symbol))


@refuses(AssetUnknown, InsufficientFunds, DelegationExceeded)
def fund_contribute(op: FundContribute, context: Context) -> tuple[Event, ...]:
    """Give to the fund, for good."""
    load_asset(context.state, op.symbol)
    debit(context, context.sender, op.symbol, op.amount_minor)
    fund_add(context, op.symbol, op.amount_minor)
    given = event(
        "fund.contributed",
        giver=context.sender,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        held_minor=fund_minor(context.state, op.symbol),
    )
    return (given,)
