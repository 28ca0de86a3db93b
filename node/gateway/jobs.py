"""Capture jobs: which transactions a request of the gateway became, kept over restarts.

Only that is kept, and what was refused before it was signed. What became of the transactions is
asked of the chain each time: a receipt says it; a transaction that is in no block by a time when
none may take it any more has failed. A job's id is the id of its first transaction.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from chain.block import OK, Receipt
from chain.codec import U16, Hash, Name, Size, Text, TimeMs, decode, encode
from chain.errors import HistoryPruned, TransactionExpired
from chain.ledger import Ledger
from chain.stored_chain import ReceiptPlace
from commerce.epcis.document import EVENTS_MAX
from node.record_log import STALE_MAX, RecordLog

FILE_NAME: Final = "epcis-captures"
LOG_NAME: Final = "epcis-captures"
# Jobs that are remembered; the oldest are forgotten first. About 150 bytes each, a transaction.
JOBS_MAX: Final = 10_000
# Clocks of members differ: so long after its end a transaction can't be in a block any more.
GRACE_MS: Final = 60_000
TEXT_SIZE_MAX: Final = 512
CAPTURE: Final = "epcis.capture"


@dataclass(frozen=True, slots=True)
class JobPart:
    """One transaction of a job, and the event that it captures: all of them if `event` is None."""

    transaction_id: Hash
    event: U16 | None


@dataclass(frozen=True, slots=True)
class JobError:
    """Why an event, or the whole document, was not captured: the broken rule, its place, words."""

    event: U16 | None
    code: Name
    where: Text
    detail: Text


@dataclass(frozen=True, slots=True)
class Job:
    """`valid_until_ms`: no block later than that takes its transactions."""

    id: Hash
    account: Hash
    created_ms: TimeMs
    valid_until_ms: TimeMs
    proceed: bool
    parts: Annotated[tuple[JobPart, ...], Size(min=1, max=EVENTS_MAX)]
    errors: Annotated[tuple[JobError, ...], Size(max=EVENTS_MAX)]


@dataclass(frozen=True, slots=True)
class JobState:
    """What became of a job; `finished_ms` is None while it is running. `claims` counts events that
    were captured and don't count: the account had no right to state them.
    """

    job: Job
    running: bool
    finished_ms: int | None
    errors: tuple[JobError, ...]
    claims: int

    @property
    def behaviour(self) -> Literal["proceed", "rollback"]:
        """What its request said of errors."""
        return "proceed" if self.job.proceed else "rollback"


class JobBook:
    """The newest jobs of this node. Methods may be called from any thread."""

    def __init__(self, log: RecordLog, count_max: int = JOBS_MAX) -> None:
        self._log = log
        self._count_max = count_max
        self._lock = threading.Lock()
        known = [decode(Job, record) for record in log.records[-count_max:]]
        log.records = []
        self._jobs = {job.id: job for job in known}
        self._forgotten = 0

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, *jobs: Job) -> None:
        """Remember jobs; on disk on return."""
        with self._lock:
            for job in jobs:
                self._jobs[job.id] = job
                if len(self._jobs) > self._count_max:
                    del self._jobs[next(iter(self._jobs))]
                    self._forgotten += 1
            if self._forgotten < STALE_MAX:
                self._log.append(*map(encode, jobs))
                return
            self._log.rewrite([encode(one) for one in self._jobs.values()])
            self._forgotten = 0

    def get(self, job_id: bytes) -> Job | None:
        """The job of an id."""
        return self._jobs.get(job_id)

    def page(self, account: bytes, after: bytes | None, limit: int) -> tuple[Sequence[Job], bool]:
        """An account's jobs, the newest first, after one of them; and whether there are more."""
        with self._lock:
            newest = [job for job in reversed(self._jobs.values()) if job.account == account]
        start = next((i + 1 for i, job in enumerate(newest) if job.id == after), 0)
        return newest[start : start + limit], len(newest) > start + limit


def state_of(job: Job, ledger: Ledger, now_ms: int) -> JobState:
    """What became of a job; `HistoryPruned` if its blocks are no longer here."""
    tip = ledger.tip
    is_over = max(tip.header.time_ms, now_ms - GRACE_MS) > job.valid_until_ms
    errors, running, finished, claims = list(job.errors), False, list[int](), 0
    for part in job.parts:
        found = ledger.find_receipt(part.transaction_id)
        if found is not None:
            finished.append(_time_of(ledger, found[0]))
            errors += _receipt_errors(part, found[1])
            claims += sum([event.data.get("claim") is True for event in found[1].events])
        elif not is_over:
            running = True
        else:
            _require_kept(ledger, job)
            finished.append(job.valid_until_ms)
            errors.append(_never_decided(part))
    ended = None if running else max(finished)
    return JobState(job, running, ended, tuple(sorted(errors, key=_by_event)), claims)


def job_on_chain(ledger: Ledger, transaction_id: bytes) -> Job | None:
    """The job that a decided capture is, whichever way it came to the chain; None without one."""
    found = ledger.find_receipt(transaction_id)
    received = None if found is None else ledger.find_body(found[0], transaction_id)
    if found is None or received is None or CAPTURE not in received.types:
        return None
    return Job(
        id=transaction_id,
        account=received.transaction.sender,
        created_ms=_time_of(ledger, found[0]),
        valid_until_ms=received.transaction.valid_until_ms,
        proceed=False,
        parts=(JobPart(transaction_id, None),),
        errors=(),
    )


def _time_of(ledger: Ledger, place: ReceiptPlace) -> int:
    header = ledger.header(place.height)
    assert header is not None, "a receipt's block is in the store"
    return header.time_ms


def _receipt_errors(part: JobPart, receipt: Receipt) -> list[JobError]:
    if receipt.status == OK:
        return []
    words = f"refused by a rule of the ledger: {receipt.status}"
    return [JobError(part.event, receipt.status, "", words)]


def _never_decided(part: JobPart) -> JobError:
    words = "in no block before its time was over; capture it again"
    return JobError(part.event, TransactionExpired.__name__, "", words)


def _require_kept(ledger: Ledger, job: Job) -> None:
    """What old blocks said, a node that has dropped them doesn't know."""
    first = ledger.header(ledger.base.first_block)
    if ledger.base.first_block > 1 and (first is None or first.time_ms > job.created_ms):
        msg = "the blocks that would tell are no longer kept here"
        raise HistoryPruned(msg)


def _by_event(error: JobError) -> int:
    return -1 if error.event is None else error.event
