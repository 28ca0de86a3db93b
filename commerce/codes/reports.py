"""Reports of a copy: code.report by anyone, code.answer by the brand.

A report alone makes nothing suspect: anybody could say so of anything. It stands beside the code
until the brand answers. What the brand finds counts: COPIED is a sign, UNFOUNDED clears the signs
that were there, which stay in the events.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, Name, TimeMs
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.clocks import Clock
from commerce.codes.batch import load_batch
from commerce.codes.errors import (
    CodeReportExists,
    CodeReportUnknown,
    CodeUnknown,
    FindingUnknown,
    TooManyReports,
)
from commerce.codes.indexes import index_report
from commerce.codes.items import CODES, code_clocks, find_code, save_code
from commerce.codes.scanning import suspected
from commerce.codes.serials import Serial, code_id
from commerce.codes.signals import BRAND, with_signals
from commerce.errors import PrefixNotHeld, StateForbids
from commerce.products import Gtin, require_prefix
from commerce.records import altered
from commerce.refusals import refuses

# Open at a time.
CODE_REPORTS_MAX = 16
ACCOUNT_REPORTS_MAX = 16
OPEN = "OPEN"
COPIED = "COPIED"
UNFOUNDED = "UNFOUNDED"
FINDINGS = (COPIED, UNFOUNDED)


@dataclass(frozen=True, slots=True)
class CodeReport:
    """`evidence` is the salted hash of what the reporter shows the brand: pictures, a receipt."""

    gtin: Gtin
    serial: Serial
    evidence: Hash


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """`finding` is COPIED or UNFOUNDED; `document` the hash of what the brand found."""

    report_id: Hash
    finding: Name
    document: Hash


@dataclass(frozen=True, slots=True)
class Report:
    """A report; `state` is OPEN, or what the brand found."""

    code_id: Hash
    gtin: Gtin
    serial: Serial
    reporter: Hash
    evidence: Hash
    opened_ms: TimeMs
    state: Name
    document: Hash | None
    answered_ms: TimeMs | None


@dataclass(frozen=True, slots=True)
class OpenReport:
    """An account's report of a code waits for an answer."""

    report_id: Hash


REPORTS: Table[Report] = Table("code-report", Report)
# By reporter and code: nobody has two of one code, so that one account doesn't take up its room.
OPEN_REPORTS: Table[OpenReport] = Table("code-reporter", OpenReport)


def load_report(state: StateReader, report_id: bytes) -> Report:
    """The report, or `CodeReportUnknown`."""
    report = REPORTS.load(state, report_id)
    if report is None:
        msg = f"no report {report_id.hex()}"
        raise CodeReportUnknown(msg)
    return report


@refuses(CodeUnknown, CodeReportExists, TooManyReports)
def code_report(op: CodeReport, context: Context) -> tuple[Event, ...]:
    """Tell the brand of a thing that seems to be a copy."""
    code = find_code(context.state, op.gtin, op.serial)
    known_id = code_id(op.gtin, op.serial)
    if OPEN_REPORTS.load(context.state, context.sender, known_id) is not None:
        msg = "the account's report of this code waits for an answer"
        raise CodeReportExists(msg)
    own = sum(1 for _ in OPEN_REPORTS.items(context.state, context.sender))
    if code.reports >= CODE_REPORTS_MAX or own >= ACCOUNT_REPORTS_MAX:
        msg = f"{code.reports} reports about the code are open, and {own} of the account"
        raise TooManyReports(msg)
    report_id = context.new_id("code-report")
    report = Report(
        code_id=known_id,
        gtin=op.gtin,
        serial=op.serial,
        reporter=context.sender,
        evidence=op.evidence,
        opened_ms=context.time_ms,
        state=OPEN,
        document=None,
        answered_ms=None,
    )
    REPORTS.store(context.state, report, report_id)
    OPEN_REPORTS.store(context.state, OpenReport(report_id), context.sender, known_id)
    save_code(context, code, altered(code, reports=code.reports + 1))
    brand = load_batch(context.state, code.batch_id).brand
    index_report(context, brand, context.sender, known_id, report_id)
    told = event(
        "code.reported",
        report_id=report_id,
        code_id=known_id,
        gtin=op.gtin,
        serial=op.serial,
        reporter=context.sender,
        brand=brand,
        evidence=op.evidence,
    )
    return (told,)


@refuses(FindingUnknown, CodeReportUnknown, StateForbids, PrefixNotHeld)
def code_answer(op: CodeAnswer, context: Context) -> tuple[Event, ...]:
    """Say what was found, by the brand; the report is closed."""
    if op.finding not in FINDINGS:
        msg = f"{op.finding!r} is none of {', '.join(FINDINGS)}"
        raise FindingUnknown(msg)
    report = load_report(context.state, op.report_id)
    if report.state != OPEN:
        msg = "the report was answered"
        raise StateForbids(msg)
    require_prefix(context, report.gtin)
    code = CODES.load(context.state, report.code_id)
    assert code is not None
    answered = altered(report, state=op.finding, document=op.document, answered_ms=context.time_ms)
    REPORTS.store(context.state, answered, op.report_id)
    OPEN_REPORTS.remove(context.state, report.reporter, report.code_id)
    closed = altered(code, reports=code.reports - 1)
    cleared = () if op.finding == COPIED else tuple([signal.kind for signal in code.signals])
    if op.finding == COPIED:
        after = with_signals(closed, (BRAND,), context.time_ms, None)
    else:
        # What is remembered would show the same signs again with the next scan.
        after = altered(closed, signals=(), seen=(), cells=(), answered_ms=context.time_ms)
    save_code(context, code, after)
    told = event(
        "code.answered",
        report_id=op.report_id,
        code_id=report.code_id,
        gtin=report.gtin,
        serial=report.serial,
        reporter=report.reporter,
        finding=op.finding,
        document=op.document,
        cleared=cleared,
    )
    return (told, *suspected(context, code, after))


def report_clocks(state: StateReader, report_id: bytes) -> list[tuple[bytes, Clock]]:
    """The clock of the code that a report is about, if there is one."""
    report = REPORTS.load(state, report_id)
    return [] if report is None else code_clocks(state, report.gtin, report.serial)
