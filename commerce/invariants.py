"""Conservation of money, recounted from the bytes that were written (commerce.md, Invariants).

1. Per asset: available + frozen + held in escrow = issued - redeemed.
2. Per order line: paid = held + released + refunded.
3. Nothing is negative: no record with such a field can be written (`ResultMalformed`).

The check sees only state keys before and after, never the handlers' intentions: a table that holds
money is listed here, or its money counts as lost and the transaction fails.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chain.errors import InvariantBreach
from chain.state import Overlay, StateReader, Table
from commerce.money import ASSETS, BALANCES, Asset, Balance, asset_part
from commerce.orders import ORDERS, Order

Worth = Callable[[bytes, Any], Iterable[tuple[bytes, int]]]


def _balance(part: bytes, balance: Balance) -> Iterable[tuple[bytes, int]]:
    yield part[-12:], balance.available_minor + balance.frozen_minor


def _asset(part: bytes, asset: Asset) -> Iterable[tuple[bytes, int]]:
    yield part[-12:], asset.redeemed_minor - asset.issued_minor


def _escrow(_part: bytes, order: Order) -> Iterable[tuple[bytes, int]]:
    for line in order.lines:
        if line.paid_minor != line.held_minor + line.released_minor + line.refunded_minor:
            msg = f"an order line's money doesn't add up: {line}"
            raise InvariantBreach(msg)
        yield asset_part(order.symbol), line.held_minor


# Each entry: the table, and what an object in it counts as (asset part of the key, signed amount).
HOLDERS: tuple[tuple[Table[Any], Worth], ...] = (
    (BALANCES, _balance),
    (ASSETS, _asset),
    (ORDERS, _escrow),
)


def check_conservation(before: StateReader, after: Overlay) -> None:
    """`InvariantBreach` unless the pending writes leave every asset's sum unchanged."""
    sums: dict[bytes, int] = defaultdict(int)
    for key in after.changes:
        for table, worth in HOLDERS:
            if key.startswith(table.prefix):
                part = key[len(table.prefix) :]
                for state, sign in ((before, -1), (after, 1)):
                    _count(sums, worth, part, table.load(state, part), sign)
    _require_balanced(sums)


def check_all_money(state: StateReader) -> None:
    """The same from nothing: every table that holds money, whole. `InvariantBreach` if not."""
    sums: dict[bytes, int] = defaultdict(int)
    for table, worth in HOLDERS:
        for part, found in table.items(state):
            _count(sums, worth, part, found, 1)
    _require_balanced(sums)


def _count(sums: dict[bytes, int], worth: Worth, part: bytes, found: Any, sign: int) -> None:
    for asset, amount in worth(part, found) if found is not None else ():
        sums[asset] += sign * amount


def _require_balanced(sums: Mapping[bytes, int]) -> None:
    for asset in sorted(sums):
        if sums[asset]:
            symbol = asset.rstrip(b"\x00").decode(errors="replace")
            msg = f"{sums[asset]} minor units of {symbol} out of nothing"
            raise InvariantBreach(msg)
