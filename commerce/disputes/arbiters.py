"""Who may be drawn into panels: arbiter.bond, arbiter.unbond, arbiter.appoint, and what they owe.

An arbiter has one bond in one asset and hears disputes about that asset. All of it answers for the
votes that it owes, also the part that is leaving. Who is on the regulator's list needs no bond, and
is only drawn when too few with a bond are left.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from chain.block import Event
from chain.codec import U32, Amount, Hash, PositiveAmount, TimeMs
from chain.context import Context, event
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.accounts import require_account
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.deposits.fund import fund_add
from commerce.disputes.errors import (
    ArbiterListed,
    ArbiterUnknown,
    BondOfAnotherAsset,
    BondTooSmall,
    TooManyArbiters,
    UnbondingRuns,
    UnbondingTooLarge,
)
from commerce.disputes.limits import limit, slash_minor
from commerce.errors import (
    AccountUnknown,
    AssetUnknown,
    DelegationExceeded,
    InsufficientFunds,
    RoleMissing,
)
from commerce.money import Symbol, credit, debit, load_asset
from commerce.parameters import current_parameters
from commerce.records import altered
from commerce.refusals import refuses
from commerce.roles import has_role, require_role
from commerce.timers import DAY_MS

# How long a bond that should leave waits for its arbiter's panels, each time; commercial ms.
PANEL_WAIT_MS = DAY_MS


@dataclass(frozen=True, slots=True)
class ArbiterBond:
    """Adds to the sender's bond, which then is at least the chain's minimum."""

    symbol: Symbol
    amount_minor: PositiveAmount


@dataclass(frozen=True, slots=True)
class ArbiterUnbond:
    """So much of the sender's bond is to leave. It stays liable until it is paid out."""

    amount_minor: PositiveAmount


@dataclass(frozen=True, slots=True)
class ArbiterAppoint:
    """`document` is the hash of the appointment; without one the account is struck off the list."""

    account: Hash
    document: Hash | None


@dataclass(frozen=True, slots=True)
class Arbiter:
    """`bond_minor` counts for the pool, `leaving_minor` leaves at `due_ms` (None: none leaves).

    `symbol` is None where there is no bond, `listed` where the regulator appointed nobody. `seats`
    are those in running panels.
    """

    account: Hash
    symbol: Symbol | None
    bond_minor: Amount
    leaving_minor: Amount
    due_ms: TimeMs | None
    listed: Hash | None
    seats: U32

    def clock(self) -> Clock | None:
        """When a part of the bond leaves; None: none does."""
        return None if self.due_ms is None else (self.due_ms, "sys.arbiter.unbond")

    @property
    def held_minor(self) -> int:
        """All that answers for its votes."""
        return self.bond_minor + self.leaving_minor


# Under `arbiter_id`.
ARBITERS: Table[Arbiter] = Table("arbiter", Arbiter)


def arbiter_id(account: bytes) -> bytes:
    """The id of an account as an arbiter; its deadline has it too."""
    return tagged_hash("arbiter", account)


def has_arbiters(state: StateReader) -> bool:
    """Is there anybody who could be drawn?"""
    return next(ARBITERS.items(state), None) is not None


def arbiter_of(state: StateReader, account: bytes) -> Arbiter:
    """The arbiter, one without a bond if the account is none."""
    known = ARBITERS.load(state, arbiter_id(account))
    return Arbiter(account, None, 0, 0, None, None, 0) if known is None else known


def save_arbiter(context: Context, before: Arbiter, after: Arbiter) -> None:
    """Write an arbiter and move its deadline; one who is nothing any more leaves the state."""
    known_id = arbiter_id(after.account)
    if after.held_minor == 0:
        after = altered(after, symbol=None)
    if after.held_minor or after.listed is not None or after.seats:
        ARBITERS.store(context.state, after, known_id)
    else:
        ARBITERS.remove(context.state, known_id)
    move_deadline(context, known_id, before.clock(), after.clock())


@refuses(
    RoleMissing,
    AssetUnknown,
    BondOfAnotherAsset,
    BondTooSmall,
    InsufficientFunds,
    DelegationExceeded,
    TooManyArbiters,
)
def arbiter_bond(op: ArbiterBond, context: Context) -> tuple[Event, ...]:
    """Post a bond, or more of it, and be drawn into panels."""
    require_role(context.state, context.sender, "arbiter")
    load_asset(context.state, op.symbol)
    arbiter = arbiter_of(context.state, context.sender)
    if arbiter.symbol not in (None, op.symbol):
        msg = f"the bond is in {arbiter.symbol}"
        raise BondOfAnotherAsset(msg)
    least_minor = limit(context.chain.genesis, "arbiter_bond_min_minor")
    if arbiter.bond_minor + op.amount_minor < least_minor:
        msg = f"a bond is {least_minor} at least"
        raise BondTooSmall(msg)
    debit(context, context.sender, op.symbol, op.amount_minor)
    _require_room(context, arbiter)
    raised = altered(arbiter, symbol=op.symbol, bond_minor=arbiter.bond_minor + op.amount_minor)
    save_arbiter(context, arbiter, raised)
    bonded = event(
        "arbiter.bonded",
        arbiter=context.sender,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        bond_minor=raised.bond_minor,
    )
    return (bonded,)


@refuses(ArbiterUnknown, UnbondingRuns, UnbondingTooLarge)
def arbiter_unbond(op: ArbiterUnbond, context: Context) -> tuple[Event, ...]:
    """Ask for a part of the bond. Whose role was revoked does so too."""
    arbiter = ARBITERS.load(context.state, arbiter_id(context.sender))
    if arbiter is None:
        msg = "the sender has no bond"
        raise ArbiterUnknown(msg)
    if arbiter.due_ms is not None:
        msg = f"{arbiter.leaving_minor} leave at {arbiter.due_ms}"
        raise UnbondingRuns(msg)
    if op.amount_minor > arbiter.bond_minor:
        msg = f"the bond is {arbiter.bond_minor}"
        raise UnbondingTooLarge(msg)
    leaving = altered(
        arbiter,
        bond_minor=arbiter.bond_minor - op.amount_minor,
        leaving_minor=op.amount_minor,
        due_ms=context.time_ms + current_parameters(context.state).timers.unbond_ms,
    )
    save_arbiter(context, arbiter, leaving)
    unbonding = event(
        "arbiter.unbonding",
        arbiter=context.sender,
        symbol=arbiter.symbol,
        amount_minor=op.amount_minor,
        bond_minor=leaving.bond_minor,
        due_ms=leaving.due_ms,
    )
    return (unbonding,)


def unbond_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.arbiter.unbond: pay out what was to leave, unless it still answers for a seat.

    An arbiter who left the pool gets no new seats, and every panel ends by its dispute's cap.
    """
    arbiter = ARBITERS.load(context.state, deadline.object_id)
    assert arbiter is not None
    assert arbiter.symbol is not None
    if arbiter.seats and not is_bonded(arbiter, arbiter.symbol, context):
        wait_ms = context.chain.genesis.scaled_ms(PANEL_WAIT_MS)
        waiting = altered(arbiter, due_ms=deadline.time_ms + wait_ms)
        save_arbiter(context, arbiter, waiting)
        return ()
    credit(context, arbiter.account, arbiter.symbol, arbiter.leaving_minor)
    save_arbiter(context, arbiter, altered(arbiter, leaving_minor=0, due_ms=None))
    unbonded = event(
        "arbiter.unbonded",
        arbiter=arbiter.account,
        symbol=arbiter.symbol,
        amount_minor=arbiter.leaving_minor,
    )
    return (unbonded,)


@refuses(RoleMissing, AccountUnknown, ArbiterUnknown, ArbiterListed, TooManyArbiters)
def arbiter_appoint(op: ArbiterAppoint, context: Context) -> tuple[Event, ...]:
    """Put an arbiter on the regulator's list, or strike it off."""
    require_role(context.state, context.sender, "regulator")
    require_account(context, op.account, "the arbiter")
    arbiter = arbiter_of(context.state, op.account)
    if op.document is None:
        if arbiter.listed is None:
            msg = "the account isn't on the list"
            raise ArbiterUnknown(msg)
        save_arbiter(context, arbiter, altered(arbiter, listed=None))
        return (event("arbiter.dismissed", arbiter=op.account),)
    require_role(context.state, op.account, "arbiter", "the arbiter")
    if arbiter.listed is not None:
        msg = "the account is on the list"
        raise ArbiterListed(msg)
    _require_room(context, arbiter)
    save_arbiter(context, arbiter, altered(arbiter, listed=op.document))
    return (event("arbiter.appointed", arbiter=op.account, document=op.document),)


def is_bonded(arbiter: Arbiter, symbol: str, context: Context) -> bool:
    """Is the bond in this asset, and enough for the pool?"""
    least_minor = limit(context.chain.genesis, "arbiter_bond_min_minor")
    return arbiter.symbol == symbol and arbiter.bond_minor >= least_minor


def is_liable(arbiter: Arbiter, symbol: str, context: Context) -> bool:
    """Does it answer for votes about this asset: by a whole bond, leaving or not, or the list?"""
    least_minor = limit(context.chain.genesis, "arbiter_bond_min_minor")
    has_bond = arbiter.symbol == symbol and arbiter.held_minor >= least_minor
    return has_bond or arbiter.listed is not None


def is_active(arbiter: Arbiter, symbol: str, context: Context) -> bool:
    """Could it be given a seat in a dispute about this asset, by its bond or the list?"""
    if arbiter.listed is None and not is_bonded(arbiter, symbol, context):
        return False
    return has_role(context.state, arbiter.account, "arbiter")


def all_arbiters(state: StateReader) -> Iterator[Arbiter]:
    """Everybody with a bond or on the list, in the order of the state."""
    for _, arbiter in ARBITERS.items(state):
        yield arbiter


def count_seat(context: Context, account: bytes, change: int) -> None:
    """The arbiter has one seat more or less."""
    arbiter = arbiter_of(context.state, account)
    save_arbiter(context, arbiter, altered(arbiter, seats=arbiter.seats + change))


def slash(context: Context, account: bytes) -> Event | None:
    """Take from the bond what an owed vote costs, what counts for the pool first; to the fund.

    Nothing from an arbiter whose role was revoked, which couldn't vote.
    """
    arbiter = arbiter_of(context.state, account)
    amount_minor = min(slash_minor(context.chain.genesis), arbiter.held_minor)
    if amount_minor == 0 or not has_role(context.state, account, "arbiter"):
        return None
    assert arbiter.symbol is not None
    taken_minor = min(amount_minor, arbiter.bond_minor)
    leaving_minor = arbiter.leaving_minor - (amount_minor - taken_minor)
    left = altered(
        arbiter,
        bond_minor=arbiter.bond_minor - taken_minor,
        leaving_minor=leaving_minor,
        due_ms=arbiter.due_ms if leaving_minor else None,
    )
    save_arbiter(context, arbiter, left)
    fund_add(context, arbiter.symbol, amount_minor)
    return event(
        "arbiter.slashed",
        arbiter=account,
        symbol=arbiter.symbol,
        amount_minor=amount_minor,
        bond_minor=left.bond_minor,
    )


def arbiter_deadlines(state: StateReader) -> Iterator[Deadline]:
    """Of every arbiter whose bond is leaving."""
    for known_id, arbiter in ARBITERS.items(state):
        clock = arbiter.clock()
        if clock is not None:
            yield deadline_of(known_id, clock)


def _require_room(context: Context, arbiter: Arbiter) -> None:
    """`TooManyArbiters` if one more arbiter were too many; who is one already is none more."""
    if ARBITERS.load(context.state, arbiter_id(arbiter.account)) is not None:
        return
    count_max = limit(context.chain.genesis, "arbiters_max")
    if sum(1 for _ in islice(ARBITERS.items(context.state), count_max)) == count_max:
        msg = f"there are {count_max}"
        raise TooManyArbiters(msg)
