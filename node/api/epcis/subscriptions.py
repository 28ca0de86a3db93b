"""Subscriptions of webhooks to named queries (ISO/IEC 19987 §12.7): made, shown, ended.

They belong to the account of the token that made them, for each makes this node call a URL. What is
told, and in which order, is `node/webhooks/`.
"""

import asyncio
import uuid
from http import HTTPStatus
from typing import Annotated, ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from commerce.epcis.times import read_instant
from node.api.body import JSON, body_of, json_form, media_type
from node.api.epcis.authority import require_holder
from node.api.epcis.capture import time_text
from node.api.epcis.desk import EpcisDesk
from node.api.epcis.problems import EpcisProblem, QueryUnknown, ResourceUnknown
from node.api.epcis.rows import BASE
from node.api.models import View, Whole
from node.api.parameters import Parameter, text_in_path
from node.api.render import Json
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.gateway.tokens import Holder
from node.webhooks.addresses import URL_SIZE_MAX, DestinationRefused
from node.webhooks.batches import StandingQuery, start_after
from node.webhooks.book import (
    SECRET_SIZE_MAX,
    SECRET_SIZE_MIN,
    Kept,
    Progress,
    ScheduleField,
    Subscription,
    TooManySubscriptions,
)
from node.webhooks.schedule import FIELDS, ScheduleInvalid, read_schedule

BODY_SIZE_MAX: Final = 16 * 1024
NAME: Final = r"[^\x00-\x1f\x7f/]{1,64}"
QUERY_NAME: Parameter[str] = text_in_path("queryName", NAME, "name of a named query")
SUBSCRIPTION_ID: Parameter[str] = text_in_path(
    "subscriptionID", "[0-9a-f-]{36}", "id of a subscription"
)
TIME_TEXT_MAX: Final = 64
Text = Annotated[str, Field(max_length=256)]


class SubscriptionRefused(EpcisProblem):
    """The subscription's controls contradict one another, or lead where they may not."""

    exception = "SubscriptionControlsException"
    hint = 'like {"dest": "https://…", "signatureToken": "…", "stream": true}'


class SubscriptionLimit(EpcisProblem):
    """No more subscriptions are taken."""

    status: ClassVar[int] = 409
    exception = "SubscriptionControlsException"
    hint = "unsubscribe what is not used: DELETE its subscription"


class ScheduleForm(BaseModel):
    """When a scheduled query runs, in UTC; see docs/protocol-api.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    second: Text | None = None
    minute: Text | None = None
    hour: Text | None = None
    dayOfMonth: Text | None = None  # noqa: N815 - the standard's names
    month: Text | None = None
    dayOfWeek: Text | None = None  # noqa: N815


class SubscriptionForm(BaseModel):
    """What a client asks for: a stream, or a schedule."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dest: Annotated[str, Field(max_length=URL_SIZE_MAX, description="where events are POSTed")]
    signatureToken: Annotated[  # noqa: N815
        str | None,
        Field(
            min_length=SECRET_SIZE_MIN,
            max_length=SECRET_SIZE_MAX,
            description="a secret of the client's, by which GS1-Signature is made",
        ),
    ] = None
    stream: Literal[True] | None = None
    schedule: ScheduleForm | None = None
    reportIfEmpty: bool = False  # noqa: N815
    initialRecordTime: Annotated[str | None, Field(max_length=TIME_TEXT_MAX)] = None  # noqa: N815


class SubscriptionView(View):
    """A subscription; its secret is never shown.

    `failures`: how often its next message was not taken, and `lastError` why.
    """

    subscriptionID: str  # noqa: N815
    queryName: str  # noqa: N815
    dest: str
    createdAt: str  # noqa: N815
    initialRecordTime: str  # noqa: N815
    minRecordTime: str | None = None  # noqa: N815
    lastNotifiedAt: str | None = None  # noqa: N815
    stream: bool | None = None
    schedule: dict[str, str] | None = None
    reportIfEmpty: bool | None = None  # noqa: N815
    failures: Whole
    lastError: str | None = None  # noqa: N815


class SubscriptionListView(RootModel[list[SubscriptionView]]):
    """Subscriptions, the oldest first."""


def find_query(desk: EpcisDesk, name: str) -> StandingQuery:
    """The standing query of a name; `QueryUnknown`."""
    query = desk.find_query(name)
    if query is None:
        msg = "no query has this name"
        raise QueryUnknown(msg, "path.queryName")
    return query


async def subscribe(call: Call) -> Reply:
    """POST /v1/epcis/queries/{queryName}/subscriptions."""
    holder = await require_holder(call)
    desk, name = call.edge.epcis, call.get(QUERY_NAME)
    find_query(desk, name)
    media_type(call.request, {JSON: None})
    timeout_s = call.edge.settings.body_timeout_s
    async with body_of(call.request, call.edge.bodies, BODY_SIZE_MAX, timeout_s) as data:
        form = json_form(data, SubscriptionForm)
    since_ms, ledger = _since_ms(form), call.service.ledger
    subscription = _made(desk, holder, name, form, since_ms or ledger.tip.header.time_ms)
    start = await call.off_loop(start_after, ledger, since_ms)
    progress = Progress(start.height, 0, 0, run_ms=subscription.created_ms)
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(None, desk.subscriptions.add, subscription, progress)
    except TooManySubscriptions as error:
        raise SubscriptionLimit(str(error)) from error
    desk.courier.changed()
    place = f"{BASE}{call.request.rel_url.raw_path.removeprefix(BASE)}/{subscription.id}"
    kept = Kept(subscription, progress)
    return json_reply(_view(desk, kept), HTTPStatus.CREATED, {"Location": place})


async def list_subscriptions(call: Call) -> Reply:
    """GET /v1/epcis/queries/{queryName}/subscriptions: those of the token's account."""
    holder = await require_holder(call)
    desk, name = call.edge.epcis, call.get(QUERY_NAME)
    find_query(desk, name)
    found = desk.subscriptions.of(name, holder.account)
    return json_reply([_view(desk, kept) for kept in found])


async def show_subscription(call: Call) -> Reply:
    """GET /v1/epcis/queries/{queryName}/subscriptions/{subscriptionID}."""
    holder = await require_holder(call)
    return json_reply(_view(call.edge.epcis, _own(call, holder)))


async def unsubscribe(call: Call) -> Reply:
    """DELETE /v1/epcis/queries/{queryName}/subscriptions/{subscriptionID}."""
    holder = await require_holder(call)
    desk, kept = call.edge.epcis, _own(call, holder)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, desk.subscriptions.remove, kept.subscription.id)
    desk.courier.changed()
    return Reply(b"", HTTPStatus.NO_CONTENT)


def record_time(text: str) -> int | None:
    """The milliseconds of an `initialRecordTime`; None for what is no time with an offset."""
    instant = read_instant(text) if len(text) <= TIME_TEXT_MAX else None
    time_ms = -1 if instant is None else instant.milliseconds()
    return time_ms if 0 <= time_ms < 2**53 else None


def _since_ms(form: SubscriptionForm) -> int | None:
    """From which time on events are told; None: from now on."""
    if form.initialRecordTime is None:
        return None
    since_ms = record_time(form.initialRecordTime)
    if since_ms is None:
        msg = "a time like 2026-03-01T08:00:00+08:00"
        raise SubscriptionRefused(msg, "body#initialRecordTime")
    return since_ms


def _made(
    desk: EpcisDesk, holder: Holder, name: str, form: SubscriptionForm, initial_ms: int
) -> Subscription:
    """The subscription that a form asks for."""
    fields = _schedule(form)
    now_ms = desk.gateway.clock_ms()
    try:
        desk.places.check_url(form.dest)
    except DestinationRefused as error:
        raise SubscriptionRefused(str(error), "body#dest") from error
    return Subscription(
        id=str(uuid.uuid4()),
        query=name,
        account=holder.account,
        dest=form.dest,
        secret=None if form.signatureToken is None else form.signatureToken.encode(),
        schedule=fields,
        report_if_empty=form.reportIfEmpty,
        initial_ms=initial_ms,
        created_ms=now_ms,
    )


def _schedule(form: SubscriptionForm) -> tuple[ScheduleField, ...]:
    """The fields of the schedule, none for a stream; it must be one of the two."""
    if (form.stream is None) == (form.schedule is None):
        msg = "either stream is true, or there is a schedule"
        raise SubscriptionRefused(msg, "body#stream")
    if form.schedule is None:
        if form.reportIfEmpty:
            msg = "only a scheduled query can report that there is nothing"
            raise SubscriptionRefused(msg, "body#reportIfEmpty")
        return ()
    given = form.schedule.model_dump(exclude_none=True)
    try:
        read_schedule(given)
    except ScheduleInvalid as error:
        raise SubscriptionRefused(str(error), "body#schedule") from error
    return tuple(ScheduleField(name, given[name]) for name in FIELDS if name in given)


def _own(call: Call, holder: Holder) -> Kept:
    """The account's own subscription that the path names."""
    name, subscription_id = call.get(QUERY_NAME), call.get(SUBSCRIPTION_ID)
    find_query(call.edge.epcis, name)
    kept = call.edge.epcis.subscriptions.get(subscription_id)
    if kept is None or (kept.subscription.query, kept.subscription.account) != (
        name,
        holder.account,
    ):
        msg = "this account has no such subscription to this query"
        raise ResourceUnknown(msg, "path.subscriptionID")
    return kept


def _view(desk: EpcisDesk, kept: Kept) -> dict[str, Json]:
    """The data of a `SubscriptionView`, without what doesn't apply."""
    subscription, progress = kept.subscription, kept.progress
    trouble = desk.courier.troubles.get(subscription.id)
    is_stream = not subscription.schedule
    told: dict[str, Json] = {
        "subscriptionID": subscription.id,
        "queryName": subscription.query,
        "dest": subscription.dest,
        "createdAt": time_text(subscription.created_ms),
        "initialRecordTime": time_text(subscription.initial_ms),
        "minRecordTime": time_text(max(subscription.initial_ms, progress.run_ms)),
        "lastNotifiedAt": None if progress.notified_ms is None else time_text(progress.notified_ms),
        "stream": True if is_stream else None,
        "schedule": None
        if is_stream
        else {field.name: field.text for field in subscription.schedule},
        "reportIfEmpty": None if is_stream else subscription.report_if_empty,
        "failures": 0 if trouble is None else trouble.tries,
        "lastError": None if trouble is None else trouble.words,
    }
    return {name: value for name, value in told.items() if value is not None}
