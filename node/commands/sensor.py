"""`hushang sensor`: report what a device measured, and check raw readings against a report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.errors import HushangError
from commerce.devices.judging import GAP_INTERVALS
from commerce.devices.measures import in_unit
from commerce.devices.report import SensorReport
from commerce.registry import operation
from node.commands.device import DEVICE, device_id_of
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.output import format_duration
from node.commands.session import Session
from node.commands.tx import read_file
from node.json_values import read_hash
from node.readings import Readings, decimal_text, read_readings

app = noun("Report what a device measured; check raw readings against a report.")

READINGS = Annotated[
    Path,
    typer.Argument(
        metavar="READINGS",
        help="Lines TIME,VALUE; - is stdin. TIME is ISO 8601 with its zone, 2026-05-01T08:00:00"
        "+08:00, or UTC milliseconds: real time, also where a test chain's clock runs faster.",
    ),
]


class ReadingsChanged(HushangError):
    """The raw readings are not those that the device reported."""

    hint = "ask for the file as the device wrote it, byte for byte"


class ReadingsHoled(HushangError):
    """A file of readings has a time without any that is longer than two intervals of the device."""

    hint = (
        "report the lines before it and those from it on by themselves; the time between is a gap"
    )


@verb(
    app,
    "report",
    sends=True,
    examples=(
        "hushang sensor report readings.csv --unit CEL --key logger.key",
        "hushang sensor report readings.csv --unit FAH --event $EVENT --key logger.key",
    ),
)
def report(
    session: Session,
    readings: READINGS,
    unit: Annotated[str, typer.Option(help="What the values are in: CEL, FAH, KEL, P1, …")],
    event: Annotated[
        str | None, typer.Option(help="The key of a captured EPCIS event that has them.")
    ] = None,
    sequence: Annotated[
        int | None, typer.Option(min=1, help="Its number; default: one more than the last.")
    ] = None,
) -> None:
    """Report a file of raw readings, signed by the device: least, largest, mean and Merkle root.

    The file stays with you; each of its lines can be proved later. Prints what the report is worth.
    A file with a hole, longer than two of the device's intervals, is refused: report its parts.
    """
    found = read_readings(read_file(readings))
    known = session.client.get(f"/v1/devices/{session.signer.account.hex()}")
    in_unit(found.least, unit, known["unit"])
    _require_no_hole(found, session.genesis.scaled_ms(GAP_INTERVALS * int(known["interval_ms"])))
    made = SensorReport(
        sequence=sequence or int(known["sequence"]) + 1,
        start_ms=found.start_ms,
        end_ms=found.end_ms,
        least=found.least,
        largest=found.largest,
        mean=found.mean,
        count=found.count,
        unit=unit,
        root=found.root,
        event_key=None if event is None else read_hash(event, "--event"),
    )
    places = {name: f"sensor.reported.{name}" for name in ("sequence", "verdict")}
    session.send(operation("sensor.report", made), found=places)


@verb(
    app,
    "list",
    examples=("hushang sensor list $DEVICE", "hushang sensor list $DEVICE -o ndjson"),
)
def list_reports(session: Session, device: DEVICE) -> None:
    """List a device's reports and what each was worth, the last first."""
    path = f"/v1/devices/{device_id_of(session, device).hex()}/reports"
    records = [_readable(record) for record in session.pages(path, "reports")]
    session.show_list(records)


@verb(
    app,
    "check",
    examples=("hushang sensor check readings.csv $DEVICE --sequence 7",),
)
def check(
    session: Session,
    readings: READINGS,
    device: DEVICE,
    sequence: Annotated[int, typer.Option(min=1, help="The report's number.")],
) -> None:
    """Check that a file has the raw readings that a device reported; exit 8 if it doesn't."""
    found = read_readings(read_file(readings))
    path = f"/v1/devices/{device_id_of(session, device).hex()}/reports"
    reports = {record["sequence"]: record for record in session.pages(path, "reports")}
    if sequence not in reports:
        raise UsageWrong(f"the device has no report of number {sequence}")
    _require_same(found, reports[sequence])
    told = {"sequence": sequence, "count": found.count, "root": found.root.hex(), "same": True}
    session.printer.record(told)


def _require_no_hole(found: Readings, most_ms: int) -> None:
    """Else the least and the largest would speak for a time that nobody measured."""
    if found.hole_ms > most_ms:
        hole, most = format_duration(found.hole_ms), format_duration(most_ms)
        raise ReadingsHoled(
            f"line {found.hole_line} is {hole} after the one before; {most} at most"
        )


def _require_same(found: Readings, told: Mapping[str, Any]) -> None:
    for name in ("count", "start_ms", "end_ms", "least", "largest"):
        if getattr(found, name) != told[name]:
            raise ReadingsChanged(f"{name} is {getattr(found, name)}, reported was {told[name]}")
    if found.root.hex() != told["root"]:
        raise ReadingsChanged("a line was changed: the Merkle root is another one")


def _readable(record: Any) -> dict[str, Any]:
    """With decimals as people write them."""
    decimals = {name: decimal_text(record[name]) for name in ("least", "largest", "mean")}
    return {**record, **decimals}
