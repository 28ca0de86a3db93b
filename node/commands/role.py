"""`hushang role`: grant and revoke roles."""

from typing import Annotated

import typer

from commerce.registry import operation
from commerce.roles import ROLES, RoleGrant, RoleRevoke
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("Grant and revoke roles; signed by a quorum of the members.")

ACCOUNT = Annotated[str, typer.Argument(metavar="ACCOUNT", help="hs1… or a name.")]
ROLE = Annotated[str, typer.Argument(metavar="ROLE", help=", ".join(ROLES) + ".")]
SCOPE = Annotated[
    str, typer.Option(help="Where it holds: empty for everywhere, gcp:PREFIX or gln:LOCATION.")
]


@verb(
    app,
    "grant",
    sends=True,
    examples=("hushang role grant buyer merchant --as pudong --cosign xuhui --cosign jingan",),
)
def grant(
    session: Session,
    account: ACCOUNT,
    role: ROLE,
    scope: SCOPE = "",
    certificate: Annotated[
        str | None, typer.Option(help="Hash of what proves it, 32 bytes in hex.")
    ] = None,
) -> None:
    """Give an account a role."""
    proof = None if certificate is None else read_hash(certificate, "--certificate")
    granted = RoleGrant(session.account(account), role, scope, proof)
    session.send(operation("role.grant", granted))


@verb(
    app,
    "revoke",
    sends=True,
    examples=("hushang role revoke buyer merchant --as pudong --cosign xuhui --cosign jingan",),
)
def revoke(session: Session, account: ACCOUNT, role: ROLE, scope: SCOPE = "") -> None:
    """Take a role back; running orders and parcels go on."""
    session.send(operation("role.revoke", RoleRevoke(session.account(account), role, scope)))
