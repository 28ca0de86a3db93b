"""What the API shows of devices, storage promises, watches and penalties: pure reads."""

from collections.abc import Mapping
from dataclasses import dataclass

from chain.codec import Hash, decode
from chain.state import StateReader
from commerce.devices.device import Binding, is_trusted, load_device
from commerce.devices.judging import Custody, accrued_minor
from commerce.devices.penalty import PenaltyLine, load_penalty, penalty_id
from commerce.devices.report import ReportRow
from commerce.devices.sla import Sla, slas_of
from commerce.devices.watch import load_watch, with_slas
from commerce.money import load_asset
from commerce.orders import load_order


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device; its id is its account. `trusted`: its maker still has the role. `sequence` and
    `reported_ms` are those of its last report, 0 before any.
    """

    device_id: Hash
    account: Hash
    maker: Hash
    owner: Hash
    identity: str
    model: str
    measures: str
    unit: str
    interval_ms: int
    calibrated_until_ms: int
    certificate: Hash
    trusted: bool
    registered_ms: int
    sequence: int
    reported_ms: int
    binding: Binding | None


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report and its verdict: `counts`, or why it doesn't. `receipt_id` finds the transaction."""

    sequence: int
    start_ms: int
    end_ms: int
    least: str
    largest: str
    mean: str
    count: int
    unit: str
    root: Hash
    event_key: Hash | None
    parcel_id: Hash | None
    verdict: str
    receipt_id: Hash


@dataclass(frozen=True, slots=True)
class SlasView:
    """The storage promises of an order's lines."""

    order_id: Hash
    slas: tuple[Sla, ...]


@dataclass(frozen=True, slots=True)
class WatchLineView:
    """A watched line: of `worth_minor`, so much was lost until now. Of the time outside the limits
    `tolerated_ms` (commercial) cost nothing: at most what the promise tolerates.
    """

    line: int
    worth_minor: int
    accrued_minor: int
    tolerated_ms: int


@dataclass(frozen=True, slots=True)
class PenaltyView:
    """A penalty. PENDING: it can be contested until `due_ms`, which settles it."""

    penalty_id: Hash
    parcel_id: Hash
    order_id: Hash
    buyer: Hash
    seller: Hash
    custodian: Hash | None
    symbol: str
    decimals: int
    lines: tuple[PenaltyLine, ...]
    amount_minor: int
    state: str
    opened_ms: int
    due_ms: int | None
    charged_minor: int
    refunded_minor: int
    owed_minor: int


@dataclass(frozen=True, slots=True)
class WatchView:
    """What watches a parcel: `custodies` say who answers from when on, `judged_ms` is until when it
    has been judged. `ended`: its last minute has, and nothing is pending.
    """

    parcel_id: Hash
    order_id: Hash
    device_id: Hash
    symbol: str
    decimals: int
    lines: tuple[WatchLineView, ...]
    custodies: tuple[Custody, ...]
    judged_ms: int
    due_ms: int | None
    ended: bool
    penalties: tuple[PenaltyView, ...]


def device_view(state: StateReader, device_id: bytes) -> DeviceView:
    """A device, or `DeviceUnknown`."""
    device = load_device(state, device_id)
    return DeviceView(
        device_id=device_id,
        account=device_id,
        maker=device.maker,
        owner=device.owner,
        identity=device.identity,
        model=device.model,
        measures=device.measures,
        unit=device.unit,
        interval_ms=device.interval_ms,
        calibrated_until_ms=device.calibrated_until_ms,
        certificate=device.certificate,
        trusted=is_trusted(state, device),
        registered_ms=device.registered_ms,
        sequence=device.sequence,
        reported_ms=device.reported_ms,
        binding=device.binding,
    )


def report_view(row: bytes) -> ReportView:
    """A row of the index of reports."""
    report = decode(ReportRow, row)
    return ReportView(
        sequence=report.sequence,
        start_ms=report.start_ms,
        end_ms=report.end_ms,
        least=report.least,
        largest=report.largest,
        mean=report.mean,
        count=report.count,
        unit=report.unit,
        root=report.root,
        event_key=report.event_key,
        parcel_id=report.parcel_id,
        verdict=report.verdict,
        receipt_id=report.receipt_id,
    )


def slas_view(state: StateReader, order_id: bytes) -> SlasView:
    """The promises of an order, or `OrderUnknown`."""
    load_order(state, order_id)
    return SlasView(order_id, tuple(slas_of(state, order_id)))


def penalty_view(state: StateReader, known_id: bytes) -> PenaltyView:
    """A penalty, or `PenaltyUnknown`."""
    penalty = load_penalty(state, known_id)
    order = load_order(state, penalty.order_id)
    return PenaltyView(
        penalty_id=known_id,
        parcel_id=penalty.parcel_id,
        order_id=penalty.order_id,
        buyer=order.buyer,
        seller=order.seller,
        custodian=penalty.custodian,
        symbol=order.symbol,
        decimals=load_asset(state, order.symbol).decimals,
        lines=penalty.lines,
        amount_minor=penalty.amount_minor,
        state=penalty.state,
        opened_ms=penalty.opened_ms,
        due_ms=penalty.due_ms,
        charged_minor=penalty.charged_minor,
        refunded_minor=penalty.refunded_minor,
        owed_minor=penalty.owed_minor,
    )


def watch_view(state: StateReader, parcel_id: bytes) -> WatchView:
    """The watch of a parcel, or `WatchUnknown`."""
    watch = load_watch(state, parcel_id)
    symbol = load_order(state, watch.order_id).symbol
    cost: Mapping[int, int] = {
        line.line: accrued_minor(line, sla) for line, sla in with_slas(state, watch)
    }
    return WatchView(
        parcel_id=parcel_id,
        order_id=watch.order_id,
        device_id=watch.device_id,
        symbol=symbol,
        decimals=load_asset(state, symbol).decimals,
        lines=tuple(
            [
                WatchLineView(entry.line, entry.worth_minor, cost[entry.line], entry.outside_ms)
                for entry in watch.lines
            ]
        ),
        custodies=watch.custodies,
        judged_ms=watch.judged_ms,
        due_ms=watch.due_ms,
        ended=watch.due_ms is None and not watch.pending,
        penalties=tuple(
            [
                penalty_view(state, penalty_id(parcel_id, number))
                for number in range(watch.penalties)
            ]
        ),
    )
