"""What devices are attached to: device.bind, device.unbind.

An association by itself says nothing about money. A device that is to watch a parcel on its way
needs the word of everybody whom its readings can cost something.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash
from chain.context import Context, event
from chain.errors import CosignerMissing
from commerce.devices.device import (
    DEVICES,
    Binding,
    Device,
    own_device,
    require_calibration_ahead,
)
from commerce.devices.errors import (
    BindingEmpty,
    CalibrationExpired,
    DeviceBound,
    DeviceNotBound,
    DeviceUnknown,
    DeviceUnsuitable,
    NotTheDeviceOwner,
    ReportsOutstanding,
    SlaMissing,
    ThingNotSingle,
    WatchEnded,
)
from commerce.devices.things import require_single
from commerce.devices.watch import (
    Watch,
    began,
    find_watch,
    is_in,
    is_measured,
    new_watch,
    require_reported,
    require_travelling,
    save_watch,
    travels,
    watched_lines,
    with_slas,
)
from commerce.errors import IdentifierMalformed, ItemNotInParcel, ParcelUnknown
from commerce.orders import load_order
from commerce.parcels import Epc, Parcel, load_parcel
from commerce.records import altered
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class DeviceBind:
    """To a `thing`, one item, asset or logistic unit; to a parcel on its way; or to a thing in it.
    `watches`: the parcel's storage promises are judged by this device from now on, in the place of
    any other; the seller and whoever answers for the parcel now sign too.
    """

    device_id: Hash
    thing: Epc | None
    parcel_id: Hash | None
    watches: bool


@dataclass(frozen=True, slots=True)
class DeviceUnbind:
    """While the device watches a parcel on its way, the seller and whoever answers sign too."""

    device_id: Hash


@refuses(
    BindingEmpty,
    IdentifierMalformed,
    ThingNotSingle,
    DeviceUnknown,
    NotTheDeviceOwner,
    ParcelUnknown,
    ItemNotInParcel,
    DeviceBound,
    ReportsOutstanding,
    WatchEnded,
    SlaMissing,
    DeviceUnsuitable,
    CalibrationExpired,
    CosignerMissing,
)
def device_bind(op: DeviceBind, context: Context) -> tuple[Event, ...]:
    """Attach a device; it is attached to one thing at a time."""
    if op.parcel_id is None and (op.thing is None or op.watches):
        msg = "name a thing or a parcel; only a parcel is watched"
        raise BindingEmpty(msg)
    thing = None if op.thing is None else require_single(op.thing)
    device = own_device(context, op.device_id)
    parcel = None if op.parcel_id is None else load_parcel(context.state, op.parcel_id)
    if parcel is not None and thing is not None and not is_in(thing, parcel):
        msg = f"{thing} is not in this parcel"
        raise ItemNotInParcel(msg)
    if device.bound is not None:
        msg = "the device is bound to something else"
        raise DeviceBound(msg)
    require_reported(context, op.device_id, device, device.binding)
    if parcel is not None:
        require_travelling(parcel)
    binding = Binding(thing, op.parcel_id, context.sender, context.time_ms, None)
    told: tuple[Event, ...] = ()
    if op.watches and parcel is not None and op.parcel_id is not None:
        told = _watch(context, op.parcel_id, parcel, op.device_id, device)
    DEVICES.store(context.state, altered(device, binding=binding), op.device_id)
    bound = event(
        "device.bound",
        device_id=op.device_id,
        thing=thing,
        parcel_id=op.parcel_id,
        bound_by=context.sender,
    )
    return (bound, *told)


@refuses(DeviceUnknown, NotTheDeviceOwner, DeviceNotBound, CosignerMissing)
def device_unbind(op: DeviceUnbind, context: Context) -> tuple[Event, ...]:
    """Take a device off. What it measured until now can still be reported, before it is bound anew.

    Nobody makes a gap in another one's time by it, or hides its own.
    """
    device = own_device(context, op.device_id)
    binding = device.bound
    if binding is None:
        msg = "the device is bound to nothing"
        raise DeviceNotBound(msg)
    if binding.parcel_id is not None:
        watch = find_watch(context.state, binding.parcel_id)
        parcel = load_parcel(context.state, binding.parcel_id)
        if watch is not None and watch.device_id == op.device_id and travels(parcel):
            _require_those_concerned(context, watch.order_id, watch)
    ended = altered(binding, to_ms=context.time_ms)
    DEVICES.store(context.state, altered(device, binding=ended), op.device_id)
    told = event(
        "device.unbound",
        device_id=op.device_id,
        thing=binding.thing,
        parcel_id=binding.parcel_id,
    )
    return (told,)


def _watch(
    context: Context, parcel_id: bytes, parcel: Parcel, device_id: bytes, device: Device
) -> tuple[Event, ...]:
    """Begin the parcel's watch, or go on with it by another device."""
    order = load_order(context.state, parcel.order_id)
    lines = watched_lines(context.state, order, parcel, device)
    known = find_watch(context.state, parcel_id)
    promise = None if known is None else with_slas(context.state, known)[0][1]
    if promise is not None and not is_measured(promise.measures, promise.unit, device):
        msg = "the parcel is watched for another quantity"
        raise DeviceUnsuitable(msg)
    require_calibration_ahead(context, device.calibrated_until_ms)
    _require_those_concerned(context, parcel.order_id, known)
    if known is None:
        watch = new_watch(context, parcel, device_id, context.sender, lines)
    else:
        # What was judged stays: the time between two devices is a gap like any other.
        watch = altered(known, device_id=device_id, bound_by=context.sender)
    save_watch(context, known, watch)
    return (began(watch),)


def _require_those_concerned(context: Context, order_id: bytes, watch: Watch | None) -> None:
    """`CosignerMissing` unless the seller, and whoever answers for the parcel now, signed."""
    context.require_consent(load_order(context.state, order_id).seller, "the seller")
    answers = None if watch is None else watch.custodies[-1].custodian
    if answers is not None:
        context.require_consent(answers, "whoever answers for the parcel")
