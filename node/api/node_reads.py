"""What the node says of itself: health, readiness, status, metrics, genesis, types."""

import types
from typing import Any, get_args

from chain.errors import HushangError
from commerce.registry import TYPES, TransactionType
from node.api.certificate import certified
from node.api.parameters import text_in_path
from node.api.problems import ObjectNotFound, title_of
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.api.status_models import (
    FieldView,
    GenesisView,
    HealthView,
    JoiningStateView,
    ReadyView,
    RefusalView,
    StatusView,
    SyncStateView,
    TransactionTypesView,
    TransactionTypeView,
)
from node.heartbeat import HUNG_S
from node.json_values import describe, hints_of
from node.metrics import CONTENT_TYPE, NodeMetrics
from node.service import NodeStatus

INDEX = """Hushang node.

/v1/openapi.json       every route
/v1/status             this node
/v1/consensus          what the next decision waits for
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
    return health_reply(call.edge.metrics)


def health_reply(metrics: NodeMetrics) -> Reply:
    """The process lives, and its loop turns; 503 if the ledger's thread hangs."""
    silent_s = metrics.pulse.silent_s
    is_hung = silent_s > HUNG_S
    view = HealthView(
        status="hung" if is_hung else "ok",
        loop_lag_ms=int(metrics.loop.last_s * 1000),
        ledger_silent_ms=int(silent_s * 1000),
    )
    return json_reply(view, 503 if is_hung else 200)


async def ready(call: Call) -> Reply:
    """GET /ready."""
    return ready_reply(call.service.status())


def ready_reply(status: NodeStatus) -> Reply:
    """200, or 503 and why not."""
    view = ReadyView(
        ready=status.ready,
        reasons=list(status.not_ready_because),
        withheld=status.withheld,
        height=status.height,
        sync=SyncStateView.model_validate(render_fields(status.sync)),
        joining=JoiningStateView.of(status.joining),
    )
    return json_reply(view, 200 if status.ready else 503)


async def status(call: Call) -> Reply:
    """GET /v1/status."""
    told = certified(call.service.status(), call.edge.certificate)
    return json_reply(StatusView.of(told, call.service.chain))


async def consensus(call: Call) -> Reply:
    """GET /v1/consensus."""
    return json_reply(render_fields(call.service.consensus()))


async def metrics(call: Call) -> Reply:
    """GET /metrics."""
    call.edge.gauges()
    await call.off_loop(call.edge.metrics.look)
    told = certified(call.service.status(), call.edge.certificate)
    text = call.edge.metrics.render(told)
    return Reply(text, content_type=CONTENT_TYPE)


def read_genesis(call: Call) -> Reply:
    """GET /v1/genesis."""
    return json_reply(GenesisView.of(call.service.chain))


async def document(call: Call) -> Reply:
    """GET /v1/openapi.json."""
    return Reply(call.edge.document)


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
