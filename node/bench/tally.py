"""Counts what becomes of each offered step, in so little memory that a run may last an hour."""

import heapq
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from chain.block import OK
from node.bench.histogram import Histogram
from node.bench.measured import LoadResult, Pause, Second
from node.bench.workloads import Step

# The longest so many are kept, of those that are noticed at all.
PAUSES_MAX: Final = 16
PAUSE_MIN_S: Final = 0.1
UNKNOWN: Final = "OutcomeUnknown"


@dataclass(slots=True)
class _Second:
    offered: int = 0
    decided: int = 0
    operations: int = 0
    latency: Histogram = field(default_factory=Histogram)


@dataclass(slots=True)
class Tally:
    """What has been seen so far; all times in seconds from the run's begin."""

    offered: int = 0
    decided: int = 0
    operations: int = 0
    signatures: int = 0
    # Offered and without an outcome.
    waiting: int = 0
    broken_chains: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    retried: Counter[str] = field(default_factory=Counter)
    retry_after_ms: dict[str, int] = field(default_factory=dict)
    by_kind: dict[str, Histogram] = field(default_factory=dict)
    seconds: list[_Second] = field(default_factory=list)
    late_ms: float = 0.0
    last_due_s: float = 0.0
    decided_s: float = 0.0
    _quiet_from_s: float = 0.0
    _pauses: list[tuple[float, float]] = field(default_factory=list)

    def offer(self, due_s: float, now_s: float) -> None:
        """A step was due and is now under way."""
        if self.waiting == 0:
            self._quiet_from_s = now_s
        self.waiting += 1
        self.offered += 1
        self.last_due_s = max(self.last_due_s, due_s)
        self.late_ms = max(self.late_ms, (now_s - due_s) * 1000)
        self._second(due_s).offered += 1

    def decide(self, step: Step, due_s: float, now_s: float, status: str) -> None:
        """Its receipt is here."""
        self.waiting -= 1
        self.decided += 1
        self.operations += step.operations
        self.signatures += step.signatures
        if status != OK:
            self.failed[status] += 1
        second = self._second(now_s)
        second.decided += 1
        second.operations += step.operations
        latency_ms = (now_s - due_s) * 1000
        second.latency.note(latency_ms)
        kind = self.by_kind.get(step.kind)
        if kind is None:
            kind = self.by_kind[step.kind] = Histogram()
        kind.note(latency_ms)
        self._end_pause(now_s)
        self.decided_s = self._quiet_from_s = now_s

    def refuse(self, code: str, retry_after_ms: int = 0) -> None:
        """It has an outcome without a receipt."""
        self.waiting -= 1
        self.refused[code] += 1
        self._asked_to_wait(code, retry_after_ms)

    def retry(self, code: str, count: int, retry_after_ms: int = 0) -> None:
        """So many were refused for now and will be offered again."""
        self.retried[code] += count
        self._asked_to_wait(code, retry_after_ms)

    def _asked_to_wait(self, code: str, retry_after_ms: int) -> None:
        if retry_after_ms:
            self.retry_after_ms[code] = max(retry_after_ms, self.retry_after_ms.get(code, 0))

    def _second(self, moment_s: float) -> _Second:
        at = max(0, int(moment_s))
        while len(self.seconds) <= at:
            self.seconds.append(_Second())
        return self.seconds[at]

    def _end_pause(self, now_s: float) -> None:
        if now_s - self._quiet_from_s < PAUSE_MIN_S:
            return
        keep = heapq.heappush if len(self._pauses) < PAUSES_MAX else heapq.heappushpop
        keep(self._pauses, (now_s - self._quiet_from_s, self._quiet_from_s))

    def result(self, now_s: float, cpu_s: float, *, ran_out: bool) -> LoadResult:
        """Everything, at the end; what has no outcome now is unknown."""
        if self.waiting:
            self._end_pause(now_s)
            self.refused[UNKNOWN] += self.waiting
            self.waiting = 0
        longest = sorted(self._pauses, reverse=True)
        return LoadResult(
            offered=self.offered,
            decided=self.decided,
            decided_operations=self.operations,
            decided_signatures=self.signatures,
            refused=dict(sorted(self.refused.items())),
            failed=dict(sorted(self.failed.items())),
            retry_after_ms=dict(sorted(self.retry_after_ms.items())),
            retried=dict(sorted(self.retried.items())),
            latency=Histogram.together(second.latency for second in self.seconds),
            latency_by_kind=self.by_kind,
            seconds=[Second(s.offered, s.decided, s.operations, s.latency) for s in self.seconds],
            pauses=[Pause(begin_s, begin_s + took_s) for took_s, begin_s in longest],
            offered_s=self.last_due_s,
            decided_s=self.decided_s,
            broken_chains=self.broken_chains,
            cpu_s=cpu_s,
            late_ms=self.late_ms,
            ran_out=ran_out,
        )


def result_text(result: LoadResult) -> str:
    """One line for the process that asked."""
    record = {name: getattr(result, name) for name in LoadResult.__slots__}
    record |= {
        "latency": result.latency.record(),
        "latency_by_kind": {kind: one.record() for kind, one in result.latency_by_kind.items()},
        "seconds": [
            [one.offered, one.decided, one.operations, one.latency.record()]
            for one in result.seconds
        ],
        "pauses": [asdict(pause) for pause in result.pauses],
    }
    return json.dumps(record)


def read_result(text: str) -> LoadResult:
    """The result of a line that `result_text` wrote."""
    record: Mapping[str, Any] = json.loads(text)
    by_kind = record["latency_by_kind"]
    changes = {
        "latency": Histogram.from_record(record["latency"]),
        "latency_by_kind": {kind: Histogram.from_record(by_kind[kind]) for kind in by_kind},
        "seconds": [
            Second(offered, decided, operations, Histogram.from_record(latency))
            for offered, decided, operations, latency in record["seconds"]
        ],
        "pauses": [Pause(**pause) for pause in record["pauses"]],
    }
    return LoadResult(**(dict(record) | changes))
