"""The node's log: one JSON object a line, in ASCII, so that no name of a peer can break a line."""

import json
import logging
import sys
from pathlib import Path


class JsonFormatter(logging.Formatter):
    """`{"time_ms", "level", "logger", "message", "error"?}`, ASCII only."""

    def format(self, record: logging.LogRecord) -> str:  # type: ignore[explicit-override]
        """One line for one record."""
        line: dict[str, object] = {
            "time_ms": int(record.created * 1000),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(level: str, file: Path | None) -> None:
    """Send all logs to the file, or to standard error."""
    handler = logging.StreamHandler(sys.stderr) if file is None else logging.FileHandler(file)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Every request would be a line; the metrics count them.
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
