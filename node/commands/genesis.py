"""`hushang genesis`: found a chain from members' cards, and check what was founded."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from chain.committee import fault_limit, quorum_size
from chain.genesis import Genesis
from node import keystore
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.node_noun import (
    ACCOUNT_KEYS,
    GENESIS_NAME,
    THRESHOLD,
    policy_of,
)
from node.commands.options import noun, verb
from node.commands.own_node import CONFIG
from node.commands.session import Session
from node.config import load_config
from node.founding import (
    new_draft,
    read_draft,
    require_hash,
    require_known_limits,
    require_member,
    with_account,
    with_asset,
    with_members,
    write_draft,
)
from node.genesis_file import (
    AccountForm,
    AssetForm,
    GenesisFileInvalid,
    GenesisForm,
    PolicyForm,
    RoleForm,
    account_names,
    load_genesis,
)
from node.json_values import read_hash
from node.member_card import read_cards

app = noun("Found a chain: a genesis of all members' cards, whose hash everybody compares.")

DECIMALS_MAX: Final = 18
FILE = Annotated[Path, typer.Option("--file", help="The genesis, or its draft.")]
CARDS = Annotated[
    list[Path], typer.Argument(metavar="CARD...", help="Members' cards; their order is the seats'.")
]
GENESIS = Annotated[Path, typer.Argument(metavar="GENESIS", help="The genesis.json.")]
HERE: Final = Path(GENESIS_NAME)


@verb(
    app,
    "new",
    examples=(
        "hushang genesis new shanghai-trade pudong.card xuhui.card jingan.card hongkou.card",
        "hushang genesis new test-trade cards/*.card --file genesis.json",
    ),
)
def new(
    session: Session,
    chain_id: Annotated[str, typer.Argument(metavar="CHAIN", help="The chain's name.")],
    cards: CARDS,
    file: FILE = HERE,
) -> None:
    """Begin a genesis of these members; more, and accounts and assets, may be added.

    Timers and consensus are those of the example that comes with the software: edit the file if the
    members want others. Nothing is decided before everybody has compared its hash.
    """
    if file.exists():
        raise UsageWrong(f"{file} exists")
    draft = new_draft(chain_id, now_ms(), read_cards(cards))
    write_draft(file, draft)
    _tell(session, file, draft)


@verb(app, "add-member", examples=("hushang genesis add-member huangpu.card",))
def add_member(session: Session, cards: CARDS, file: FILE = HERE) -> None:
    """Add members by their cards."""
    draft = with_members(_draft(file), read_cards(cards))
    write_draft(file, draft)
    _tell(session, file, draft)


@verb(
    app,
    "add-account",
    examples=(
        "hushang genesis add-account issuer --account-key issuer.key --sponsor pudong"
        " --role issuer",
        "hushang genesis add-account merchant --public-key 8c0d… --sponsor xuhui --role merchant"
        " --role merchant:gcp:6901234",
    ),
)
def add_account(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The account's name, for people.")],
    sponsor: Annotated[str, typer.Option(help="The member that answers for it.")],
    account_keys: ACCOUNT_KEYS = None,
    public_keys: Annotated[
        list[str] | None,
        typer.Option("--public-key", help="A key of the account in hex; repeatable."),
    ] = None,
    threshold: THRESHOLD = 1,
    roles: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="ROLE[:SCOPE]", help="A role it has; repeatable."),
    ] = None,
    file: FILE = HERE,
) -> None:
    """Add an account that exists from the start: an issuer of money, a regulator, a merchant."""
    policy = policy_of(account_keys or [], 1).keys if account_keys else {}
    for text in public_keys or ():
        policy[read_hash(text, "--public-key").hex()] = 1
    if not policy:
        raise UsageWrong("--account-key FILE or --public-key HEX: whose account is it?")
    account = AccountForm(
        name=name,
        sponsor=sponsor,
        policy=PolicyForm(threshold=threshold, keys=policy),
        roles=tuple(_role(text) for text in roles or ()),
    )
    draft = with_account(_draft(file), account)
    write_draft(file, draft)
    _tell(session, file, draft)


@verb(
    app,
    "add-asset",
    examples=("hushang genesis add-asset CNY --decimals 2 --issuer issuer",),
)
def add_asset(
    session: Session,
    symbol: Annotated[str, typer.Argument(help="1 to 12 of A-Z and 0-9.")],
    issuer: Annotated[str, typer.Option(help="The account that issues it, or a member.")],
    decimals: Annotated[
        int, typer.Option(min=0, max=DECIMALS_MAX, help="One is 10 to this power of minor units.")
    ] = 2,
    file: FILE = HERE,
) -> None:
    """Add a kind of money that exists from the start, with nothing issued."""
    draft = with_asset(_draft(file), AssetForm(symbol=symbol, decimals=decimals, issuer=issuer))
    write_draft(file, draft)
    _tell(session, file, draft)


@verb(
    app,
    "show",
    examples=("hushang genesis show", "hushang genesis show genesis.json -o json"),
)
def show(session: Session, genesis: GENESIS = HERE) -> None:
    """Show a genesis: its hash, its members with their keys, its accounts and assets."""
    session.printer.document(genesis_record(load_genesis(genesis)))


@verb(
    app,
    "check",
    examples=(
        "hushang genesis check genesis.json --hash 5f2c…",
        "hushang genesis check genesis.json --config /srv/hushang/hushang.toml",
    ),
)
def check(
    session: Session,
    genesis: GENESIS = HERE,
    agreed: Annotated[
        str | None, typer.Option("--hash", help="The hash that the members have compared.")
    ] = None,
    config: CONFIG = None,
) -> None:
    """Check a genesis; exit 9 if it contradicts itself, 8 if it isn't the agreed one.

    With --config also that it seats that node, by its key and under its name.
    """
    found = load_genesis(genesis)
    require_known_limits(found)
    if agreed is not None:
        require_hash(found, agreed)
    if config is not None:
        settings = load_config(config, os.environ, {})
        require_member(found, settings, keystore.show_key(settings.node_key).public_key)
    session.printer.record({"chain_id": found.chain_id, "hash": found.hash().hex()})
    _warn_of_few(session, len(found.members))


def genesis_record(genesis: Genesis) -> dict[str, Any]:
    """What people compare of a genesis."""
    accounts = account_names(genesis)
    return {
        "hash": genesis.hash().hex(),
        "chain_id": genesis.chain_id,
        "time_ms": genesis.time_ms,
        "quorum": quorum_size(len(genesis.members)),
        "members": [
            {
                "name": member.name,
                "node_key": member.node_key.hex(),
                "account": encode_account(accounts[member.name]),
            }
            for member in genesis.members
        ],
        "accounts": [_account_record(entry.name, accounts, genesis) for entry in genesis.accounts],
        "assets": [
            {"symbol": asset.symbol, "decimals": asset.decimals, "issuer": asset.issuer}
            for asset in genesis.assets
        ],
    }


def _account_record(name: str, accounts: Mapping[str, bytes], genesis: Genesis) -> dict[str, Any]:
    entry = next(entry for entry in genesis.accounts if entry.name == name)
    roles = [f"{role.role}:{role.scope}".rstrip(":") for role in entry.roles]
    account = encode_account(accounts[name])
    return {"name": name, "account": account, "sponsor": entry.sponsor, "roles": roles}


def _draft(file: Path) -> GenesisForm:
    try:
        return read_draft(file)
    except OSError as error:
        raise GenesisFileInvalid(f"{file}: {error.strerror}") from error


def _role(text: str) -> RoleForm:
    role, _, scope = text.partition(":")
    return RoleForm(role=role, scope=scope)


def _tell(session: Session, file: Path, draft: GenesisForm) -> None:
    """The draft as it is: whole, with its hash, or what it still lacks."""
    record = {
        "file": str(file),
        "chain_id": draft.chain_id,
        "members": ", ".join(member.name for member in draft.members),
        "accounts": ", ".join(account.name for account in draft.accounts),
        "assets": ", ".join(asset.symbol for asset in draft.assets),
    }
    try:
        record["hash"] = load_genesis(file).hash().hex()
    except GenesisFileInvalid as error:
        session.printer.record(record)
        session.say("not whole yet: {error}", error=error)
        return
    session.printer.record(record)
    _warn_of_few(session, len(draft.members))
    session.say("next: everybody runs hushang genesis check on their copy, and compares the hash")


def _warn_of_few(session: Session, count: int) -> None:
    if fault_limit(count) == 0:
        session.say(
            "{count} members survive no lying or silent member; four survive one", count=count
        )
