"""`hushang product`: register goods under their GTIN."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from commerce.products import Document, ProductRegister
from commerce.registry import operation
from node.client import segment
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("Register goods under their GTIN.")


@verb(
    app,
    "register",
    sends=True,
    examples=(
        'hushang product register 06901234000016 --title "Longjing tea, 250 g" --class tea'
        ' --storage "cool and dry" --as merchant',
    ),
)
def register(
    session: Session,
    gtin: Annotated[str, typer.Argument(help="14 digits, of the signer's company prefix.")],
    title: Annotated[str, typer.Option(help="What it is called.")],
    product_class: Annotated[str, typer.Option("--class", help="What kind of goods.")],
    storage: Annotated[str, typer.Option(help="How to keep it.")] = "",
    return_exempt: Annotated[
        bool,
        typer.Option("--return-exempt", help="Its class may be sold without return in 7 days."),
    ] = False,
    document: Annotated[
        list[str] | None,
        typer.Option(help="TITLE=FILE of a paper; only its hash is sent. Repeatable."),
    ] = None,
) -> None:
    """Register a product under the signer's GS1 company prefix."""
    documents = tuple(read_document(text) for text in document or ())
    made = ProductRegister(gtin, title, product_class, return_exempt, storage, documents)
    session.send(operation("product.register", made), found={"gtin": "product.registered.gtin"})


@verb(app, "show", examples=("hushang product show 06901234000016",))
def show(session: Session, gtin: Annotated[str, typer.Argument(help="14 digits.")]) -> None:
    """Show a product."""
    session.show(f"/v1/products/{segment(gtin)}")


def read_document(text: str) -> Document:
    """The document of `TITLE=FILE`."""
    title, equals, file = text.partition("=")
    if not equals:
        raise UsageWrong(f"--document {text!r} is not TITLE=FILE")
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise UsageWrong(f"--document {file}: {error.strerror}") from error
    return Document(title, hashlib.sha256(data).digest())
