"""The node's one look at the wall clock; everything below is handed the time."""

import time


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000
