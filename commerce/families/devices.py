"""Devices: what measures goods on their way, and what it costs to keep them badly."""

from collections.abc import Sequence
from typing import Any

from chain.state import StateReader
from commerce.clocks import Clock
from commerce.devices.binding import DeviceBind, DeviceUnbind, device_bind, device_unbind
from commerce.devices.contest import PenaltyContest, penalty_contest
from commerce.devices.device import (
    DeviceCalibrate,
    DeviceRegister,
    DeviceTransfer,
    device_calibrate,
    device_register,
    device_transfer,
)
from commerce.devices.judgement import check_timeout
from commerce.devices.penalty import penalty_clocks
from commerce.devices.report import SensorReport, sensor_report
from commerce.devices.settling import settle_timeout
from commerce.devices.sla import SlaAttach, sla_attach
from commerce.orders import order_clocks
from commerce.parcels import parcel_clocks
from commerce.transaction_types import SystemTransition, TransactionType


def _order(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return order_clocks(state, payload.order_id)


def _parcel(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return () if payload.parcel_id is None else parcel_clocks(state, payload.parcel_id)


def _penalty(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return penalty_clocks(state, payload.penalty_id)


TYPES = (
    TransactionType("device.register", DeviceRegister, device_register, "maker + device"),
    TransactionType("device.transfer", DeviceTransfer, device_transfer, "owner + new owner"),
    TransactionType("device.calibrate", DeviceCalibrate, device_calibrate, "maker"),
    TransactionType("device.bind", DeviceBind, device_bind, "owner", clocks=_parcel),
    TransactionType("device.unbind", DeviceUnbind, device_unbind, "owner"),
    TransactionType("sensor.report", SensorReport, sensor_report, "device"),
    TransactionType("sla.attach", SlaAttach, sla_attach, "S, or B + S", clocks=_order),
    TransactionType(
        "penalty.contest", PenaltyContest, penalty_contest, "custodian or S", clocks=_penalty
    ),
)

TRANSITIONS = (
    SystemTransition("sys.sla.check", check_timeout),
    SystemTransition("sys.penalty.settle", settle_timeout),
)
