"""`hushang epcis`: EPCIS 2.0 documents and GS1 identifiers, looked at without a node."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.errors import LedgerError
from commerce.epcis.canonical import event_key
from commerce.epcis.cbv_hash import cbv_hash, prehash
from commerce.epcis.document import Document, read_document
from commerce.epcis.explained import Explained, explain
from commerce.epcis.lexeme import DOCUMENT_SIZE_MAX
from commerce.epcis.problems import problems_of
from node.clients.files import read_given_beginning
from node.commands.failures import UsageWrong, VerificationFailed
from node.commands.options import noun, verb
from node.commands.session import Session

app = noun("EPCIS 2.0 documents and GS1 identifiers, without a node: hash, validate, link.")

FILES = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="JSON-LD documents; - for stdin.")
]
WHOLE: Final = "(document)"


class DocumentsInvalid(VerificationFailed):
    """Documents break rules of EPCIS 2.0; each was told on stdout."""

    hint = "hushang epcis validate FILE -o json names each path and rule"


class IdentifierWrong(VerificationFailed):
    """A GS1 identifier is not well-formed."""

    hint = (
        "the table tells the right check digit; read the label again, or ask who issued the number"
    )


@verb(
    app,
    "hash",
    examples=(
        "hushang epcis hash harvest.jsonld",
        "hushang epcis hash harvest.jsonld --prehash -o json",
        "hushang epcis hash *.jsonld --capturer merchant",
        "curl -s https://example.com/events.jsonld | hushang epcis hash -",
    ),
)
def hash_(
    session: Session,
    files: FILES,
    *,
    show_prehash: Annotated[
        bool, typer.Option("--prehash", help="Also the string that is hashed.")
    ] = False,
    capturer: Annotated[
        str | None, typer.Option(help="Also the event key, if this account captures it.")
    ] = None,
) -> None:
    """Print the CBV 2.0 hash of each event (`ni:///sha-256;...?ver=CBV2.0`).

    Query documents have hashes too, and documents whose events break a rule of EPCIS together (like
    a sensor's time after the event's): stderr tells that capture would refuse them. One whose
    members are not of EPCIS 2.0 has none: exit 8.
    """
    account = None if capturer is None else session.account(capturer)
    rows: list[dict[str, Any]] = []
    for file in files:
        data = read_document_file(file)
        try:
            document = read_document(data, members_only=True)
            rows += hashes(str(file), document, account, with_prehash=show_prehash)
        except LedgerError as error:
            raise VerificationFailed(f"{file}: {error.code}: {error}") from error
        for problem in problems_of(data):
            session.say(
                "capture would refuse {file}: {place}: {rule}",
                file=file,
                place=problem.path or WHOLE,
                rule=problem.rule,
            )
    shown = rows if len(files) > 1 else [{k: row[k] for k in row if k != "file"} for row in rows]
    session.printer.records(rows, shown)


def hashes(
    file: str, document: Document, capturer: bytes | None, *, with_prehash: bool
) -> Iterator[dict[str, Any]]:
    """One row an event."""
    for index, event in enumerate(document.events):
        row = {"file": file, "event": index, "type": event.type}
        row["hash"] = cbv_hash(event, document.hash_ignored)
        if capturer is not None:
            row["event_key"] = event_key(capturer, event).hex()
        if with_prehash:
            row["prehash"] = prehash(event, document.hash_ignored)
        yield row


@verb(
    app,
    "validate",
    examples=(
        "hushang epcis validate harvest.jsonld",
        "hushang epcis validate *.jsonld -o json",
        "hushang epcis validate - < harvest.jsonld",
    ),
)
def validate(session: Session, files: FILES) -> None:
    """Check documents as capture would; print every problem with its path and rule.

    Exit 8 if any document has one. -o json prints for each file whether it is valid, how many
    events it has and its problems.
    """
    told: list[dict[str, Any]] = []
    for file in files:
        data = read_document_file(file)
        problems = problems_of(data)
        told.append(
            {
                "file": str(file),
                "valid": not problems,
                "events": None if problems else len(read_document(data).events),
                "problems": [asdict(problem) for problem in problems],
            }
        )
    session.printer.records(told, list(problem_rows(told)))
    wrong = [entry["file"] for entry in told if not entry["valid"]]
    if wrong:
        raise DocumentsInvalid(f"{len(wrong)} of {len(told)} would be refused: {', '.join(wrong)}")


def problem_rows(told: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """For people: a row a problem, or one that says how many events are right."""
    for entry in told:
        if entry["valid"]:
            yield {"file": entry["file"], "path": "", "rule": f"valid: {entry['events']} events"}
        for problem in entry["problems"]:
            path, rule = problem["path"] or WHOLE, problem["rule"]
            yield {"file": entry["file"], "path": path, "rule": rule}


def read_document_file(file: Path) -> bytes:
    """All of a file or stdin; more than a document may have is left for the check to refuse."""
    return read_given_beginning(file, DOCUMENT_SIZE_MAX + 1, UsageWrong)


@verb(
    app,
    "link",
    examples=(
        "hushang epcis link urn:epc:id:sgtin:6901234.012345.7",
        "hushang epcis link https://tea.example/01/06901234123456/21/7 --prefix-digits 7",
        "hushang epcis link 'https://tea.example/gtin/06901234123456/lot/L1?17=261231'",
        "hushang epcis link 6901234123456",
    ),
)
def link(
    session: Session,
    identifiers: Annotated[
        list[str],
        typer.Argument(metavar="URI...", help="EPC URIs, Digital Links, bare GTINs or SSCCs."),
    ],
    prefix_digits: Annotated[
        int | None,
        typer.Option(min=6, max=12, help="Length of the company prefix, which no link tells."),
    ] = None,
) -> None:
    """Explain GS1 identifiers: EPC URI and Digital Link of each other, parts, check digits.

    Exit 8 if one is not well-formed; a wrong check digit is told with the right one.
    """
    rows = [explain(text, prefix_digits) for text in identifiers]
    records = [asdict(row) for row in rows]
    if len(rows) == 1:
        session.printer.record(records[0], readable(rows[0]))
    else:
        columns = ("given", "epc_uri", "digital_link", "problem")
        shown = [{name: record[name] for name in columns} for record in records]
        session.printer.records(records, shown)
    wrong = [f"{row.given}: {row.problem}" for row in rows if row.problem is not None]
    if wrong:
        raise IdentifierWrong("; ".join(wrong))


def readable(row: Explained) -> dict[str, Any]:
    """For people: only what it has, a line a part."""
    plain = {name: value for name, value in asdict(row).items() if isinstance(value, str)}
    for part in row.parts:
        plain[f"({part.ai}) {part.title}"] = part.value
    for part in row.attributes:
        plain[f"?{part.ai} {part.title}".strip()] = part.value
    return plain
