"""Conservation of money, recounted from the bytes that were written (commerce.md, Invariants).

1. Per asset: available + frozen + held in escrow + deposits + fund + withdrawals + prepaid cards +
   fees = issued - redeemed.
2. Per order line: paid = held + released + refunded.
3. Nothing is negative: no record with such a field can be written (`ResultMalformed`).

The check sees only state keys before and after, never the handlers' intentions: a table that holds
money is listed here, or its money counts as lost and the transaction fails.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from chain.errors import InvariantBreach
from chain.state import Overlay, StateReader, Table
from commerce.banking.registers import BANKING_HOLDERS
from commerce.deposits.fund import FUNDS, Fund
from commerce.deposits.holding import DEPOSITS, Deposit
from commerce.disputes.audit import DISPUTE_HOLDERS
from commerce.money import ASSETS, BALANCES, Asset, Balance, asset_part
from commerce.orders import ORDERS, Order

Worth = Callable[[bytes, Any], tuple[bytes, int]]


def _balance(part: bytes, balance: Balance) -> tuple[bytes, int]:
    return part[-12:], balance.available_minor + balance.frozen_minor


def _asset(part: bytes, asset: Asset) -> tuple[bytes, int]:
    return part[-12:], asset.redeemed_minor - asset.issued_minor


def _escrow(_part: bytes, order: Order) -> tuple[bytes, int]:
    held_minor = 0
    for line in order.lines:
        if line.paid_minor != line.held_minor + line.released_minor + line.refunded_minor:
            msg = f"an order line's money doesn't add up: {line}"
            raise InvariantBreach(msg)
        held_minor += line.held_minor
    return asset_part(order.symbol), held_minor


def _deposit(_part: bytes, deposit: Deposit) -> tuple[bytes, int]:
    if deposit.free_minor < 0:
        msg = f"a deposit reserves more than there is: {deposit}"
        raise InvariantBreach(msg)
    return asset_part(deposit.symbol), deposit.held_minor


def _fund(part: bytes, fund: Fund) -> tuple[bytes, int]:
    return part, fund.held_minor


# What holds money, and what an object in it counts as (asset part of the key, signed amount).
_HOLDERS: tuple[tuple[Table[Any], Worth], ...] = (
    (BALANCES, _balance),
    (ASSETS, _asset),
    (ORDERS, _escrow),
    (DEPOSITS, _deposit),
    (FUNDS, _fund),
    *BANKING_HOLDERS,
    *DISPUTE_HOLDERS,
)
# By the table's name.
HOLDERS: Mapping[bytes, tuple[Table[Any], Worth]] = {
    table.prefix[:-1]: (table, worth) for table, worth in _HOLDERS
}


def check_conservation(before: StateReader, after: Overlay) -> None:
    """`InvariantBreach` unless the pending writes leave every asset's sum unchanged."""
    sums: dict[bytes, int] = {}
    for key, written in after.changes.items():
        name, _, part = key.partition(b"/")
        holder = HOLDERS.get(name)
        if holder is None:
            continue
        table, worth = holder
        known = before.get(key)
        if known is not None:
            asset, amount_minor = worth(part, table.read(known))
            sums[asset] = sums.get(asset, 0) - amount_minor
        if written is not None:
            asset, amount_minor = worth(part, table.read(written))
            sums[asset] = sums.get(asset, 0) + amount_minor
    _require_balanced(sums)


def check_all_money(state: StateReader) -> None:
    """The same from nothing: every table that holds money, whole. `InvariantBreach` if not."""
    sums: dict[bytes, int] = defaultdict(int)
    for table, worth in HOLDERS.values():
        for part, found in table.items(state):
            asset, amount_minor = worth(part, found)
            sums[asset] += amount_minor
    _require_balanced(sums)


def _require_balanced(sums: Mapping[bytes, int]) -> None:
    if not any(sums.values()):
        return
    for asset in sorted(sums):
        if sums[asset]:
            symbol = asset.rstrip(b"\x00").decode(errors="replace")
            msg = f"{sums[asset]} minor units of {symbol} out of nothing"
            raise InvariantBreach(msg)
