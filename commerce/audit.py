"""The whole state checked from nothing: for tests, checkpoints and audits, never per transaction.

What commerce/invariants.py keeps up incrementally, and what only a scan of everything shows: each
live order and parcel has exactly one deadline and nothing else has any; parcels and order lines
agree about units and money; unpaid orders are counted; committees follow one another.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

from chain.committee import Committee
from chain.committees import CHANGE_DELAY_HEIGHTS, COMMITTEES
from chain.deadlines import DEADLINES, Deadline
from chain.state import StateReader, u64
from commerce.aftersale.cases import CASES, ENDED, Case, case_deadlines, case_id_of
from commerce.banking.registers import BANKING_CHECKS, BANKING_CLOCKED
from commerce.beacon.beacon_audit import check_beacon
from commerce.catalogue.audit import check_coupons
from commerce.certificates.certificate_audit import check_certificates
from commerce.checkout import UNPAID
from commerce.checks import require
from commerce.codes.code_audit import check_codes
from commerce.codes.items import code_deadlines
from commerce.deposits.claim_audit import check_claims
from commerce.deposits.deposit_audit import check_debts, check_deposits, check_reserves
from commerce.deposits.holding import deposit_deadlines
from commerce.devices.device_audit import DEVICE_CLOCKED, check_devices
from commerce.disputes.audit import DISPUTE_CLOCKED, check_disputes
from commerce.escrow import State
from commerce.evidence import EVIDENCE
from commerce.goods.offer import offer_deadlines
from commerce.goods.offer_audit import check_offers
from commerce.invariants import check_all_money
from commerce.members import MEMBERS
from commerce.orders import ORDERS, Order, order_deadline
from commerce.parcels import PARCELS, Parcel, parcel_deadline, parcel_id
from commerce.recalls.recall_audit import RECALL_CLOCKED, check_recalls
from commerce.reviews.invariant import check_reviews
from commerce.units import Span, count_units

# What else has a clock: the deadlines of all objects of a kind, from their records.
CLOCKED: tuple[Callable[[StateReader], Iterable[Deadline]], ...] = (
    case_deadlines,
    *RECALL_CLOCKED,
    *BANKING_CLOCKED,
    *DISPUTE_CLOCKED,
    deposit_deadlines,
    *DEVICE_CLOCKED,
    code_deadlines,
    offer_deadlines,
)
# Checks of other families over the whole state; each raises `InvariantBreach`.
CHECKS: tuple[Callable[[StateReader], None], ...] = (
    check_coupons,
    check_deposits,
    check_reserves,
    check_debts,
    check_claims,
    check_reviews,
    check_recalls,
    check_disputes,
    check_devices,
    check_beacon,
    check_codes,
    check_certificates,
    check_offers,
    *BANKING_CHECKS,
)


def full_check(state: StateReader) -> None:
    """`InvariantBreach` naming the first rule that the state breaks. Reads everything once."""
    check_all_money(state)
    orders = dict(ORDERS.items(state))
    parcels: dict[bytes, list[Parcel]] = defaultdict(list)
    for known_id, parcel in PARCELS.items(state):
        require(parcel_id(parcel.order_id, parcel.number) == known_id, "a parcel's id is its own")
        parcels[parcel.order_id].append(parcel)
    cases: dict[bytes, list[Case]] = defaultdict(list)
    for known_id, case in CASES.items(state):
        require(case_id_of(case.order_id, case.number) == known_id, "a case's id is its own")
        cases[case.order_id].append(case)
    for order_id, order in orders.items():
        _check_order(order, parcels[order_id], cases[order_id])
    _check_deadlines(state, orders, parcels)
    _check_unpaid(state, orders)
    _check_committees(state)
    for check in CHECKS:
        check(state)


def _check_order(order: Order, parcels: list[Parcel], cases: list[Case]) -> None:
    numbers = sorted(parcel.number for parcel in parcels)
    require(numbers == list(range(order.parcels)), "an order's parcels are numbered in a row")
    numbers = sorted(case.number for case in cases)
    require(numbers == list(range(order.cases)), "an order's cases are numbered in a row")
    for parcel in parcels:
        own = [case for case in cases if case.parcel == parcel.number]
        for entry in parcel.lines:
            pending = [span for case in own for span in _in_case(case, entry.line)]
            require(entry.pending == count_units(pending), "pending units are in cases")
            require(entry.settled >= 0, "no more units are settled than shipped")
    for index, line in enumerate(order.lines):
        running = line.state in _WAITING
        require(running == (line.due_ms is not None), "unshipped units have a clock")
        require(running == bool(line.open), "a line's state is that of unshipped units")
        ended = line.settled == line.quantity
        require(ended == (line.state in _ENDS) or line.state == State.CLOSED, "settled is ended")
        require(line.settled >= 0, "no unit is settled twice")
        if line.paid_minor:
            _check_money(index, order, parcels, cases)


_WAITING = (State.UNFUNDED, State.HELD, State.LATE)
_ENDS = (State.RELEASED, State.REFUNDED)


def _check_money(index: int, order: Order, parcels: list[Parcel], cases: list[Case]) -> None:
    """What is held is the worth of the units that wait, travel, or are in cases; each unit is in
    one place.
    """
    line = order.lines[index]
    held: list[Span] = list(line.open)
    released: list[Span] = []
    for parcel in parcels:
        for entry in parcel.lines:
            if entry.line == index:
                held += entry.open
                released += entry.released
    for case in cases:
        (released if case.origin == State.RELEASED else held).extend(_in_case(case, index))
    require(line.worth_minor(held) == line.held_minor, "what is held is worth the open units")
    taken = sorted([*held, *released], key=lambda span: span.first)
    apart = all(a.first + a.count <= b.first for a, b in pairwise(taken))
    require(apart, "each unit is in one place")


def _in_case(case: Case, index: int) -> tuple[Span, ...]:
    """The units of a line that a running case has."""
    if State(case.state) in ENDED:
        return ()
    return tuple(span for entry in case.lines if entry.line == index for span in entry.spans)


def _check_deadlines(
    state: StateReader, orders: dict[bytes, Order], parcels: dict[bytes, list[Parcel]]
) -> None:
    expected = set(_expected_deadlines(orders, parcels))
    expected.update(deadline for clocked in CLOCKED for deadline in clocked(state))
    found = [deadline for _, deadline in DEADLINES.items(state)]
    counted = Counter(deadline.object_id for deadline in found)
    require(all(count == 1 for count in counted.values()), "one deadline per object")
    require(set(found) == expected, "live objects have their deadline, ended ones none")


def _expected_deadlines(
    orders: dict[bytes, Order], parcels: dict[bytes, list[Parcel]]
) -> Iterator[Deadline]:
    for order_id, order in orders.items():
        deadline = order_deadline(order_id, order)
        waits = any(line.open and line.state in _WAITING for line in order.lines)
        require(waits == (deadline is not None), "what waits has a clock")
        if deadline is not None:
            yield deadline
        for parcel in parcels[order_id]:
            is_open = any(entry.open for entry in parcel.lines)
            own = parcel_deadline(parcel)
            require(not is_open or own is not None, "an open parcel has a clock")
            if own is not None:
                yield own


def _check_unpaid(state: StateReader, orders: dict[bytes, Order]) -> None:
    counted: Counter[bytes] = Counter()
    for order in orders.values():
        for line in order.lines:
            if line.state == State.UNFUNDED:
                counted[line.listing_id + order.buyer] += 1
    found = {key: unpaid.count for key, unpaid in UNPAID.items(state)}
    require(found == dict(counted), "unpaid orders are counted")


def _check_committees(state: StateReader) -> None:
    """Those after the founders, newest first; and that evidence is about members of them."""
    newest: Committee | None = None
    epochs: dict[int, Committee] = {}
    above = None
    for key, record in COMMITTEES.items(state):
        committee = record.committee
        require(key == u64(2**64 - 1 - committee.epoch), "a committee's key is its epoch's")
        newest = newest or committee
        if above is not None:
            require(committee.epoch == above.committee.epoch - 1, "epochs are contiguous")
            gap = above.first_height - record.first_height
            require(gap >= CHANGE_DELAY_HEIGHTS, "a change waits until the last one governs")
        _check_committee(committee)
        epochs[committee.epoch], above = committee, record
    if above is not None:
        require(above.committee.epoch == 1, "the founders are followed by epoch 1")
        require(above.first_height > CHANGE_DELAY_HEIGHTS, "the founders decide the first change")
    for member in () if newest is None else newest.members:
        organisation = MEMBERS.load(state, member.account)
        require(organisation is not None, "who has a seat is a member organisation")
        known = () if organisation is None else organisation.node_keys
        require(member.node_key in known, "a seat's key is one of its organisation's")
    _check_evidence(state, epochs)


def _check_committee(committee: Committee) -> None:
    members = committee.members
    require(len({member.account for member in members}) == len(members), "one seat an account")
    require(len({member.node_key for member in members}) == len(members), "one seat a node key")
    suspended = sum(member.suspended for member in members)
    require(suspended <= committee.f, "no more are suspended than may be faulty")


def _check_evidence(state: StateReader, epochs: dict[int, Committee]) -> None:
    for key, record in EVIDENCE.items(state):
        account, epoch = key[:-8], int.from_bytes(key[-8:], "big")
        require(epoch in epochs or epoch == 0, "evidence is of an epoch that began")
        committee = epochs.get(epoch)
        index = None if committee is None else committee.index_of(record.node_key)
        if committee is not None:
            accounts = [member.account for member in committee.members]
            require(index is not None and accounts[index] == account, "a member is convicted")
