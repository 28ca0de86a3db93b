"""What the API shows of codes: the verdict on one, batches and reports. Pure reads of the state.

No verdict says "genuine": a label that is scanned may be a copy of another's. At best a code is
registered, which says nothing of the thing: its hidden code can be copied as well.
"""

from dataclasses import dataclass
from itertools import islice

from chain.codec import Hash
from chain.state import StateReader, Table
from commerce.codes.batch import (
    ACTIVE,
    BATCHES,
    DEAD,
    Stretch,
    load_batch,
    since_of,
    stretch_key,
    stretches_of,
)
from commerce.codes.items import CODES, Code, Signal, Visited, find_code
from commerce.codes.reports import load_report
from commerce.codes.serials import code_id, link_of
from commerce.codes.taps import tag_of
from commerce.epcis.graph import TraceIndex
from commerce.epcis.identifiers import lot_of_number
from commerce.goods.things import owner_of
from commerce.products import PRODUCTS
from commerce.recalls.marks import recalled_by

INACTIVE = "inactive"
WITHDRAWN = "withdrawn"
REGISTERED = "registered"
SUSPECT = "suspect"
CLAIMED = "claimed"
UNKNOWN = "unknown"
VERDICTS = (INACTIVE, WITHDRAWN, REGISTERED, SUSPECT, CLAIMED)


@dataclass(frozen=True, slots=True)
class VerdictView:
    """What may be said to whoever holds a label with this code.

    `verdict` is one of `VERDICTS`. `claim_until_ms`: the `claimant` has shown the hidden code, and
    it is its own then unless somebody else committed before. `last_ms` is of the newest scan that
    the row remembers. `tag_counter` are the taps of its tag, if it has one.
    """

    code_id: Hash
    gtin: str
    serial: str
    link: str
    verdict: str
    brand: Hash
    product: str | None
    lot: str | None
    batch_id: Hash
    index: int
    claim_hash: Hash
    active_ms: int | None
    withdrawn_ms: int | None
    sold_ms: int | None
    claimant: Hash | None
    claim_until_ms: int | None
    claimed_ms: int | None
    passed_ms: int | None
    owner: Hash | None
    recalled: bool
    scans: int
    last_ms: int | None
    cells: tuple[Visited, ...]
    signals: tuple[Signal, ...]
    tag_counter: int | None
    reports_open: int
    answered_ms: int | None


@dataclass(frozen=True, slots=True)
class StretchView:
    """Codes from `first` to `last`, both included."""

    first: int
    last: int
    since_ms: int


@dataclass(frozen=True, slots=True)
class CodeBatchView:
    """A batch, and which of its codes are active or withdrawn: the first stretches of each."""

    batch_id: Hash
    gtin: str
    lot: str | None
    brand: Hash
    count: int
    root: Hash
    verifier: bytes | None
    created_ms: int
    active: int
    dead: int
    active_stretches: tuple[StretchView, ...]
    dead_stretches: tuple[StretchView, ...]


@dataclass(frozen=True, slots=True)
class CodeReportView:
    """A report; `state` is OPEN, COPIED or UNFOUNDED."""

    report_id: Hash
    gtin: str
    serial: str
    reporter: Hash
    evidence: Hash
    opened_ms: int
    state: str
    document: Hash | None
    answered_ms: int | None


# Of a batch, in one answer.
STRETCHES_MAX = 100


def verdict_view(state: StateReader, index: TraceIndex, gtin: str, serial: str) -> VerdictView:
    """The verdict, or `CodeUnknown`."""
    return _view(state, index, find_code(state, gtin, serial))


def verdict_of_id(state: StateReader, index: TraceIndex, known_id: bytes) -> VerdictView:
    """As `verdict_view`, of a code that an index names."""
    code = CODES.load(state, known_id)
    assert code is not None
    return _view(state, index, code)


def _view(state: StateReader, index: TraceIndex, code: Code) -> VerdictView:
    batch = load_batch(state, code.batch_id)
    product = PRODUCTS.load(state, code.gtin.encode())
    active_ms = since_of(ACTIVE, state, code.batch_id, code.index)
    dead_ms = since_of(DEAD, state, code.batch_id, code.index)
    tag = None if code.tag is None else tag_of(state, batch.brand, code.tag)
    claimed = code.claimed
    link = link_of(code.gtin, code.serial)
    return VerdictView(
        code_id=code_id(code.gtin, code.serial),
        gtin=code.gtin,
        serial=code.serial,
        link=link,
        verdict=verdict_of(code, active_ms, dead_ms),
        brand=batch.brand,
        product=None if product is None else product.title,
        lot=batch.lot,
        batch_id=code.batch_id,
        index=code.index,
        claim_hash=code.claim_hash,
        active_ms=active_ms,
        withdrawn_ms=dead_ms,
        sold_ms=None if code.sale is None else code.sale.bound_ms,
        claimant=None if code.leading is None else code.leading.account,
        claim_until_ms=None if code.leading is None else code.leading.due_ms,
        claimed_ms=None if claimed is None else claimed.claimed_ms,
        passed_ms=None if claimed is None else claimed.passed_ms,
        owner=None if claimed is None else owner_of(state, link),
        recalled=_is_recalled(state, index, link, batch.lot),
        scans=code.scans,
        last_ms=max((seen.time_ms for seen in code.seen), default=None),
        cells=code.cells,
        signals=code.signals,
        tag_counter=None if tag is None else tag.counter,
        reports_open=code.reports,
        answered_ms=code.answered_ms,
    )


def _is_recalled(state: StateReader, index: TraceIndex, link: str, lot: str | None) -> bool:
    """Is the thing under a recall, or the lot that its label names?"""
    named = None if lot is None else lot_of_number(link, lot)
    things = (link,) if named is None else (link, named)
    return any(recalled_by(state, index, thing) is not None for thing in things)


def verdict_of(code: Code, active_ms: int | None, dead_ms: int | None) -> str:
    """The verdict on a code that is active or dead since then, if it is."""
    if code.claimed is not None:
        return CLAIMED
    if dead_ms is not None:
        return WITHDRAWN
    if code.signals:
        return SUSPECT
    return INACTIVE if active_ms is None else REGISTERED


def proof_keys(state: StateReader, gtin: str, serial: str) -> tuple[bytes, ...]:
    """The state keys that a verdict rests on: the code's row, also where there is none, its batch,
    and the stretches in which it is active or dead.
    """
    known_id = code_id(gtin, serial)
    code = CODES.load(state, known_id)
    if code is None:
        return (CODES.key(known_id),)
    found = [stretch_key(table, state, code.batch_id, code.index) for table in (ACTIVE, DEAD)]
    batch_key = BATCHES.key(code.batch_id)
    return (CODES.key(known_id), batch_key, *[key for key in found if key is not None])


def batch_view(state: StateReader, batch_id: bytes) -> CodeBatchView:
    """The batch, or `CodeBatchUnknown`."""
    batch = load_batch(state, batch_id)
    return CodeBatchView(
        batch_id=batch_id,
        gtin=batch.gtin,
        lot=batch.lot,
        brand=batch.brand,
        count=batch.count,
        root=batch.root,
        verifier=batch.verifier,
        created_ms=batch.created_ms,
        active=batch.active,
        dead=batch.dead,
        active_stretches=_stretches(ACTIVE, state, batch_id),
        dead_stretches=_stretches(DEAD, state, batch_id),
    )


def _stretches(
    table: Table[Stretch], state: StateReader, batch_id: bytes
) -> tuple[StretchView, ...]:
    found = islice(stretches_of(table, state, batch_id), STRETCHES_MAX)
    return tuple(StretchView(*stretch) for stretch in found)


def report_view(state: StateReader, report_id: bytes) -> CodeReportView:
    """The report, or `CodeReportUnknown`."""
    report = load_report(state, report_id)
    return CodeReportView(
        report_id=report_id,
        gtin=report.gtin,
        serial=report.serial,
        reporter=report.reporter,
        evidence=report.evidence,
        opened_ms=report.opened_ms,
        state=report.state,
        document=report.document,
        answered_ms=report.answered_ms,
    )
