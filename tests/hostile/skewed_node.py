"""The command line with another wall clock: `python -m tests.hostile.skewed_node MS node start`.

A stand-in for libfaketime where that is not installed: it shifts `node.clock.now_ms`, the node's
one look at the wall clock, and nothing below Python. So OpenSSL, which compares certificates' dates
with the system's clock, sees no skew here; `python -m tests.hostile.clocks --faketime LIB` does it
with the real library, for all that asks for the time.
"""

import importlib
import sys

from node import clock

_real_ms = clock.now_ms


def main() -> None:
    """Shift the clock first: everything else takes the function by its name."""
    offset_ms = int(sys.argv[1])
    clock.now_ms = lambda: _real_ms() + offset_ms
    importlib.import_module("cli").main(sys.argv[2:])


if __name__ == "__main__":
    main()
