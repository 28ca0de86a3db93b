"""`hushang import`: a merchant's CSV files: catalogues, shipments."""  # noqa: N999 - its noun's name

import csv
import errno
import fcntl
import io
import sys
import time
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final

import typer

from chain.account import SignatureEntry
from chain.bech32m import encode_account
from chain.codec import encode
from chain.errors import HushangError
from chain.transaction import Operation, SignedTransaction, transaction_id
from node.client import OutcomeUnknown
from node.commands.effects import tried
from node.commands.failures import UsageWrong
from node.commands.options import TIMEOUT_S, noun, verb
from node.commands.session import Session
from node.imports import sheet
from node.imports.catalogue import Catalogue
from node.imports.columns import aliases, template
from node.imports.journal import SUFFIX, Journal
from node.imports.plan import Planner, Refusal
from node.imports.runner import Runner, Signed, Totals, plan_rows
from node.imports.shipments import Shipments
from node.private_data import label_of
from node.words import said, words

app = noun("Import CSV files: catalogues, shipments. Rows that can't be are told in a report.")

FILE = Annotated[
    Path, typer.Argument(metavar="FILE", help="CSV in UTF-8 or GB18030, first row: the columns.")
]
REPORT = Annotated[
    Path | None,
    typer.Option("--report", help="Where refused rows go; default: FILE.refused.csv."),
]
UNLOCKABLE: Final = (errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOTSUP)
REPORT_SUFFIX: Final = ".refused.csv"
# Between two lines of progress.
PROGRESS_S: Final = 1.0
# Products or offers that the importer may have already.
OWNED_MAX: Final = 1_000_000


class RowsRefused(HushangError):
    """Some rows were refused; they hold up none of the others."""

    hint = "mend the cells in the report and import it: what is done is skipped"


class ImportUnderWay(HushangError):
    """Another import of this file runs."""

    hint = "wait for its end; the same command then goes on where it left off"


@verb(
    app,
    "catalogue",
    sends=True,
    examples=(
        "hushang import catalogue tea.csv --dry-run --as merchant",
        "hushang import catalogue tea.csv --report bad.csv --key merchant.key",
    ),
)
def catalogue(session: Session, file: FILE, report: REPORT = None) -> None:
    """Register products and publish offers, a row each; what exists as it is is skipped.

    Columns: gtin; title, class, storage, return_exempt, licence_required for a product; price
    ("CNY 129.00"), stock, freight, ship_within ("48 h"), exempt for an offer. The same command
    again goes on where it was interrupted; nothing is done twice.
    """
    own = encode_account(session.signer.account)
    ends = _ends(session, file, report, Catalogue)
    owned = {"holder": own}
    products = session.pages("/v1/products", "products", owned, count_max=OWNED_MAX)
    sold = {"seller": own}
    listings = session.pages("/v1/listings", "listings", sold, count_max=OWNED_MAX)
    ends.run(Catalogue(session.money, products, listings))


@verb(
    app,
    "shipments",
    sends=True,
    examples=(
        "hushang import shipments today.csv --as merchant --cosign carrier",
        "hushang import shipments today.csv --dry-run --as merchant --cosign carrier",
    ),
)
def shipments(session: Session, file: FILE, report: REPORT = None) -> None:
    """Hand parcels of paid orders to carriers, a row each; the carrier signs too (--cosign).

    Columns: order, carrier (hs1… or a name); lines ("0:2 1:1", empty: all that is unshipped),
    sscc, tracking, epcs (apart by blanks), insured ("CNY 50.00"). A parcel that exists is skipped.
    Of a tracking number the chain gets a salted hash: hushang shipment label finds it again.
    """
    ends = _ends(session, file, report, Shipments)

    def order(order_id: str) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
        told = session.client.get(f"/v1/orders/{order_id}")
        return told, told["parcels"]

    def label(order_id: bytes, tracking: str) -> bytes:
        return label_of(session.signer.key.seed, order_id, tracking).commitment

    ends.run(Shipments(session.money, session.account, order, label))


class Kind(StrEnum):
    """A kind of file."""

    CATALOGUE = "catalogue"
    SHIPMENTS = "shipments"


_COLUMNS: Final = {Kind.CATALOGUE: Catalogue.columns, Kind.SHIPMENTS: Shipments.columns}


@verb(
    app,
    "template",
    examples=(
        "hushang import template catalogue > tea.csv",
        "hushang import template shipments --lang zh > today.csv",
    ),
)
def show_template(
    session: Session,
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="catalogue or shipments.")],
) -> None:
    """Print a CSV file of one row to begin with; with --lang zh its columns are in Chinese.

    Either names are taken, mixed too. Replace the row by your own.
    """
    data = template(_COLUMNS[kind], words().language)
    if session.printer.is_table:
        sys.stdout.write(data.decode())
    else:
        head, row = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        session.printer.record(dict(zip(head, row, strict=True)))


class Ends:
    """One import from its file to its report."""

    def __init__(self, session: Session, file: Path, report: Path, table: sheet.Sheet) -> None:
        self.session = session
        self.report = report
        self.table = table
        self.totals = Totals(len(table.rows))
        self.journal = Journal(file.with_name(file.name + SUFFIX))
        self._told_s = time.monotonic()
        count = len(table.rows)
        session.printer.before(self._told())
        session.say(
            "{file}: {rows} rows, {encoding}", file=file, rows=count, encoding=table.encoding
        )
        timeout_s = session.options.timeout_s
        self.timeout_s = TIMEOUT_S if timeout_s is None else timeout_s
        if not session.options.dry_run:
            # Before threads share them; a passphrase is asked for now.
            _ = session.genesis, [signer.key for signer in session.signers]
            self._settle()

    def _settle(self) -> None:
        """Before anything is looked at: what an earlier run left open is decided or will not be."""
        runner = self._runner(None)
        if settled := runner.settle():
            self.session.say(
                "settled {count} transactions that an earlier run left open", count=settled
            )

    def _runner(self, planner: Planner | None) -> Runner:
        return Runner(
            planner, self, self.session.submitter, self.journal, self.timeout_s, self.progress
        )

    def run(self, planner: Planner) -> None:
        """Plan, send or try, report."""
        totals, runner = self.totals, self._runner(planner)
        planned = plan_rows(planner, self.table.rows, totals)
        try:
            if self.session.options.dry_run:
                runner.rehearse(planned, totals)
            else:
                runner.run(planned, totals)
        except KeyboardInterrupt:
            self.session.say(
                "interrupted after {done} of {rows} rows; the same command goes on there",
                done=totals.settled,
                rows=totals.rows,
            )
            raise
        except OutcomeUnknown as error:
            error.told_hint = said(
                "{done} of {rows} rows are settled; the same command settles the rest and goes on",
                done=totals.settled,
                rows=totals.rows,
            )
            raise
        finally:
            # Also after Ctrl-C: what was refused so far is told.
            self._write_report()
            self.journal.close()
        self.session.printer.record(self._told())
        if totals.refused:
            raise RowsRefused(f"{len(totals.refused)} of {totals.rows} rows; see {self.report}")

    def _told(self) -> dict[str, Any]:
        totals = self.totals
        return {
            "rows": totals.rows,
            "would do" if self.session.options.dry_run else "done": totals.done,
            "existed": totals.existed,
            "refused": len(totals.refused),
            "report": str(self.report) if totals.refused else None,
        }

    def progress(self, totals: Totals) -> None:
        """A line on stderr, not more often than people read."""
        now_s = time.monotonic()
        if now_s - self._told_s >= PROGRESS_S:
            self._told_s = now_s
            self.session.say(
                "{done} of {rows} rows, {refused} refused",
                done=totals.settled,
                rows=totals.rows,
                refused=len(totals.refused),
            )

    def _write_report(self) -> None:
        refused = sorted(self.totals.refused, key=lambda entry: entry.row.number)
        if not refused:
            return
        columns = [name for name in self.table.columns if name not in sheet.REPORTED]
        rows = [_reported(entry, self.table, columns) for entry in refused]
        heads = map(self.table.written_as, columns)
        own = sheet.REPORTED_CHINESE if words().language == "zh" else sheet.REPORTED
        self.report.write_bytes(sheet.write_sheet((*own, *heads), rows))

    # As `node.imports.runner.Voice`.

    def sign(self, operations: Sequence[Operation]) -> Signed:
        """A new transaction of the signer and every --cosign."""
        session = self.session
        content = session.transaction(operations, session.signer.account)
        signed: SignedTransaction = session.sign(content, session.signers)
        return Signed(transaction_id(signed.content).hex(), encode(signed))

    def tried(self, operations: Sequence[Operation]) -> dict[str, Any]:
        """A dry run by those who would sign."""
        session = self.session
        content = session.transaction(operations, session.signer.account)
        named = [SignatureEntry(e.account, e.public_key, b"") for e in session.signers]
        return tried(session, encode(content), named)


def _reported(entry: Refusal, table: sheet.Sheet, columns: Sequence[str]) -> list[str]:
    column = table.written_as(entry.column)
    hint = words().hint(entry.code) or entry.hint
    told = [str(entry.row.number), column, entry.code, entry.told, hint]
    return [*told, *(entry.row.cells.get(name, "") for name in columns), *entry.row.surplus]


def _lock(stream: BinaryIO, file: Path) -> None:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ImportUnderWay(str(file)) from None
    except OSError as error:
        # Some network file systems have no locks, or none for who only reads.
        if error.errno not in UNLOCKABLE:
            raise


def _ends(session: Session, file: Path, report: Path | None, kind: type[Planner]) -> Ends:
    try:
        # Open, and so locked, until the process ends: two at once would share the journal.
        stream = session.keep_open(file.open("rb"))
        if not session.options.dry_run:
            _lock(stream, file)
        data = stream.read(sheet.FILE_SIZE_MAX + 1)
    except OSError as error:
        raise UsageWrong(f"{file}: {error.strerror}") from error
    known = [column.name for column in kind.columns]
    needed = [column.name for column in kind.columns if column.is_needed]
    table = sheet.read_sheet(data, needed, known, aliases(kind.columns))
    place = report or file.with_name(file.name + REPORT_SUFFIX)
    if place.resolve() == file.resolve():
        raise UsageWrong("--report names the file that is imported")
    return Ends(session, file, place, table)
