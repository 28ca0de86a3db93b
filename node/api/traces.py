"""Traces as the API shows them: in pages that stay the same, as known at a height."""

import re
from dataclasses import dataclass

from pydantic import BaseModel

from chain.codec import Hash
from chain.ledger import Ledger
from commerce.epcis.doubts import Doubt
from commerce.epcis.identifiers import is_class, of_query
from commerce.epcis.path import Direction, Edge, Step
from commerce.epcis.root_cause import ITEMS_MAX, RootCause, root_cause
from commerce.epcis.stored_index import StoredIndex
from commerce.goods.things import owner_of, possessor_of
from commerce.recalls.marks import recalls_covering
from node.api.parameters import HEIGHT_MAX, Parameter, choice, number, whole
from node.api.problems import BlockUnknown, ParameterInvalid
from node.api.provenance import EPC, EPC_PATTERN, GTIN, LOT, asked
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.api.trace_book import FoundTrace

# How goods are named in a query.
GOODS = (EPC, GTIN, LOT)

PAGE_MAX = 5_000
PAGE_DEFAULT = 1_000
# Names of one edge, and roots, that an answer shows; their number is told.
NAMES_SHOWN_MAX = 100
DIRECTION = choice(
    "direction", ("back", "forward"), "back: where it came from; forward: where it went"
)
HEIGHT: Parameter[int | None] = Parameter(
    "height",
    "query",
    whole(0, HEIGHT_MAX),
    {"type": "integer", "minimum": 0, "maximum": HEIGHT_MAX},
    "as known then: events captured and errors declared up to this height; else the newest",
    None,
)
LIMIT = number("limit", 1, PAGE_MAX, PAGE_DEFAULT, "steps, edges and things per page together")
_CURSOR = re.compile(r"(0|[1-9][0-9]{0,15})\.([1-9][0-9]{0,8})")


def _cursor(text: str) -> tuple[int, int]:
    match = _CURSOR.fullmatch(text)
    if match is None:
        msg = "`next` of the page before"
        raise ValueError(msg)
    return int(match[1]), int(match[2])


CURSOR: Parameter[tuple[int, int] | None] = Parameter(
    "cursor",
    "query",
    _cursor,
    {"type": "string", "pattern": r"^\d{1,16}\.\d{1,9}$"},
    "`next` of the page before: goes on with the same trace, as known at its height",
    None,
)


@dataclass(frozen=True, slots=True)
class TraceCounts:
    """How many the whole trace has of each."""

    roots: int
    steps: int
    edges: int
    things: int


@dataclass(frozen=True, slots=True)
class TraceEdge:
    """Sources became, went into or were items of the targets, by the events at `keys`.

    `kind`: transformation, containment or lot. Of each at most 100 are shown, and how many it has.
    """

    kind: str
    keys: tuple[Hash, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    keys_count: int
    sources_count: int
    targets_count: int


@dataclass(frozen=True, slots=True)
class TraceView:
    """A page of a trace: first all steps by time and key, then all edges, then all things.

    `complete` is about the trace: False if a limit cut the walk short. `next` is None on the last
    page. `roots` (at most 100) are what was asked about. `possessor` and `owner` are who has it
    now, of a single thing, as far as the chain knows. Each step is proven by what `proof` answers
    for its key. `doubts` (at most 100) are what can't be of single things and was stated all the
    same; of a trace of more than 1,000 things only `roots` are looked at. `recalls` are those under
    which the thing asked about is now: their marks show what they reached, whatever was declared an
    error since.
    """

    query: str
    direction: str
    height: int
    complete: bool
    counts: TraceCounts
    roots: tuple[str, ...]
    steps: tuple[Step, ...]
    edges: tuple[TraceEdge, ...]
    things: tuple[str, ...]
    next: str | None
    possessor: Hash | None
    owner: Hash | None
    proof: str
    doubts: tuple[Doubt, ...]
    recalls: tuple[Hash, ...]


PROOF_PATH = "/v1/proof/event/{key}"
TRACE_MODEL: type[BaseModel] = model_of(TraceView)
CAUSE_MODEL: type[BaseModel] = model_of(RootCause)


def read_trace(call: Call) -> Reply:
    """GET /v1/trace."""
    ledger, query, cursor = call.service.ledger, asked(call), call.get(CURSOR)
    height, offset = (known_height(ledger, call.get(HEIGHT)), 0) if cursor is None else cursor
    if height > ledger.tip.height:
        msg = f"height {height} is not decided"
        raise BlockUnknown(msg, "query.height")
    found = call.edge.traces.trace(query, Direction(call.get(DIRECTION)), height)
    return json_reply(render_fields(page(ledger, found, height, (offset, call.get(LIMIT)))))


def read_cause(call: Call) -> Reply:
    """GET /v1/trace/cause, which reads its query itself: `epc` stands several times."""
    items, height = bad_items(call)
    ledger = call.service.ledger
    index = _index(ledger, known_height(ledger, height))
    return json_reply(render_fields(root_cause(index, items)))


def known_height(ledger: Ledger, height: int | None) -> int:
    """The height as which something is asked; `BlockUnknown` if it isn't decided yet."""
    tip = ledger.tip.height
    if height is not None and height > tip:
        msg = f"height {height} is not decided: the newest is {tip}"
        raise BlockUnknown(msg, "query.height")
    return tip if height is None else height


def bad_items(call: Call) -> tuple[tuple[str, ...], int | None]:
    """The identities that a request for a cause names, and the height."""
    epcs, height = [], None
    for name, text in call.request.rel_url.query.items():
        if name == "epc" and re.fullmatch(EPC_PATTERN, text):
            epcs.append(of_query(text))
        elif name == "height" and height is None:
            height = _whole_height(text)
        else:
            msg = "give epc several times, each an EPC URI or GS1 Digital Link, and perhaps height"
            raise ParameterInvalid(msg, f"query.{name[:64]}")
    items = tuple(dict.fromkeys(epcs))
    if not 1 < len(items) <= ITEMS_MAX:
        msg = f"give 2 to {ITEMS_MAX} different things as epc"
        raise ParameterInvalid(msg, "query.epc")
    return items, height


def _whole_height(text: str) -> int:
    try:
        return whole(0, HEIGHT_MAX)(text)
    except ValueError as error:
        msg = f"height: expected {error}"
        raise ParameterInvalid(msg, "query.height") from error


def page(ledger: Ledger, found: FoundTrace, height: int, part: tuple[int, int]) -> TraceView:
    """So many of the trace's steps, edges and things from an offset on."""
    offset, limit = part
    path = found.path
    steps, edges, things = len(found.steps), len(path.joins), len(path.things)
    stop = offset + limit
    rest = stop < steps + edges + things
    low, high = max(offset - steps - edges, 0), max(stop - steps - edges, 0)
    state, single = ledger.state, not is_class(found.query)
    return TraceView(
        query=found.query,
        direction=path.direction,
        height=height,
        complete=path.complete,
        counts=TraceCounts(len(path.roots), steps, edges, things),
        roots=path.roots[:NAMES_SHOWN_MAX],
        steps=found.steps[offset:stop],
        edges=tuple(map(_edge, found.edges(max(offset - steps, 0), max(stop - steps, 0)))),
        things=tuple(found.things[low:high]) if high else (),
        next=f"{height}.{stop}" if rest else None,
        possessor=possessor_of(state, found.query) if single else None,
        owner=owner_of(state, found.query) if single else None,
        proof=PROOF_PATH,
        doubts=found.doubts,
        recalls=recalls_covering(state, _index(ledger, ledger.tip.height), found.query),
    )


def _index(ledger: Ledger, height: int) -> StoredIndex:
    return StoredIndex(ledger.index, height, ledger.index_tails, ledger.index_value)


def _edge(edge: Edge) -> TraceEdge:
    return TraceEdge(
        kind=edge.kind,
        keys=edge.keys[:NAMES_SHOWN_MAX],
        sources=edge.sources[:NAMES_SHOWN_MAX],
        targets=edge.targets[:NAMES_SHOWN_MAX],
        keys_count=len(edge.keys),
        sources_count=len(edge.sources),
        targets_count=len(edge.targets),
    )
