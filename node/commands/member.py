"""`hushang member`: organisations that are members, with a seat in the committee or without."""

from pathlib import Path
from typing import Annotated

import typer

from chain.account import KeyPolicy, single_key_policy
from chain.bech32m import encode_account
from chain.transaction import Operation
from commerce.accounts import AccountOpen
from commerce.members import MemberRegister, MemberUpdate
from commerce.registry import operation
from node import keystore
from node.client import NotFound
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.quorum import OutOption, signed_by_quorum
from node.commands.session import Session
from node.commands.signers import Signer
from node.json_values import read_hash
from node.member_card import SUFFIX, read_card
from node.seats import find_organisation

app = noun("Member organisations: register one, list them, change the keys of their nodes.")

NODE_KEYS = Annotated[
    list[str],
    typer.Option("--node-key", help="A node's key file, or its public key in hex; repeatable."),
]


@verb(app, "list", examples=("hushang member list", "hushang member list -o json"))
def list_members(session: Session) -> None:
    """List the registered member organisations, their node keys, and which of them has a seat."""
    session.show_list(session.client.get("/v1/members")["members"])


@verb(
    app,
    "register",
    sends=True,
    examples=(
        "hushang member register huangpu --account-key huangpu.key --node-key node.key",
        "hushang member register huangpu --account-key 8c0d… --node-key 51f2… --key a.key --out r",
        "hushang member register huangpu --account-key huangpu.card --node-key 51f2… --out r",
    ),
)
def register(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The organisation's name.")],
    account_key: Annotated[
        str,
        typer.Option(
            help="The organisation's account: its key file; with --out its public key in hex, or "
            "its card."
        ),
    ],
    node_keys: NODE_KEYS,
    out: OutOption = None,
) -> None:
    """Make an organisation a member by a quorum of the committee; its account key signs too.

    The account is opened if it isn't yet. The nodes may then follow the chain as observers; a seat
    in the committee is another matter: hushang committee ready, hushang committee change. Nobody
    needs another's key file: with --out the newcomer signs last, by hushang tx sign.
    """
    policy, owner = owner_of(account_key)
    if owner is None and out is None:
        raise UsageWrong("--out FILE: the newcomer must sign too, hushang tx sign FILE --key …")
    account = policy.account_id() if owner is None else owner.account
    operations: list[Operation] = []
    try:
        session.client.get(f"/v1/accounts/{encode_account(account)}")
    except NotFound:
        operations.append(operation("account.open", AccountOpen(policy, None)))
    member = MemberRegister(account, name, public_keys(node_keys), None)
    operations.append(operation("member.register", member))
    now = session.client.get("/v1/committee")
    signed = signed_by_quorum(session, operations, now, out, also=[] if owner is None else [owner])
    if signed is not None:
        ids = {"account": encode_account(account)}
        session.report(session.submit(signed, brings=ids), ids)


@verb(
    app,
    "keys",
    sends=True,
    examples=("hushang member keys --node-key old.key --node-key new.key --key huangpu.key",),
)
def keys(session: Session, node_keys: NODE_KEYS) -> None:
    """Replace the node keys that the signing organisation has registered: name all that stay.

    A key with a seat in the committee must stay until committee change --replace.
    """
    own = find_organisation(session.client, name=encode_account(session.signer.account))
    known = own["certificate"]
    certificate = None if known is None else bytes.fromhex(known)
    session.send(operation("member.update", MemberUpdate(public_keys(node_keys), certificate)))


def owner_of(named: str) -> tuple[KeyPolicy, Signer | None]:
    """An organisation's policy, by its key file, card or public key; who signs, if its key is here.

    A key file of an account that has several keys names that account, which exists already.
    """
    file = Path(named)
    if file.suffix == SUFFIX:
        return read_card(file).policy.core(), None
    if file.exists():
        owner = Signer.of_file(file)
        return single_key_policy(owner.public_key), owner
    return single_key_policy(read_hash(named, "--account-key")), None


def public_keys(named: list[str]) -> tuple[bytes, ...]:
    """Public keys of key files or hex, sorted."""
    return tuple(sorted({public_key(text) for text in named}))


def public_key(text: str) -> bytes:
    """That of a key file, or the one that the text itself is."""
    file = Path(text)
    return keystore.show_key(file).public_key if file.exists() else read_hash(text, "--node-key")
