"""`hushang compare`: the first height where two nodes' data differ."""

from pathlib import Path
from typing import Annotated

import typer

from node.audit.compare import compare
from node.audit.findings import AuditFailed
from node.audit.progress import ProgressLine
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("The first height where two nodes' data differ.", single=True)

SIDE = typer.Argument(help="A stopped node's data_dir, or a copy of it.")


@verb(
    app,
    "compare",
    examples=("hushang compare data-of-pudong data-of-xuhui", "hushang compare a b -o json"),
)
def show(
    session: Session,
    left: Annotated[Path, SIDE],
    right: Annotated[Path, SIDE],
) -> None:
    """Name the first height at which the data of two stopped nodes differ, and how; then exit 8.

    Which quorum signed a block may differ. Where both chains agree to the lower tip, bodies and
    receipts are compared too, and at equal tips state, indexes and remembered ids. As a node's
    start would, this lets the database's engine rewrite files, not rows: for evidence work on a
    copy.
    """
    if left.resolve() == right.resolve():
        raise UsageWrong("both are the same directory")
    with ProgressLine() as progress:
        found = compare(left, right, progress)
    agree = found.finding is None
    session.printer.record(
        {
            "left_height": found.left_height,
            "right_height": found.right_height,
            "same": agree,
            "first_difference": None if found.finding is None else found.finding.height,
            "rule": None if found.finding is None else found.finding.rule,
        }
    )
    if found.finding is not None:
        raise AuditFailed(found.finding)
    if found.left_height != found.right_height:
        lower = min(found.left_height, found.right_height)
        session.say("they agree up to {lower}, where the shorter one ends", lower=lower)
