"""Conservation of money, recounted from the bytes that a transaction wrote.

Per asset: available + frozen + held in escrow = issued - redeemed (commerce.md, invariant 1). The
check sees only state keys before and after, never the handlers' intentions: a table that holds
money is listed here, or its money counts as lost and the transaction fails.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from chain.errors import InvariantBreach
from chain.state import Overlay, StateReader, Table
from commerce.money import ASSETS, BALANCES, Asset, Balance


def _balance(key: bytes, balance: Balance) -> Iterable[tuple[bytes, int]]:
    yield key[-12:], balance.available_minor + balance.frozen_minor


def _asset(key: bytes, asset: Asset) -> Iterable[tuple[bytes, int]]:
    yield key[-12:], asset.redeemed_minor - asset.issued_minor


# Each entry: the table, and what an object in it counts as (asset part of the key, signed amount).
HOLDERS: tuple[tuple[Table[Any], Callable[[bytes, Any], Iterable[tuple[bytes, int]]]], ...] = (
    (BALANCES, _balance),
    (ASSETS, _asset),
)


def check_conservation(before: StateReader, after: Overlay) -> None:
    """`InvariantBreach` unless the pending writes leave every asset's sum unchanged."""
    sums: dict[bytes, int] = defaultdict(int)
    for key in after.changes:
        for table, worth in HOLDERS:
            if not key.startswith(table.prefix):
                continue
            part = key[len(table.prefix) :]
            for state, sign in ((before, -1), (after, 1)):
                found = table.load(state, part)
                for asset, amount in worth(key, found) if found is not None else ():
                    sums[asset] += sign * amount
    for asset in sorted(sums):
        if sums[asset]:
            symbol = asset.rstrip(b"\x00").decode(errors="replace")
            msg = f"{sums[asset]} minor units of {symbol} out of nothing"
            raise InvariantBreach(msg)
