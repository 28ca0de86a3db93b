"""`hushang account`: open accounts, look at them."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from chain.account import KeyPolicy, WeightedKey
from chain.bech32m import encode_account
from chain.crypto import tagged_hash
from commerce.accounts import AccountOpen
from commerce.registry import operation
from node import keystore
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.commands.signers import Signer

app = noun("Open and look at accounts. An account is `hs1…`, or a name in the test network.")


@verb(
    app,
    "open",
    sends=True,
    examples=(
        "hushang account open shop.key --as pudong",
        "hushang account open ceo.key cfo.key coo.key --threshold 2 --key member.key",
    ),
)
def open_account(
    session: Session,
    keys: Annotated[list[Path], typer.Argument(metavar="KEYFILE...", help="The new keys' files.")],
    threshold: Annotated[int, typer.Option(help="How many of the keys must sign.")] = 1,
    identity: Annotated[
        Path | None, typer.Option(help="A file about the holder; only its salted hash is sent.")
    ] = None,
) -> None:
    """Open an account that the signing member sponsors; the new keys sign too.

    The account's id is that of the keys and the threshold.
    """
    new = [Signer.of_file(file) for file in keys]
    weighted = tuple(WeightedKey(key, 1) for key in sorted(key.public_key for key in new))
    policy = KeyPolicy(weighted, threshold)
    account = policy.account_id()
    salt = keystore.new_seed() if identity is not None else None
    commitment = None
    if identity is not None and salt is not None:
        commitment = tagged_hash("identity", salt + identity.read_bytes())
    opening = operation("account.open", AccountOpen(policy, commitment))
    signed = session.signed(opening, also=[replace(signer, account=account) for signer in new])
    ids = {"account": encode_account(account)}
    if salt is not None:
        ids["identity_salt"] = salt.hex()
    session.report(session.submit(signed, brings=ids, private=ids), ids)


@verb(app, "show", examples=("hushang account show merchant", "hushang account show --as buyer"))
def show(session: Session, account: AccountArgument = None) -> None:
    """Show an account: policy, sponsor, roles, balances."""
    owner = session.own_account(account)
    session.show(f"/v1/accounts/{encode_account(owner)}")


@verb(
    app,
    "balances",
    examples=("hushang account balances buyer", "hushang account balances --as buyer -o json"),
)
def balances(session: Session, account: AccountArgument = None) -> None:
    """Show what an account has of each asset."""
    owner = session.own_account(account)
    told = session.client.get(f"/v1/accounts/{encode_account(owner)}")
    session.show_list(told["balances"])
