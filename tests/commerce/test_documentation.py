"""docs/transactions.md is what the registry says."""

from dataclasses import fields
from pathlib import Path

from commerce.aftersale.kinds import KINDS
from commerce.disputes import phases
from commerce.documentation import BEFORE, render_transactions
from commerce.escrow import EDGES, Trigger
from commerce.registry import TRANSITIONS, TYPES
from commerce.timers import TIMERS

PAGE = Path(__file__).parent.parent.parent / "docs" / "transactions.md"


def test_the_page_is_the_generated_one() -> None:
    assert PAGE.read_text("utf-8") == render_transactions(), "hushang docs"


def test_the_page_tells_each_type_field_refusal_edge_and_timer() -> None:
    page = render_transactions()
    sections = dict(part.split("\n", 1) for part in page.split("\n## ")[1:])
    for entry in TYPES:
        section = sections[entry.name]
        assert f"Signed by: {entry.signers}." in section
        assert all(f"`{rule.__name__}`" in section for rule in entry.refusals)
        assert all(f"| `{field.name}` |" in section for field in fields(entry.payload))
        assert all(f"| `{rule.__name__}` |" in sections["Refusals"] for rule in entry.refusals)
    assert all(f"| `{entry.kind}` |" in sections["System transitions"] for entry in TRANSITIONS)
    assert all(f"| `{rule.name}` |" in sections["Timers"] for rule in TIMERS)
    automaton = sections["The escrow automaton"]
    for edge in EDGES:
        target = edge.target or BEFORE
        drawn = f"{edge.source} --> {target}: {edge.trigger}" in automaton
        assert drawn == (edge.trigger is not Trigger.RECALL)
        assert f"| {edge.source} | `{edge.trigger}` | {edge.who} |" in automaton
    assert all(f"| `{kind.name}` |" in automaton for kind in KINDS)
    disputes = sections["The automaton of a dispute"]
    assert all(f"| {edge.source} | `{edge.cause}` | " in disputes for edge in phases.EDGES)


def test_no_field_is_told_by_the_name_of_a_python_type() -> None:
    page = render_transactions()
    assert "typing" not in page
    assert "<class" not in page


def test_every_row_of_a_table_ends_on_its_line() -> None:
    rows = [line for line in render_transactions().splitlines() if line.startswith("| ")]
    assert rows
    assert [row for row in rows if not row.endswith(" |")] == []


def test_every_system_transition_says_what_it_does() -> None:
    page = render_transactions()
    for entry in TRANSITIONS:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{entry.kind}` | ")]
        assert len(row) > len(entry.kind) + 20, row
