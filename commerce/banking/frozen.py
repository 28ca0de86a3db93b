"""Freezes as records: what courts have ordered of one asset of one account, earliest first.

They have one clock: the earliest end. In sum they are `frozen_minor` + `to_freeze_minor` of the
balance, and what is frozen serves the earliest first.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import Hash, PositiveAmount, Size, TimeMs
from chain.context import Context
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.errors import InvariantBreach
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.money import (
    BALANCES,
    Balance,
    Symbol,
    asset_part,
    balance_of,
    frozen_first,
    save_balance,
)

FREEZES_MAX = 16
UNFREEZE = "sys.asset.unfreeze"


@dataclass(frozen=True, slots=True)
class Freeze:
    """What is left of one order of a court, by the hash of its document; it ends at `due_ms`."""

    document: Hash
    amount_minor: PositiveAmount
    due_ms: TimeMs


@dataclass(frozen=True, slots=True)
class Freezes:
    """All freezes of one asset of one account, earliest first; the record goes with the last."""

    account: Hash
    symbol: Symbol
    freezes: Annotated[tuple[Freeze, ...], Size(min=1, max=FREEZES_MAX)]

    def clock(self) -> Clock:
        """When the next of them ends by itself."""
        return min([entry.due_ms for entry in self.freezes]), UNFREEZE


FREEZES: Table[Freezes] = Table("freezes", Freezes)


def covered(freezes: Sequence[Freeze], frozen_minor: int) -> list[int]:
    """How much of each freeze is there: what is frozen serves the earliest first."""
    shares = []
    for entry in freezes:
        share = min(entry.amount_minor, frozen_minor)
        shares.append(share)
        frozen_minor -= share
    return shares


def freezes_id(account: bytes, symbol: str) -> bytes:
    """The id of the freezes of one asset of one account."""
    return tagged_hash("freezes", account + asset_part(symbol))


def load_freezes(state: StateReader, account: bytes, symbol: str) -> Freezes | None:
    """The freezes of one asset of one account, if there are any."""
    return FREEZES.load(state, freezes_id(account, symbol))


def freezes_clocks(state: StateReader, account: bytes, symbol: str) -> list[tuple[bytes, Clock]]:
    """Their id and clock."""
    known = load_freezes(state, account, symbol)
    return [] if known is None else [(freezes_id(account, symbol), known.clock())]


def freeze_deadlines(state: StateReader) -> Iterator[Deadline]:
    """The deadline of every record of freezes."""
    for key, known in FREEZES.items(state):
        yield deadline_of(key, known.clock())


def check_freezes(state: StateReader) -> None:
    """`InvariantBreach` unless balances are frozen for exactly what courts ordered."""
    ordered = {
        known.account + asset_part(known.symbol): sum(entry.amount_minor for entry in known.freezes)
        for _, known in FREEZES.items(state)
    }
    for key, balance in BALANCES.items(state):
        frozen_minor = balance.frozen_minor + balance.to_freeze_minor
        if frozen_minor != ordered.pop(key, 0):
            msg = f"not so: what is frozen was ordered ({key.hex()})"
            raise InvariantBreach(msg)
        if balance.available_minor and balance.to_freeze_minor:
            msg = f"not so: what is available need not be frozen ({key.hex()})"
            raise InvariantBreach(msg)
    if ordered:
        msg = "not so: each freeze has its balance"
        raise InvariantBreach(msg)


def save_freezes(
    context: Context,
    before: Freezes | None,
    account: bytes,
    symbol: str,
    freezes: tuple[Freeze, ...],
) -> None:
    """Write what is left of them and move their clock; `before` None: it has none."""
    object_id = freezes_id(account, symbol)
    after = Freezes(account, symbol, freezes) if freezes else None
    if after is None:
        FREEZES.remove(context.state, object_id)
    else:
        FREEZES.store(context.state, after, object_id)
    before_clock = None if before is None else before.clock()
    after_clock = None if after is None else after.clock()
    move_deadline(context, object_id, before_clock, after_clock)


def demand(context: Context, account: bytes, symbol: str, amount_minor: int) -> None:
    """So much more is demanded of a balance: what is available goes where it would come in now."""
    balance = balance_of(context.state, account, symbol)
    asked = Balance(0, balance.frozen_minor, balance.to_freeze_minor + amount_minor)
    save_balance(context, account, symbol, frozen_first(asked, balance.available_minor))


def lift(context: Context, account: bytes, symbol: str, amount_minor: int) -> int:
    """So much less is demanded of a balance, first of what isn't there yet; what is available."""
    balance = balance_of(context.state, account, symbol)
    left = balance.frozen_minor + balance.to_freeze_minor - amount_minor
    frozen = min(balance.frozen_minor, left)
    available = balance.available_minor + balance.frozen_minor - frozen
    save_balance(context, account, symbol, Balance(available, frozen, left - frozen))
    return available
