"""Capture by REST: documents and single events in, the jobs that they became out.

ISO/IEC 19987 §12.6: a capture is answered at once with the address of its job. The node signs it
with the key that the token chooses, after the same checks that every replica makes.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, RootModel
from typing_extensions import override

from chain.errors import HistoryPruned, HushangError
from commerce.epcis.document import EVENTS_MAX
from commerce.epcis.errors import EpcisInvalid, EpcisMalformed, EpcisTooLarge
from commerce.epcis.event import EVENT_TYPES
from commerce.epcis.lexeme import DOCUMENT_SIZE_MAX, read_json
from node.api.body import body_of, media_type
from node.api.epcis.authority import require_holder
from node.api.epcis.headers import JSON, LD_JSON, check_stated_version
from node.api.epcis.problems import TYPE_PREFIX, EpcisProblem, ResourceUnknown
from node.api.epcis.rows import BASE
from node.api.models import View, Whole
from node.api.parameters import Parameter, hash_bytes, hash_in_path, number
from node.api.problems import BodyTooLarge, rule_of
from node.api.render import HashText, Json
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.gateway.gateway import EventsRefused
from node.gateway.jobs import Job, JobError, job_on_chain, state_of

BEHAVIOUR: Final = "GS1-Capture-Error-Behaviour"
ROLLBACK: Final = "rollback"
PROCEED: Final = "proceed"
CAPTURE_HEADERS: Final = {
    "GS1-EPCIS-Capture-Limit": str(EVENTS_MAX),
    "GS1-EPCIS-Capture-File-Size-Limit": str(DOCUMENT_SIZE_MAX),
}
# What OPTIONS tells: both behaviours are there.
CAPTURE_DISCOVERED: Final = {**CAPTURE_HEADERS, BEHAVIOUR: "all"}
TAKES: Final = {JSON: None, LD_JSON: None}
JOB_ID: Parameter[bytes] = hash_in_path(
    "captureID", "id of a capture job: of its first transaction"
)
PER_PAGE: Parameter[int] = number("perPage", 1, 100, 30, "jobs in one answer")
PAGE_TOKEN: Parameter[bytes | None] = Parameter(
    "nextPageToken",
    "query",
    hash_bytes,
    {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "of the Link header of the page before",
    None,
)
# How long POST /events waits for the decision.
EVENT_WAIT_MS: Final = 10_000


class BehaviourUnknown(EpcisProblem):
    """The header GS1-Capture-Error-Behaviour is neither rollback nor proceed."""

    hint = "send rollback (all or nothing) or proceed, or leave the header out for rollback"


class EpcisDocumentRefused(EpcisProblem):
    """The document breaks a rule of EPCIS 2.0 or CBV 2.0; nothing of it was captured."""

    hint = "docs/protocol-epcis.md names the rules beyond the JSON schema; hushang epcis validate"

    def __init__(self, message: str, where: str, problems: Sequence[Json] = ()) -> None:
        super().__init__(message, where)
        self.problems = problems

    @override
    def members(self) -> dict[str, Json]:
        """Every problem that was found."""
        return {"problems": [*self.problems]} if self.problems else {}


class CaptureTooLarge(EpcisProblem):
    """The document exceeds a limit of capture."""

    status: ClassVar[int] = 413
    exception = "CaptureLimitExceededException"
    headers = CAPTURE_HEADERS
    hint = "OPTIONS /v1/epcis/capture tells the limits; split the document"


class SingleEventNeeded(EpcisProblem):
    """The body must be one event with its own @context."""

    hint = "POST /v1/epcis/capture takes documents"


class CaptureRefused(EpcisProblem):
    """The event was decided, and refused by a rule of the ledger."""

    hint = (
        "the detail names the rule, and hushang explain what helps; mend the event and "
        "capture it again"
    )

    status: ClassVar[int] = 422


class JobErrorView(View):
    """Why an event, or all of them, was not captured (RFC 9457)."""

    type: str
    title: str
    detail: str
    code: str
    where: str | None = None
    event: Annotated[int | None, Field(description="index in the document; null: all")] = None


class CaptureJobView(View):
    """A capture job; `finishedAt` is absent while it is running. `claims` counts events that were
    captured and don't count: the account had no right to state them.
    """

    captureID: HashText  # noqa: N815 - the standard's name
    createdAt: str  # noqa: N815
    finishedAt: str | None = None  # noqa: N815
    running: bool
    success: bool
    captureErrorBehaviour: Literal["rollback", "proceed"]  # noqa: N815
    transactions: Whole
    claims: Whole
    errors: list[JobErrorView]


class CaptureJobListView(RootModel[list[CaptureJobView]]):
    """Capture jobs, the newest first."""


async def capture(call: Call) -> Reply:
    """POST /v1/epcis/capture."""
    holder = await require_holder(call)
    check_stated_version(call.request)
    proceed = _proceeds(call)
    media_type(call.request, TAKES)
    settings, gateway = call.edge.settings, call.edge.epcis.gateway
    try:
        async with body_of(
            call.request, call.edge.bodies, DOCUMENT_SIZE_MAX, settings.body_timeout_s
        ) as data:
            job = await gateway.capture(call.service, holder, data, proceed=proceed)
    except HushangError as error:
        raise told(error) from error
    headers = {
        "Location": f"{BASE}/capture/{job.id.hex()}",
        BEHAVIOUR: PROCEED if proceed else ROLLBACK,
        **CAPTURE_HEADERS,
    }
    return json_reply(await call.off_loop(job_json, call, job), HTTPStatus.ACCEPTED, headers)


async def capture_event(call: Call) -> Reply:
    """POST /v1/epcis/events: one event, answered when it is decided."""
    holder = await require_holder(call)
    check_stated_version(call.request)
    media_type(call.request, TAKES)
    settings, gateway = call.edge.settings, call.edge.epcis.gateway
    try:
        async with body_of(
            call.request, call.edge.bodies, DOCUMENT_SIZE_MAX, settings.body_timeout_s
        ) as data:
            await call.off_loop(_require_event, data)
            job = await gateway.capture(call.service, holder, data, proceed=False)
    except HushangError as error:
        raise told(error) from error
    if call.edge.waits.free:
        with call.edge.waits.place():
            await call.service.wait_decided(job.id, EVENT_WAIT_MS)
    state = await call.off_loop(state_of, job, call.service.ledger, gateway.clock_ms())
    if state.running:
        # Taken, not decided yet: the job says more later.
        headers = {"Location": f"{BASE}/capture/{job.id.hex()}"}
        return json_reply(await call.off_loop(job_json, call, job), HTTPStatus.ACCEPTED, headers)
    if state.errors:
        raise CaptureRefused(state.errors[0].detail)
    key = await call.off_loop(_captured_key, call, job.id)
    headers = {"Location": f"{BASE}/events/{key}", "Hushang-Claims": str(state.claims)}
    return Reply(data, HTTPStatus.CREATED, LD_JSON, headers)


async def list_jobs(call: Call) -> Reply:
    """GET /v1/epcis/capture: the jobs of the token's account, the newest first."""
    holder = await require_holder(call)
    book, limit = call.edge.epcis.gateway.jobs, call.get(PER_PAGE)
    jobs, more = book.page(holder.account, call.get(PAGE_TOKEN), limit)
    told = await call.off_loop(_told_jobs, call, jobs)
    headers = {}
    if more:
        query = f"perPage={limit}&nextPageToken={jobs[-1].id.hex()}"
        headers["Link"] = f'<{BASE}/capture?{query}>; rel="next"'
    return json_reply(told, headers=headers)


def _told_jobs(call: Call, jobs: Sequence[Job]) -> list[Json]:
    """Those of which this node still has the blocks that tell what became of them."""
    told: list[Json] = []
    for job in jobs:
        with suppress(HistoryPruned):
            told.append(job_json(call, job))
    return told


async def read_job(call: Call) -> Reply:
    """GET /v1/epcis/capture/{captureID}: a job of the token's account."""
    holder = await require_holder(call)
    job_id, book = call.get(JOB_ID), call.edge.epcis.gateway.jobs
    job = book.get(job_id)
    if job is None:
        # Captured another way, or before this node's list of jobs began.
        job = await call.off_loop(job_on_chain, call.service.ledger, job_id)
    if job is None or job.account != holder.account:
        msg = "this account has no such capture job here"
        raise ResourceUnknown(msg, "path.captureID")
    return json_reply(await call.off_loop(job_json, call, job))


def job_json(call: Call, job: Job) -> dict[str, Json]:
    """A job as its view's data."""
    clock_ms = call.edge.epcis.gateway.clock_ms()
    state = state_of(job, call.service.ledger, clock_ms)
    view: dict[str, Json] = {
        "captureID": job.id.hex(),
        "createdAt": time_text(job.created_ms),
        "running": state.running,
        "success": not state.errors,
        "captureErrorBehaviour": state.behaviour,
        "transactions": len(job.parts),
        "claims": state.claims,
        "errors": [_error_json(error) for error in state.errors],
    }
    if state.finished_ms is not None:
        view["finishedAt"] = time_text(state.finished_ms)
    return view


def time_text(time_ms: int) -> str:
    """A time as EPCIS writes them."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time_ms % 1000:03}Z"


def told(error: HushangError) -> HushangError:
    """What is wrong with a document, as this binding tells it; any other error as it is."""
    match error:
        case EpcisInvalid():
            problems = [_problem(one.path, one.rule) for one in (error, *error.others)]
            return EpcisDocumentRefused(error.rule, f"body#{error.path}", problems)
        case EpcisMalformed():
            return EpcisDocumentRefused(str(error), "body#")
        case EventsRefused():
            problems = [_problem(one.where, one.detail) for one in error.errors]
            return EpcisDocumentRefused(str(error), f"body#{error.errors[0].where}", problems)
        case EpcisTooLarge() | BodyTooLarge():
            return CaptureTooLarge(str(error))
        case _:
            return error


def _problem(where: str, rule: str) -> Json:
    return {"where": where, "detail": rule}


def _proceeds(call: Call) -> bool:
    given = call.request.headers.get(BEHAVIOUR, ROLLBACK).strip().lower()
    if given not in (ROLLBACK, PROCEED):
        msg = f"{BEHAVIOUR} is {ROLLBACK} or {PROCEED}"
        raise BehaviourUnknown(msg, f"header.{BEHAVIOUR}")
    return given == PROCEED


def _require_event(data: bytes) -> None:
    value = read_json(data)
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in EVENT_TYPES:
        msg = "its type is none of the five event types"
        raise SingleEventNeeded(msg, "body#type")


def _captured_key(call: Call, transaction_id: bytes) -> str:
    """The key of the one event that a transaction captured."""
    found = call.service.ledger.find_receipt(transaction_id)
    assert found is not None, "it was decided"
    keys = [event.data["event_key"] for event in found[1].events if event.type == "epcis.captured"]
    assert isinstance(keys[0], bytes)
    return keys[0].hex()


def _error_json(error: JobError) -> dict[str, Json]:
    title = (rule_of(error.code) or (error.code, ""))[0]
    return {
        "type": TYPE_PREFIX + ("ValidationException" if error.where else "ImplementationException"),
        "title": title,
        "detail": error.detail,
        "code": error.code,
        "where": error.where or None,
        "event": error.event,
    }
