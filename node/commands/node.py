"""`hushang node`: write a node's settings, run the node."""

import json
import os
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Annotated, Final

import typer

from chain.codec import decode
from chain.genesis import Genesis
from chain.store import open_store
from node import keystore
from node.client import NodeClient
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.config import FILE_NAME, NodeConfig, load_config, to_toml
from node.genesis_file import genesis_text, load_genesis
from node.journal import journal_owner
from node.journal_loss import accept_loss, mark_new

app = noun("Run a member's node.")

GENESIS_NAME: Final = "genesis.json"


@verb(
    app,
    "init",
    examples=(
        "hushang node init --name pudong",
        "hushang node init --name pudong --dir /srv/hushang --genesis genesis.json --plain",
        "hushang node init --name huangpu --dir huangpu --join http://10.0.0.2:26780",
    ),
)
def init(
    session: Session,
    name: Annotated[str, typer.Option(help="The member's name in the genesis.")],
    directory: Annotated[Path, typer.Option("--dir", help="Where to write.")] = Path(),
    genesis: Annotated[
        Path | None,
        typer.Option(help="The chain's genesis.json; default: here, with --join in --dir."),
    ] = None,
    observer: Annotated[
        bool, typer.Option("--observer", help="Follow a running chain, before it has a seat.")
    ] = False,
    join: Annotated[
        str | None,
        typer.Option(help="URL of a node's API: take the chain's genesis from there, and observe."),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Don't seal the node's key.")] = False,
) -> None:
    """Write hushang.toml and a fresh node key; prints its public key.

    The key belongs into the genesis, or, for a chain that runs, into member.register. Then name the
    other members' addresses under [[peers]] in hushang.toml.
    """
    file, key_file = directory / FILE_NAME, directory / "node.key"
    if file.exists():
        raise UsageWrong(f"{file} exists")
    chain = genesis or (Path() if join is None else directory) / GENESIS_NAME
    if join is not None:
        fetch_genesis(session, join, chain)
    passphrase = None if plain else keystore.find_passphrase(key_file, os.environ)
    key = keystore.write_key(key_file, keystore.new_seed(), passphrase=passphrase)
    config = NodeConfig(
        name=name,
        data_dir=Path("data"),
        genesis=Path(os.path.relpath(chain, directory)),
        node_key=Path(key_file.name),
        observer=observer or join is not None,
    )
    file.write_text(to_toml(config), "utf-8")
    mark_new(directory / config.data_dir / "journal")
    record = {"config": str(file), "node_key": str(key_file), "public_key": key.public_key.hex()}
    session.printer.record(record)
    if config.observer:
        register = f"hushang member register {name} --account-key KEYFILE --node-key {key_file}"
        session.say(f"next: make the key known, nodes admit no other: {register}")
        session.say(f"next: name the peers under [[peers]] in {file}")
        session.say(f"next: hushang node start --config {file}")
    else:
        session.say(f"next: name the peers in {file}, then hushang node start --config {file}")


def fetch_genesis(session: Session, url: str, file: Path) -> None:
    """Write the genesis that a node tells; people must make sure that it is the right one."""
    if file.exists():
        raise UsageWrong(f"{file} exists: leave out --join, or name another --genesis")
    told = NodeClient([url]).get("/v1/genesis")
    genesis = decode(Genesis, bytes.fromhex(told["raw"]))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(genesis_text(genesis), "utf-8")
    session.say(f"{file}: chain {genesis.chain_id}, genesis hash {genesis.hash().hex()}")
    session.say("compare this hash with what a member tells you: all that follows rests on it")


@verb(
    app,
    "accept-loss",
    examples=("hushang node accept-loss --config /srv/hushang/hushang.toml",),
)
def accept(
    session: Session,
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings; ./hushang.toml if there is one.")
    ] = None,
) -> None:
    """Say that a stopped node's key signed nothing that matters and its journal lacks.

    A node whose journal is missing or older than its votes keeps silent until that is safe. Only
    where no other member can tell (fewer than four members, or all have lost theirs) is this word
    needed: a wrong one lets the chain fork.
    """
    settings = load_config(config or Path(FILE_NAME), os.environ, {})
    if not session.options.yes:
        typer.confirm(
            "The key is used on no other host, and all that it signed is decided?",
            abort=True,
            err=True,
        )
    key = keystore.load_key(settings.node_key, keystore.find_passphrase)
    genesis = load_genesis(settings.genesis)
    folder = settings.data_dir / "journal"
    # Nobody else may have the journal open: the database's lock says so.
    with closing(open_store(settings.data_dir / "db", kind=settings.store)):
        accepted = accept_loss(folder, journal_owner(genesis.hash(), key.public_key))
    if accepted:
        session.say(f"{folder}: the node votes again at its next start, unless others show votes")
        session.say("that it lacks: then let it catch up, stop it and say so again")
    else:
        session.say(f"{folder}: the journal lacks nothing, it was left as it is")


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
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings; ./hushang.toml if there is one.")
    ] = None,
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
    named = os.environ.get("HUSHANG_CONFIG")
    file = config or (Path(named) if named else None)
    if file is None and Path(FILE_NAME).exists():
        file = Path(FILE_NAME)
    settings = load_config(file, os.environ, flags)
    if show:
        session.printer.document(json.loads(settings.model_dump_json()))
        return
    # The node's own imports, aiohttp among them, only now.
    sys.exit(import_module("node.server").run_node(settings))
