"""`hushang node`: run a node; the verbs that make, show and deploy one beside it."""

import json
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.store import open_store
from node import keystore
from node.commands import node_deploy, node_init, node_join, node_settings, node_wait
from node.commands.node_noun import app
from node.commands.options import verb
from node.commands.own_node import CONFIG, settings_file
from node.commands.session import Session
from node.config import FILE_NAME, ConfigInvalid, NodeConfig, load_config
from node.control_client import ControlFailed, run_job
from node.genesis_file import load_genesis
from node.journal import journal_owner
from node.journal_loss import accept_loss
from node.words import said

# Their verbs belong to the noun.
__all__ = ["app", "node_deploy", "node_init", "node_join", "node_settings", "node_wait"]


@verb(
    app,
    "accept-loss",
    examples=("hushang node accept-loss --config /srv/hushang/hushang.toml",),
)
def accept(
    session: Session,
    config: CONFIG = None,
) -> None:
    """Say that a stopped node's key signed nothing that matters and its journal lacks.

    A node whose journal is missing or older than its votes keeps silent until that is safe. Only
    where no other member can tell (fewer than four members, or all have lost theirs) is this word
    needed: a wrong one lets the chain fork.
    """
    settings = load_config(config or Path(FILE_NAME), os.environ, {})
    session.confirm(said("The key is used on no other host, and all that it signed is decided?"))
    key = keystore.load_key(settings.node_key, keystore.find_passphrase)
    genesis = load_genesis(settings.genesis)
    folder = settings.data_dir / "journal"
    # Nobody else may have the journal open: the database's lock says so.
    with closing(open_store(settings.data_dir / "db", kind=settings.store)):
        accepted = accept_loss(folder, journal_owner(genesis.hash(), key.public_key))
    if accepted:
        session.say(
            "{folder}: the node votes again at its next start, unless others show votes\n"
            "that it lacks: then let it catch up, stop it and say so again",
            folder=folder,
        )
    else:
        session.say("{folder}: the journal lacks nothing, it was left as it is", folder=folder)


@verb(
    app,
    "start",
    examples=(
        "hushang node start",
        "hushang node start --config /srv/hushang/hushang.toml",
        "hushang node start --join snapshot",
        "HUSHANG_API_PORT=8080 hushang node start --log-level debug",
    ),
)
def start(
    session: Session,
    config: CONFIG = None,
    name: Annotated[str | None, typer.Option(help="The member's name in the genesis.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Database and journal.")] = None,
    genesis: Annotated[Path | None, typer.Option(help="The chain's genesis.json.")] = None,
    node_key: Annotated[Path | None, typer.Option(help="The node's key file.")] = None,
    p2p_host: Annotated[str | None, typer.Option(help="Where peers connect.")] = None,
    p2p_port: Annotated[int | None, typer.Option(help="0 lets the system choose.")] = None,
    api_host: Annotated[str | None, typer.Option(help="Where the API listens.")] = None,
    api_port: Annotated[int | None, typer.Option(help="0 lets the system choose.")] = None,
    store: Annotated[str | None, typer.Option(help="auto, leveldb, sqlite or memory.")] = None,
    join: Annotated[
        str | None, typer.Option(help="From far behind, by: auto, snapshot or replay.")
    ] = None,
    observer: Annotated[
        bool | None,
        typer.Option("--observer", help="May follow the chain without a seat in the committee."),
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    log_file: Annotated[Path | None, typer.Option(help="Instead of stderr.")] = None,
    show: Annotated[bool, typer.Option("--show", help="Only print the settings.")] = False,
) -> None:
    """Run the node until SIGTERM or Ctrl-C.

    Flags beat HUSHANG_* variables, those beat hushang.toml, that beats the defaults.
    """
    given = locals()
    flags = {name: given[name] for name in NodeConfig.model_fields if name in given}
    file = settings_file(config)
    settings = load_config(file, os.environ, flags)
    if show:
        session.printer.document(json.loads(settings.model_dump_json()))
        return
    # The node's own imports, aiohttp among them, only now.
    read = partial(load_config, file, dict(os.environ), flags)
    sys.exit(import_module("node.server").run_node(settings, read))


@verb(
    app,
    "reload",
    examples=(
        "hushang node reload",
        "hushang node reload --config /srv/hushang/hushang.toml",
        "hushang node reload --config hushang.toml -o json",
    ),
)
def reload(
    session: Session,
    config: CONFIG = None,
) -> None:
    """Have a running node read its settings again; SIGHUP does the same.

    [[peers]], log_level and webhook_networks come into force at once; what else has changed is
    named, and waits for a restart. Settings that can't be read change nothing.
    """
    named = os.environ.get("HUSHANG_CONFIG")
    settings = load_config(config or Path(named or FILE_NAME), os.environ, {})
    try:
        record = run_job(settings.data_dir, "/reload", {})
    except ControlFailed as error:
        if error.told_code != ConfigInvalid.__name__:
            raise
        raise ConfigInvalid(str(error)) from None
    shown = {name: words_of(change) for name, change in record["changed"].items()}
    shown |= dict.fromkeys(record["needs_restart"], said("after a restart"))
    session.printer.record(record, shown or {"changed": said("nothing")})


def words_of(change: Mapping[str, Any]) -> str:
    """What became of a setting, in one line: both its values, or which of its entries changed."""
    if "before" in change:
        return f"{change['before']} → {change['after']}"
    return "; ".join(f"{what} {', '.join(names)}" for what, names in change.items() if names)
