"""Random markets on the chain and in independent double-entry books: both must agree, to the fen.

    python -m tests.commerce.shop_runs --operations 1000000 --seed 7

plays market after market until so many operations were asked for, tells on stderr how far it is,
and then how often each type was accepted and refused. Where chain and books differ it prints the
seed, the operation, and the shortest history that it finds; the same seed does it again.
"""

import argparse
import sys
from collections.abc import Callable

from tests.bench.command import say, tell
from tests.commerce.double_entry.play import (
    DECISIONS,
    MARKET_OPERATIONS,
    Tally,
    history,
    render,
    scale_of,
    shrunk,
    still_wrong,
)

# The first differences only: one is enough to work on.
EXIT_DIFFERENT = 1


def run(seed: str, operations: int, progress: Callable[[Tally], None]) -> tuple[Tally, str | None]:
    """Markets one after the other; what was asked, and what is to be told if they differ."""
    tally, number = Tally(), 0
    while tally.operations < operations:
        market = f"{seed}/{number}"
        play, blocks, wrong = history(market, min(MARKET_OPERATIONS, operations))
        tally.add(play.tally)
        if wrong is not None:
            scale = scale_of(market)
            left = shrunk(scale, blocks)
            found = [
                f"market {market!r} (scale {scale}) differs at operation {play.tally.operations}:",
                f"  {wrong}",
                f"in short, blocks of (wait_ms, steps): {still_wrong(scale, left)}",
                *(render(block) for block in left),
            ]
            return tally, "\n".join(found)
        number += 1
        progress(tally)
    return tally, None


def summary(tally: Tally) -> str:
    """How often each type was accepted and refused, and what moved the automaton."""
    rows = [
        f"{name:28} {tally.asked[name, True]:9,} {tally.asked[name, False]:9,}"
        for name in sorted(DECISIONS)
    ]
    edges = [
        f"{state:14} {trigger:24} {count:9,}"
        for (state, trigger), count in sorted(tally.taken.items())
    ]
    head = f"{tally.operations:,} operations in {tally.blocks:,} blocks"
    return "\n".join([head, "", "accepted, refused:", *rows, "", "taken:", *edges])


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.commerce.shop_runs",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--operations", type=int, default=100_000, metavar="N")
    parser.add_argument("--seed", default="0", help="any text")
    wanted = parser.parse_args()

    def progress(tally: Tally) -> None:
        tell(f"{tally.operations:,} of {wanted.operations:,}")

    tally, wrong = run(wanted.seed, wanted.operations, progress)
    if wrong is not None:
        say(wrong)
        return EXIT_DIFFERENT
    say(summary(tally))
    return 0


if __name__ == "__main__":
    sys.exit(main())
