"""Does the hot path cost more calls than before? `python -m tests.bench.hot_path`.

Prints the calls of each stage (`tests.bench.counting` says which count) for one transaction, event,
block or height, beside those of the base line in `hot_path.json`, which is committed. The same code
gives the same counts on any machine; other versions of Python differ by a few in a hundred.

    python -m tests.bench.hot_path --stage execute          # the functions called most often
    python -m tests.bench.hot_path --stage write --top 50
    python -m tests.bench.hot_path --write                  # accept what is counted now

A stage that has grown by more than a tenth fails `tests/bench/test_hot_path.py`. To mend it, look
at the stage's functions here and on the commit before; if what was built is worth the calls, accept
them with `--write` and say so in the commit. What has shrunk only is told: accept it when the work
is done, so that it can't creep back.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from tests.bench import stages, stages_of_commerce
from tests.bench.command import command, say
from tests.bench.counting import Calls, Counting

BASE_LINE: Final = Path(__file__).with_name("hot_path.json")
GROWTH_MAX: Final = 0.1
TOP_DEFAULT: Final = 25
SCENARIOS: Final[tuple[Callable[[Counting], Awaitable[None]], ...]] = (
    stages.transfer,
    stages.answer,
    stages.consensus,
    stages_of_commerce.trade,
    stages_of_commerce.capture,
)


async def _run(counting: Counting) -> None:
    for scenario in SCENARIOS:
        await scenario(counting)


def count() -> Mapping[str, Calls]:
    """The calls of every stage."""
    counting = Counting()
    with counting.watching():
        asyncio.run(_run(counting))
    return counting.stages


def base_line() -> dict[str, float]:
    """Calls a unit of every stage, as they were accepted."""
    found: dict[str, float] = json.loads(BASE_LINE.read_text("utf-8"))
    return found


def write(counted: Mapping[str, Calls]) -> None:
    """Accept these counts."""
    record = {name: round(calls.per_unit, 2) for name, calls in counted.items()}
    BASE_LINE.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def grown(counted: Mapping[str, Calls], accepted: Mapping[str, float]) -> list[str]:
    """A line for each stage that calls more than is accepted, or that nobody has accepted."""
    lines = []
    for name, calls in counted.items():
        if name not in accepted:
            lines.append(f"{name}: {calls.per_unit:.1f} calls, and none are accepted")
        elif calls.per_unit > accepted[name] * (1 + GROWTH_MAX):
            lines.append(f"{name}: {calls.per_unit:.1f} calls, {accepted[name]:.1f} accepted")
    lines += [f"{name}: accepted, and no stage any more" for name in accepted.keys() - counted]
    return sorted(lines)


def shrunk(counted: Mapping[str, Calls], accepted: Mapping[str, float]) -> list[str]:
    """The stages that call a tenth less than is accepted."""
    return sorted(
        name
        for name, calls in counted.items()
        if name in accepted and calls.per_unit < accepted[name] * (1 - GROWTH_MAX)
    )


def _print_all(counted: Mapping[str, Calls], accepted: Mapping[str, float]) -> None:
    width = max(map(len, counted))
    say(f"{'calls a unit':{width}} {'Python':>8} {'C':>8} {'all':>8} {'accepted':>9}")
    for name, calls in counted.items():
        python, c = calls.python.total() / calls.units, calls.c.total() / calls.units
        was = accepted.get(name)
        change = "" if not was else f" {calls.per_unit / was - 1:+.0%}"
        line = f"{name:{width}} {python:8.1f} {c:8.1f} {calls.per_unit:8.1f}"
        say(f"{line} {0.0 if was is None else was:9.1f}{change}")


def _print_top(counted: Mapping[str, Calls], wanted: str, top: int) -> None:
    for name, calls in counted.items():
        if wanted in name:
            say(f"\n{name}: {calls.per_unit:.1f} calls")
            for function, often in calls.top(top):
                say(f"{often:8.2f}  {function}")


def main() -> None:
    """Count, print, and accept if asked to."""
    parser = command("hot_path", __doc__)
    parser.add_argument("--stage", help="print the functions of the stages with this in their name")
    parser.add_argument("--top", type=int, default=TOP_DEFAULT, help="how many functions")
    parser.add_argument("--write", action="store_true", help="accept what is counted now")
    args = parser.parse_args()
    counted = count()
    accepted = base_line() if BASE_LINE.exists() else {}
    if args.stage is not None:
        _print_top(counted, args.stage, args.top)
        return
    _print_all(counted, accepted)
    if args.write:
        write(counted)
        return
    worse = grown(counted, accepted)
    say("\n".join(["", *worse]))
    sys.exit(bool(worse))


if __name__ == "__main__":
    main()
