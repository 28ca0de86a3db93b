"""What time outside a storage promise costs: exact arithmetic on one watched line.

A line's penalty is a function of its weight alone, the sum of (per mille an hour) · (commercial ms)
over its time outside: ⌊worth · weight / (1000 · hour)⌋, at most the cap. Each piece of time costs
what it adds to that, so the parts of all custodians add up to the fen, in whatever pieces the time
was reported.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U8, U64, Amount, Hash, PositiveAmount, Size, TimeMs
from commerce.devices.sla import PERMILLE, Sla, Tolerated
from commerce.orders import LineIndex
from commerce.records import altered
from commerce.timers import HOUR_MS

CUSTODIES_MAX = 20
# A longer time without a report is a gap.
GAP_INTERVALS = 2


@dataclass(frozen=True, slots=True)
class WatchedLine:
    """`worth_minor` is the price of the units in the parcel. `outside_ms` (commercial, at most what
    is tolerated) has been spent outside for nothing, `weight` is what counted.
    """

    line: LineIndex
    worth_minor: PositiveAmount
    outside_ms: Tolerated
    weight: U64


@dataclass(frozen=True, slots=True)
class Custody:
    """From `from_ms` on until the next one: who signed for the device; None: nobody, so the seller
    bears it. `reserved_minor` of the custodian's deposit is kept for what it may owe, of which
    `charged_minor` it has paid already. `penalty` is the number of the one that still grows.
    """

    custodian: Hash | None
    from_ms: TimeMs
    reserved_minor: Amount
    charged_minor: Amount
    penalty: U8 | None


Custodies = Annotated[tuple[Custody, ...], Size(min=1, max=CUSTODIES_MAX)]


def penalty_minor(worth_minor: int, cap_permille: int, weight: int) -> int:
    """What a weight costs."""
    cap_minor = worth_minor * cap_permille // PERMILLE
    return min(cap_minor, worth_minor * weight // (PERMILLE * HOUR_MS))


def accrued_minor(line: WatchedLine, sla: Sla) -> int:
    """What a line's time outside has cost so far."""
    return penalty_minor(line.worth_minor, sla.cap_permille, line.weight)


def left_minor(line: WatchedLine, sla: Sla) -> int:
    """What it may still cost."""
    return line.worth_minor * sla.cap_permille // PERMILLE - accrued_minor(line, sla)


def accrue(
    line: WatchedLine, sla: Sla, duration_ms: int, permille_hour: int
) -> tuple[WatchedLine, int]:
    """The line after so much more commercial time outside, and what that costs."""
    free_ms = min(duration_ms, sla.tolerated_ms - line.outside_ms)
    weight = line.weight
    if left_minor(line, sla):
        # Beyond the cap nothing changes, so the weight stays small.
        weight += (duration_ms - free_ms) * permille_hour
    grown = altered(line, outside_ms=line.outside_ms + free_ms, weight=weight)
    return grown, accrued_minor(grown, sla) - accrued_minor(line, sla)


def by_custody(
    custodies: Sequence[Custody], from_ms: int, to_ms: int
) -> Iterator[tuple[int, int, int]]:
    """The time [from, to) in pieces of one custody each: (its position, from, to), in order."""
    ends = [entry.from_ms for entry in custodies[1:]]
    for position, end_ms in enumerate([*ends, to_ms]):
        low, high = max(from_ms, custodies[position].from_ms), min(to_ms, end_ms)
        if low < high:
            yield position, low, high
