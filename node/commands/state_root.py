"""`hushang state-root`: the state root of a stopped node's data, computed anew."""

from node.audit.roots import state_root
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.verify_chain import DIRECTORY

app = noun("The state root of a stopped node's data, computed anew.", single=True)


@verb(
    app,
    "state-root",
    examples=("hushang state-root data", "hushang state-root data -o json"),
)
def show(session: Session, directory: DIRECTORY) -> None:
    """Compute the state root from the state's rows alone; exit 8 if tree or tip say otherwise.

    As a node's start would, this lets the database's engine rewrite files, not rows: for evidence
    work on a copy.
    """
    found = state_root(directory)
    session.printer.record(
        {"height": found.height, "state_root": found.root.hex(), "keys": found.keys}
    )
