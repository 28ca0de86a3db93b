"""`hushang recall`: stop the sale of a product, and what is on its way."""

from typing import Annotated

import typer

from commerce.recalls.recalls import RecallClose, RecallOpen
from commerce.registry import operation
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.telling import ContentOption, FileOption, needed_document
from node.json_values import read_hash

app = noun("Recall goods: no sale, shipment or payment from that block on.")

RECALL = Annotated[str, typer.Argument(metavar="RECALL", help="Its id, 64 hex digits.")]


@verb(
    app,
    "open",
    sends=True,
    examples=(
        "hushang recall open 06901234567892 --class 1 --file notice.pdf --as merchant",
        f"hushang recall open 06901234567892 --class 2 --content {'ab' * 32} --as regulator",
    ),
)
def open_recall(  # one option a field
    session: Session,
    gtin: Annotated[str, typer.Argument(metavar="GTIN", help="14 digits.")],
    recall_class: Annotated[
        int, typer.Option("--class", min=1, max=3, help="1 is the gravest: nobody may keep it.")
    ],
    file: FileOption = None,
    content: ContentOption = None,
    report: Annotated[
        str | None, typer.Option(help="Hash of the regulator's file, 64 hex digits.")
    ] = None,
) -> None:
    """Block a product and stop its units in flight, as its brand or a regulator.

    FILE is what buyers are told. Who has paid is refunded after 48 hours, or keeps the goods
    (hushang order keep) unless the class is 1.
    """
    filed = None if report is None else read_hash(report, "--report")
    opened = RecallOpen(gtin, recall_class, needed_document(file, content), filed)
    session.send(operation("recall.open", opened), found={"recall_id": "recall.opened.recall_id"})


@verb(
    app,
    "close",
    sends=True,
    examples=("hushang recall close $RECALL --file report.pdf --as merchant",),
)
def close_recall(
    session: Session, recall: RECALL, file: FileOption = None, content: ContentOption = None
) -> None:
    """End a recall: the product may be sold again. FILE says what became of the goods."""
    closed = RecallClose(read_hash(recall, "RECALL"), needed_document(file, content))
    session.send(operation("recall.close", closed))


@verb(app, "show", examples=("hushang recall show $RECALL",))
def show(session: Session, recall: RECALL) -> None:
    """Show a recall: product, class, who opened it, whether it still stops orders."""
    session.show(f"/v1/recalls/{read_hash(recall, 'RECALL').hex()}")


@verb(app, "list", examples=("hushang recall list", "hushang recall list -o json"))
def list_recalls(session: Session) -> None:
    """List the products that are recalled now."""
    session.show_list(session.client.get("/v1/recalls")["recalls"])
