"""`hushang location`: whose places they are."""

from typing import Annotated

import typer

from commerce.registry import operation
from commerce.rights import LocationRegister
from node.client import segment
from node.commands.options import noun, verb
from node.commands.session import Session
from node.json_values import read_hash

app = noun("Locations: who may say what was seen there.")

GLN = Annotated[str, typer.Argument(metavar="GLN", help="Global Location Number, 13 digits.")]


@verb(
    app,
    "register",
    sends=True,
    examples=("hushang location register 6901234000078 carrier --as regulator --cosign carrier",),
)
def register(
    session: Session,
    gln: GLN,
    holder: Annotated[str, typer.Argument(metavar="HOLDER", help="hs1… or a name; signs too.")],
    certificate: Annotated[
        str | None, typer.Option(help="Hash of the proof, 32 bytes in hex.")
    ] = None,
) -> None:
    """Record who holds a location, as a regulator or an inspector; the holder signs too."""
    proof = None if certificate is None else read_hash(certificate, "--certificate")
    registered = LocationRegister(gln, session.account(holder), proof)
    session.send(operation("location.register", registered))


@verb(app, "show", examples=("hushang location show 6901234000078",))
def show(session: Session, gln: GLN) -> None:
    """Show who holds a location."""
    session.show(f"/v1/locations/{segment(gln)}")
