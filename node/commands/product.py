"""`hushang product`: register goods under their GTIN."""

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from commerce.products import Document, ProductRegister, ProductUpdate
from commerce.registry import operation
from node.commands.code_noun import read_gtin
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("Register goods under their GTIN.")

DOCUMENTS = Annotated[
    list[str] | None,
    typer.Option("--document", help="TITLE=FILE of a paper; only its hash is sent. Repeatable."),
]


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
    document: DOCUMENTS = None,
    licence_required: Annotated[
        bool, typer.Option("--licence-required", help="Only licensed merchants sell it.")
    ] = False,
) -> None:
    """Register a product under the signer's GS1 company prefix."""
    made = ProductRegister(
        gtin=gtin,
        title=title,
        product_class=product_class,
        return_exempt=return_exempt,
        storage=storage,
        documents=tuple(read_document(text) for text in document or ()),
        licence_required=licence_required,
    )
    session.send(operation("product.register", made), found={"gtin": "product.registered.gtin"})


@verb(
    app,
    "update",
    sends=True,
    examples=(
        'hushang product update 06901234000016 --title "Longjing tea, 2026" --as merchant',
        "hushang product update 06901234000016 --licence-required --as merchant",
    ),
)
def update(
    session: Session,
    gtin: Annotated[str, typer.Argument(help="14 digits, of the signer's company prefix.")],
    title: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    product_class: Annotated[str | None, typer.Option("--class", help="What kind.")] = None,
    storage: Annotated[str | None, typer.Option(help="How to keep it.")] = None,
    return_exempt: Annotated[
        bool | None,
        typer.Option("--return-exempt/--returnable", help="May it be sold without return?"),
    ] = None,
    document: DOCUMENTS = None,
    licence_required: Annotated[
        bool | None,
        typer.Option("--licence-required/--free-sale", help="Do only licensed merchants sell it?"),
    ] = None,
) -> None:
    """Describe a product anew, by a new version; orders that exist go on as they are.

    What is not given stays as it is; documents that are given replace all of the old.
    """
    gtin = read_gtin(gtin)
    known = session.client.get(f"/v1/products/{gtin}")
    papers = tuple(
        Document(paper["title"], bytes.fromhex(paper["hash"])) for paper in known["documents"]
    )
    if document is not None:
        papers = tuple(read_document(text) for text in document)
    changed = ProductUpdate(
        gtin=gtin,
        version=known["version"],
        title=known["title"] if title is None else title,
        product_class=known["product_class"] if product_class is None else product_class,
        return_exempt=known["return_exempt"] if return_exempt is None else return_exempt,
        storage=known["storage"] if storage is None else storage,
        documents=papers,
        licence_required=known["licence_required"]
        if licence_required is None
        else licence_required,
    )
    session.send(operation("product.update", changed), found={"version": "product.updated.version"})


@verb(
    app,
    "show",
    examples=(
        "hushang product show 06901234000016",
        "hushang product show 06901234000016 --version 1",
    ),
)
def show(
    session: Session,
    gtin: Annotated[str, typer.Argument(help="14 digits.")],
    version: Annotated[
        int | None, typer.Option(min=1, help="An earlier version; default: the newest.")
    ] = None,
) -> None:
    """Show a product."""
    path = f"/v1/products/{read_gtin(gtin)}"
    session.show(path if version is None else f"{path}/versions/{version}")


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
