"""The node's log: one record a line, in ASCII, so that no name of a peer can break a line.

What operators watch for has a stable name, `event`, and fields with stable names beside it, which
call sites give as `extra`: docs/operating.md § Log events lists all, and a test holds the two
together. A warning that repeats is told so often a minute, then how often it was not told. A log
file may be moved away at any time: the next line goes into a new one.
"""

import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Final, Literal, TypeAlias

from typing_extensions import override

LogFormat: TypeAlias = Literal["json", "text", "journald"]

# Of one call site, or one event; what is more severe is always told.
REPEATS_MAX: Final = 20
REPEATS_S: Final = 60.0
# Call sites whose repeats are counted: all that there are, and room.
SITES_MAX: Final = 1_024
# What a record has by itself; the rest was given as `extra`.
_OWN: Final = frozenset(
    {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName", "suppressed"}
)
# sd-daemon(3): what the journal takes from the beginning of a line.
_PRIORITIES: Final = (
    (logging.CRITICAL, 2),
    (logging.ERROR, 3),
    (logging.WARNING, 4),
    (logging.INFO, 6),
    (logging.NOTSET, 7),
)


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """The event of a record and its fields; how often the like was not told before it."""
    given = {name: value for name, value in vars(record).items() if name not in _OWN}
    suppressed = getattr(record, "suppressed", 0)
    return given | ({"suppressed": suppressed} if suppressed else {})


class JsonFormatter(logging.Formatter):
    """`{"time_ms", "level", "logger", "message", "event"?, fields…, "error"?}`, ASCII only."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """One line for one record."""
        line: dict[str, object] = {
            "time_ms": int(record.created * 1000),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **fields_of(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """`TIME LEVEL logger: message event=… field=…`, for people; ASCII and one line too."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """One line for one record."""
        clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        return f"{clock}.{int(record.msecs):03d}Z {record.levelname} {_words(record, self)}"


class JournaldFormatter(logging.Formatter):
    """`<PRIORITY>logger: message event=…`: the journal knows the time and takes the priority."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        """One line for one record."""
        priority = next(number for level, number in _PRIORITIES if record.levelno >= level)
        return f"<{priority}>{_words(record, self)}"


def _words(record: logging.LogRecord, formatter: logging.Formatter) -> str:
    parts = [f"{record.name}: {record.getMessage()}"]
    parts += [f"{name}={value}" for name, value in fields_of(record).items()]
    if record.exc_info:
        parts.append(formatter.formatException(record.exc_info))
    # Line breaks and whatever else a terminal would obey become visible.
    return " ".join(parts).encode("unicode_escape").decode("ascii")


FORMATTERS: Final[Mapping[LogFormat, Callable[[], logging.Formatter]]] = {
    "json": JsonFormatter,
    "text": TextFormatter,
    "journald": JournaldFormatter,
}


@dataclass(slots=True)
class _Repeats:
    """How often one thing was told since `began_s`, and how often not."""

    began_s: float
    told: int = 0
    suppressed: int = 0


class RepeatFilter(logging.Filter):
    """Lets the same warning or error through so often a minute; then one says how many were not.

    The same is what one line of the program says of one event, whatever its numbers are.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock_s = clock_s
        self._sites: dict[tuple[str, int, str], _Repeats] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Is the record to be told?"""
        if not logging.WARNING <= record.levelno < logging.CRITICAL:
            return True
        now_s = self._clock_s()
        repeats = self._repeats(record, now_s)
        if now_s - repeats.began_s >= REPEATS_S:
            record.suppressed = repeats.suppressed
            repeats.began_s, repeats.told, repeats.suppressed = now_s, 0, 0
        if repeats.told >= REPEATS_MAX:
            repeats.suppressed += 1
            return False
        repeats.told += 1
        return True

    def _repeats(self, record: logging.LogRecord, now_s: float) -> _Repeats:
        site = record.pathname, record.lineno, str(getattr(record, "event", ""))
        if site not in self._sites:
            if len(self._sites) >= SITES_MAX:
                del self._sites[next(iter(self._sites))]
            self._sites[site] = _Repeats(now_s)
        return self._sites[site]


def configure(level: str, file: Path | None, form: LogFormat = "json") -> None:
    """Send all logs to the file, or to standard error."""
    # Watched: whoever rotates the file need tell nobody.
    handler = logging.StreamHandler(sys.stderr) if file is None else WatchedFileHandler(file)
    handler.setFormatter(FORMATTERS[form]())
    handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    set_level(level)
    # Every request would be a line; the metrics count them.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)


def set_level(level: str) -> None:
    """From now on what is at least this important is logged."""
    logging.getLogger().setLevel(level.upper())
