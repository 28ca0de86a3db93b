"""Goods one by one: each unit of each line is an object with its own fen, wherever it is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

FINAL = 1_000

# What stands at the side of a request: (for goods that arrived, back, whole, refusable, freight).
KINDS: dict[str, tuple[bool, bool, bool, bool, bool]] = {
    "unshipped": (False, False, True, True, False),
    "not_received": (False, False, True, True, False),
    "no_reason": (True, True, True, False, False),
    "quality": (True, True, True, True, True),
    "allowance": (True, False, False, True, False),
    "exchange": (True, True, True, True, True),
}


@dataclass(eq=False)
class Unit:
    """One thing. Its fen of the line's total are [low, high): what is refunded goes off `low`.

    `place`: waiting, parcel, paid (in a parcel, the seller has its money), case, gone. `held`: its
    money lies in escrow.
    """

    line: "Line"
    low: int
    high: int
    place: str = "waiting"
    held: bool = False
    tries: int = 0
    parcel: "Parcel | None" = None

    @property
    def worth(self) -> int:
        """What of its price is left."""
        return self.high - self.low


@dataclass(eq=False)
class Line:
    """Units of one listing. `funding` are (funder, coupon, amount) in the coupons' order."""

    index: int
    listing: str
    gtin: str
    total: int
    exempt: bool
    promise_ms: int
    funding: list[tuple[str, str, int]] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    state: str = "unpaid"
    due_ms: int | None = None
    paid: int = 0
    released: int = 0
    refunded: int = 0

    def cut(self, quantity: int) -> None:
        """The first k of n units cost ⌊total·k/n⌋ together."""
        ends = [self.total * k // quantity for k in range(quantity + 1)]
        self.units = [Unit(self, low, high) for low, high in pairwise(ends)]

    def waiting(self) -> list[Unit]:
        """Units that are in no parcel and no case."""
        return [unit for unit in self.units if unit.place == "waiting"]

    def shares(self, low: int, high: int) -> list[tuple[str | None, int]]:
        """Who paid the fen [low, high): funder after funder its part of what was left, at last
        the payer (None). All that funders paid before a fen is rounded down.
        """
        rest, found = self.total, []
        for funder, _, amount in self.funding:
            before, after = low * amount // rest, high * amount // rest
            found.append((funder, after - before))
            low, high, rest = low - before, high - after, rest - amount
        return [*found, (None, high - low)]


@dataclass(eq=False)
class Parcel:
    """Where units travel: transit, delivered, released, closed; lost is "refunded"."""

    number: int
    shipped_ms: int
    due_ms: int | None
    lines: list[int]
    exchange: bool = False
    state: str = "transit"
    delivered_ms: int | None = None
    signed_ms: int | None = None
    extended_ms: int = 0
    buyer_extended: bool = False
    id: bytes = b""


@dataclass(eq=False)
class CaseLine:
    """Units of a line under a request, what is asked, and the time their clock had left."""

    line: Line
    units: list[Unit]
    asked: int
    remaining_ms: int

    @property
    def worth(self) -> int:
        """What is at stake."""
        return sum(unit.worth for unit in self.units)


@dataclass(eq=False)
class Case:
    """A request. `origin`: held, late, transit, delivered or released. `freight`: goods went back,
    for so much. `bond`: (who, how much) in dispute.
    """

    number: int
    kind: str
    state: str
    due_ms: int | None
    origin: str
    parcel: Parcel | None
    lines: list[CaseLine]
    gives_back: bool = False
    offer: tuple[int, ...] = ()
    offer_back: bool = False
    freight: int | None = None
    tries: int = 0
    bond: tuple[str, int] | None = None
    id: bytes = b""

    @property
    def asked(self) -> int:
        """What is asked in all."""
        return sum(entry.asked for entry in self.lines)


@dataclass(eq=False)
class Trade:
    """An order: who pays whom for which units."""

    label: int
    buyer: str
    seller: str
    lines: list[Line]
    coupons: tuple[str, ...]
    payer: str | None = None
    parcels: list[Parcel] = field(default_factory=list)
    cases: list[Case] = field(default_factory=list)
    reserved: int = 0
    id: bytes = b""

    @property
    def units(self) -> list[Unit]:
        """All of them, line by line."""
        return [unit for line in self.lines for unit in line.units]

    @property
    def total(self) -> int:
        """What everybody pays."""
        return sum(line.total for line in self.lines)

    @property
    def payable(self) -> int:
        """What the payer pays: all but the funders' parts."""
        return self.total - sum(amount for line in self.lines for _, _, amount in line.funding)

    def inside(self, parcel: Parcel, *places: str) -> list[Unit]:
        """Units of a parcel in these places."""
        return [unit for unit in self.units if unit.parcel is parcel and unit.place in places]

    def due_ms(self) -> int | None:
        """The order's own clock: that of its first waiting units."""
        dues = [line.due_ms for line in self.lines if line.waiting()]
        return min((due for due in dues if due is not None), default=None)

    def parcel_due_ms(self, parcel: Parcel) -> int | None:
        """A parcel's clock stands while all that it would concern is in cases."""
        if parcel.state == "released":
            return None if self.inside(parcel, "case") else parcel.due_ms
        return parcel.due_ms if self.inside(parcel, "parcel") else None


@dataclass(eq=False)
class Coupon:
    """What a funder promised, and how much of it was used."""

    funder: str
    amount: int | None
    permille: int | None
    minimum: int
    listings: frozenset[str]
    budget: int
    uses: int
    withdrawn: bool = False
    spent: int = 0
    used: dict[str, int] = field(default_factory=dict)

    def of(self, base: int) -> int:
        """What it takes off a sum."""
        share = base if self.permille is None else base * self.permille // 1_000
        return share if self.amount is None else min(share, self.amount)


def largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount in proportion, exactly: what is left over goes to the largest remainders."""
    whole = sum(weights)
    shares = [amount * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for index in order[: amount - sum(shares)]:
        shares[index] += 1
    return shares


def distinct(items: Iterable[object]) -> bool:
    """Is each there once?"""
    known = list(items)
    return len(set(known)) == len(known)
