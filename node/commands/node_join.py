"""`hushang node join URL`: everything that a newcomer to a running chain does, in one command."""

from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from chain.genesis import Genesis
from node import keystore
from node.client import NodeClient
from node.commands.failures import UsageWrong
from node.commands.node_init import EVERYWHERE
from node.commands.node_noun import (
    ACCOUNT_KEY_NAME,
    ADDRESS,
    GENESIS_NAME,
    KEY_NAME,
    app,
    make_key,
    read_address,
    read_name,
)
from node.commands.options import verb
from node.commands.session import Session
from node.config import FILE_NAME, NodeConfig, PeerAddress, load_config, to_toml
from node.founding import require_hash
from node.genesis_file import load_genesis
from node.join_follow import Follower
from node.journal_loss import mark_new
from node.newcomer import ask_genesis, keep_genesis, peers_at
from node.words import said

LOG_NAME = "node.log"


@verb(
    app,
    "join",
    examples=(
        "hushang node join http://10.0.0.2:26780 --name huangpu --dir /srv/hushang",
        "hushang node join http://10.0.0.2:26780 http://10.0.0.3:26780 --name huangpu"
        " --hash 5f2c… --address node.huangpu.example:26700 --no-start",
        "hushang node join --dir /srv/hushang",
    ),
)
def join(
    session: Session,
    urls: Annotated[
        list[str] | None,
        typer.Argument(metavar="URL...", help="APIs of nodes of the chain."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The organisation's name.")] = None,
    directory: Annotated[Path, typer.Option("--dir", help="Where to write.")] = Path(),
    agreed: Annotated[
        str | None, typer.Option("--hash", help="The genesis hash that a member told you.")
    ] = None,
    address: ADDRESS = None,
    api_port: Annotated[
        int | None, typer.Option(help="Where its own API listens on this machine.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Don't seal the keys it makes.")] = False,
    no_start: Annotated[
        bool, typer.Option("--no-start", help="Only write everything, and say what is next.")
    ] = False,
) -> None:
    """Join a chain that runs: genesis, keys, settings, peers, and follow it until level.

    Takes the genesis from the URLs, shows its hash and asks (or compares it with --hash), makes the
    node's key and an account.key, writes hushang.toml with the asked nodes and those that they know
    as peers, says what to send to the members, and starts the node as an observer. Until a quorum
    of the members has
    registered its key the others don't let it in: it waits. Whatever ends the command, the same
    command with --dir goes on; nothing is made twice.
    """
    file = directory / FILE_NAME
    if not file.exists():
        if not urls or name is None:
            raise UsageWrong(f"{file} doesn't exist: name a node's URL, and --name")
        name = read_name(name)
        _prepare(session, urls, name, directory, agreed, plain=plain)
        _settle(session, urls, name, directory, address, api_port)
    config = load_config(file, {}, {})
    _tell_registration(session, config, directory)
    if no_start:
        session.say("next: hushang node join --dir {directory}", directory=directory)
        return
    raise SystemExit(_run(session, config, directory))


def _prepare(
    session: Session,
    urls: list[str],
    name: str,
    directory: Path,
    agreed: str | None,
    *,
    plain: bool,
) -> None:
    """Genesis and keys; what an interrupted command has made already is taken as it is."""
    chain = directory / GENESIS_NAME
    genesis = load_genesis(chain) if chain.exists() else ask_genesis(urls)
    _confirm(session, genesis, agreed)
    if not chain.exists():
        keep_genesis(genesis, chain)
    for key_name in (KEY_NAME, ACCOUNT_KEY_NAME):
        if not (directory / key_name).exists():
            made = make_key(directory / key_name, plain=plain)
            session.say(
                "{path}: a key of {name}; keep it, and give it to nobody", path=made.path, name=name
            )


def _confirm(session: Session, genesis: Genesis, agreed: str | None) -> None:
    """Nobody's word but a member's says which chain is the right one."""
    if agreed is not None:
        require_hash(genesis, agreed)
        return
    session.say(
        "chain {chain_id}, genesis hash {genesis}",
        chain_id=genesis.chain_id,
        genesis=genesis.hash().hex(),
    )
    session.confirm(said("Did a member tell you this hash?"))


def _settle(
    session: Session,
    urls: list[str],
    name: str,
    directory: Path,
    address: str | None,
    api_port: int | None,
) -> None:
    """The settings, last: they say that all the rest is there."""
    peers: dict[str | None, PeerAddress] = {}
    for url in urls:
        peers |= {peer.node_key: peer for peer in peers_at(url) if peer.node_key not in peers}
    for peer in peers.values():
        session.say("peer {name}: {host}:{port}", name=peer.name, host=peer.host, port=peer.port)
    config = NodeConfig(
        name=name,
        data_dir=Path("data"),
        genesis=Path(GENESIS_NAME),
        node_key=Path(KEY_NAME),
        peers=tuple(peers.values()),
        observer=True,
    )
    if address is not None:
        port = read_address(address)[1]
        config = config.model_copy(update={"p2p_host": EVERYWHERE, "p2p_port": port})
    if api_port is not None:
        config = config.model_copy(update={"api_port": api_port})
    mark_new(directory / config.data_dir / "journal")
    (directory / FILE_NAME).write_text(to_toml(config), "utf-8")


def _tell_registration(session: Session, config: NodeConfig, directory: Path) -> None:
    key = keystore.show_key(config.node_key).public_key.hex()
    account_key = directory / ACCOUNT_KEY_NAME
    account = keystore.show_key(account_key).public_key.hex()
    record = {"config": str(directory / FILE_NAME), "name": config.name, "node_key": key}
    record |= {"account_key": str(account_key), "account_public_key": account}
    session.printer.record(record)
    register = f"hushang member register {config.name} --account-key {account} --node-key {key}"
    session.say(
        "send to the members: name, node_key and account_public_key; no file of yours. One\n"
        "of them writes it, a quorum signs: {register} --key MEMBER_KEY --out register.json",
        register=register,
    )
    session.say(
        "and you sign last: hushang tx sign register.json --key {account_key}",
        account_key=account_key,
    )


def _run(session: Session, config: NodeConfig, directory: Path) -> int:
    """Run the node in this process; its log goes to a file, its progress to the terminal."""
    running = (
        config if config.log_file else config.model_copy(update={"log_file": directory / LOG_NAME})
    )
    session.say("the node runs as an observer; its log is {log_file}", log_file=running.log_file)
    follower = Follower(NodeClient([f"http://127.0.0.1:{config.api_port}"]), session.say)
    follower.start()
    try:
        # The node's own imports, aiohttp among them, only now.
        code: int = import_module("node.server").run_node(running)
    finally:
        follower.stop()
    if code:
        session.say(
            "the node ended with {code}: the last line of {log_file} says why",
            code=code,
            log_file=running.log_file,
        )
    else:
        again = f"hushang node start --config {directory / FILE_NAME}"
        session.say("the node has stopped and lost nothing: {again}", again=again)
    return code
