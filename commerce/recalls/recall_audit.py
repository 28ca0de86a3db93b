"""The recalls checked from nothing: for tests, checkpoints and audits."""

from collections import Counter
from collections.abc import Callable, Iterable

from chain.deadlines import Deadline
from chain.state import StateReader, u64
from commerce.checks import require
from commerce.recalls.blocked import TOUCHED, Blocked, recalled_now
from commerce.recalls.demands import DEMANDS
from commerce.recalls.marks import MARKED, MARKS_MAX, PART_SIZE, QUEUE, marked_part
from commerce.recalls.notices import NOTICES
from commerce.recalls.record import RECALLS, Recall, recall_deadlines
from commerce.recalls.watching import WATCHES, watch_deadlines

RECALL_CLOCKED: tuple[Callable[[StateReader], Iterable[Deadline]], ...] = (
    recall_deadlines,
    watch_deadlines,
)


def check_recalls(state: StateReader) -> None:
    """`InvariantBreach` unless rows of recalls agree with one another."""
    recalls = dict(RECALLS.items(state))
    _check_open(state, recalls)
    _check_marks(state, recalls)
    _check_demands(state, recalls)
    products = Counter(key[14:] for key, _ in TOUCHED.items(state))
    for recall_id, recall in recalls.items():
        require(products[recall_id] == recall.progress.products, "products reached are counted")
        require(recall.spreading or not recall.holding, "nothing is held once marks have spread")
        waits = recall.spreading or recall.cursor is not None
        require(waits == (recall.due_ms is not None), "what has something to do has a clock")
    for key, _ in NOTICES.items(state):
        require(key[:32] in recalls, "a notice is of a recall")


def _check_open(state: StateReader, recalls: dict[bytes, Recall]) -> None:
    row = recalled_now(state)
    expected = [
        Blocked(
            recall.gtin,
            recall_id,
            recall.whole,
            recall.marking,
            recall.holds,
        )
        for recall_id, recall in recalls.items()
        if recall.state == "OPEN"
    ]
    expected.sort(key=lambda entry: entry.gtin)
    require(row.products == tuple(expected), "open recalls stand in one row")
    require(len({entry.gtin for entry in expected}) == len(expected), "one recall a product")
    has_marks = any(recall.marking for recall in recalls.values())
    require(row.marked == has_marks, "the row knows whether there are marks")
    require(WATCHES.load(state) is not None or not has_marks, "marks are watched")


def _check_marks(state: StateReader, recalls: dict[bytes, Recall]) -> None:
    counted: Counter[bytes] = Counter()
    for key, queued in QUEUE.items(state):
        recall_id = key[:32]
        counted[recall_id] += 1
        marked = MARKED.load(state, marked_part(queued.kind, queued.name), recall_id)
        require(marked is not None, "what is followed up is marked")
    for recall_id, recall in recalls.items():
        progress = recall.progress
        require(counted[recall_id] == progress.marks, "marks are numbered in a row")
        require(progress.next <= progress.marks, "no mark is followed up before it is there")
    for key, marked in MARKED.items(state):
        recall_id = key[PART_SIZE:]
        at = (
            None if marked.number == MARKS_MAX else QUEUE.load(state, recall_id, u64(marked.number))
        )
        if marked.number == MARKS_MAX:
            require(marked.released, "what was never followed up was released")
        else:
            same = at is not None and marked_part(at.kind, at.name) == key[:PART_SIZE]
            require(same, "a mark knows its newest place")


def _check_demands(state: StateReader, recalls: dict[bytes, Recall]) -> None:
    outstanding: Counter[bytes] = Counter()
    for key, demand in DEMANDS.items(state):
        recall_id, order_id = key[32:64], key[64:]
        outstanding[recall_id] += demand.met_by is None
        notice = NOTICES.load(state, recall_id, order_id, bytes([demand.parcel]))
        require(notice is not None, "what is asked back stands in a notice")
    for recall_id, recall in recalls.items():
        require(outstanding[recall_id] == recall.outstanding, "what is outstanding is counted")
