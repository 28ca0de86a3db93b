"""Watches: which device a parcel's storage promises are judged by, and who answers for which time.

A watch begins where its device is named: by a carrier that signs a shipment, or by the seller who
binds the device to a parcel on its way. Custody counts as far as it was signed for: whoever accepts
the goods and names the device answers for what happens from then on, with the largest penalty
reserved in its deposit, until somebody else signs, or the parcel arrives. Who passes the goods on
to somebody who doesn't sign stays the one who answers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U8, Hash, Size, TimeMs
from chain.context import Context, event
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.carriers import check_independent
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.deposits.holding import reserve, unreserve
from commerce.devices.device import DEVICES, Binding, Device, load_device, require_calibration_ahead
from commerce.devices.errors import (
    CalibrationExpired,
    DeviceNotBound,
    DeviceUnknown,
    DeviceUnsuitable,
    PenaltyUnreserved,
    ReportsOutstanding,
    SlaMissing,
    TooManyCustodians,
    WatchEnded,
    WatchUnknown,
)
from commerce.devices.judging import (
    CUSTODIES_MAX,
    GAP_INTERVALS,
    Custodies,
    Custody,
    WatchedLine,
    left_minor,
)
from commerce.devices.sla import Sla, slas_of
from commerce.devices.things import things_in
from commerce.epcis.units import same_quantity
from commerce.errors import SharedController
from commerce.escrow import State
from commerce.orders import ORDER_LINES_MAX, Order, load_order, timers_for
from commerce.parcels import Parcel, load_parcel, parcel_id
from commerce.records import altered

CHECK = "sys.sla.check"
# What `begin_watch` refuses, and `reserve_for`: for those who declare it with their own.
NAMING_REFUSALS = (
    DeviceUnknown,
    SlaMissing,
    DeviceNotBound,
    ReportsOutstanding,
    CalibrationExpired,
    PenaltyUnreserved,
)
RESERVING_REFUSALS = (
    DeviceUnknown,
    DeviceNotBound,
    WatchUnknown,
    DeviceUnsuitable,
    WatchEnded,
    CalibrationExpired,
    SharedController,
    PenaltyUnreserved,
    TooManyCustodians,
)


@dataclass(frozen=True, slots=True)
class Watch:
    """All time of the parcel before `judged_ms` has been judged. `penalties` counts all, `pending`
    those that aren't settled. `due_ms` is when it is looked at next: None once the last minute was
    judged. What is reserved is free when both that is so and nothing is pending.
    """

    parcel_id: Hash
    order_id: Hash
    device_id: Hash
    bound_by: Hash
    lines: Annotated[tuple[WatchedLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    custodies: Custodies
    judged_ms: TimeMs
    penalties: U8
    pending: U8
    due_ms: TimeMs | None

    def clock(self) -> Clock | None:
        """When it is looked at next."""
        return None if self.due_ms is None else (self.due_ms, CHECK)


# Under `watch_id`: a parcel's own clock has the parcel's id.
WATCHES: Table[Watch] = Table("watch", Watch)


def watch_id(known_id: bytes) -> bytes:
    """The id of a parcel's watch."""
    return tagged_hash("watch", known_id)


def find_watch(state: StateReader, known_id: bytes) -> Watch | None:
    """The watch of a parcel, if it has one."""
    return WATCHES.load(state, watch_id(known_id))


def load_watch(state: StateReader, known_id: bytes) -> Watch:
    """The watch of a parcel, or `WatchUnknown`."""
    watch = find_watch(state, known_id)
    if watch is None:
        msg = f"no device watches parcel {known_id.hex()}"
        raise WatchUnknown(msg)
    return watch


def save_watch(context: Context, before: Watch | None, after: Watch) -> None:
    """Write a watch and move its clock; one that is through gives back what it reserved."""
    if after.due_ms is None and not after.pending:
        after = _released(context, after)
    known_id = watch_id(after.parcel_id)
    WATCHES.store(context.state, after, known_id)
    move_deadline(context, known_id, None if before is None else before.clock(), after.clock())


def begin_watch(context: Context, known_id: bytes, device_id: bytes) -> tuple[Event, ...]:
    """A parcel that is just shipped is watched by a device in it, and its carrier, who signed the
    shipment, answers. Refuses as `NAMING_REFUSALS` say.
    """
    parcel = load_parcel(context.state, known_id)
    device = load_device(context.state, device_id)
    order = load_order(context.state, parcel.order_id)
    lines = watched_lines(context.state, order, parcel, device)
    binding = device.bound
    if binding is None or not is_in(binding.thing, parcel):
        msg = "the device isn't bound to anything in this parcel"
        raise DeviceNotBound(msg)
    require_reported(context, device_id, device, binding)
    require_calibration_ahead(context, device.calibrated_until_ms)
    watch = new_watch(context, parcel, device_id, binding.bound_by, lines)
    watch = with_custodian(context, order, watch, parcel.carrier)
    save_watch(context, None, watch)
    placed = altered(binding, parcel_id=known_id)
    DEVICES.store(context.state, altered(device, binding=placed), device_id)
    return (began(watch),)


def reserve_for(
    context: Context, *, order_id: bytes, device_id: bytes, things: Sequence[str], taker: bytes
) -> tuple[Event, ...]:
    """`taker`, who has signed, takes over `things` (identities) of a watched parcel and names its
    device: it answers from now on, with the largest penalty reserved. For `custody.accept`, which
    declares `RESERVING_REFUSALS`.
    """
    device = load_device(context.state, device_id)
    binding = device.bound
    known_id = None if binding is None else binding.parcel_id
    if known_id is None:
        msg = "the device isn't bound to a parcel"
        raise DeviceNotBound(msg)
    watch = load_watch(context.state, known_id)
    parcel = load_parcel(context.state, known_id)
    carried = things_in(parcel)
    if watch.order_id != order_id or watch.device_id != device_id:
        msg = "the device watches no parcel of this order"
        raise DeviceUnsuitable(msg)
    if not any(thing in carried for thing in things):
        msg = "nothing of what is handed over is in the device's parcel"
        raise DeviceNotBound(msg)
    require_travelling(parcel)
    require_calibration_ahead(context, device.calibrated_until_ms)
    order = load_order(context.state, order_id)
    check_independent(context, taker, order)
    save_watch(context, watch, with_custodian(context, order, watch, taker))
    told = event(
        "watch.custodian",
        parcel_id=known_id,
        order_id=order_id,
        device_id=device_id,
        custodian=taker,
        from_ms=context.time_ms,
    )
    return (told,)


def new_watch(  # what every watch begins as
    context: Context,
    parcel: Parcel,
    device_id: bytes,
    bound_by: bytes,
    lines: tuple[WatchedLine, ...],
) -> Watch:
    """From now on; nobody but the seller answers yet."""
    timers = timers_for(context.state, load_order(context.state, parcel.order_id))
    return Watch(
        parcel_id=parcel_id(parcel.order_id, parcel.number),
        order_id=parcel.order_id,
        device_id=device_id,
        bound_by=bound_by,
        lines=lines,
        custodies=(Custody(None, context.time_ms, 0, 0, None),),
        judged_ms=context.time_ms,
        penalties=0,
        pending=0,
        due_ms=context.time_ms + timers.report_ms,
    )


def with_custodian(context: Context, order: Order, watch: Watch, custodian: bytes) -> Watch:
    """The watch with one more who answers from now on; `PenaltyUnreserved`, `TooManyCustodians`.

    A seller that carries its own goods bears what they lose in any case.
    """
    signed = None if custodian == order.seller else custodian
    largest_minor = 0 if signed is None else most_minor(context.state, watch)
    if largest_minor and not reserve(context, custodian, order.symbol, largest_minor):
        msg = f"{largest_minor} have to be free in the deposit of whoever takes the parcel"
        raise PenaltyUnreserved(msg)
    if len(watch.custodies) >= CUSTODIES_MAX:
        msg = f"{CUSTODIES_MAX - 1} have signed for this parcel"
        raise TooManyCustodians(msg)
    custody = Custody(signed, context.time_ms, largest_minor, 0, None)
    return altered(watch, custodies=(*watch.custodies, custody))


def most_minor(state: StateReader, watch: Watch) -> int:
    """What all lines may still cost."""
    return sum([left_minor(line, sla) for line, sla in with_slas(state, watch)])


def with_slas(state: StateReader, watch: Watch) -> list[tuple[WatchedLine, Sla]]:
    """The watched lines with their promises, which don't change any more."""
    promised = {sla.line: sla for sla in slas_of(state, watch.order_id)}
    return [(line, promised[line.line]) for line in watch.lines]


def is_measured(measures: str, unit: str, device: Device) -> bool:
    """Does the device measure what is promised, in a unit that its own can be converted to? What it
    reports could be judged by no other promise.
    """
    return measures == device.measures and same_quantity(unit, device.unit)


def watched_lines(
    state: StateReader, order: Order, parcel: Parcel, device: Device
) -> tuple[WatchedLine, ...]:
    """The parcel's lines with a promise of what the device measures: `SlaMissing`."""
    promised = {
        sla.line
        for sla in slas_of(state, parcel.order_id)
        if is_measured(sla.measures, sla.unit, device)
    }
    lines = []
    for entry in parcel.lines:
        worth_minor = order.lines[entry.line].worth_minor(entry.open)
        if entry.line in promised and worth_minor:
            lines.append(WatchedLine(entry.line, worth_minor, 0, 0))
    if not lines:
        msg = f"nothing in this parcel has a storage promise of {device.measures}"
        raise SlaMissing(msg)
    return tuple(lines)


def require_reported(
    context: Context, device_id: bytes, device: Device, binding: Binding | None
) -> None:
    """`ReportsOutstanding` while a device is bound to, or has left, a parcel that it watches, and
    what it will say of it still counts: nobody makes a gap in the end of another one's time.
    """
    known_id = None if binding is None else binding.parcel_id
    watch = None if known_id is None else find_watch(context.state, known_id)
    if binding is None or watch is None or watch.device_id != device_id or watch.due_ms is None:
        return
    parcel = load_parcel(context.state, watch.parcel_id)
    # On its way, and off the device: those concerned have signed for that.
    end_ms = ended_ms(parcel)
    if end_ms is None:
        is_out = binding.to_ms is None and travels(parcel)
    else:
        gap_ms = context.chain.genesis.scaled_ms(GAP_INTERVALS * device.interval_ms)
        is_out = end_ms - watch.judged_ms > gap_ms
    if is_out:
        msg = f"it watches parcel {watch.parcel_id.hex()}, which is judged until {watch.judged_ms}"
        raise ReportsOutstanding(msg)


def is_in(thing: str | None, parcel: Parcel) -> bool:
    """Is a thing what the parcel is, or an item in it?"""
    return thing is not None and thing in things_in(parcel)


def travels(parcel: Parcel) -> bool:
    """Is the parcel on its way: neither delivered nor confirmed nor lost?"""
    return parcel.state == State.IN_TRANSIT and ended_ms(parcel) is None


def require_travelling(parcel: Parcel) -> None:
    """`WatchEnded` once the parcel is delivered, confirmed or lost."""
    if not travels(parcel):
        msg = f"the parcel is {parcel.state}"
        raise WatchEnded(msg)


def ended_ms(parcel: Parcel) -> int | None:
    """When the buyer had the parcel, as far as it has: nobody else answers for what comes then."""
    return parcel.signed_ms if parcel.delivered_ms is None else parcel.delivered_ms


def began(watch: Watch) -> Event:
    """That a device watches a parcel, and who answers."""
    last = watch.custodies[-1]
    return event(
        "watch.began",
        parcel_id=watch.parcel_id,
        order_id=watch.order_id,
        device_id=watch.device_id,
        custodian=last.custodian,
        reserved_minor=last.reserved_minor,
        lines=tuple([{"line": line.line, "worth_minor": line.worth_minor} for line in watch.lines]),
        from_ms=watch.judged_ms,
    )


def watch_deadlines(state: StateReader) -> Iterator[Deadline]:
    """Of all watches whose last minute isn't judged."""
    for known_id, watch in WATCHES.items(state):
        clock = watch.clock()
        if clock is not None:
            yield deadline_of(known_id, clock)


def _released(context: Context, watch: Watch) -> Watch:
    """Give back what no penalty has taken."""
    symbol = load_order(context.state, watch.order_id).symbol
    custodies = []
    for custody in watch.custodies:
        if custody.custodian is not None:
            unreserve(context, custody.custodian, symbol, custody.reserved_minor)
        custodies.append(altered(custody, reserved_minor=0, penalty=None))
    return altered(watch, custodies=tuple(custodies))
