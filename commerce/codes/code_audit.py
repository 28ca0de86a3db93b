"""What only a scan of everything shows of codes: counts, ends and places that agree."""

from collections import Counter

from chain.state import StateReader, Table
from commerce.checks import require
from commerce.codes.batch import ACTIVE, BATCHES, DEAD, Stretch, stretches_of
from commerce.codes.binding import BOUND
from commerce.codes.claiming import COMMITS, COUNT
from commerce.codes.items import CODES
from commerce.codes.reports import OPEN, OPEN_REPORTS, REPORTS
from commerce.codes.serials import code_id
from commerce.codes.taps import TAGS


def check_codes(state: StateReader) -> None:
    """`InvariantBreach` unless batches, codes, claims and reports agree with one another."""
    _check_batches(state)
    _check_items(state)
    _check_commits(state)
    _check_reports(state)


def _check_batches(state: StateReader) -> None:
    for batch_id, batch in BATCHES.items(state):
        active = _covered(ACTIVE, state, batch_id, batch.count)
        dead = _covered(DEAD, state, batch_id, batch.count)
        require((active, dead) == (batch.active, batch.dead), "a batch counts its codes")


def _covered(table: Table[Stretch], state: StateReader, batch_id: bytes, count: int) -> int:
    covered, beyond = 0, 0
    for first, last, _ in stretches_of(table, state, batch_id):
        require(beyond <= first <= last < count, "stretches lie apart, within their batch")
        covered, beyond = covered + last - first + 1, last + 1
    return covered


def _check_items(state: StateReader) -> None:
    bound: Counter[bytes] = Counter()
    tags: dict[bytes, bytes] = {}
    for known_id, code in CODES.items(state):
        batch = BATCHES.load(state, code.batch_id)
        require(known_id == code_id(code.gtin, code.serial), "a code has its own id")
        require(batch is not None, "a code is of a batch")
        if batch is not None:
            require(code.index < batch.count and code.gtin == batch.gtin, "a code is of its batch")
            if code.tag is not None:
                tags[batch.brand + code.tag] = known_id
        require(code.leading is None or code.claimed is None, "what is claimed isn't fought for")
        if code.sale is not None:
            bound[code.sale.order_id + bytes([code.sale.line])] += 1
    lines = {key: row.count for key, row in BOUND.items(state) if row.count}
    require(lines == dict(bound), "an order's line counts its things")
    known = {key: tag.code_id for key, tag in TAGS.items(state)}
    require(known == tags, "a tag is on one thing, and that thing's own")


def _check_commits(state: StateReader) -> None:
    count = COUNT.load(state)
    numbers: list[int] = []
    for _, commits in COMMITS.items(state):
        own = [commit.made for commit in commits.waiting]
        ends = [commit.until_ms for commit in commits.waiting]
        require(own == sorted(own) and ends == sorted(ends), "commitments run out in order")
        numbers += own
    numbers += [code.leading.made for _, code in CODES.items(state) if code.leading is not None]
    made = 0 if count is None else count.made
    require(len(numbers) == len(set(numbers)), "a commitment is of one account, and leads once")
    require(max(numbers, default=0) <= made, "commitments are counted")


def _check_reports(state: StateReader) -> None:
    by_code: Counter[bytes] = Counter()
    waiting: dict[bytes, bytes] = {}
    for report_id, report in REPORTS.items(state):
        if report.state == OPEN:
            by_code[report.code_id] += 1
            waiting[report.reporter + report.code_id] = report_id
    told = {known_id: code.reports for known_id, code in CODES.items(state) if code.reports}
    require(told == dict(by_code), "a code counts its open reports")
    own = {key: row.report_id for key, row in OPEN_REPORTS.items(state)}
    require(own == waiting, "an open report stands under its reporter and code, once")
