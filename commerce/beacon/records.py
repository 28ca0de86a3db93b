"""What the state holds of the beacon: stocks of dealt secrets, draws under way, revealed shares.

A deal lies in its dealer's stock until a draw reserves it; then it moves to the draw and is spent,
whatever becomes of the draw. What a draw has used leaves the state when it ends; what a stock has
of an earlier epoch, with the first deal of a later one.
"""

from dataclasses import dataclass
from typing import Annotated

from chain import committees
from chain.codec import U8, U64, Hash, PublicKey, Size, TimeMs
from chain.committee import COMMITTEE_SIZE_MAX, Committee
from chain.context import Context
from chain.state import Table, u64
from commerce.beacon.errors import SeatMissing

# Unused deals of one dealer: so many draws can begin without waiting for new ones.
STOCK_MAX = 8
# Draws under way at once.
DRAWS_MAX = 256

Points = Annotated[tuple[PublicKey, ...], Size(min=1, max=COMMITTEE_SIZE_MAX)]
Sealed = Annotated[tuple[Hash, ...], Size(min=1, max=COMMITTEE_SIZE_MAX)]
Seats = Annotated[tuple[U8, ...], Size(max=COMMITTEE_SIZE_MAX)]
Numbers = Annotated[tuple[U64, ...], Size(max=STOCK_MAX)]
Shares = Annotated[tuple[Hash | None, ...], Size(min=1, max=COMMITTEE_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class Dealer:
    """A member's stock in an epoch: the deals that wait for acknowledgements, ascending, and those
    that are ready, as they became so; together at most `STOCK_MAX`. Its next deal has
    `next_number`.
    """

    epoch: U64
    next_number: U64
    waiting: Numbers
    ready: Numbers


@dataclass(frozen=True, slots=True)
class Deal:
    """A shared secret. By seat: `points` commit to the shares, `sealed` are the shares encrypted to
    the seats' node keys by `ephemeral`. The seats in `acknowledged`, ascending, have their share.
    """

    points: Points
    ephemeral: PublicKey
    sealed: Sealed
    acknowledged: Seats


@dataclass(frozen=True, slots=True)
class Reserved:
    """A deal that a draw uses, by name."""

    dealer: Hash
    number: U64


@dataclass(frozen=True, slots=True)
class Draw:
    """A draw under way among the seats of `epoch`: its secrets in the order of their dealers' seats
    and how many shares of each are revealed.
    """

    epoch: U64
    started_ms: TimeMs
    secrets: Annotated[tuple[Reserved, ...], Size(min=1, max=COMMITTEE_SIZE_MAX)]
    counts: Seats


@dataclass(frozen=True, slots=True)
class Reveal:
    """A seat's shares of a draw's secrets, in their order; nil where it has none. All are valid."""

    shares: Shares


# Under the dealer's account.
DEALERS: Table[Dealer] = Table("beacon-dealer", Dealer)
# Under the dealer's account and u64(number): those in stock.
DEALS: Table[Deal] = Table("beacon-deal", Deal)
# Under the draw's id.
DRAWS: Table[Draw] = Table("beacon-draw", Draw)
# Under the draw's id and the secret's place in it, one byte.
RESERVED: Table[Deal] = Table("beacon-reserved", Deal)
# Under the draw's id and the seat, one byte.
REVEALS: Table[Reveal] = Table("beacon-reveal", Reveal)


def place(index: int) -> bytes:
    """A seat or a secret's place as a part of a key."""
    return bytes([index])


def require_seat(committee: Committee, account: bytes) -> int:
    """The index of the account's seat, or `SeatMissing`."""
    for index, member in enumerate(committee.members):
        if member.account == account:
            return index
    msg = f"no seat in the committee of epoch {committee.epoch}"
    raise SeatMissing(msg)


def committee_of(context: Context, epoch: int) -> Committee:
    """The committee of an epoch that a draw names."""
    found = committees.of_epoch(context.state, context.chain.genesis.committee(), epoch)
    assert found is not None
    return found.committee


def forget_stock(context: Context, account: bytes, dealer: Dealer) -> None:
    """Remove what a dealer had in an epoch that is over."""
    for number in (*dealer.waiting, *dealer.ready):
        DEALS.remove(context.state, account, u64(number))
    DEALERS.remove(context.state, account)
