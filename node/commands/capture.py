"""`hushang capture`: record EPCIS 2.0 events of a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.errors import HushangError, LedgerError
from commerce.epcis.capture import PUBLIC, EpcisCapture
from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisInvalid
from commerce.registry import operation
from node.commands.options import noun, verb
from node.commands.session import RuleBroken, Session
from node.commands.tx import read_file
from node.gateway.gateway import EventsRefused, check_each


class DocumentRefused(HushangError):
    """The document breaks a rule of EPCIS 2.0, found before it was sent; `told_code` names it."""

    hint = "hushang epcis validate FILE lists every problem with its path"

    def __init__(self, error: HushangError) -> None:
        super().__init__(str(error))
        self.told_code = error.code
        self.told_hint = error.hint
        self.details: dict[str, str] = {}
        if isinstance(error, EpcisInvalid):
            self.details = {"path": error.path or "(document)", "rule": error.rule}


class EventsNotCaptured(HushangError):
    """Some events of the document were refused; the others are captured."""

    hint = "mend these and capture them again; events that are known already change nothing"

    def __init__(self, refused: Sequence[tuple[int | None, str, str]]) -> None:
        super().__init__(f"{len(refused)} events were refused")
        self.details = {f"event {index or 0}": f"{code}: {words}" for index, code, words in refused}


app = noun("Record EPCIS 2.0 events of a file.", single=True)


@verb(
    app,
    "capture",
    sends=True,
    examples=(
        "hushang capture harvest.jsonld --as merchant",
        "hushang capture - --as carrier < shipping.jsonld",
        "hushang capture week.jsonld --proceed --as merchant",
    ),
)
def capture(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON-LD; - for stdin.")],
    proceed: Annotated[
        bool,
        typer.Option("--proceed", help="A transaction for each event: bad ones stop no others."),
    ] = False,
) -> None:
    """Record the events of an EPCIS document (JSON-LD, up to 256 KiB and 100 events).

    The bytes are stored as they are. Recording the same event again changes nothing. An event about
    goods that are not the signer's is kept as a claim, outside every trace.
    """
    if proceed:
        capture_each(session, read_file(file))
        return
    document = EpcisCapture(checked(read_file(file)), "public")
    signed = session.signed(operation("epcis.capture", document))
    outcome = session.submit(signed, brings=("captured",))
    keys = [event["data"] for event in outcome.events if event["type"] == "epcis.captured"]
    session.report(outcome, {"captured": keys} if outcome.is_decided else {})


def capture_each(session: Session, data: bytes) -> None:
    """One transaction for each event; what was refused is told at the end, and exits 7."""
    try:
        found = check_each(data)
    except (LedgerError, EventsRefused) as error:
        raise DocumentRefused(error) from error
    told: list[dict[str, Any]] = []
    refused = [
        (error.event, error.code, f"{error.where}: {error.detail}") for error in found.errors
    ]
    for index, document in found.documents:
        session.say("event {number}", number=index if index is not None else 0)
        payload = operation("epcis.capture", EpcisCapture(document, PUBLIC))
        try:
            outcome = session.submit(session.signed(payload), brings=None)
        except RuleBroken as error:
            refused.append((index, error.told_code, str(error)))
            continue
        told.append({"event": index, "id": outcome.id, "status": outcome.status})
    session.show_list(told)
    if refused:
        raise EventsNotCaptured(sorted(refused, key=lambda entry: entry[0] or 0))


def checked(data: bytes) -> bytes:
    """The same bytes, if every replica will take them; a receipt has no room for place and rule."""
    try:
        read_document(data)
    except LedgerError as error:
        raise DocumentRefused(error) from error
    return data
