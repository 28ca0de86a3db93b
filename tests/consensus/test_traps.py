"""The twenty-five traps: each is cited by tests named after it, and docs/traps.md lists them.

`python -m tests.consensus.test_traps > docs/traps.md` writes the page anew.
"""

import ast
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "traps.md"
FILES = sorted(HERE.glob("test_traps_of_*.py"))

NAMED = re.compile(r"test_trap_(\d+)_")
CITED = re.compile(r"Trap (\d+) \(([^)]*)\): ")

# (what went wrong, where it bit).
TRAPS: dict[int, tuple[str, str]] = {
    1: ("a ViewChange without prepared certificates", "Sawtooth"),
    2: ("a NewView that backups don't recompute", "FISCO FIB-124, concord-bft#50"),
    3: ("filling gaps between heights", "PBFT §4.4"),
    4: ("no garbage collection", "Sawtooth"),
    5: ("timers that overflow, run away or never come back", "FISCO#2211, besu#7642"),
    6: ("a lost ViewChange or NewView", "fabric#917, concord#704"),
    7: ("a primary that censors or drips", "minbft#97"),
    8: ("catching up", "FISCO FIB-127, besu#8307"),
    9: ("votes that are not durable", "cometbft#6031, celo#396"),
    10: ("a signature without domain", "FISCO FIB-134"),
    11: ("a digest that does not bind all content", "FISCO FIB-142"),
    12: ("a signer who is no member of the committee", "FISCO#2447"),
    13: ("a primary that counts twice, mixed votes", "Sawtooth"),
    14: ("n other than 3f+1", "Sawtooth, Iroha"),
    15: ("a change of members", "FISCO#2191, FIB-137"),
    16: ("timestamps", "FISCO FIB-126, plenum#1488"),
    17: ("a view change during execution", "Sawtooth, SmartBFT"),
    18: ("work before verification, unbounded queues", "FISCO FIB-129, FIB-131, FIB-115"),
    19: ("a primary that equivocates", "Twins, arXiv 2004.10617"),
    20: ("states that diverge", "any replica"),
    21: ("transactions that are replayed", "any client"),
    22: ("a node that lies", "any node"),
    23: ("locks", "IBFT, arXiv 1901.07160"),
    24: ("stores that are not atomic together", "concord#1709"),
    25: ("one node's setting that stops the chain", "FISCO#4656"),
}

HEAD = """# Twenty-five traps

Where consensus protocols and their implementations fell before, and the tests that show that this
one does not. The numbers are those of the protocol's design; each test's docstring says what it
shows. `python -m tests.consensus.test_traps > docs/traps.md` writes this page; the tests check it.

| # | trap | where it bit | tests |
|---|---|---|---|
"""


@dataclass(frozen=True)
class Named:
    """A test of one of the files, with what it cites."""

    file: str
    name: str
    docstring: str


@cache
def named_tests() -> tuple[Named, ...]:
    """All tests of the files, in order."""
    return tuple(
        Named(path.name, node.name, ast.get_docstring(node) or "")
        for path in FILES
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def cited_by(trap: int) -> list[Named]:
    return [entry for entry in named_tests() if entry.name.startswith(f"test_trap_{trap}_")]


def render() -> str:
    """docs/traps.md."""
    rows = []
    for trap, (what, where) in TRAPS.items():
        tests = "<br>".join(
            f"[{sentence(entry.name)}](../tests/consensus/{entry.file})" for entry in cited_by(trap)
        )
        rows.append(f"| {trap} | {what} | {where} | {tests} |\n")
    return HEAD + "".join(rows)


def sentence(name: str) -> str:
    return NAMED.sub("", name).replace("_", " ")


def test_all_twenty_five_traps_have_a_named_test() -> None:
    assert list(TRAPS) == list(range(1, 26))
    assert [trap for trap in TRAPS if not cited_by(trap)] == []


def test_a_test_cites_the_trap_that_it_is_named_after_and_where_it_bit() -> None:
    wrong = []
    for entry in named_tests():
        named, cited = NAMED.match(entry.name), CITED.match(entry.docstring)
        number = int(named[1]) if named else None
        citation = (int(cited[1]), cited[2]) if cited else None
        expected = None if number is None else (number, TRAPS[number][1])
        if citation != expected or (number is None and "Trap " in entry.docstring):
            wrong.append(f"{entry.file}: {entry.name}")
    assert wrong == []


def test_no_two_tests_of_traps_share_a_name() -> None:
    names = [entry.name for entry in named_tests()]
    assert sorted(set(names)) == sorted(names)


def test_the_page_lists_the_tests() -> None:
    assert PAGE.read_text("utf-8") == render(), (
        "python -m tests.consensus.test_traps > docs/traps.md"
    )


if __name__ == "__main__":
    sys.stdout.write(render())
