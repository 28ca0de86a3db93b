"""parameter.change: a quorum sets timers and the calendar's holidays, with notice.

A change is announced at least `notice_ms` before it takes effect (电子商务法 art. 34: seven days),
within the ranges of commerce/timers.py, which no vote leaves, and only if by the new timers
everything still ends within 400 days. What runs keeps the version under which it began.

One change waits at a time, whole: it holds the version that it will be. The next one replaces it
and has a notice of its own; one that changes nothing withdraws it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from chain.block import Event
from chain.codec import U32, Size, TimeMs
from chain.context import Context, event
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.errors import CosignerMissing
from chain.state import StateReader, Table
from commerce.banking.errors import (
    HolidaysTooLong,
    HolidaysUnsorted,
    LifeTooLong,
    NoticeTooLong,
    NoticeTooShort,
    TimerOutOfRange,
    TimersUnsorted,
    TimerUnknown,
)
from commerce.banking.fees import require_notice
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.errors import UpdateEmpty
from commerce.life import LIFE_MAX_MS, longest_life_ms
from commerce.parameters import (
    CHANGED_TIMERS_MAX,
    HOLIDAYS_MAX,
    TimerValue,
    current_parameters,
    store_parameters,
)
from commerce.refusals import refuses
from commerce.shanghai import HOLIDAY_RUN_MAX, longest_run
from commerce.timers import DAY_MS, TIMERS

CHANGE = "sys.parameter.change"
# The id of the one change that may wait.
PENDING_ID = tagged_hash("parameter-change", b"")

Holidays = Annotated[tuple[U32, ...], Size(max=HOLIDAYS_MAX)]


@dataclass(frozen=True, slots=True)
class PendingChange:
    """What the parameters will be from `due_ms` on: the timers that differ from the defaults."""

    own: Annotated[tuple[TimerValue, ...], Size(max=CHANGED_TIMERS_MAX)]
    holidays: Holidays
    due_ms: TimeMs

    def clock(self) -> Clock:
        """When it takes effect."""
        return self.due_ms, CHANGE


PENDING: Table[PendingChange] = Table("parameter-change", PendingChange)


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """`timers`, sorted by name, get new values, the others stay. `holidays` replace the calendar:
    ascending days since 1970 in Asia/Shanghai on which no term ends, weekends among them where they
    are rest days; null leaves it. Both count from `effective_ms` (block time) on. With neither, a
    change that waits is withdrawn.
    """

    timers: Annotated[tuple[TimerValue, ...], Size(max=CHANGED_TIMERS_MAX)]
    holidays: Holidays | None
    effective_ms: TimeMs


@refuses(
    TimersUnsorted,
    TimerUnknown,
    TimerOutOfRange,
    HolidaysUnsorted,
    HolidaysTooLong,
    CosignerMissing,
    UpdateEmpty,
    NoticeTooShort,
    NoticeTooLong,
    LifeTooLong,
)
def parameter_change(op: ParameterChange, context: Context) -> tuple[Event, ...]:
    """Announce new timers and holidays, by a quorum of the members."""
    _check_timers(op.timers)
    _check_holidays(op.holidays or ())
    context.require_member_quorum()
    current = current_parameters(context.state)
    own = {**current.own, **{entry.name: entry.value_ms for entry in op.timers}}
    holidays = current.holidays if op.holidays is None else op.holidays
    if (own, holidays) == (current.own, current.holidays):
        return _withdraw(context)
    require_notice(context, op.effective_ms)
    life_ms = longest_life_ms(own)
    if life_ms > LIFE_MAX_MS:
        msg = f"something could live for {life_ms // DAY_MS} days"
        raise LifeTooLong(msg)
    change = PendingChange(_values(own), holidays, op.effective_ms)
    _replace(context, change)
    announced = event(
        "parameter.announced",
        timers={entry.name: entry.value_ms for entry in op.timers},
        holidays=op.holidays,
        effective_ms=op.effective_ms,
    )
    return (announced,)


def change_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """The notice is over: the change is the version in force."""
    change = PENDING.load(context.state, deadline.object_id)
    assert change is not None
    PENDING.remove(context.state, deadline.object_id)
    own = {entry.name: entry.value_ms for entry in change.own}
    version = current_parameters(context.state).version + 1
    store_parameters(
        context.chain.genesis,
        context.state,
        version,
        deadline.time_ms,
        own,
        change.holidays,
    )
    changed = event(
        "parameter.changed",
        version=version,
        since_ms=deadline.time_ms,
        timers=own,
        holidays=len(change.holidays),
    )
    return (changed,)


def pending_change(state: StateReader) -> PendingChange | None:
    """The change that waits, if there is one."""
    return PENDING.load(state, PENDING_ID)


def change_clocks(state: StateReader) -> list[tuple[bytes, Clock]]:
    """The id and clock of the change that waits."""
    change = pending_change(state)
    return [] if change is None else [(PENDING_ID, change.clock())]


def change_deadlines(state: StateReader) -> Iterator[Deadline]:
    """The deadline of the change that waits."""
    for key, change in PENDING.items(state):
        yield deadline_of(key, change.clock())


def _check_timers(timers: tuple[TimerValue, ...]) -> None:
    if any(a.name >= b.name for a, b in pairwise(timers)):
        msg = "timers are sorted by name, one each"
        raise TimersUnsorted(msg)
    rules = {rule.name: rule for rule in TIMERS}
    for entry in timers:
        rule = rules.get(entry.name)
        if rule is None:
            msg = f"no timer {entry.name}; there are {', '.join(rules)}"
            raise TimerUnknown(msg)
        if not rule.min_ms <= entry.value_ms <= rule.max_ms:
            msg = f"{entry.name}: {entry.value_ms}, allowed {rule.min_ms} to {rule.max_ms}"
            raise TimerOutOfRange(msg)


def _check_holidays(holidays: tuple[int, ...]) -> None:
    if any(a >= b for a, b in pairwise(holidays)):
        msg = "holidays are ascending days, each once"
        raise HolidaysUnsorted(msg)
    if longest_run(holidays) > HOLIDAY_RUN_MAX:
        msg = f"{longest_run(holidays)} holidays follow one another, at most {HOLIDAY_RUN_MAX}"
        raise HolidaysTooLong(msg)


def _values(own: Mapping[str, int]) -> tuple[TimerValue, ...]:
    return tuple(TimerValue(name, value_ms) for name, value_ms in sorted(own.items()))


def _withdraw(context: Context) -> tuple[Event, ...]:
    """Nothing is to be different from now: what waits is withdrawn, or the change is empty."""
    if pending_change(context.state) is None:
        msg = "timers and holidays are so already"
        raise UpdateEmpty(msg)
    _replace(context, None)
    return (event("parameter.withdrawn"),)


def _replace(context: Context, change: PendingChange | None) -> None:
    before = pending_change(context.state)
    if change is None:
        PENDING.remove(context.state, PENDING_ID)
    else:
        PENDING.store(context.state, change, PENDING_ID)
    move_deadline(
        context,
        PENDING_ID,
        None if before is None else before.clock(),
        None if change is None else change.clock(),
    )
