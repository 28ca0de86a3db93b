"""`hushang node config`: every setting of a node, and where it comes from."""

import os

from node.commands.node_noun import app
from node.commands.options import verb
from node.commands.own_node import CONFIG, settings_file
from node.commands.session import Session
from node.config_origin import DEFAULT, explain
from node.words import said


@verb(
    app,
    "config",
    examples=(
        "hushang node config",
        "hushang node config --config /srv/hushang/hushang.toml -o json",
        "HUSHANG_API_PORT=8080 hushang node config",
    ),
)
def config(session: Session, config: CONFIG = None) -> None:
    """Show every setting, its value, and where it comes from: variable, line of the file, default.

    What hushang node start would use, were it started here now with the same variables. Flags of
    its own beat them all. Settings hold no secrets.
    """
    found = explain(settings_file(config), os.environ, {})
    records = [{"name": one.name, "value": one.value, "origin": one.origin} for one in found]
    shown = [
        {**record, "value": _shown(record["value"]), "origin": _origin(str(record["origin"]))}
        for record in records
    ]
    session.printer.records(records, shown)


def _shown(value: object) -> str:
    """A setting in one cell."""
    if isinstance(value, list):
        return ", ".join(map(_shown, value)) or said("none")
    if isinstance(value, bool):
        # As the file has it.
        return "true" if value else "false"
    if isinstance(value, dict):
        return f"{value.get('name')} {value.get('host')}:{value.get('port')}"
    return said("none") if value is None else str(value)


def _origin(place: str) -> str:
    return said("the default") if place == DEFAULT else place
