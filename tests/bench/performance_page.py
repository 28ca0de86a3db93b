"""Measure the standard set and write its figures into docs/performance.md.

    python -m tests.bench.performance_page --write                  # all, about 20 minutes
    python -m tests.bench.performance_page --write --only trade idle
    python -m tests.bench.performance_page --render                 # from what is kept

Each case is one `hushang bench`, whose record is kept in docs/performance.json as soon as it is
measured: an interrupted run loses only the case that was under way. The section between the page's
marks and the plots beside it are made of that file alone. Measure on a machine that does nothing
else.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from node.bench.plot import plot
from tests.bench.performance_figures import section
from tests.bench.performance_goals import CASES, Case, Cases, told_run

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = ROOT / "docs/performance.md"
KEPT: Final = ROOT / "docs/performance.json"
PLOTTED: Final = ("transfer", "ramp", "killed")
BEGIN: Final = "<!-- measured: `python -m tests.bench.performance_page --write` -->"
END: Final = "<!-- end of what was measured -->"


def measure(case: Case) -> dict[str, Any]:
    """Run one case; what is kept of it. A run whose nodes don't agree ends this command."""
    arguments = ["bench", *case.arguments.split(), "-o", "json"]
    ran = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if ran.returncode != 0:
        sys.exit(f"{case.command} ended with {ran.returncode}; what was measured before is kept")
    return {
        "command": case.command,
        "day": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "record": slim(json.loads(ran.stdout), with_seconds=case.name in PLOTTED),
    }


def slim(record: Mapping[str, Any], *, with_seconds: bool) -> dict[str, Any]:
    """A record without the seconds of its runs, but for those that are plotted."""
    kept = json.loads(json.dumps(record))
    plotted = told_run(kept) if with_seconds and kept["kind"] != "ramp" else None
    for run in _runs(kept):
        if run is not plotted:
            run["seconds"] = []
    assert isinstance(kept, dict)
    return kept


def _runs(kept: dict[str, Any]) -> Sequence[dict[str, Any]]:
    """Every run in a record, to be changed; a ramp's peak is there twice."""
    if kept["kind"] == "ramp":
        overload = [] if kept["overload"] is None else [kept["overload"]]
        return [kept["probe"], *kept["steps"], kept["peak"], *overload]
    return [kept["median"], *kept["others"]] if kept["kind"] == "repeated" else [kept]


def _commit() -> str:
    """The commit that is measured; with a plus if files differ from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return told.stdout.strip()


def load_cases() -> Cases:
    """The kept results in the order of the set."""
    known = json.loads(KEPT.read_text("utf-8"))
    return {case.name: known[case.name] for case in CASES if case.name in known}


def save_cases(cases: Cases) -> None:
    """Keep results: one line a case, so that a change of one is a change of one line."""
    lines = [
        f"{json.dumps(name)}: {json.dumps(case, ensure_ascii=False, separators=(',', ':'))}"
        for name, case in cases.items()
    ]
    draft = KEPT.with_suffix(".new")
    draft.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    draft.replace(KEPT)


def files_of(cases: Cases, page: str) -> dict[Path, str]:
    """The page with its section made anew, and the plots."""
    head, _, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        sys.exit(f"{PAGE} lacks its marks {BEGIN} and {END}")
    shown = [name for name in PLOTTED if name in cases]
    pictures = "".join(f"\n![{name}](performance-{name}.svg)\n" for name in shown)
    made = f"{head}{BEGIN}\n\n{section(cases)}{pictures}\n{END}{tail}"
    plots = {
        PAGE.with_name(f"performance-{name}.svg"): plot(cases[name]["record"]) for name in shown
    }
    return {PAGE: made} | plots


def write_files(cases: Cases) -> None:
    """Write all of them."""
    for path, text in files_of(cases, PAGE.read_text("utf-8")).items():
        path.write_text(text, "utf-8")


def main() -> None:
    """Parse the command line; measure, keep, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [case.name for case in CASES]
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="measure, keep and write the page")
    what.add_argument("--render", action="store_true", help="write the page from what is kept")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="CASE")
    arguments = parser.parse_args()
    cases = dict(load_cases())
    for case in CASES if arguments.write else ():
        if case.name in arguments.only:
            sys.stderr.write(f"{case.command}\n")
            cases[case.name] = measure(case)
            save_cases(cases)
    write_files(load_cases())


if __name__ == "__main__":
    main()
