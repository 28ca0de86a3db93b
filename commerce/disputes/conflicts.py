"""Who may not arbitrate between whom: the same hands, the same organisation, or a recent trade."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.account import ACCOUNTS
from chain.codec import TimeMs
from chain.context import Context
from chain.state import StateReader, Table
from commerce.accounts import share_controller
from commerce.roles import has_role
from commerce.timers import DAY_MS

# How long a trade makes partial (commerce.md, Disputes), commercial time.
TRADE_MS = 90 * DAY_MS


@dataclass(frozen=True, slots=True)
class Trade:
    """When an arbiter last paid, or was paid by, somebody."""

    last_ms: TimeMs


# Under the arbiter's account and that of whom it traded with.
TRADES: Table[Trade] = Table("arbiter-trade", Trade)


def note_trade(context: Context, buyer: bytes, seller: bytes) -> None:
    """An order was paid: remember it if one of the two could be drawn as an arbiter.

    Whoever has the role counts, with or without a bond: a bond posted after the trade hides it not.
    """
    for arbiter, other in ((buyer, seller), (seller, buyer)):
        if has_role(context.state, arbiter, "arbiter"):
            TRADES.store(context.state, Trade(context.time_ms), arbiter, other)


def is_independent(
    state: StateReader, arbiter: bytes, others: Sequence[bytes], since_ms: int
) -> bool:
    """Has the arbiter nothing to do with any of the others? Trades since `since_ms` count."""
    return not any(_is_tied(state, arbiter, other, since_ms) for other in others)


def _is_tied(state: StateReader, arbiter: bytes, other: bytes, since_ms: int) -> bool:
    if share_controller(state, arbiter, other):
        return True
    own, known = ACCOUNTS.load(state, arbiter), ACCOUNTS.load(state, other)
    # An account's organisation is the member that sponsors it; a member sponsors itself.
    if own is None or known is None or own.sponsor == known.sponsor:
        return True
    trade = TRADES.load(state, arbiter, other)
    return trade is not None and trade.last_ms >= since_ms
