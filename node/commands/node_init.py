"""`hushang node init | card | adopt`: settings and keys, and taking part in a founding."""

import os
from pathlib import Path
from typing import Annotated

import typer

from node import keystore
from node.commands.failures import UsageWrong
from node.commands.node_noun import (
    ACCOUNT_KEY_NAME,
    ACCOUNT_KEYS,
    ADDRESS,
    GENESIS_NAME,
    KEY_NAME,
    THRESHOLD,
    app,
    make_key,
    policy_of,
    read_address,
    read_name,
)
from node.commands.options import verb
from node.commands.out_file import FORCE, check_out, write_out
from node.commands.own_node import CONFIG, settings_file
from node.commands.session import Session
from node.config import FILE_NAME, NodeConfig, PeerAddress, load_config, to_toml
from node.founding import peers_of, require_hash, require_known_limits, require_member
from node.genesis_file import load_genesis
from node.journal_loss import mark_new
from node.member_card import SUFFIX, card_text, make_card, read_cards
from node.newcomer import fetch_genesis
from node.words import said

# What listens for other organisations' nodes listens everywhere.
EVERYWHERE = "0.0.0.0"  # noqa: S104 - the operator has named the address that others use

CHAIN = Annotated[
    Path | None,
    typer.Option(help="The chain's genesis.json; default: here, with --join or --card in --dir."),
]
OBSERVER = Annotated[
    bool, typer.Option("--observer", help="Follow a running chain, before it has a seat.")
]
JOIN = Annotated[
    str | None,
    typer.Option(help="URL of a node's API: take the chain's genesis from there, and observe."),
]
WITH_CARD = Annotated[
    bool, typer.Option("--card", help="Write NAME.card too, for the founding of a chain.")
]


@verb(
    app,
    "init",
    examples=(
        "hushang node init --name pudong",
        "hushang node init --name pudong --dir /srv/hushang --address node.pudong.example:26700"
        " --card",
        "hushang node init --name pudong --dir /srv/hushang --genesis genesis.json --plain",
        "hushang node init --name huangpu --dir huangpu --join http://10.0.0.2:26780",
    ),
)
def init(
    session: Session,
    name: Annotated[str, typer.Option(help="The member's name in the genesis.")],
    directory: Annotated[Path, typer.Option("--dir", help="Where to write.")] = Path(),
    genesis: CHAIN = None,
    observer: OBSERVER = False,
    join: JOIN = None,
    address: ADDRESS = None,
    card: WITH_CARD = False,
    account_keys: ACCOUNT_KEYS = None,
    threshold: THRESHOLD = 1,
    plain: Annotated[bool, typer.Option("--plain", help="Don't seal the keys it makes.")] = False,
) -> None:
    """Write hushang.toml and a fresh node key; prints its public key.

    To found a chain add --card and send the card, which is public, to whoever assembles the genesis
    (hushang genesis new); its account is that of --account-key, or of a fresh account.key. For a
    chain that runs, the key belongs into member.register. Other members' addresses stand under
    [[peers]] in hushang.toml.
    """
    file, key_file = directory / FILE_NAME, directory / KEY_NAME
    if file.exists():
        raise UsageWrong(f"{file} exists")
    where = None if address is None else read_address(address)
    name = read_name(name)
    chain = genesis or (directory if join or card else Path()) / GENESIS_NAME
    if join is not None:
        fetch_genesis(session.say, [join], chain)
    key = make_key(key_file, plain=plain)
    config = NodeConfig(
        name=name,
        data_dir=Path("data"),
        genesis=Path(os.path.relpath(chain, directory)),
        node_key=Path(key_file.name),
        observer=observer or join is not None,
    )
    if where is not None:
        config = config.model_copy(update={"p2p_host": EVERYWHERE, "p2p_port": where[1]})
    file.write_text(to_toml(config), "utf-8")
    mark_new(directory / config.data_dir / "journal")
    record = {"config": str(file), "node_key": str(key_file), "public_key": key.public_key.hex()}
    if card:
        accounts = account_keys or [make_key(directory / ACCOUNT_KEY_NAME, plain=plain).path]
        own = directory / f"{name}{SUFFIX}"
        made = config.model_copy(update={"node_key": key_file})
        write_card(own, made, accounts, threshold, where, force=True)
        record |= {"card": str(own), "account_key": ", ".join(map(str, accounts))}
    session.printer.record(record)
    _tell_next(session, config, file, record)


def _tell_next(session: Session, config: NodeConfig, file: Path, record: dict[str, str]) -> None:
    """What is to be done after `init`."""
    if config.observer:
        name, key_file = config.name, record["node_key"]
        register = f"hushang member register {name} --account-key KEYFILE --node-key {key_file}"
        session.say("next: make the key known, nodes admit no other: {register}", register=register)
        session.say("next: name the peers under [[peers]] in {file}", file=file)
        session.say("next: hushang node start --config {file}", file=file)
    elif "card" in record:
        session.say(
            "next: send {card} to whoever assembles the genesis; keep the keys", card=record["card"]
        )
        session.say("next: hushang node adopt GENESIS CARDS --hash HASH --config {file}", file=file)
    else:
        session.say(
            "next: name the peers in {file}, then hushang node start --config {file}", file=file
        )


def write_card(
    file: Path,
    config: NodeConfig,
    account_keys: list[Path],
    threshold: int,
    address: tuple[str, int] | None,
    *,
    force: bool,
) -> None:
    """Write a member's card, signed by its node key."""
    policy = policy_of(account_keys, threshold)
    key = keystore.load_key(config.node_key, keystore.find_passphrase)
    text = card_text(make_card(config.name, key, policy, address))
    write_out(file, text.encode(), force=force)


@verb(
    app,
    "card",
    examples=(
        "hushang node card --account-key account.key --address node.pudong.example:26700",
        "hushang node card --account-key a.key --account-key b.key --threshold 2",
    ),
)
def card(
    session: Session,
    account_keys: ACCOUNT_KEYS = None,
    threshold: THRESHOLD = 1,
    address: ADDRESS = None,
    config: CONFIG = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; NAME.card.")] = None,
    force: FORCE = False,
) -> None:
    """Write the card of a member whose node has settings and a key; it is public.

    What the others put into a genesis: name, node key, the account's policy, and where its node is
    reached. The node key signs it.
    """
    if not account_keys:
        raise UsageWrong("--account-key FILE: which keys speak for the organisation's account?")
    settings = load_config(settings_file(config), os.environ, {})
    own = out or Path(f"{read_name(settings.name)}{SUFFIX}")
    check_out(out, force=force)
    where = None if address is None else read_address(address)
    write_card(own, settings, account_keys, threshold, where, force=force or out is None)
    session.printer.record({"card": str(own), "name": settings.name})


@verb(
    app,
    "adopt",
    examples=(
        "hushang node adopt genesis.json cards/*.card --hash 5f2c… --config /srv/hushang.toml",
        "hushang node adopt genesis.json xuhui.card jingan.card hongkou.card --yes",
    ),
)
def adopt(
    session: Session,
    genesis: Annotated[Path, typer.Argument(metavar="GENESIS", help="The assembled genesis.")],
    cards: Annotated[
        list[Path] | None, typer.Argument(metavar="CARD...", help="All members' cards.")
    ] = None,
    agreed: Annotated[
        str | None, typer.Option("--hash", help="The hash that the members have compared.")
    ] = None,
    config: CONFIG = None,
) -> None:
    """Make a founder's node ready: check the genesis, put it in place, name the others as peers.

    Exit 8 if the genesis has another hash or doesn't seat this node under its name. Without --hash
    it shows the hash and asks. Every card must be that of a member of the genesis.
    """
    file = settings_file(config)
    if file is None:
        raise UsageWrong("name the node: --config hushang.toml")
    settings = load_config(file, {}, {})
    chain, told = load_genesis(genesis), read_cards(cards or [])
    require_known_limits(chain)
    require_member(chain, settings, keystore.show_key(settings.node_key).public_key)
    seated = {(member.name, member.node_key.hex()) for member in chain.members}
    for card in told:
        if (card.name, card.node_key) not in seated:
            raise UsageWrong(f"{card.name}.card is not of a member of this genesis")
    if agreed is not None:
        require_hash(chain, agreed)
    elif not session.options.yes:
        session.say(
            "{genesis}: chain {chain_id}, genesis hash {chain}",
            genesis=genesis,
            chain_id=chain.chain_id,
            chain=chain.hash().hex(),
        )
        session.confirm(said("Do all members tell this hash?"))
    if genesis.resolve() != settings.genesis.resolve():
        settings.genesis.write_bytes(genesis.read_bytes())
    peers = peers_of(told, settings.name)
    name_peers(file, settings, peers)
    here = {"genesis": str(settings.genesis), "hash": chain.hash().hex()}
    known = dict.fromkeys(peer.name for peer in (*settings.peers, *peers))
    session.printer.record({**here, "peers": ", ".join(known)})
    missing = {m.name for m in chain.members} - {p.name for p in (*settings.peers, *peers)}
    for name in sorted(missing - {settings.name}):
        session.say(
            "{name}: no address known; name it under [[peers]] in {file}", name=name, file=file
        )
    session.say("next: hushang node start --config {file}", file=file)


def name_peers(file: Path, settings: NodeConfig, peers: tuple[PeerAddress, ...]) -> None:
    """Add to the settings' file the peers that it doesn't name yet; all else stays as it is."""
    known = {peer.node_key or peer.name for peer in settings.peers}
    new = [peer for peer in peers if (peer.node_key or peer.name) not in known]
    if not new:
        return
    added = to_toml(settings.model_copy(update={"peers": tuple(new)}))
    text = file.read_text("utf-8").rstrip("\n")
    file.write_text(f"{text}\n\n{added[added.index('[[peers]]') :]}", "utf-8")
