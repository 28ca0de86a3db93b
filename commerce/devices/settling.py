"""Who pays a penalty: sys.penalty.settle, and the same by a panel's ruling.

The custodian pays the seller, out of what it reserved when it signed; the buyer gets the same off
the price: what the escrow holds of the parcel's units first, then from the seller, who has been
paid: its balance, its deposit, and the rest is its debt. Units under a request are waited for. A
buyer that has all its money back gets no more; the custodian still pays the seller, whose loss it
is.
"""

from collections.abc import Mapping, Sequence

from chain.block import Event
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.state import StateReader
from commerce.aftersale.recovery import recover
from commerce.deposits.holding import take, unreserve
from commerce.devices.penalty import (
    Penalty,
    PenaltyLine,
    PenaltyState,
    load_penalty,
    save_penalty,
)
from commerce.devices.sla import PERMILLE
from commerce.devices.watch import Watch, load_watch, save_watch
from commerce.escrow import Money, State
from commerce.money import credit
from commerce.orders import Order, OrderLine, load_order, save_order, timers_for
from commerce.parcels import Parcel, ParcelLine, load_parcel, save_parcel
from commerce.records import altered
from commerce.reserves import free_reserve
from commerce.reviews.posting import reviews_voided
from commerce.settlement import Portion, settle, worth_of
from commerce.units import Span


def settle_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.penalty.settle: nobody contests it any more."""
    penalty = load_penalty(context.state, deadline.object_id)
    return _settle(
        context, deadline.object_id, penalty, altered(penalty, due_ms=None), deadline.time_ms
    )


def resolve_penalty(
    context: Context,
    known_id: bytes,
    permille: Sequence[int],
    _ruled: bool,  # noqa: FBT001 - as disputes call whatever they end
) -> tuple[Event, ...]:
    """The dispute about a penalty has ended: so much of each line stands."""
    penalty = load_penalty(context.state, known_id)
    lines = tuple(
        [
            altered(entry, amount_minor=entry.amount_minor * share // PERMILLE)
            for entry, share in zip(penalty.lines, permille, strict=True)
        ]
    )
    ruled = altered(penalty, lines=lines, state=PenaltyState.RULED.value)
    return _settle(context, known_id, penalty, ruled, context.time_ms)


def penalty_default(_state: StateReader, _penalty_id: bytes, lines: int) -> tuple[int, ...]:
    """What stands of a penalty that nobody has judged: all of it, as the device measured."""
    return (PERMILLE,) * lines


def penalty_carriers(state: StateReader, known_id: bytes) -> Sequence[bytes]:
    """Who had the goods on their way, each once, in their order."""
    penalty = load_penalty(state, known_id)
    custodies = load_watch(state, penalty.parcel_id).custodies
    signed = [custody.custodian for custody in custodies if custody.custodian is not None]
    return tuple(dict.fromkeys([load_parcel(state, penalty.parcel_id).carrier, *signed]))


def _settle(
    context: Context, known_id: bytes, before: Penalty, penalty: Penalty, now_ms: int
) -> tuple[Event, ...]:
    order = load_order(context.state, penalty.order_id)
    parcel = load_parcel(context.state, penalty.parcel_id)
    own = {entry.line: entry for entry in penalty.lines}
    if any(entry.pending for entry in parcel.lines if entry.line in own):
        # What the request takes of the price is known when it has ended.
        due_ms = now_ms + timers_for(context.state, order).report_ms
        save_penalty(context, before, altered(penalty, due_ms=due_ms))
        return ()
    charged_minor = _charge(context, order, parcel, penalty, now_ms)
    wanted_minor, refunded_minor = _refund(context, penalty.parcel_id, order, parcel, own, now_ms)
    settled = altered(
        penalty,
        state=PenaltyState.SETTLED.value,
        due_ms=None,
        charged_minor=charged_minor,
        refunded_minor=refunded_minor,
        owed_minor=wanted_minor - refunded_minor,
    )
    save_penalty(context, before, settled)
    refunded = load_order(context.state, penalty.order_id)
    voided = reviews_voided(context, penalty.order_id, refunded, sorted(own))
    free_reserve(context, penalty.order_id, now_ms)
    told = event(
        "penalty.settled",
        penalty_id=known_id,
        parcel_id=penalty.parcel_id,
        order_id=penalty.order_id,
        symbol=order.symbol,
        buyer=order.buyer,
        seller=order.seller,
        custodian=penalty.custodian,
        amount_minor=penalty.amount_minor,
        charged_minor=charged_minor,
        refunded_minor=refunded_minor,
        owed_minor=settled.owed_minor,
        by="clock" if penalty.state == PenaltyState.PENDING else "ruling",
    )
    return (told, *voided)


def _charge(context: Context, order: Order, parcel: Parcel, penalty: Penalty, now_ms: int) -> int:
    """The custodian pays the seller out of its reserve; the watch counts it and the penalty."""
    watch = load_watch(context.state, penalty.parcel_id)
    custody = watch.custodies[penalty.custody]
    amount_minor = 0
    if custody.custodian is not None:
        most_minor = min(custody.reserved_minor, _beside_loss_minor(order, parcel, watch))
        amount_minor = min(penalty.amount_minor, most_minor)
        unreserve(context, custody.custodian, order.symbol, amount_minor, ended_ms=now_ms)
        taken_minor = take(context, custody.custodian, order.symbol, amount_minor)
        assert taken_minor == amount_minor
        if amount_minor:
            credit(context, order.seller, order.symbol, amount_minor)
    custodies = list(watch.custodies)
    custodies[penalty.custody] = altered(
        custody,
        reserved_minor=custody.reserved_minor - amount_minor,
        charged_minor=custody.charged_minor + amount_minor,
        penalty=None if custody.penalty == penalty.number else custody.penalty,
    )
    counted = altered(watch, custodies=tuple(custodies), pending=watch.pending - 1)
    save_watch(context, watch, counted)
    return amount_minor


def _beside_loss_minor(order: Order, parcel: Parcel, watch: Watch) -> int:
    """What custodians may be charged for in all: the price, less what its carrier answers for
    because it lost the parcel (commerce/deposits/liabilities.py), less what was charged before.
    """
    worth_minor = sum([line.worth_minor for line in watch.lines])
    lost = parcel.state == State.REFUNDED and any(
        order.lines[line.line].lost for line in watch.lines
    )
    answered_minor = parcel.insured_minor if lost else 0
    charged_minor = sum([custody.charged_minor for custody in watch.custodies])
    return max(0, worth_minor - answered_minor - charged_minor)


def _refund(
    context: Context,
    parcel_id: bytes,
    order: Order,
    parcel: Parcel,
    own: Mapping[int, PenaltyLine],
    now_ms: int,
) -> tuple[int, int]:
    """Take the amounts off the price of the parcel's units; how much there was of it, and how much
    of that was refunded at once.
    """
    held: list[Portion] = []
    paid: list[Portion] = []
    lines: list[ParcelLine] = []
    for entry in parcel.lines:
        penalty = own.get(entry.line)
        left_minor = 0 if penalty is None else penalty.amount_minor
        line = order.lines[entry.line]
        found, opened, left_minor = _deduct(line, entry.line, entry.open, left_minor)
        held += found
        found, released, _ = _deduct(line, entry.line, entry.released, left_minor)
        paid += found
        lines.append(altered(entry, open=opened, released=released))
    changed = settle(context, order, held, Money.REFUND) if held else order
    refunded_minor = worth_of(held)
    if paid:
        changed, recovered_minor = recover(context, changed, paid, now_ms=now_ms, ruled=False)
        refunded_minor += recovered_minor
    if changed is not order:
        save_order(context, parcel.order_id, order, changed)
        save_parcel(context, parcel_id, parcel, altered(parcel, lines=tuple(lines)))
    return worth_of(held) + worth_of(paid), refunded_minor


def _deduct(
    line: OrderLine, index: int, spans: Sequence[Span], amount_minor: int
) -> tuple[list[Portion], tuple[Span, ...], int]:
    """Take an amount out of units that stay where they are: the portions, the units with what is
    left of their money, and what there wasn't.
    """
    portions: list[Portion] = []
    left: list[Span] = []
    for span in spans:
        low, high = line.interval_of(span)
        taken_minor = min(amount_minor, high - low)
        amount_minor -= taken_minor
        if taken_minor:
            portions.append((index, (low, low + taken_minor), 0))
            span = altered(span, deducted_minor=span.deducted_minor + taken_minor)  # noqa: PLW2901
        left.append(span)
    return portions, tuple(left), amount_minor
