"""Reports of copies: anybody may, one opinion makes nothing suspect, the brand answers."""

import pytest

from commerce.codes import reports
from commerce.codes.reports import (
    REPORTS,
    CodeAnswer,
    CodeReport,
)
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.codes.atelier import BEIJING, Atelier, serial_of
from tests.commerce.shop import TEA
from tests.commerce.world import World

REPORT, ANSWER = "code.report", "code.answer"
HASH = bytes(range(32))
NOWHERE = bytes(32)


def told(index: int = 0) -> CodeReport:
    return CodeReport(TEA, serial_of(index), HASH)


def newest(world: World) -> bytes:
    """The report that is open."""
    return next(known for known, report in REPORTS.items(world.state) if report.state == "OPEN")


def reporting(_: Atelier) -> list[Row]:
    """A friend reports code 0, the brand answers."""

    def answer(sender: str, outcome: str, finding: str = "UNFOUNDED") -> Attempt:
        return Attempt(sender, ANSWER, lambda w: CodeAnswer(newest(w), finding, HASH), (), outcome)

    def again(world: World) -> CodeAnswer:
        return CodeAnswer(next(known for known, _ in REPORTS.items(world.state)), "COPIED", HASH)

    # fmt: off
    return [
        #       sender    type    payload                              with outcome
        Attempt("friend", REPORT, CodeReport(TEA, "none", HASH),        (), "CodeUnknown"),
        Attempt("friend", REPORT, told(),                               (), "ok"),
        Attempt("merchant", ANSWER, CodeAnswer(NOWHERE, "MAYBE", HASH), (), "FindingUnknown"),
        Attempt("merchant", ANSWER, CodeAnswer(NOWHERE, "COPIED", HASH), (), "CodeReportUnknown"),
        answer("friend", "PrefixNotHeld"),
        answer("merchant", "ok"),
        Attempt("merchant", ANSWER, again,                              (), "StateForbids"),
    ]
    # fmt: on


# One account's reports of ten codes and more.
def flooding(_: Atelier) -> list[Row]:
    """Of one account, and about one code."""
    return [
        *[Attempt("friend", REPORT, told(i), (), "ok") for i in range(4)],
        Attempt("friend", REPORT, told(0), (), "CodeReportExists"),
        Attempt("friend", REPORT, told(4), (), "TooManyReports"),
        *[Attempt(name, REPORT, told(0), (), "ok") for name in ("rival", "carrier", "regulator")],
        Attempt("buyer", REPORT, told(0), (), "TooManyReports"),
        Attempt("buyer", REPORT, told(1), (), "ok"),
    ]


def test_anybody_reports_and_the_brand_answers_once() -> None:
    atelier = Atelier()
    play(atelier, reporting(atelier))


def test_reports_are_bounded_by_account_and_by_code(monkeypatch: pytest.MonkeyPatch) -> None:
    atelier = Atelier()
    monkeypatch.setattr(reports, "ACCOUNT_REPORTS_MAX", 4)
    monkeypatch.setattr(reports, "CODE_REPORTS_MAX", 4)
    play(atelier, flooding(atelier))


def test_a_report_by_itself_makes_nothing_suspect_and_what_the_brand_found_does() -> None:
    atelier = Atelier()
    atelier.done("friend", (REPORT, told()))
    assert (atelier.verdict().verdict, atelier.verdict().reports_open) == ("registered", 1)
    copied = CodeAnswer(newest(atelier), "COPIED", HASH)
    events = atelier.done("merchant", (ANSWER, copied))
    assert [entry.type for entry in events] == ["code.answered", "code.suspected"]
    assert (atelier.verdict().verdict, atelier.verdict().reports_open) == ("suspect", 0)


def test_signs_that_mean_nothing_are_cleared_and_told() -> None:
    atelier = Atelier()
    atelier.scanned(atelier.scan(), atelier.scan(cell=BEIJING))
    atelier.done("friend", (REPORT, told()))
    (event,) = atelier.done("merchant", (ANSWER, CodeAnswer(newest(atelier), "UNFOUNDED", HASH)))
    assert event.data["cleared"] == ("travel",)
    verdict = atelier.verdict()
    assert (verdict.verdict, verdict.answered_ms) == ("registered", atelier.time_ms)
    # The same thing may show itself anew.
    atelier.scanned(atelier.scan(), atelier.scan(cell=BEIJING))
    assert atelier.verdict().verdict == "suspect"
