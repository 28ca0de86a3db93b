"""Subscriptions of webhooks and how far each has been told, kept over restarts in one file.

Records: a subscription with its progress, a progress that replaces the last one, a removal. The
file is rewritten when most of it is stale. Its mode is 0600: it holds the secrets that sign what
webhooks are told.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from chain.codec import U16, U32, U64, Hash, Name, Size, Text, TimeMs, decode, encode
from chain.errors import HushangError
from node.api.cursors import Cursor
from node.record_log import STALE_MAX, RecordLog
from node.webhooks.addresses import URL_SIZE_MAX
from node.webhooks.schedule import TEXT_SIZE_MAX, Schedule, read_schedule

FILE_NAME: Final = "epcis-subscriptions"
LOG_NAME: Final = "epcis-subscriptions"
SUBSCRIPTIONS_MAX: Final = 256
PER_ACCOUNT_MAX: Final = 64
PER_QUERY_MAX: Final = 32
SECRET_SIZE_MIN: Final = 16
SECRET_SIZE_MAX: Final = 256
# Events in one message, unless its receiver asks for fewer (HTTP 413).
BATCH_MAX: Final = 100
_KEPT: Final = b"K"
_MOVED: Final = b"M"
_REMOVED: Final = b"R"


class TooManySubscriptions(HushangError):
    """The node, the account or the query has as many subscriptions as it may."""

    hint = "unsubscribe what is not used: DELETE its subscription"


@dataclass(frozen=True, slots=True)
class ScheduleField:
    """One field of a schedule as it was given."""

    name: Name
    text: Annotated[str, Size(max=TEXT_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class Subscription:
    """What its client asked for. Without a schedule it is told each block's events at once.

    `account` is that of the token that made it; `secret` signs what it is told. What was captured
    before `initial_ms` is not told.
    """

    id: Name
    query: Text
    account: Hash
    dest: Annotated[str, Size(max=URL_SIZE_MAX)]
    # UTF-8, as it was given: any text may be a secret, also one that the chain could not agree on.
    secret: Annotated[bytes, Size(max=4 * SECRET_SIZE_MAX)] | None
    schedule: tuple[ScheduleField, ...]
    report_if_empty: bool
    initial_ms: TimeMs
    created_ms: TimeMs

    def timetable(self) -> Schedule | None:
        """When it is told; None for a stream."""
        if not self.schedule:
            return None
        return read_schedule({field.name: field.text for field in self.schedule})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a subscription has been told: everything before the place (height, receipt, event).

    A run of a schedule tells what there is up to the height `until` (0: no run is under way), which
    has brought `told` messages so far; `run_ms` is when the last one began.
    """

    height: U64
    receipt: U32
    event: U32
    until: U64 = 0
    told: U32 = 0
    run_ms: TimeMs = 0
    notified_ms: TimeMs | None = None
    batch_max: U16 = BATCH_MAX

    @property
    def cursor(self) -> Cursor:
        """The first event that has not been told."""
        return Cursor(self.height, self.receipt, self.event)

    def at(self, cursor: Cursor) -> "Progress":
        """The same from another place on."""
        return replace(self, height=cursor.height, receipt=cursor.receipt, event=cursor.event)


@dataclass(frozen=True, slots=True)
class Kept:
    """A subscription and its progress."""

    subscription: Subscription
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Moved:
    id: Name
    progress: Progress


@dataclass(frozen=True, slots=True)
class _Removed:
    id: Name


class SubscriptionBook:
    """All subscriptions of this node. Methods may be called from any thread; writers sync."""

    def __init__(self, log: RecordLog) -> None:
        self._log = log
        # One for what is known, which nobody holds while the disk is waited for, one for the file.
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._moved: dict[str, None] = {}
        self._kept: dict[str, Kept] = {}
        for record in log.records:
            self._replay(record)
        self._stale = len(log.records) - len(self._kept)
        log.records = []

    def _replay(self, record: bytes) -> None:
        kind, data = record[:1], record[1:]
        if kind == _KEPT:
            kept = decode(Kept, data)
            self._kept[kept.subscription.id] = kept
        elif kind == _MOVED:
            moved = decode(_Moved, data)
            if moved.id in self._kept:
                self._kept[moved.id] = replace(self._kept[moved.id], progress=moved.progress)
        elif kind == _REMOVED:
            self._kept.pop(decode(_Removed, data).id, None)

    def all(self) -> Sequence[Kept]:
        """Every subscription, the oldest first."""
        return tuple(self._kept.values())

    def get(self, subscription_id: str) -> Kept | None:
        """The subscription of an id."""
        return self._kept.get(subscription_id)

    def of(self, query: str, account: bytes) -> Sequence[Kept]:
        """An account's subscriptions to a query, the oldest first."""
        return [
            kept
            for kept in self.all()
            if (kept.subscription.query, kept.subscription.account) == (query, account)
        ]

    def add(self, subscription: Subscription, progress: Progress) -> None:
        """Keep a new one; `TooManySubscriptions`."""
        kept = Kept(subscription, progress)
        with self._lock:
            self._require_room(subscription)
            self._kept[subscription.id] = kept
        self._write((_KEPT + encode(kept),), stale=0)

    def move(self, subscription_id: str, progress: Progress) -> None:
        """How far it has been told by now; nothing if it was removed. On disk after `flush`."""
        with self._lock:
            kept = self._kept.get(subscription_id)
            if kept is not None:
                self._kept[subscription_id] = replace(kept, progress=progress)
                self._moved[subscription_id] = None

    def flush(self) -> None:
        """Put what has moved on disk, in one write."""
        with self._lock:
            moved = [(one, self._kept[one].progress) for one in self._moved if one in self._kept]
            self._moved.clear()
        if moved:
            records = [_MOVED + encode(_Moved(one, progress)) for one, progress in moved]
            self._write(records, stale=len(records))

    def remove(self, subscription_id: str) -> bool:
        """Forget one; was it there?"""
        with self._lock:
            if self._kept.pop(subscription_id, None) is None:
                return False
        self._write((_REMOVED + encode(_Removed(subscription_id)),), stale=2)
        return True

    def drop_query(self, query: str) -> int:
        """Forget all of a query that is no more; how many there were."""
        found = [kept.subscription.id for kept in self.all() if kept.subscription.query == query]
        return sum(self.remove(subscription_id) for subscription_id in found)

    def _require_room(self, new: Subscription) -> None:
        known = [kept.subscription for kept in self._kept.values()]
        counts = (
            (len(known), SUBSCRIPTIONS_MAX, "this node"),
            (sum(one.account == new.account for one in known), PER_ACCOUNT_MAX, "the account"),
            (sum(one.query == new.query for one in known), PER_QUERY_MAX, "the query"),
        )
        for count, count_max, whose in counts:
            if count >= count_max:
                raise TooManySubscriptions(f"{whose} has {count} subscriptions")

    def _write(self, records: Sequence[bytes], stale: int) -> None:
        """Append, or put the file in order when too much of it is stale."""
        with self._writing:
            self._stale += stale
            if self._stale < STALE_MAX:
                self._log.append(*records)
                return
            with self._lock:
                kept = list(self._kept.values())
            self._log.rewrite([_KEPT + encode(one) for one in kept])
            self._stale = 0
