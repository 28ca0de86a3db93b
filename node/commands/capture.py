"""`hushang capture`: record EPCIS 2.0 events of a file."""

from pathlib import Path
from typing import Annotated

import typer

from chain.errors import HushangError, LedgerError
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisInvalid
from commerce.registry import operation
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.tx import read_file


class DocumentRefused(HushangError):
    """The document breaks a rule of EPCIS 2.0, found before it was sent; `told_code` names it."""

    def __init__(self, error: LedgerError) -> None:
        super().__init__(str(error))
        self.told_code = error.code
        self.told_hint = error.hint
        self.details: dict[str, str] = {}
        if isinstance(error, EpcisInvalid):
            self.details = {"path": error.path or "(document)", "rule": error.rule}


app = noun("Record EPCIS 2.0 events of a file.", single=True)


@verb(
    app,
    "capture",
    sends=True,
    examples=(
        "hushang capture harvest.jsonld --as merchant",
        "hushang capture - --as carrier < shipping.jsonld",
    ),
)
def capture(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON-LD; - for stdin.")],
) -> None:
    """Record the events of an EPCIS document (JSON-LD, up to 256 KiB and 100 events).

    The bytes are stored as they are. Recording the same event again changes nothing. An event about
    goods that are not the signer's is kept as a claim, outside every trace.
    """
    document = EpcisCapture(checked(read_file(file)), "public")
    outcome = session.submit(session.signed(operation("epcis.capture", document)))
    keys = [event["data"] for event in outcome.events if event["type"] == "epcis.captured"]
    session.report(outcome, {"captured": keys} if outcome.is_decided else {})


def checked(data: bytes) -> bytes:
    """The same bytes, if every replica will take them; a receipt has no room for place and rule."""
    try:
        read_document(data)
    except LedgerError as error:
        raise DocumentRefused(error) from error
    return data
