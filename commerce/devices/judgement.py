"""What a watch makes of the time that a report is about, and of the time that none is about.

A time without a report that counts, longer than two of the device's intervals, is a gap and is
judged whole, by the first step of the promise: who answers for it is the custodian that named the
device. Where nobody did, it is the seller's, unless the buyer itself had bound the device.
"""

from chain.block import Event
from chain.context import Context, event
from chain.deadlines import Deadline
from commerce.devices.device import load_device
from commerce.devices.judging import GAP_INTERVALS, Custody, accrue, by_custody
from commerce.devices.measures import in_unit
from commerce.devices.penalty import add_penalty
from commerce.devices.watch import WATCHES, Watch, ended_ms, save_watch, with_slas
from commerce.escrow import State
from commerce.orders import load_order, timers_for
from commerce.parcels import load_parcel
from commerce.records import altered

# What a line's time outside costs an hour, by position; None: it was within.
Rates = list[int | None]


def judge_gap(
    context: Context, watch: Watch, interval_ms: int, until_ms: int
) -> tuple[Watch, tuple[Event, ...]]:
    """The time from what was judged before until the next report, if that is a gap."""
    scaled_ms = context.chain.genesis.scaled_ms
    if until_ms - watch.judged_ms <= scaled_ms(GAP_INTERVALS * interval_ms):
        return altered(watch, judged_ms=max(watch.judged_ms, until_ms)), ()
    rates: Rates = [sla.steps[0].permille_hour for _, sla in with_slas(context.state, watch)]
    return _judge(context, watch, rates, until_ms, "gap")


def judge_readings(  # the readings of a report, and where they end
    context: Context, watch: Watch, least: str, largest: str, unit: str, until_ms: int
) -> tuple[Watch, tuple[Event, ...]]:
    """The time from what was judged before, by the worst readings of it."""
    rates: Rates = []
    for _, sla in with_slas(context.state, watch):
        excess = sla.excess(in_unit(least, unit, sla.unit), in_unit(largest, unit, sla.unit))
        rates.append(None if excess is None else sla.permille_hour(excess))
    return _judge(context, watch, rates, until_ms, "breach")


def check_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.sla.check: look whether the parcel has arrived; once nothing can be reported any more,
    judge the time that nothing was reported about.
    """
    watch = WATCHES.load(context.state, deadline.object_id)
    assert watch is not None
    fired = altered(watch, due_ms=None)
    parcel = load_parcel(context.state, watch.parcel_id)
    report_ms = timers_for(context.state, load_order(context.state, watch.order_id)).report_ms
    end_ms = ended_ms(parcel)
    if end_ms is None:
        # What is lost, or went back as a whole, never arrives.
        is_over = parcel.state == State.REFUNDED
        due_ms = None if is_over else deadline.time_ms + report_ms
        save_watch(context, fired, altered(fired, due_ms=due_ms))
        return ()
    if deadline.time_ms < end_ms + report_ms:
        save_watch(context, fired, altered(fired, due_ms=end_ms + report_ms))
        return ()
    interval_ms = load_device(context.state, watch.device_id).interval_ms
    judged, told = judge_gap(context, fired, interval_ms, end_ms)
    save_watch(context, fired, judged)
    return told


def _judge(
    context: Context, watch: Watch, rates: Rates, until_ms: int, reason: str
) -> tuple[Watch, tuple[Event, ...]]:
    """Charge the time up to `until_ms` to whoever answers for each part of it."""
    told: list[Event] = []
    buyer = load_order(context.state, watch.order_id).buyer
    pieces = list(by_custody(watch.custodies, watch.judged_ms, until_ms))
    for position, from_ms, to_ms in pieces if any(rates) else ():
        if reason == "gap" and _is_buyers(watch, watch.custodies[position], buyer):
            continue
        watch, amounts = _accrued(context, watch, rates, to_ms - from_ms)
        watch, penalty_id = add_penalty(context, watch, position, amounts)
        told.append(
            event(
                "sla.breached",
                parcel_id=watch.parcel_id,
                order_id=watch.order_id,
                device_id=watch.device_id,
                reason=reason,
                custodian=watch.custodies[position].custodian,
                from_ms=from_ms,
                to_ms=to_ms,
                lines=tuple([{"amount_minor": minor, "line": line} for line, minor in amounts]),
                penalty_id=penalty_id,
            )
        )
    return altered(watch, judged_ms=max(watch.judged_ms, until_ms)), tuple(told)


def _is_buyers(watch: Watch, custody: Custody, buyer: bytes) -> bool:
    return custody.custodian is None and watch.bound_by == buyer


def _accrued(
    context: Context, watch: Watch, rates: Rates, block_ms: int
) -> tuple[Watch, list[tuple[int, int]]]:
    """The watch after so much block time outside, and (line, what it costs) of those that were."""
    commercial_ms = block_ms * context.chain.genesis.time_scale
    lines, amounts = [], []
    for (line, sla), rate in zip(with_slas(context.state, watch), rates, strict=True):
        if rate is None:
            lines.append(line)
            continue
        grown, cost_minor = accrue(line, sla, commercial_ms, rate)
        lines.append(grown)
        amounts.append((line.line, cost_minor))
    return altered(watch, lines=tuple(lines)), amounts
