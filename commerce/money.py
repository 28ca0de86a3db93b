"""Money: assets, balances, and the only functions that move it.

Amounts are integers of minor units (fen). Every movement goes through `debit` and `credit`; the
invariant check (commerce/invariants.py) recounts what they wrote, from the written bytes.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from chain.codec import Amount, Hash, Range, Size
from chain.context import Context
from chain.genesis import ASSET_DECIMALS_MAX
from chain.state import StateReader, Table
from commerce.errors import (
    AmountTooLarge,
    AssetUnknown,
    DelegationExceeded,
    InsufficientFunds,
)
from commerce.indexes import index_activity
from commerce.records import altered

AMOUNT_MAX = 2**63 - 1

# 1 to 12 of A-Z and 0-9; its bytes are a key part, so `asset_part` pads it to a fixed width.
Symbol = Annotated[str, Size(min=1, max=12)]
_SYMBOL_WIDTH = 12
_SYMBOL = re.compile(r"[A-Z0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Asset:
    """A kind of money. `issued_minor` - `redeemed_minor` is what exists of it."""

    symbol: Symbol
    decimals: Annotated[int, Range(0, ASSET_DECIMALS_MAX)]
    issuer: Hash
    issued_minor: Amount
    redeemed_minor: Amount


@dataclass(frozen=True, slots=True)
class Balance:
    """What one account has of one asset; frozen money belongs to it but can't be spent.

    `to_freeze_minor` is what courts ordered to be frozen and the account didn't have: what comes in
    goes there first (commerce/banking/freezes.py). While it is positive nothing is available.
    """

    available_minor: Amount
    frozen_minor: Amount
    to_freeze_minor: Amount = 0


ASSETS: Table[Asset] = Table("asset", Asset)
BALANCES: Table[Balance] = Table("balance", Balance)
NO_BALANCE = Balance(0, 0)


def is_symbol(text: str) -> bool:
    """Is this 1 to 12 of A-Z and 0-9?"""
    return _SYMBOL.fullmatch(text) is not None


@lru_cache(maxsize=256)
def asset_part(symbol: str) -> bytes:
    """The key part of an asset: its symbol padded with zero bytes."""
    return symbol.encode().ljust(_SYMBOL_WIDTH, b"\x00")


def symbol_of(part: bytes) -> str:
    """The symbol that `asset_part` made a key part of."""
    return part.rstrip(b"\x00").decode()


def load_asset(state: StateReader, symbol: str) -> Asset:
    """The asset, or `AssetUnknown`."""
    asset = ASSETS.load(state, asset_part(symbol))
    if asset is None:
        msg = f"no asset {symbol} on this chain"
        raise AssetUnknown(msg)
    return asset


def balance_of(state: StateReader, account: bytes, symbol: str) -> Balance:
    """An account's balance, zero where it has none."""
    return _balance(state, account, asset_part(symbol))


def _balance(state: StateReader, account: bytes, part: bytes) -> Balance:
    found = BALANCES.load(state, account, part)
    return NO_BALANCE if found is None else found


def add_amounts(*amounts_minor: int) -> int:
    """The sum, or `AmountTooLarge`: no sum of money leaves 63 bits."""
    total = sum(amounts_minor)
    if total > AMOUNT_MAX:
        msg = f"{total} exceeds the largest amount {AMOUNT_MAX}"
        raise AmountTooLarge(msg)
    return total


def minor_units_of(symbol: str) -> str:
    """The end of a refusal whose numbers are amounts: by it clients tell them as `CNY 1.00`."""
    return f"(minor units of {symbol})"


def debit(context: Context, account: bytes, symbol: str, amount_minor: int) -> None:
    """Take from an account's available balance, or `InsufficientFunds`.

    When the sender speaks through a delegated key, what leaves its own account counts against the
    key's cap (`DelegationExceeded`).
    """
    part = asset_part(symbol)
    balance = _balance(context.state, account, part)
    if balance.available_minor < amount_minor:
        needed = f"{balance.available_minor} available, {amount_minor} needed"
        msg = f"{needed} {minor_units_of(symbol)}"
        raise InsufficientFunds(msg)
    if context.authority.delegation is not None and account == context.sender:
        spend_delegation(context, amount_minor)
    left_minor = balance.available_minor - amount_minor
    left = Balance(left_minor, balance.frozen_minor, balance.to_freeze_minor)
    _store_balance(context, account, part, left)


def credit(context: Context, account: bytes, symbol: str, amount_minor: int) -> None:
    """Add to an account's balance: to what is to be frozen first, the rest is available.

    It never fails, so that no refund, release or clock does: all balances together are at most what
    was ever issued, and that is an amount.
    """
    part = asset_part(symbol)
    balance = _balance(context.state, account, part)
    if balance.to_freeze_minor:
        added = frozen_first(balance, amount_minor)
    else:
        added = Balance(balance.available_minor + amount_minor, balance.frozen_minor)
    _store_balance(context, account, part, added)


def frozen_first(balance: Balance, amount_minor: int) -> Balance:
    """The balance with an amount more, of which as much is frozen as is ordered."""
    taken = min(balance.to_freeze_minor, amount_minor)
    return Balance(
        balance.available_minor + amount_minor - taken,
        balance.frozen_minor + taken,
        balance.to_freeze_minor - taken,
    )


def save_balance(context: Context, account: bytes, symbol: str, balance: Balance) -> None:
    """Write a balance that an order of a court has changed (commerce/banking/freezes.py)."""
    _store_balance(context, account, asset_part(symbol), balance)


def _store_balance(context: Context, account: bytes, part: bytes, balance: Balance) -> None:
    """Write a balance; an empty one leaves the state."""
    if balance.available_minor or balance.frozen_minor or balance.to_freeze_minor:
        BALANCES.store(context.state, balance, account, part)
    else:
        BALANCES.remove(context.state, account, part)
    # What a transaction does concerns its sender in any case (`Registry.apply`).
    if context.received is None or account != context.sender:
        index_activity(context, account)


def spend_delegation(context: Context, amount_minor: int) -> None:
    """Count an amount against the delegated key that signed, if one did (`DelegationExceeded`)."""
    delegation = context.authority.delegation
    if delegation is None:
        return
    spent = delegation.spent_minor + amount_minor
    if spent > delegation.amount_max_minor:
        msg = f"the delegated key has {delegation.amount_max_minor - delegation.spent_minor} left"
        raise DelegationExceeded(msg)
    context.save_delegation(altered(delegation, spent_minor=spent))
