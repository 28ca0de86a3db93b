"""Rows of the EPCIS binding that write: capture, subscriptions, tokens."""

from typing import Final

from node.api.epcis import capture, subscriptions
from node.api.epcis.authority import TokenRefused, TooManyCaptures
from node.api.epcis.headers import JSON, LD_JSON
from node.api.epcis.problems import NotAcceptable, QueryUnknown, ResourceUnknown
from node.api.epcis.rows import NO_BODY, ExtraHeaders
from node.api.problems import BodyInvalid, BodyTooLarge, MediaTypeUnsupported
from node.api.routing import Route
from node.strict_json import JsonRefused

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
        "/capture",
        "Capture jobs of the token's account, the newest first; Link names the next page",
        {200: capture.CaptureJobListView},
        handle=capture.list_jobs,
        parameters=(capture.PER_PAGE, capture.PAGE_TOKEN),
        problems=_AUTHORITY,
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
    Route(
        "POST",
        "/queries/{queryName}/subscriptions",
        "Subscribe a webhook to a named query: as a stream, or by a schedule",
        {201: subscriptions.SubscriptionView},
        handle=subscriptions.subscribe,
        parameters=(subscriptions.QUERY_NAME,),
        bodies={JSON: subscriptions.SubscriptionForm},
        problems=(
            *_AUTHORITY,
            QueryUnknown,
            MediaTypeUnsupported,
            JsonRefused,
            BodyInvalid,
            BodyTooLarge,
            subscriptions.SubscriptionRefused,
            subscriptions.SubscriptionLimit,
        ),
    ),
    Route(
        "GET",
        "/queries/{queryName}/subscriptions",
        "Subscriptions of the token's account to a named query",
        {200: subscriptions.SubscriptionListView},
        handle=subscriptions.list_subscriptions,
        parameters=(subscriptions.QUERY_NAME,),
        problems=(*_AUTHORITY, QueryUnknown),
    ),
    Route(
        "GET",
        "/queries/{queryName}/subscriptions/{subscriptionID}",
        "A subscription, and whether its webhook takes what it is told",
        {200: subscriptions.SubscriptionView},
        handle=subscriptions.show_subscription,
        parameters=(subscriptions.QUERY_NAME, subscriptions.SUBSCRIPTION_ID),
        problems=(*_AUTHORITY, QueryUnknown, ResourceUnknown),
    ),
    Route(
        "DELETE",
        "/queries/{queryName}/subscriptions/{subscriptionID}",
        "Unsubscribe",
        {204: NO_BODY},
        handle=subscriptions.unsubscribe,
        parameters=(subscriptions.QUERY_NAME, subscriptions.SUBSCRIPTION_ID),
        problems=(*_AUTHORITY, QueryUnknown, ResourceUnknown),
    ),
)
# What OPTIONS tells of these paths besides what it tells of all.
CAPTURE_DISCOVERY: ExtraHeaders = {
    "/capture": capture.CAPTURE_DISCOVERED,
    "/events": capture.CAPTURE_HEADERS,
}
