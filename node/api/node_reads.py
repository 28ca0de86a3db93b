"""What the node says of itself: health, readiness, status, metrics, genesis, types."""

import types
from typing import Any, get_args

from chain.errors import HushangError
from commerce.registry import TYPES, TransactionType
from node.api.parameters import text_in_path
from node.api.problems import ObjectNotFound, title_of
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.api.status_models import (
    FieldView,
    GenesisView,
    HealthView,
    ReadyView,
    RefusalView,
    StatusView,
    SyncStateView,
    TransactionTypesView,
    TransactionTypeView,
)
from node.json_values import describe, hints_of
from node.metrics import CONTENT_TYPE

INDEX = """Hushang node.

/v1/openapi.json       every route
/v1/status             this node
/v1/transaction-types  what can be signed
/v1/events             what happened, as pages or as a WebSocket
/v1/epcis/             EPCIS 2.0: capture, queries, subscriptions
/v1/committee          who votes; /v1/committee/0, 1, ... each epoch's, with its proof
/v1/evidence           what this node found against members
/v1/proof              state, transaction, receipt, event: files that prove themselves
/verify                a page that checks a proof in your browser
/health /ready /metrics
"""

TYPE_NAME = text_in_path("name", "[a-z][a-z0-9_.]{0,63}", "name of a transaction type")


async def index(_call: Call) -> Reply:
    """GET /."""
    return Reply(INDEX.encode(), content_type="text/plain; charset=utf-8")


async def health(call: Call) -> Reply:
    """GET /health."""
    lag_s = call.edge.metrics.loop.last_s
    return json_reply(HealthView(status="ok", loop_lag_ms=int(lag_s * 1000)))


async def ready(call: Call) -> Reply:
    """GET /ready."""
    status = call.service.status()
    reasons = list(status.not_ready_because)
    sync = SyncStateView.model_validate(render_fields(status.sync))
    view = ReadyView(
        ready=status.ready,
        reasons=reasons,
        withheld=status.withheld,
        height=status.height,
        sync=sync,
    )
    return json_reply(view, 200 if status.ready else 503)


async def status(call: Call) -> Reply:
    """GET /v1/status."""
    return json_reply(StatusView.of(call.service.status(), call.service.chain))


async def metrics(call: Call) -> Reply:
    """GET /metrics."""
    call.edge.gauges()
    text = call.edge.metrics.render(call.service.status())
    return Reply(text, content_type=CONTENT_TYPE)


def read_genesis(call: Call) -> Reply:
    """GET /v1/genesis."""
    return json_reply(GenesisView.of(call.service.chain))


async def document(call: Call) -> Reply:
    """GET /v1/openapi.json."""
    return json_reply(call.edge.document)


def read_types(_call: Call) -> Reply:
    """GET /v1/transaction-types: the registry, as data."""
    return json_reply(TransactionTypesView(types=[type_view(entry) for entry in TYPES]))


def read_type(call: Call) -> Reply:
    """GET /v1/transaction-types/{name}."""
    entry = next((entry for entry in TYPES if entry.name == call.get(TYPE_NAME)), None)
    if entry is None:
        msg = f"no transaction type {call.get(TYPE_NAME)}"
        raise ObjectNotFound(msg, "path.name")
    return json_reply(type_view(entry))


def type_view(entry: TransactionType) -> TransactionTypeView:
    """The view of a native transaction type."""
    return TransactionTypeView(
        name=entry.name,
        summary=_first_line(entry.handler.__doc__),
        payload_notes=" ".join((entry.payload.__doc__ or "").split()),
        signers=entry.signers,
        rank=entry.rank.name.lower(),
        refusals=[_refusal(rule) for rule in entry.refusals],
        fields=[
            FieldView(
                name=name,
                holds=describe(annotation),
                nullable=types.NoneType in get_args(annotation),
            )
            for name, annotation in hints_of(entry.payload).items()
        ],
        payload=_schema(entry.payload),
    )


def _schema(payload: type) -> dict[str, Any]:
    return model_of(payload).model_json_schema()


def _refusal(rule: type[HushangError]) -> RefusalView:
    return RefusalView(code=rule.__name__, title=title_of(rule), hint=rule.hint or None)


def _first_line(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0]
