"""How a catch-up gets on: height, target, blocks and transactions a second, the time left."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from node.service import SyncView

# The rates are those of the last samples, one a quarter of a second at most: ten seconds.
SAMPLE_MS: Final = 250
SAMPLES_MAX: Final = 40
# A node that is so few blocks behind is not worth a line in the log.
TOLD_BEHIND_MIN: Final = 50
TELL_EVERY_MS: Final = 3_000


@dataclass(slots=True)
class _Sample:
    """So many blocks and transactions until this moment."""

    time_ms: int
    blocks: int
    transactions: int


@dataclass(slots=True)
class Progress:
    """Counts what is decided while a target is ahead."""

    _samples: deque[_Sample] = field(default_factory=lambda: deque(maxlen=SAMPLES_MAX))
    _total: _Sample | None = None
    _began: _Sample | None = None
    _told_ms: int = 0

    @property
    def is_counting(self) -> bool:
        """Is there a target ahead?"""
        return self._total is not None

    def begin(self, now_ms: int) -> None:
        """A target is ahead; counts from here unless it counts already."""
        if self._total is None:
            self._total, self._began = _Sample(now_ms, 0, 0), _Sample(now_ms, 0, 0)
            self._samples.append(_Sample(now_ms, 0, 0))
            self._told_ms = now_ms

    def decided(self, transactions: int, now_ms: int) -> None:
        """One more block with so many transactions."""
        total = self._total
        if total is None:
            return
        total.blocks += 1
        total.transactions += transactions
        if now_ms - self._samples[-1].time_ms >= SAMPLE_MS:
            self._samples.append(_Sample(now_ms, total.blocks, total.transactions))

    def end(self) -> None:
        """The target is reached."""
        self._samples.clear()
        self._total = self._began = None

    def view(self, height: int, target: int, now_ms: int) -> SyncView:
        """What to show now; no time left is known while nothing moves."""
        total = self._total
        if total is None or target <= height:
            return SyncView(height, max(height, target), 0, 0, 0)
        oldest = self._samples[0]
        passed_ms = max(1, now_ms - oldest.time_ms)
        blocks = total.blocks - oldest.blocks
        transactions = total.transactions - oldest.transactions
        return SyncView(
            height=height,
            target=target,
            blocks_per_s=blocks * 1000 // passed_ms,
            transactions_per_s=transactions * 1000 // passed_ms,
            eta_ms=(target - height) * passed_ms // blocks if blocks else None,
        )

    def news(self, height: int, target: int, now_ms: int) -> str:
        """A line for the log, if one is due."""
        if self._total is None or now_ms - self._told_ms < TELL_EVERY_MS:
            return ""
        self._told_ms = now_ms
        if target - height < TOLD_BEHIND_MIN:
            return ""
        return f"catching up: {describe(self.view(height, target, now_ms))}"

    def summary(self, height: int, now_ms: int) -> str:
        """A line for the log about a catch-up that has just ended, if it was worth one."""
        total, began = self._total, self._began
        if total is None or began is None or total.blocks < TOLD_BEHIND_MIN:
            return ""
        passed_s = max(1, now_ms - began.time_ms) / 1000
        return (
            f"caught up at height {height}: {total.blocks} blocks and {total.transactions}"
            f" transactions in {passed_s:.1f} s"
        )


def view_in(status: Mapping[str, Any]) -> SyncView:
    """What a node's status tells of it; a newer node may tell more than this program knows."""
    return SyncView(**{one.name: status["sync"][one.name] for one in fields(SyncView)})


def describe(view: SyncView) -> str:
    """`height 1200 of 5000, 350 blocks/s, 7000 transactions/s, 11 s left`; `level` if it is."""
    if view.target <= view.height:
        return "level"
    if view.eta_ms is None:
        return f"height {view.height} of {view.target}, no block for a while"
    return (
        f"height {view.height} of {view.target}, {view.blocks_per_s} blocks/s,"
        f" {view.transactions_per_s} transactions/s, {-(-view.eta_ms // 1000)} s left"
    )
