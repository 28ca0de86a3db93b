"""Rows of the EPCIS binding that write: capture, subscriptions, tokens."""

from typing import Final

from node.api.epcis import capture
from node.api.epcis.authority import TokenRefused, TooManyCaptures
from node.api.epcis.headers import LD_JSON
from node.api.epcis.problems import NotAcceptable, ResourceUnknown
from node.api.epcis.rows import ExtraHeaders
from node.api.problems import MediaTypeUnsupported
from node.api.routing import Route

_AUTHORITY: Final = (TokenRefused, TooManyCaptures)
_DOCUMENT: Final = (
    NotAcceptable,
    MediaTypeUnsupported,
    capture.BehaviourUnknown,
    capture.EpcisDocumentRefused,
    capture.CaptureTooLarge,
)

# Paths are below /v1/epcis; `routes.py` makes each a row of the binding.
CAPTURE: tuple[Route, ...] = (
    Route(
        "POST",
        "/capture",
        "Capture an EPCIS document: signed for the token's account, decided a moment later",
        {202: capture.CaptureJobView},
        handle=capture.capture,
        bodies=capture.TAKES,
        problems=(*_AUTHORITY, *_DOCUMENT),
    ),
    Route(
        "GET",
        "/capture/{captureID}",
        "A capture job of the token's account: what became of its events",
        {200: capture.CaptureJobView},
        handle=capture.read_job,
        parameters=(capture.JOB_ID,),
        problems=(*_AUTHORITY, ResourceUnknown),
    ),
    Route(
        "POST",
        "/events",
        "Capture one event; 202 if it is not decided in time",
        {201: LD_JSON, 202: capture.CaptureJobView},
        handle=capture.capture_event,
        bodies=capture.TAKES,
        problems=(*_AUTHORITY, *_DOCUMENT, capture.SingleEventNeeded, capture.CaptureRefused),
    ),
)
# What OPTIONS tells of these paths besides what it tells of all.
CAPTURE_DISCOVERY: ExtraHeaders = {
    "/capture": capture.CAPTURE_DISCOVERED,
    "/events": capture.CAPTURE_HEADERS,
}
