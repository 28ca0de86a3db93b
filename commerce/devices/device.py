"""Devices as records: device.register, device.transfer, device.calibrate.

A device is an account with one key, which its registration opens: its reports are transactions that
nobody else can sign, and whoever brings them to a node is no more than a messenger. Its id is that
account. Its maker holds the role and the company prefix of its identity, as for any other item that
is commissioned.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.account import ACCOUNTS, Account, check_policy, single_key_policy
from chain.block import Event
from chain.codec import U64, Hash, Name, PublicKey, Range, TimeMs
from chain.context import Context, event
from chain.errors import CosignerMissing, KeyRefused
from chain.state import StateReader, Table
from commerce.accounts import require_account
from commerce.devices.errors import (
    CalibrationExpired,
    DeviceBound,
    DeviceExists,
    DeviceUnknown,
    NotTheDeviceMaker,
    NotTheDeviceOwner,
    ThingNotSingle,
    UnitUnsuitable,
)
from commerce.devices.measures import UnitCode, require_unit
from commerce.devices.things import require_single
from commerce.epcis.identifiers import prefix_digits
from commerce.errors import AccountUnknown, IdentifierMalformed, PrefixNotHeld, RoleMissing
from commerce.goods.things import maker_of, name_part
from commerce.indexes import index_account, index_device
from commerce.parcels import Epc
from commerce.records import altered
from commerce.refusals import refuses
from commerce.roles import PREFIX_DIGITS_MAX, has_role
from commerce.timers import DAY_MS

MAKER = "device_maker"
INTERVAL_MIN_MS = 1_000

Interval = Annotated[int, Range(INTERVAL_MIN_MS, DAY_MS)]


@dataclass(frozen=True, slots=True)
class DeviceRegister:
    """`device_key` signs the device's reports, and this transaction too. `identity` is its own EPC
    or GS1 Digital Link: an item with a serial, a GIAI or GRAI under the maker's company prefix.
    `measures` is a quantity as EPCIS calls it (`Temperature`), `unit` that of its calibration;
    `interval_ms` (commercial time) how often it measures at least; `certificate` the hash of its
    calibration certificate. `owner` nobody: the maker.
    """

    device_key: PublicKey
    identity: Epc
    model: Name
    measures: Name
    unit: UnitCode
    interval_ms: Interval
    calibrated_until_ms: TimeMs
    certificate: Hash
    owner: Hash | None


@dataclass(frozen=True, slots=True)
class DeviceTransfer:
    """The new owner signs too; the device is bound to nothing."""

    device_id: Hash
    to: Hash


@dataclass(frozen=True, slots=True)
class DeviceCalibrate:
    """A new calibration: until when it counts, and the hash of its certificate."""

    device_id: Hash
    calibrated_until_ms: TimeMs
    certificate: Hash


@dataclass(frozen=True, slots=True)
class Binding:
    """What a device is, or was last, attached to: a thing, a parcel, or a thing in a parcel; from
    `from_ms` to `to_ms`, None while it lasts.
    """

    thing: Epc | None
    parcel_id: Hash | None
    bound_by: Hash
    from_ms: TimeMs
    to_ms: TimeMs | None


@dataclass(frozen=True, slots=True)
class Device:
    """`sequence` is the number of the last report, 0 before any, and `reported_ms` its end."""

    maker: Hash
    owner: Hash
    identity: Epc
    model: Name
    measures: Name
    unit: UnitCode
    interval_ms: Interval
    calibrated_until_ms: TimeMs
    certificate: Hash
    registered_ms: TimeMs
    sequence: U64
    reported_ms: TimeMs
    binding: Binding | None

    @property
    def bound(self) -> Binding | None:
        """The binding that lasts."""
        return None if self.binding is None or self.binding.to_ms is not None else self.binding


@dataclass(frozen=True, slots=True)
class DeviceName:
    """Which device an identity is."""

    device_id: Hash


# By its account.
DEVICES: Table[Device] = Table("device", Device)
# By the hash of its identity.
DEVICE_NAMES: Table[DeviceName] = Table("device-name", DeviceName)


def load_device(state: StateReader, device_id: bytes) -> Device:
    """The device, or `DeviceUnknown`."""
    device = DEVICES.load(state, device_id)
    if device is None:
        msg = f"no device {device_id.hex()}"
        raise DeviceUnknown(msg)
    return device


def own_device(context: Context, device_id: bytes) -> Device:
    """A device of the sender's, `DeviceUnknown` or `NotTheDeviceOwner`."""
    device = load_device(context.state, device_id)
    if context.sender != device.owner:
        msg = "the device is another account's"
        raise NotTheDeviceOwner(msg)
    return device


def is_trusted(state: StateReader, device: Device) -> bool:
    """Does its maker still have the role for such devices?"""
    return _is_maker(state, device.maker, device.identity)


@refuses(
    IdentifierMalformed,
    ThingNotSingle,
    UnitUnsuitable,
    KeyRefused,
    RoleMissing,
    CosignerMissing,
    AccountUnknown,
    DeviceExists,
    CalibrationExpired,
    PrefixNotHeld,
)
def device_register(op: DeviceRegister, context: Context) -> tuple[Event, ...]:
    """Bring a device to the chain: an account that speaks for nothing but what it measures."""
    identity = require_single(op.identity)
    require_unit(op.unit, op.measures)
    policy = single_key_policy(op.device_key)
    check_policy(policy)
    if not _is_maker(context.state, context.sender, identity):
        msg = f"the sender is no {MAKER} for {identity}"
        raise RoleMissing(msg)
    device_id = policy.account_id()
    if not context.consents_by(device_id, policy):
        msg = "the device's key must sign too"
        raise CosignerMissing(msg)
    owner = context.sender if op.owner is None else op.owner
    require_account(context, owner, "the device's owner")
    known = DEVICE_NAMES.load(context.state, name_part(identity))
    if known is not None or context.account(device_id) is not None:
        msg = "the key has an account, or the identity is another device's"
        raise DeviceExists(msg)
    require_calibration_ahead(context, op.calibrated_until_ms)
    if maker_of(context.state, identity) != context.sender:
        msg = f"the company prefix of {identity} is not the sender's"
        raise PrefixNotHeld(msg)
    device = Device(
        maker=context.sender,
        owner=owner,
        identity=identity,
        model=op.model,
        measures=op.measures,
        unit=op.unit,
        interval_ms=op.interval_ms,
        calibrated_until_ms=op.calibrated_until_ms,
        certificate=op.certificate,
        registered_ms=context.time_ms,
        sequence=0,
        reported_ms=0,
        binding=None,
    )
    _open_account(context, device_id, device, op.device_key)
    return (_registered(device_id, device),)


@refuses(DeviceUnknown, NotTheDeviceOwner, AccountUnknown, CosignerMissing, DeviceBound)
def device_transfer(op: DeviceTransfer, context: Context) -> tuple[Event, ...]:
    """Give a device to another owner."""
    device = own_device(context, op.device_id)
    require_account(context, op.to, "the new owner")
    context.require_consent(op.to, "the new owner")
    if device.bound is not None:
        msg = "the device is bound"
        raise DeviceBound(msg)
    DEVICES.store(context.state, altered(device, owner=op.to), op.device_id)
    index_device(context, device.owner, op.device_id, owned=False)
    index_device(context, op.to, op.device_id, owned=True)
    told = event("device.transferred", device_id=op.device_id, former=device.owner, to=op.to)
    return (told,)


@refuses(DeviceUnknown, NotTheDeviceMaker, CalibrationExpired, RoleMissing)
def device_calibrate(op: DeviceCalibrate, context: Context) -> tuple[Event, ...]:
    """Its maker has calibrated a device anew: what it reports from now on counts until then."""
    device = load_device(context.state, op.device_id)
    if context.sender != device.maker:
        msg = "only its maker calibrates a device"
        raise NotTheDeviceMaker(msg)
    require_calibration_ahead(context, op.calibrated_until_ms)
    if not is_trusted(context.state, device):
        msg = f"the sender is no {MAKER} any more"
        raise RoleMissing(msg)
    calibrated = altered(
        device, calibrated_until_ms=op.calibrated_until_ms, certificate=op.certificate
    )
    DEVICES.store(context.state, calibrated, op.device_id)
    told = event(
        "device.calibrated",
        device_id=op.device_id,
        calibrated_until_ms=op.calibrated_until_ms,
        certificate=op.certificate,
    )
    return (told,)


def require_calibration_ahead(context: Context, calibrated_until_ms: int) -> None:
    """`CalibrationExpired` unless it lasts beyond this block."""
    if calibrated_until_ms <= context.time_ms:
        msg = f"the calibration ended at {calibrated_until_ms}"
        raise CalibrationExpired(msg)


def _is_maker(state: StateReader, account: bytes, identity: str) -> bool:
    return has_role(state, account, MAKER, f"gcp:{_prefix_of(identity)}")


def _prefix_of(identity: str) -> str:
    """The digits that an identity's company prefix is a beginning of."""
    return (prefix_digits(identity) or "")[:PREFIX_DIGITS_MAX]


def _open_account(context: Context, device_id: bytes, device: Device, device_key: bytes) -> None:
    maker = context.account(device.maker)
    assert maker is not None
    account = Account(single_key_policy(device_key), maker.sponsor, None)
    ACCOUNTS.store(context.state, account, device_id)
    DEVICES.store(context.state, device, device_id)
    DEVICE_NAMES.store(context.state, DeviceName(device_id), name_part(device.identity))
    index_account(context, maker.sponsor, device_id)
    index_device(context, device.owner, device_id, owned=True)


def _registered(device_id: bytes, device: Device) -> Event:
    return event(
        "device.registered",
        device_id=device_id,
        maker=device.maker,
        owner=device.owner,
        identity=device.identity,
        model=device.model,
        measures=device.measures,
        unit=device.unit,
        interval_ms=device.interval_ms,
        calibrated_until_ms=device.calibrated_until_ms,
        certificate=device.certificate,
    )
