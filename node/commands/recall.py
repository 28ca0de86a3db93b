"""`hushang recall`: stop the sale of a product or of some lots, and what is on its way."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from chain.transaction import Operation
from commerce.recalls.recalls import (
    NamedMark,
    RecallClose,
    RecallExtend,
    RecallOpen,
    RecallRelease,
)
from commerce.registry import operation
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.telling import ContentOption, FileOption, document_hash, needed_document
from node.json_values import read_hash

app = noun("Recall goods: no sale, shipment or payment from that block on.")

RECALL = Annotated[str, typer.Argument(metavar="RECALL", help="Its id, 64 hex digits.")]
LOTS = Annotated[
    list[str] | None, typer.Option("--lot", help="A lot of the product, by its number. Repeatable.")
]
ITEMS = Annotated[
    list[str] | None,
    typer.Option("--item", help="A serialised item: EPC URI or GS1 Digital Link. Repeatable."),
]
FROM = Annotated[
    int | None, typer.Option("--from-ms", help="Made from this time on, UTC milliseconds.")
]
TO = Annotated[int | None, typer.Option("--to-ms", help="Made before this time.")]
REPORT = Annotated[str | None, typer.Option(help="Hash of the regulator's file, 64 hex digits.")]


@verb(
    app,
    "open",
    sends=True,
    examples=(
        "hushang recall open 06901234567892 --class 1 --file notice.pdf --as merchant",
        "hushang recall open 06901234567892 --class 2 --lot L2026-07 --lot L2026-08"
        " --file notice.pdf --as merchant",
        "hushang recall open 06901234567892 --class 2 --item urn:epc:id:sgtin:6901234.056789.17"
        f" --content {'ab' * 32} --as regulator",
    ),
)
def open_recall(  # one option a field
    session: Session,
    gtin: Annotated[str, typer.Argument(metavar="GTIN", help="14 digits.")],
    recall_class: Annotated[
        int, typer.Option("--class", min=1, max=3, help="1 is the gravest: nobody may keep it.")
    ],
    lot: LOTS = None,
    item: ITEMS = None,
    from_ms: FROM = None,
    to_ms: TO = None,
    file: FileOption = None,
    content: ContentOption = None,
    report: REPORT = None,
) -> None:
    """Recall a product, or only some lots, items or times of production, as brand or regulator.

    FILE is what buyers are told. The product is blocked at once; whatever was made of the named
    goods is found by what was captured about them. Who has paid is refunded after 48 hours, or
    keeps the goods (hushang order keep) unless the class is 1.
    """
    filed = None if report is None else read_hash(report, "--report")
    opened = RecallOpen(
        gtin,
        recall_class,
        needed_document(file, content),
        filed,
        tuple(lot or ()),
        tuple(item or ()),
        from_ms,
        to_ms,
    )
    session.send(operation("recall.open", opened), found={"recall_id": "recall.opened.recall_id"})


@verb(
    app,
    "extend",
    sends=True,
    examples=(
        "hushang recall extend $RECALL --lot L2026-09 --as merchant",
        "hushang recall extend $RECALL --whole --class 1 --file new-notice.pdf --as regulator",
    ),
)
def extend_recall(  # one option a field
    session: Session,
    recall: RECALL,
    lot: LOTS = None,
    item: ITEMS = None,
    from_ms: FROM = None,
    to_ms: TO = None,
    whole: Annotated[bool, typer.Option("--whole", help="All of the product.")] = False,
    recall_class: Annotated[
        int | None, typer.Option("--class", min=1, max=3, help="A graver class.")
    ] = None,
    file: FileOption = None,
    content: ContentOption = None,
    report: REPORT = None,
) -> None:
    """Recall more goods, more gravely, or tell buyers something else (FILE)."""
    extended = RecallExtend(
        read_hash(recall, "RECALL"),
        tuple(lot or ()),
        tuple(item or ()),
        from_ms,
        to_ms,
        whole,
        recall_class,
        document_hash(file, content),
        None if report is None else read_hash(report, "--report"),
    )
    session.send(operation("recall.extend", extended))


@verb(
    app,
    "close",
    sends=True,
    examples=(
        "hushang recall close $RECALL --file report.pdf --as merchant",
        "hushang recall close $RECALL --file report.pdf --regulator regulator --as merchant"
        " --cosign regulator",
    ),
)
def close_recall(
    session: Session,
    recall: RECALL,
    file: FileOption = None,
    content: ContentOption = None,
    regulator: Annotated[
        str | None,
        typer.Option(help="Who signs too that the goods still outstanding can't be had."),
    ] = None,
) -> None:
    """End a recall: the product may be sold again. FILE says what became of the goods.

    Marked items and lots in known hands must have come back or been destroyed, by captured events.
    What is marked stays so.
    """
    signer = None if regulator is None else session.account(regulator)
    closed = RecallClose(read_hash(recall, "RECALL"), needed_document(file, content), signer)
    session.send(operation("recall.close", closed))


@verb(
    app,
    "release",
    sends=True,
    examples=(
        "hushang recall release $RECALL item:https://id.gs1.org/01/06901234567892/21/17"
        " --file report.pdf --as regulator",
    ),
)
def release_marks(
    session: Session,
    recall: RECALL,
    marks: Annotated[
        list[str],
        typer.Argument(metavar="MARK...", help="KIND:NAME as `hushang recall marks` tells them."),
    ],
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Take marks away that were wrong, as a regulator. FILE says why."""
    session.send(_release(recall, marks, needed_document(file, content)))


def _release(recall: str, marks: list[str], report: bytes) -> Operation:
    named = []
    for mark in marks:
        kind, colon, name = mark.partition(":")
        if not colon:
            msg = f"{mark}: KIND:NAME, as in item:https://id.gs1.org/01/.../21/..."
            raise UsageWrong(msg)
        named.append(NamedMark(kind, name))
    released = RecallRelease(read_hash(recall, "RECALL"), tuple(named), report)
    return operation("recall.release", released)


@verb(app, "show", examples=("hushang recall show $RECALL",))
def show(session: Session, recall: RECALL) -> None:
    """Show a recall: product, class, who opened it, how far it has spread, what is outstanding."""
    session.show(f"/v1/recalls/{read_hash(recall, 'RECALL').hex()}")


@verb(
    app,
    "list",
    examples=(
        "hushang recall list",
        "hushang recall list --gtin 06901234567892 -o json",
        "hushang recall list --thing urn:epc:id:sgtin:6901234.056789.17",
    ),
)
def list_recalls(
    session: Session,
    gtin: Annotated[str | None, typer.Option(help="Those that have reached this product.")] = None,
    thing: Annotated[
        str | None, typer.Option(help="Those under which this item or lot is, closed ones too.")
    ] = None,
) -> None:
    """List the recalls that are open now."""
    query = {"gtin": gtin, "thing": thing}
    session.show_list(session.client.get("/v1/recalls", query)["recalls"])


@verb(
    app,
    "marks",
    examples=("hushang recall marks $RECALL", "hushang recall marks $RECALL -o ndjson"),
)
def marks_of(session: Session, recall: RECALL) -> None:
    """List what is marked: lots, items, and events whose outputs all are."""
    session.show_list(_pages(session, recall, "marks"))


@verb(app, "products", examples=("hushang recall products $RECALL",))
def products_of(session: Session, recall: RECALL) -> None:
    """List the products that a recall has reached."""
    session.show_list(_pages(session, recall, "products"))


@verb(
    app,
    "notices",
    examples=(
        "hushang recall notices $RECALL",
        "hushang recall notices $RECALL --certainty possible -o ndjson",
    ),
)
def notices_of(
    session: Session,
    recall: RECALL,
    certainty: Annotated[
        str | None, typer.Option(help="Only named, possible or product ones.")
    ] = None,
) -> None:
    """List who got recalled goods, or may have: order, buyer, lines, marked things."""
    session.show_list(_pages(session, recall, "notices", {"certainty": certainty}))


def _pages(
    session: Session, recall: str, name: str, query: Mapping[str, object] | None = None
) -> Sequence[Mapping[str, Any]]:
    path = f"/v1/recalls/{read_hash(recall, 'RECALL').hex()}/{name}"
    return session.pages(path, name, query)
