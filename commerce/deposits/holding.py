"""Deposits as records: what a merchant has put up, and what open orders reserve of it.

Reserved means reserved: what is reserved for an order pays for nothing else, neither for another
one's claim nor for a withdrawal, so that one deposit never covers more than itself. Whoever
collects for an order unreserves its part first. What the merchant has asked back covers nothing
new, but pays claims until it has left. What becomes free while its owner has debts in the asset
belongs to the creditors: the deposit's clock pays them (commerce/deposits/recourse.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.codec import U32, Amount, Hash, TimeMs
from chain.context import Context
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.deposits.debts import owed_by
from commerce.money import Symbol, add_amounts, asset_part
from commerce.parameters import timers_of
from commerce.records import altered

COLLECT_KIND = "sys.recourse.collect"


@dataclass(frozen=True, slots=True)
class Deposit:
    """reserved + leaving <= held, and reserved + claimed <= held. `reserved_minor` is for orders,
    `claimed_minor` for claims that are being judged: that may be what was asked back.
    `leaving_minor` is what was asked back, at `asked_ms` under that version of the parameters; both
    None while nothing is. `obligation_ms`: when the last order or claim gave back its part.
    `due_ms`: when its free part pays the owner's debts, None without any.
    """

    owner: Hash
    symbol: Symbol
    held_minor: Amount
    reserved_minor: Amount
    claimed_minor: Amount
    leaving_minor: Amount
    asked_ms: TimeMs | None
    parameters: U32 | None
    obligation_ms: TimeMs | None
    due_ms: TimeMs | None

    @property
    def free_minor(self) -> int:
        """What can be reserved or asked back."""
        return self.held_minor - self.reserved_minor - max(self.leaving_minor, self.claimed_minor)

    @property
    def takeable_minor(self) -> int:
        """What can be taken for whoever nothing is kept for: all that is kept for nobody."""
        return self.held_minor - self.reserved_minor - self.claimed_minor

    def clock(self) -> Clock | None:
        """When it pays its owner's debts; None: it needn't."""
        return None if self.due_ms is None else (self.due_ms, COLLECT_KIND)


# Under `deposit_id`.
DEPOSITS: Table[Deposit] = Table("deposit", Deposit)


def deposit_id(owner: bytes, symbol: str) -> bytes:
    """The id of an account's deposit in an asset."""
    return tagged_hash("deposit", owner + asset_part(symbol))


def deposit_of(state: StateReader, owner: bytes, symbol: str) -> Deposit:
    """An account's deposit, empty where it has none."""
    found = DEPOSITS.load(state, deposit_id(owner, symbol))
    return Deposit(owner, symbol, 0, 0, 0, 0, None, None, None, None) if found is None else found


def save_deposit(context: Context, before: Deposit, after: Deposit) -> None:
    """Write a deposit and move its clock; an empty one leaves the state."""
    kept_minor = after.reserved_minor + max(after.leaving_minor, after.claimed_minor)
    assert 0 <= kept_minor <= after.held_minor
    known_id = deposit_id(after.owner, after.symbol)
    if after.held_minor:
        DEPOSITS.store(context.state, after, known_id)
    else:
        after = altered(after, due_ms=None)
        DEPOSITS.remove(context.state, known_id)
    move_deadline(context, known_id, before.clock(), after.clock())


def deposit_deadlines(state: StateReader) -> Iterator[Deadline]:
    """Of every deposit that has debts to pay."""
    for known_id, deposit in DEPOSITS.items(state):
        clock = deposit.clock()
        if clock is not None:
            yield deadline_of(known_id, clock)


def leaves_ms(state: StateReader, deposit: Deposit) -> int | None:
    """From when what was asked back can be paid out; None: nothing was asked."""
    if deposit.asked_ms is None or deposit.parameters is None:
        return None
    timers = timers_of(state, deposit.parameters)
    asked_ms = deposit.asked_ms + timers.deposit_exit_ms
    if deposit.obligation_ms is None:
        return asked_ms
    return max(asked_ms, deposit.obligation_ms + timers.deposit_tail_ms)


def put(context: Context, owner: bytes, symbol: str, amount_minor: int) -> Deposit:
    """Add to a deposit what the caller has taken from somewhere; the deposit as it is then."""
    deposit = deposit_of(context.state, owner, symbol)
    raised = altered(deposit, held_minor=add_amounts(deposit.held_minor, amount_minor))
    return _freed(context, deposit, raised, context.time_ms)


def reserve(context: Context, seller: bytes, symbol: str, amount_minor: int) -> bool:
    """Reserve for an order; False (and nothing happens) if so much isn't free, or is creditors'."""
    deposit = deposit_of(context.state, seller, symbol)
    if amount_minor > deposit.free_minor or deposit.due_ms is not None:
        return False
    if amount_minor:
        raised = altered(deposit, reserved_minor=deposit.reserved_minor + amount_minor)
        save_deposit(context, deposit, raised)
    return True


def unreserve(
    context: Context, seller: bytes, symbol: str, amount_minor: int, *, ended_ms: int | None = None
) -> None:
    """An order's windows are over, or it is about to be collected for: its reserve is free again.

    No more than `reserve` took for it. `ended_ms`: when the obligation ended, for a clock that was
    carried over; else now.
    """
    if not amount_minor:
        return
    deposit = deposit_of(context.state, seller, symbol)
    assert amount_minor <= deposit.reserved_minor
    lowered = altered(deposit, reserved_minor=deposit.reserved_minor - amount_minor)
    _ended(context, deposit, lowered, context.time_ms if ended_ms is None else ended_ms)


def keep_for_claim(context: Context, seller: bytes, symbol: str, amount_minor: int) -> int:
    """Keep up to the amount for a claim that is to be judged; how much there was for it.

    What was asked back may be kept too: it can't leave before the claim has ended.
    """
    deposit = deposit_of(context.state, seller, symbol)
    kept_minor = min(amount_minor, deposit.takeable_minor)
    if kept_minor:
        raised = altered(deposit, claimed_minor=deposit.claimed_minor + kept_minor)
        save_deposit(context, deposit, raised)
    return kept_minor


def give_back(context: Context, seller: bytes, symbol: str, amount_minor: int) -> None:
    """A claim has ended: exactly what `keep_for_claim` kept is free again, first of all for it."""
    if not amount_minor:
        return
    deposit = deposit_of(context.state, seller, symbol)
    assert amount_minor <= deposit.claimed_minor
    lowered = altered(deposit, claimed_minor=deposit.claimed_minor - amount_minor)
    _ended(context, deposit, lowered, context.time_ms)


def take(context: Context, owner: bytes, symbol: str, amount_minor: int) -> int:
    """Up to the amount out of what is kept for nobody, what was asked back last; what it got."""
    deposit = deposit_of(context.state, owner, symbol)
    taken_minor = min(amount_minor, deposit.takeable_minor)
    if taken_minor == 0:
        return 0
    held_minor = deposit.held_minor - taken_minor
    leaving_minor = min(deposit.leaving_minor, held_minor - deposit.reserved_minor)
    lowered = altered(deposit, held_minor=held_minor, leaving_minor=leaving_minor)
    if leaving_minor == 0:
        lowered = altered(lowered, asked_ms=None, parameters=None)
    save_deposit(context, deposit, lowered)
    return taken_minor


def _ended(context: Context, before: Deposit, after: Deposit, now_ms: int) -> None:
    """Write a deposit after an obligation has ended."""
    after = altered(after, obligation_ms=max(now_ms, after.obligation_ms or 0))
    _freed(context, before, after, now_ms)


def _freed(context: Context, before: Deposit, after: Deposit, now_ms: int) -> Deposit:
    """Write a deposit of which more is free; the next block pays the owner's debts, if there are
    any: an order that is just being collected for comes first.
    """
    owes = owed_by(context.state, after.owner, after.symbol).total_minor > 0
    if owes and after.due_ms is None:
        after = altered(after, due_ms=now_ms)
    save_deposit(context, before, after)
    return after
