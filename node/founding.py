"""Founding a consortium: a genesis made of members' cards, step by step, until all agree on a hash.

A draft is a genesis.json that may still lack members; only `node.genesis_file` says what is whole.
Consensus and timers are those of the example that comes with the software, and may be edited in the
draft by hand: everybody compares the hash at the end.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from chain.errors import HushangError
from chain.genesis import GENESIS_VERSION, Genesis
from commerce.deposits.limits import is_deposit_limit
from commerce.disputes.limits import is_dispute_limit
from node.clients import files
from node.config import NodeConfig, PeerAddress
from node.genesis_file import (
    AccountForm,
    AssetForm,
    GenesisFileInvalid,
    GenesisForm,
    MemberForm,
    example_path,
    parse_form,
)
from node.member_card import CardForm

# Of a hash that is compared by its beginning: fewer are found by trying.
HASH_DIGITS_MIN: Final = 32
ABOUT: Final = "The genesis of a consortium: compare its hash before you start a node on it."


class GenesisNameTaken(HushangError):
    """The genesis has a member, account or asset of this name already."""

    hint = "hushang genesis show lists what is there; edit the file to take something out"


class GenesisDiffers(HushangError):
    """The genesis is not the one that was agreed: another hash, or without this node."""

    hint = "ask who assembled it for the file whose hash you all have compared"


def new_draft(chain_id: str, time_ms: int, cards: Sequence[CardForm]) -> GenesisForm:
    """A draft of these members, with the example's consensus and timers."""
    example = parse_form(example_path().read_bytes(), str(example_path()))
    draft = GenesisForm(
        about=(ABOUT,),
        version=GENESIS_VERSION,
        chain_id=chain_id,
        time_ms=time_ms,
        consensus=example.consensus,
        timers=example.timers,
        members=(),
    )
    return with_members(draft, cards)


def read_draft(file: Path) -> GenesisForm:
    """The draft in a file; `GenesisFileInvalid`, or the system's error."""
    return parse_form(file.read_bytes(), str(file))


def write_draft(file: Path, draft: GenesisForm) -> None:
    """The file appears, or is replaced, whole or not at all."""
    text = json.dumps(draft.model_dump(), indent=2, ensure_ascii=False) + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    files.replace(file, text.encode(), files.USUAL)


def with_members(draft: GenesisForm, cards: Sequence[CardForm]) -> GenesisForm:
    """The draft with further members. Their order is the order of cards."""
    members: list[MemberForm] = list(draft.members)
    for card in cards:
        for member in members:
            if member.name == card.name:
                raise GenesisNameTaken(f"member {card.name}")
            if member.node_key == card.node_key:
                raise GenesisNameTaken(f"the node key of {member.name} is also {card.name}'s")
        members.append(card.member)
    return draft.model_copy(update={"members": tuple(members)})


def with_account(draft: GenesisForm, account: AccountForm) -> GenesisForm:
    """The draft with one more account."""
    names = {member.name for member in draft.members} | {entry.name for entry in draft.accounts}
    if account.name in names:
        raise GenesisNameTaken(f"account {account.name}")
    return draft.model_copy(update={"accounts": (*draft.accounts, account)})


def with_asset(draft: GenesisForm, asset: AssetForm) -> GenesisForm:
    """The draft with one more asset."""
    if asset.symbol in {entry.symbol for entry in draft.assets}:
        raise GenesisNameTaken(f"asset {asset.symbol}")
    return draft.model_copy(update={"assets": (*draft.assets, asset)})


def require_known_limits(genesis: Genesis) -> None:
    """`GenesisFileInvalid` for a limit that nothing asks for: the chain would be without the one
    that its founders meant. Chains that run with such a limit go on with it.
    """
    for name in genesis.limits:
        if not (is_deposit_limit(name) or is_dispute_limit(name)):
            raise GenesisFileInvalid(f"limit {name}: there is none of this name")


def require_hash(genesis: Genesis, agreed: str) -> None:
    """`GenesisDiffers` unless it has the hash that the members compared (or its beginning)."""
    found = genesis.hash().hex()
    if len(agreed) < HASH_DIGITS_MIN or not found.startswith(agreed.lower()):
        raise GenesisDiffers(f"its hash is {found}, not {agreed}")


def require_member(genesis: Genesis, config: NodeConfig, node_key: bytes) -> None:
    """`GenesisDiffers` unless the genesis seats this node under its own name."""
    for member in genesis.members:
        if member.node_key == node_key and member.name == config.name:
            return
    seats = ", ".join(f"{m.name} ({m.node_key.hex()[:8]}…)" for m in genesis.members)
    own = f"{config.name} ({node_key.hex()[:8]}…)"
    raise GenesisDiffers(f"it seats {seats}, and not this node, {own}")


def peers_of(cards: Sequence[CardForm], own_name: str) -> tuple[PeerAddress, ...]:
    """The addresses of the others that told one."""
    told = [card.peer for card in cards if card.name != own_name]
    return tuple(peer for peer in told if peer is not None)
