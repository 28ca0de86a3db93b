"""Deposits as records: what a merchant has put up, and what open order lines reserve of it.

Reserved means reserved: what is reserved for lines pays for nothing else, neither for another
line's claim nor for a withdrawal, so that one deposit never covers more than itself. Whoever
collects for a line unreserves that line's part first. What the merchant has asked back covers no
new line, but pays claims until it has left.
"""

from dataclasses import dataclass

from chain.codec import U32, Amount, TimeMs
from chain.context import Context
from chain.state import StateReader, Table
from commerce.money import add_amounts, asset_part
from commerce.parameters import timers_of
from commerce.records import altered


@dataclass(frozen=True, slots=True)
class Deposit:
    """reserved + leaving <= held. `leaving_minor` is what was asked back, at `asked_ms` under that
    version of the parameters; both None while nothing is. `obligation_ms`: when the last line gave
    back its reserve.
    """

    held_minor: Amount
    reserved_minor: Amount
    leaving_minor: Amount
    asked_ms: TimeMs | None
    parameters: U32 | None
    obligation_ms: TimeMs | None

    @property
    def free_minor(self) -> int:
        """What can be reserved or asked back."""
        return self.held_minor - self.reserved_minor - self.leaving_minor


# Under the merchant's account and the asset.
DEPOSITS: Table[Deposit] = Table("deposit", Deposit)
NO_DEPOSIT = Deposit(0, 0, 0, None, None, None)


def deposit_of(state: StateReader, seller: bytes, symbol: str) -> Deposit:
    """A merchant's deposit, empty where it has none."""
    found = DEPOSITS.load(state, seller, asset_part(symbol))
    return NO_DEPOSIT if found is None else found


def save_deposit(context: Context, seller: bytes, symbol: str, deposit: Deposit) -> None:
    """Write a deposit; an empty one leaves the state."""
    assert 0 <= deposit.reserved_minor + deposit.leaving_minor <= deposit.held_minor
    if deposit.held_minor:
        DEPOSITS.store(context.state, deposit, seller, asset_part(symbol))
    else:
        DEPOSITS.remove(context.state, seller, asset_part(symbol))


def leaves_ms(state: StateReader, deposit: Deposit) -> int | None:
    """From when what was asked back can be paid out; None: nothing was asked."""
    if deposit.asked_ms is None or deposit.parameters is None:
        return None
    timers = timers_of(state, deposit.parameters)
    asked_ms = deposit.asked_ms + timers.deposit_exit_ms
    if deposit.obligation_ms is None:
        return asked_ms
    return max(asked_ms, deposit.obligation_ms + timers.deposit_tail_ms)


def put(context: Context, seller: bytes, symbol: str, amount_minor: int) -> Deposit:
    """Add to a deposit what the caller has taken from somewhere; the deposit as it is then."""
    deposit = deposit_of(context.state, seller, symbol)
    raised = altered(deposit, held_minor=add_amounts(deposit.held_minor, amount_minor))
    save_deposit(context, seller, symbol, raised)
    return raised


def reserve(context: Context, seller: bytes, symbol: str, amount_minor: int) -> bool:
    """Reserve for an open order line; False (and nothing happens) if so much isn't free."""
    deposit = deposit_of(context.state, seller, symbol)
    if amount_minor > deposit.free_minor:
        return False
    if amount_minor:
        raised = altered(deposit, reserved_minor=deposit.reserved_minor + amount_minor)
        save_deposit(context, seller, symbol, raised)
    return True


def unreserve(
    context: Context, seller: bytes, symbol: str, amount_minor: int, *, ended_ms: int | None = None
) -> None:
    """A line's windows are over, or it is about to be collected for: its reserve is free again.

    Exactly what `reserve` took. `ended_ms`: when the obligation ended, for a clock that was carried
    over; else now.
    """
    if not amount_minor:
        return
    deposit = deposit_of(context.state, seller, symbol)
    assert amount_minor <= deposit.reserved_minor
    ended_ms = context.time_ms if ended_ms is None else ended_ms
    lowered = altered(
        deposit,
        reserved_minor=deposit.reserved_minor - amount_minor,
        obligation_ms=max(ended_ms, deposit.obligation_ms or 0),
    )
    save_deposit(context, seller, symbol, lowered)


def take(context: Context, seller: bytes, symbol: str, amount_minor: int) -> int:
    """Up to the amount out of what no line reserves, what was asked back last; what it got."""
    deposit = deposit_of(context.state, seller, symbol)
    taken_minor = min(amount_minor, deposit.held_minor - deposit.reserved_minor)
    if taken_minor == 0:
        return 0
    held_minor = deposit.held_minor - taken_minor
    leaving_minor = min(deposit.leaving_minor, held_minor - deposit.reserved_minor)
    lowered = altered(deposit, held_minor=held_minor, leaving_minor=leaving_minor)
    if leaving_minor == 0:
        lowered = altered(lowered, asked_ms=None, parameters=None)
    save_deposit(context, seller, symbol, lowered)
    return taken_minor
