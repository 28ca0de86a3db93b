"""`hushang code`: codes against counterfeits; the verbs of brands and claimants beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from chain.crypto import HASH_SIZE
from commerce.codes.binding import CodeBind
from commerce.codes.passing import ItemTransfer
from commerce.codes.reports import FINDINGS, CodeAnswer, CodeReport
from commerce.codes.scanning import SCANS_MAX, Scan, ScanRecord
from commerce.registry import operation
from node.client import NotFound
from node.clock import now_ms
from node.commands import code_batch, code_claim, code_label
from node.commands.code_noun import (
    GTIN,
    SERIAL,
    TREE,
    app,
    code_path,
    member_of,
    read_gtin,
    read_serial,
    show_verdict,
)
from node.commands.failures import UsageWrong
from node.commands.options import verb
from node.commands.session import Session
from node.commands.telling import ContentOption, FileOption, needed_document
from node.commands.tx import read_file
from node.json_values import from_json, read_hash
from node.strict_json import read_json

# Their verbs belong to the noun.
__all__ = ["app", "code_batch", "code_claim", "code_label"]

SCANS_FILE_MAX: Final = 16 * 1024 * 1024


@verb(
    app,
    "show",
    examples=(
        "hushang code show 06901234000016 7ZK4M2XJ0QW8R",
        "hushang code show 06901234000016 7ZK4M2XJ0QW8R -o json",
    ),
)
def show(session: Session, gtin: GTIN, serial: SERIAL) -> None:
    """Say what a scan of a code is told. No scan and no claim shows what a thing is."""
    show_verdict(session, gtin, serial)


@verb(
    app,
    "list",
    examples=(
        "hushang code list --owner buyer",
        "hushang code list --gtin 06901234000016 -o ndjson",
    ),
)
def list_codes(
    session: Session,
    gtin: Annotated[str | None, typer.Option(help="Of this product.")] = None,
    owner: Annotated[str | None, typer.Option(help="hs1… or a name: what it owns.")] = None,
) -> None:
    """List codes, newest first."""
    if (gtin is None) == (owner is None):
        raise UsageWrong("give either --gtin or --owner")
    query = (
        {"gtin": read_gtin(gtin)}
        if gtin is not None
        else {"owner": encode_account(session.account(owner or ""))}
    )
    found = session.pages("/v1/codes", "codes", query)
    names = ("gtin", "serial", "verdict", "product", "scans", "claimed_ms")
    rows = [session.readable({name: code[name] for name in names}) for code in found]
    session.printer.records(found, rows)


@verb(
    app,
    "bind",
    sends=True,
    examples=("hushang code bind 06901234000016 7ZK4M2XJ0QW8R --order $ORDER --as merchant",),
)
def bind(
    session: Session,
    gtin: GTIN,
    serial: SERIAL,
    order: Annotated[str, typer.Option(help="The order's id, 64 hex digits.")],
    line: Annotated[int, typer.Option(min=0, help="The order's line, from 0.")] = 0,
    tree: TREE = None,
) -> None:
    """Say which thing a paid line gets, before it is shipped: a scan elsewhere shows then."""
    product = read_gtin(gtin)
    member = member_of(session, product, read_serial(serial), tree)
    bound = CodeBind(product, serial, read_hash(order, "--order"), line, member)
    session.send(operation("code.bind", bound))


@verb(
    app,
    "scan",
    sends=True,
    examples=(
        "hushang code scan 06901234000016 7ZK4M2XJ0QW8R --cell wtw3 --as merchant",
        "hushang code scan --file scans.ndjson --as merchant",
        "hushang code scan 06901234000016 7ZK4M2XJ0QW8R --cell wtw3 --tap tap.json --as merchant",
    ),
)
def scan(
    session: Session,
    gtin: Annotated[str | None, typer.Argument(help="The product, 8 to 14 digits.")] = None,
    serial: Annotated[str | None, typer.Argument(help="The code's serial.")] = None,
    cell: Annotated[
        str | None, typer.Option(help="Where: a geohash of 4 characters, about 40 by 20 km.")
    ] = None,
    scanner: Annotated[
        str | None,
        typer.Option(help="Who scanned: hs1…, a name, or 64 hex digits of a pseudonym; else you."),
    ] = None,
    tap: Annotated[
        Path | None, typer.Option(help="What hushang code sun-verify -o json said of its tag.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="Many scans, JSON a line: gtin, serial, scanner, time_ms, cell."),
    ] = None,
    tree: TREE = None,
) -> None:
    """Record scans: your own of what you have, or as a gateway those of others."""
    if file is not None:
        if any(value is not None for value in (gtin, serial, cell, scanner, tap)):
            raise UsageWrong("give one scan or --file, not both")
        record(session, read_scans(read_file(file)))
        return
    if gtin is None or serial is None or cell is None:
        raise UsageWrong("give GTIN, SERIAL and --cell, or --file")
    product = read_gtin(gtin)
    told = {
        "gtin": product,
        "serial": read_serial(serial),
        "scanner": scanner_of(session, scanner).hex(),
        "time_ms": now_ms(),
        "cell": cell,
        "member": None,
        "tap": None if tap is None else tap_of(read_file(tap)),
    }
    one = from_json(Scan, told)
    member = member_of(session, product, serial, tree)
    record(session, [replace(one, member=member)])


def record(session: Session, scans: Sequence[Scan]) -> None:
    """Hand scans in, so many at a time; what came of the last of them."""
    scans = without_replays(session, scans) if len(scans) > 1 else scans
    for start in range(0, len(scans), SCANS_MAX):
        part = ScanRecord(tuple(scans[start : start + SCANS_MAX]))
        signed = session.signed(operation("scan.record", part))
        outcome = session.submit(signed, brings=("scans",))
        done = min(len(scans), start + SCANS_MAX)
        if done < len(scans):
            session.say("{done} of {count} scans", done=done, count=len(scans))
            continue
        session.report(outcome, {"scans": done})


def without_replays(session: Session, scans: Sequence[Scan]) -> Sequence[Scan]:
    """Many scans, those of replayed taps without their tap: one would refuse all the others.

    A page that is loaded again, or passed on, is a replay too: it is a scan like any other.
    """
    newest: dict[tuple[str, str], int] = {}
    kept: list[Scan] = []
    for place, scan in enumerate(scans, 1):
        one = scan
        if scan.tap is not None and scan.tap.mac_right:
            thing = (scan.gtin, scan.serial)
            known = newest.get(thing)
            known = _counter_of(session, *thing) if known is None else known
            if scan.tap.counter <= known:
                session.say(
                    "scan {place}: its tap was recorded before; the scan goes without it",
                    place=place,
                )
                one = replace(scan, tap=None)
            newest[thing] = max(known, scan.tap.counter)
        kept.append(one)
    return kept


def _counter_of(session: Session, gtin: str, serial: str) -> int:
    """The counter of a thing's tag, -1 before its first tap."""
    try:
        counter = session.client.get(code_path(gtin, serial))["code"]["tag_counter"]
    except NotFound:
        return -1
    return -1 if counter is None else int(counter)


def read_scans(data: bytes) -> list[Scan]:
    """Scans of a file, a JSON object a line."""
    lines = [line for line in data.splitlines() if line.strip()]
    if not lines:
        raise UsageWrong("the file has no scans")
    return [read_scan(line, number) for number, line in enumerate(lines, 1)]


def read_scan(line: bytes, number: int) -> Scan:
    """The scan of a line."""
    value = read_json(line, size_max=SCANS_FILE_MAX)
    if not isinstance(value, dict):
        raise UsageWrong(f"line {number} is no JSON object")
    return from_json(Scan, {"member": None, "tap": None, **value}, f"line {number}")


def tap_of(data: bytes) -> Any:
    """The tap of what `sun-verify` printed."""
    told = read_json(data, size_max=SCANS_FILE_MAX)
    names = ("uid", "counter", "mac_right", "signature")
    if not isinstance(told, dict) or not all(name in told for name in names):
        raise UsageWrong("--tap takes what hushang code sun-verify -o json prints")
    return {name: told[name] for name in names}


def scanner_of(session: Session, text: str | None) -> bytes:
    """An account or a pseudonym; the signer without any."""
    if text is not None and len(text) == 2 * HASH_SIZE:
        return read_hash(text, "--scanner")
    return session.own_account(text)


@verb(
    app,
    "transfer",
    sends=True,
    examples=(
        "hushang code transfer 06901234000016 7ZK4M2XJ0QW8R --to friend --as buyer --cosign friend",
    ),
)
def transfer(
    session: Session,
    gtin: GTIN,
    serial: SERIAL,
    to: Annotated[str, typer.Option(help="Its next owner: hs1… or a name; signs too.")],
) -> None:
    """Pass a claimed thing on to its next owner; its past stays with it."""
    passed = ItemTransfer(read_gtin(gtin), read_serial(serial), session.account(to))
    session.send(operation("item.transfer", passed))


@verb(
    app,
    "report",
    sends=True,
    examples=("hushang code report 06901234000016 7ZK4M2XJ0QW8R --file receipt.jpg --as buyer",),
)
def report(
    session: Session,
    gtin: GTIN,
    serial: SERIAL,
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Report a thing as a copy; its brand looks into it and answers."""
    evidence = needed_document(file, content)
    told = CodeReport(read_gtin(gtin), read_serial(serial), evidence)
    session.send(operation("code.report", told), found={"report_id": "code.reported.report_id"})


@verb(
    app,
    "answer",
    sends=True,
    examples=(
        "hushang code answer $REPORT --finding COPIED --file findings.pdf --as merchant",
        "hushang code answer $REPORT --finding UNFOUNDED --file findings.pdf --as merchant",
    ),
)
def answer(
    session: Session,
    report_id: Annotated[str, typer.Argument(metavar="REPORT", help="Its id, 64 hex digits.")],
    finding: Annotated[str, typer.Option(help="COPIED, or UNFOUNDED: clears the signs.")],
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Answer a report of a copy, as its brand."""
    if finding.upper() not in FINDINGS:
        raise UsageWrong(f"--finding {' or '.join(FINDINGS)}")
    document = needed_document(file, content)
    told = CodeAnswer(read_hash(report_id, "REPORT"), finding.upper(), document)
    session.send(operation("code.answer", told))


@verb(
    app,
    "reports",
    examples=(
        "hushang code reports --brand merchant",
        "hushang code reports --gtin 06901234000016 --serial 7ZK4M2XJ0QW8R",
    ),
)
def reports(
    session: Session,
    brand: Annotated[str | None, typer.Option(help="hs1… or a name: to this brand.")] = None,
    gtin: Annotated[str | None, typer.Option(help="About a code of this product.")] = None,
    serial: Annotated[str | None, typer.Option(help="The code's serial.")] = None,
) -> None:
    """List reports of copies, newest first."""
    if (brand is None) == (gtin is None) or (gtin is None) != (serial is None):
        raise UsageWrong("give --brand, or --gtin and --serial")
    query: Mapping[str, object] = (
        {"brand": encode_account(session.account(brand))}
        if brand is not None
        else {"gtin": read_gtin(gtin or ""), "serial": read_serial(serial or "")}
    )
    session.show_list(session.pages("/v1/code-reports", "reports", query))
