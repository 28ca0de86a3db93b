"""What devices measured: sensor.report.

A report is signed by its device. It is recorded as long as it is one of a row: numbered upwards,
after the one before it, about a time that has passed and isn't long gone. Whether it counts for a
parcel's storage promises is another matter, and the event says why it doesn't: the device was bound
to nothing then, or to something else; another device watches the parcel; its calibration had ended;
it took too few readings for so long a time; its maker isn't trusted any more. A time that no report
counts for may be a gap.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U32, U64, Hash, Name, Range, TimeMs, encode
from chain.context import Context, event
from commerce.devices.device import DEVICES, Device, is_trusted, load_device
from commerce.devices.errors import (
    DeviceUnknown,
    PeriodEmpty,
    ReadingMalformed,
    ReadingsInconsistent,
    ReportAhead,
    ReportOverlaps,
    ReportTooOld,
    SequenceStale,
    UnitUnsuitable,
)
from commerce.devices.judgement import judge_gap, judge_readings
from commerce.devices.judging import GAP_INTERVALS
from commerce.devices.measures import Reading, UnitCode, in_unit, require_reading
from commerce.devices.watch import Watch, ended_ms, find_watch, save_watch
from commerce.indexes import index_device_report
from commerce.parameters import current_parameters
from commerce.parcels import load_parcel
from commerce.records import altered
from commerce.refusals import refuses

COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class SensorReport:
    """`sequence` is larger than in the device's report before. From `start_ms` to `end_ms` (block
    time) it took `count` readings: the `least`, the `largest` and the `mean` in `unit`, which needs
    not be the device's own; `root` is the Merkle root of all of them. `event_key` names a captured
    event that has them.
    """

    sequence: Annotated[int, Range(1, 2**63 - 1)]
    start_ms: TimeMs
    end_ms: TimeMs
    least: Reading
    largest: Reading
    mean: Reading
    count: Annotated[int, Range(1, 2**32 - 1)]
    unit: UnitCode
    root: Hash
    event_key: Hash | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report as it is found again: outside the state, by its device."""

    sequence: U64
    start_ms: TimeMs
    end_ms: TimeMs
    least: Reading
    largest: Reading
    mean: Reading
    count: U32
    unit: UnitCode
    root: Hash
    event_key: Hash | None
    parcel_id: Hash | None
    verdict: Name
    receipt_id: Hash


@refuses(
    ReadingMalformed,
    ReadingsInconsistent,
    PeriodEmpty,
    DeviceUnknown,
    UnitUnsuitable,
    SequenceStale,
    ReportOverlaps,
    ReportAhead,
    ReportTooOld,
)
def sensor_report(op: SensorReport, context: Context) -> tuple[Event, ...]:
    """Record what a device measured, and judge by it what it watches."""
    _check_format(op)
    device_id = context.sender
    device = load_device(context.state, device_id)
    in_unit(op.least, op.unit, device.unit)
    _require_in_row(op, device)
    _require_in_time(op, context)
    parcel_id = None if device.binding is None else device.binding.parcel_id
    watch = None if parcel_id is None else find_watch(context.state, parcel_id)
    verdict = _verdict(op, context, device_id, device, watch)
    reported = altered(device, sequence=op.sequence, reported_ms=op.end_ms)
    DEVICES.store(context.state, reported, device_id)
    row = _row(op, parcel_id, verdict, context.receipt_id)
    index_device_report(context, device_id, op.sequence, encode(row))
    told = _reported(device_id, row)
    if watch is None:
        return (told,)
    return (told, *_judged(op, context, device, watch, verdict))


def _row(op: SensorReport, parcel_id: bytes | None, verdict: str, receipt_id: bytes) -> ReportRow:
    return ReportRow(
        sequence=op.sequence,
        start_ms=op.start_ms,
        end_ms=op.end_ms,
        least=op.least,
        largest=op.largest,
        mean=op.mean,
        count=op.count,
        unit=op.unit,
        root=op.root,
        event_key=op.event_key,
        parcel_id=parcel_id,
        verdict=verdict,
        receipt_id=receipt_id,
    )


def _reported(device_id: bytes, row: ReportRow) -> Event:
    return event(
        "sensor.reported",
        device_id=device_id,
        sequence=row.sequence,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        least=row.least,
        largest=row.largest,
        mean=row.mean,
        count=row.count,
        unit=row.unit,
        root=row.root,
        event_key=row.event_key,
        parcel_id=row.parcel_id,
        verdict=row.verdict,
    )


def _check_format(op: SensorReport) -> None:
    least, mean, largest = map(require_reading, (op.least, op.mean, op.largest))
    if not least <= mean <= largest:
        msg = "the mean is between the least and the largest reading"
        raise ReadingsInconsistent(msg)
    if op.start_ms >= op.end_ms:
        msg = "a report ends after it starts"
        raise PeriodEmpty(msg)


def _require_in_row(op: SensorReport, device: Device) -> None:
    if op.sequence <= device.sequence:
        msg = f"the device has reported number {device.sequence}"
        raise SequenceStale(msg)
    if op.start_ms < device.reported_ms:
        msg = f"the report before ends at {device.reported_ms}"
        raise ReportOverlaps(msg)


def _require_in_time(op: SensorReport, context: Context) -> None:
    """Clocks of devices may be ahead as far as those of nodes may."""
    latest_ms = context.time_ms + context.chain.genesis.consensus.clock_drift_max_ms
    if op.end_ms > latest_ms:
        msg = f"the block is of {context.time_ms}"
        raise ReportAhead(msg)
    earliest_ms = context.time_ms - current_parameters(context.state).timers.report_ms
    if op.start_ms < earliest_ms:
        msg = f"reports are about the time since {earliest_ms}"
        raise ReportTooOld(msg)


def _verdict(
    op: SensorReport, context: Context, device_id: bytes, device: Device, watch: Watch | None
) -> str:
    """Whether the report counts, and if not, why."""
    binding = device.binding
    if binding is None or op.start_ms < binding.from_ms:
        return "unbound"
    if binding.to_ms is not None and op.end_ms > binding.to_ms:
        return "unbound"
    if watch is None:
        return "unwatched"
    if watch.device_id != device_id:
        return "swapped"
    if op.end_ms > device.calibrated_until_ms:
        return "uncalibrated"
    if _is_sparse(op, context, device):
        return "sparse"
    return COUNTS if is_trusted(context.state, device) else "untrusted"


def _is_sparse(op: SensorReport, context: Context, device: Device) -> bool:
    """Do so many readings leave a gap inside the report? A logger that was off hides none there."""
    covered_ms = (op.count - 1 + GAP_INTERVALS) * device.interval_ms
    return op.end_ms - op.start_ms > context.chain.genesis.scaled_ms(covered_ms)


def _judged(
    op: SensorReport, context: Context, device: Device, watch: Watch, verdict: str
) -> tuple[Event, ...]:
    """What the report changes for the parcel that the device watches."""
    if verdict not in (COUNTS, "untrusted") or watch.due_ms is None:
        return ()
    end_ms = ended_ms(load_parcel(context.state, watch.parcel_id))
    start_ms, until_ms = max(op.start_ms, watch.judged_ms), op.end_ms
    if end_ms is not None:
        start_ms, until_ms = min(start_ms, end_ms), min(until_ms, end_ms)
    judged, told = judge_gap(context, watch, device.interval_ms, start_ms)
    if verdict == COUNTS and start_ms < until_ms:
        judged, more = judge_readings(context, judged, op.least, op.largest, op.unit, until_ms)
        told = (*told, *more)
    save_watch(context, watch, altered(judged, judged_ms=max(judged.judged_ms, until_ms)))
    return told
