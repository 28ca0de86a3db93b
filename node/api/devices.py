"""Devices, what they reported, and what that cost whom, as the API shows it."""

from dataclasses import dataclass

from pydantic import BaseModel

from chain.state import StateReader
from commerce import indexes
from commerce.devices.penalty import PenaltyState
from commerce.devices.views import (
    DeviceView,
    PenaltyView,
    ReportView,
    SlasView,
    WatchView,
    device_view,
    penalty_view,
    report_view,
    slas_view,
    watch_view,
)
from node.api.paging import CURSOR, LIMIT, newest, newest_chosen, split_place
from node.api.parameters import account_in_path, flag, hash_in_path, word_in_query
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

DEVICE_ID = hash_in_path("id", "id of a device, which is its account, in hex")
ORDER_ID = hash_in_path("id", "id of an order")
PARCEL_ID = hash_in_path("id", "id of a parcel")
PENALTY_ID = hash_in_path("id", "id of a penalty")
OWNER = account_in_path("account", "who owns the devices")
PARTY = account_in_path("account", "buyer, seller or custodian")
PARTS = ("buyer", "seller", "custodian")
PART = word_in_query("part", PARTS, "only those in which the account has this part")
OPEN = flag("open", "only penalties that aren't settled")


@dataclass(frozen=True, slots=True)
class DevicesView:
    """Devices of an account."""

    devices: tuple[DeviceView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ReportsView:
    """Reports of a device, the last one first."""

    reports: tuple[ReportView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class PenaltiesView:
    """Penalties that concern an account, newest first."""

    penalties: tuple[PenaltyView, ...]
    next: str | None


DEVICE_MODEL: type[BaseModel] = model_of(DeviceView)
DEVICES_MODEL: type[BaseModel] = model_of(DevicesView)
REPORTS_MODEL: type[BaseModel] = model_of(ReportsView)
SLAS_MODEL: type[BaseModel] = model_of(SlasView)
WATCH_MODEL: type[BaseModel] = model_of(WatchView)
PENALTY_MODEL: type[BaseModel] = model_of(PenaltyView)
PENALTIES_MODEL: type[BaseModel] = model_of(PenaltiesView)


def read_device(call: Call) -> Reply:
    """GET /v1/devices/{id}."""
    return json_reply(render_fields(device_view(_state(call), call.get(DEVICE_ID))))


def read_devices_of(call: Call) -> Reply:
    """GET /v1/accounts/{account}/devices."""
    prefix = indexes.OWNER_DEVICE + call.get(OWNER)
    page = (call.get(CURSOR), call.get(LIMIT))
    found, following = newest(call.service.ledger, prefix, *page)
    devices = tuple(device_view(_state(call), device_id) for device_id, _ in found)
    return json_reply(render_fields(DevicesView(devices, following)))


def read_device_reports(call: Call) -> Reply:
    """GET /v1/devices/{id}/reports."""
    device_id = call.get(DEVICE_ID)
    device_view(_state(call), device_id)
    page = (call.get(CURSOR), call.get(LIMIT))
    found, following = newest(call.service.ledger, indexes.DEVICE_REPORT + device_id, *page)
    reports = tuple(report_view(row) for _, row in found)
    return json_reply(render_fields(ReportsView(reports, following)))


def read_slas(call: Call) -> Reply:
    """GET /v1/orders/{id}/slas."""
    return json_reply(render_fields(slas_view(_state(call), call.get(ORDER_ID))))


def read_watch(call: Call) -> Reply:
    """GET /v1/parcels/{id}/watch."""
    return json_reply(render_fields(watch_view(_state(call), call.get(PARCEL_ID))))


def read_penalty(call: Call) -> Reply:
    """GET /v1/penalties/{id}."""
    return json_reply(render_fields(penalty_view(_state(call), call.get(PENALTY_ID))))


def read_penalties_of(call: Call) -> Reply:
    """GET /v1/accounts/{account}/penalties."""
    state, part, is_open = _state(call), call.get(PART), call.get(OPEN)

    def choose(rest: bytes, value: bytes) -> PenaltyView | None:
        if part not in (None, value.decode()):
            return None
        view = penalty_view(state, split_place(rest)[1])
        return None if is_open and view.state == PenaltyState.SETTLED else view

    page = (call.get(CURSOR), call.get(LIMIT))
    prefix = indexes.ACCOUNT_PENALTY + call.get(PARTY)
    found, following = newest_chosen(call.service.ledger, prefix, page, choose)
    return json_reply(render_fields(PenaltiesView(tuple(found), following)))


def _state(call: Call) -> StateReader:
    return call.service.ledger.state
