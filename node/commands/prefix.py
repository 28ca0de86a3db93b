"""`hushang prefix`: whose goods those of a company prefix are."""

from typing import Annotated

import typer

from commerce.registry import operation
from commerce.rights import GcpGrant
from node.client import segment
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("GS1 company prefixes: who may register products and make items of them.")

PREFIX = Annotated[str, typer.Argument(metavar="PREFIX", help="6 to 12 digits, as GS1 issued it.")]


@verb(
    app,
    "grant",
    sends=True,
    examples=("hushang prefix grant 4012345 merchant --as regulator --cosign merchant",),
)
def grant(
    session: Session,
    prefix: PREFIX,
    holder: Annotated[str, typer.Argument(metavar="HOLDER", help="hs1… or a name; signs too.")],
    certificate: Annotated[
        str | None, typer.Option(help="Hash of GS1's certificate, 32 bytes in hex.")
    ] = None,
) -> None:
    """Record who holds a company prefix, as a regulator or an inspector; the holder signs too."""
    proof = None if certificate is None else read_hash(certificate, "--certificate")
    session.send(operation("gcp.grant", GcpGrant(prefix, session.account(holder), proof)))


@verb(
    app,
    "show",
    examples=("hushang prefix show 6901234", "hushang prefix show 6901234000016"),
)
def show(
    session: Session,
    digits: Annotated[
        str,
        typer.Argument(metavar="DIGITS", help="A prefix, or a GTIN-13, GLN or other key of one."),
    ],
) -> None:
    """Show whose prefix a GS1 key begins with (of a GTIN of 14 digits leave the first one out)."""
    session.show(f"/v1/prefixes/{segment(digits)}")
