"""Rows of the route table: devices, storage promises, penalties."""

from commerce.devices.errors import DeviceUnknown, PenaltyUnknown, WatchUnknown
from commerce.errors import OrderUnknown
from node.api import devices, paging
from node.api.routing import Route

PAGE = (paging.CURSOR, paging.LIMIT)

DEVICES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/devices/{id}",
        "A device: what it measures, whose it is, what it is attached to",
        {200: devices.DEVICE_MODEL},
        read=devices.read_device,
        parameters=(devices.DEVICE_ID,),
        problems=(DeviceUnknown,),
    ),
    Route(
        "GET",
        "/v1/devices/{id}/reports",
        "What a device reported and what each report was worth, the last first",
        {200: devices.REPORTS_MODEL},
        read=devices.read_device_reports,
        parameters=(devices.DEVICE_ID, *PAGE),
        problems=(DeviceUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/devices",
        "The devices of an owner",
        {200: devices.DEVICES_MODEL},
        read=devices.read_devices_of,
        parameters=(devices.OWNER, *PAGE),
    ),
    Route(
        "GET",
        "/v1/orders/{id}/slas",
        "How the goods of an order are to be kept on their way",
        {200: devices.SLAS_MODEL},
        read=devices.read_slas,
        parameters=(devices.ORDER_ID,),
        problems=(OrderUnknown,),
    ),
    Route(
        "GET",
        "/v1/parcels/{id}/watch",
        "What watches a parcel, who answers for it, and what it has cost",
        {200: devices.WATCH_MODEL},
        read=devices.read_watch,
        parameters=(devices.PARCEL_ID,),
        problems=(WatchUnknown,),
    ),
    Route(
        "GET",
        "/v1/penalties/{id}",
        "A penalty for goods that were kept badly",
        {200: devices.PENALTY_MODEL},
        read=devices.read_penalty,
        parameters=(devices.PENALTY_ID,),
        problems=(PenaltyUnknown,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/penalties",
        "Penalties that an account pays, bears or gets, newest first",
        {200: devices.PENALTIES_MODEL},
        read=devices.read_penalties_of,
        parameters=(devices.PARTY, devices.PART, devices.OPEN, *PAGE),
    ),
)
