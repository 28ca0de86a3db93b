"""The whole state checked from nothing: for tests, checkpoints and audits, never per transaction.

What commerce/invariants.py keeps up incrementally, and what only a scan of everything shows: each
live order and parcel has exactly one deadline and nothing else has any; parcels and order lines
agree about units and money; unpaid orders are counted; committees follow one another.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator

from chain.committee import Committee
from chain.committees import CHANGE_DELAY_HEIGHTS, COMMITTEES
from chain.deadlines import DEADLINES, Deadline
from chain.errors import InvariantBreach
from chain.state import StateReader, u64
from commerce.banking.registers import BANKING_CHECKS, BANKING_CLOCKED
from commerce.checkout import UNPAID
from commerce.deposits.deposit_audit import check_debts, check_deposits
from commerce.disputes.audit import DISPUTE_CLOCKED, check_disputes
from commerce.escrow import TERMINAL, State
from commerce.evidence import EVIDENCE
from commerce.invariants import check_all_money
from commerce.members import MEMBERS
from commerce.orders import ORDERS, Order, order_deadline
from commerce.parcels import PARCELS, Parcel, parcel_deadline, parcel_id
from commerce.reviews.invariant import check_reviews

# What else has a clock: the deadlines of all objects of a kind, from their records.
CLOCKED: tuple[Callable[[StateReader], Iterable[Deadline]], ...] = (
    *BANKING_CLOCKED,
    *DISPUTE_CLOCKED,
)
# Checks of other families over the whole state; each raises `InvariantBreach`.
CHECKS: tuple[Callable[[StateReader], None], ...] = (
    check_deposits,
    check_debts,
    check_reviews,
    check_disputes,
    *BANKING_CHECKS,
)


def full_check(state: StateReader) -> None:
    """`InvariantBreach` naming the first rule that the state breaks. Reads everything once."""
    check_all_money(state)
    orders = dict(ORDERS.items(state))
    parcels: dict[bytes, list[Parcel]] = defaultdict(list)
    for known_id, parcel in PARCELS.items(state):
        _require(parcel_id(parcel.order_id, parcel.number) == known_id, "a parcel's id is its own")
        parcels[parcel.order_id].append(parcel)
    for order_id, order in orders.items():
        _check_order(order, parcels[order_id])
    _check_deadlines(state, orders, parcels)
    _check_unpaid(state, orders)
    _check_committees(state)
    for check in CHECKS:
        check(state)


def _check_order(order: Order, parcels: list[Parcel]) -> None:
    numbers = sorted(parcel.number for parcel in parcels)
    _require(numbers == list(range(order.parcels)), "an order's parcels are numbered in a row")
    for index, line in enumerate(order.lines):
        _require(line.unshipped >= 0, "no more units are shipped than ordered")
        running = line.state in (State.UNFUNDED, State.HELD, State.LATE)
        _require(running == (line.due_ms is not None), "unshipped units have a clock")
        _require(running == (line.unshipped > 0), "a line's state is that of unshipped units")
        _require((line.held_minor == 0) == _is_unheld(line.state), "an ended line holds nothing")
        in_parcels, held = _in_parcels(index, order, parcels)
        _require(in_parcels == line.shipped, "shipped units are in parcels")
        if line.paid_minor:
            held += line.share_minor(line.shipped, line.unshipped)
            _require(held == line.held_minor, "what is held is the price of the open units")


def _is_unheld(state: str) -> bool:
    return state == State.UNFUNDED or state in TERMINAL


def _in_parcels(index: int, order: Order, parcels: list[Parcel]) -> tuple[int, int]:
    """How many units of a line are in parcels, and the price of those that are open."""
    units, held, line = 0, 0, order.lines[index]
    for parcel in sorted(parcels, key=lambda entry: entry.number):
        for entry in parcel.lines:
            if entry.line != index:
                continue
            _require(entry.first == units, "parcels take units in order")
            _require(entry.open_units >= 0, "no more units are settled than shipped")
            units += entry.quantity
            held += line.share_minor(entry.first + entry.settled, entry.open_units)
    return units, held


def _check_deadlines(
    state: StateReader, orders: dict[bytes, Order], parcels: dict[bytes, list[Parcel]]
) -> None:
    expected = set(_expected_deadlines(orders, parcels))
    expected.update(deadline for clocked in CLOCKED for deadline in clocked(state))
    found = [deadline for _, deadline in DEADLINES.items(state)]
    counted = Counter(deadline.object_id for deadline in found)
    _require(all(count == 1 for count in counted.values()), "one deadline per object")
    _require(set(found) == expected, "live objects have their deadline, ended ones none")


def _expected_deadlines(
    orders: dict[bytes, Order], parcels: dict[bytes, list[Parcel]]
) -> Iterator[Deadline]:
    for order_id, order in orders.items():
        deadline = order_deadline(order_id, order)
        ended = all(State(line.state) in TERMINAL for line in order.lines)
        open_parcels = [parcel for parcel in parcels[order_id] if parcel.due_ms is not None]
        _require(ended == (deadline is None and not open_parcels), "what lives has a clock")
        if deadline is not None:
            yield deadline
        for parcel in parcels[order_id]:
            is_open = any(entry.open_units for entry in parcel.lines)
            _require(is_open == (parcel.due_ms is not None), "an open parcel has a clock")
            own = parcel_deadline(parcel)
            if own is not None:
                yield own


def _check_unpaid(state: StateReader, orders: dict[bytes, Order]) -> None:
    counted: Counter[bytes] = Counter()
    for order in orders.values():
        for line in order.lines:
            if line.state == State.UNFUNDED:
                counted[line.listing_id + order.buyer] += 1
    found = {key: unpaid.count for key, unpaid in UNPAID.items(state)}
    _require(found == dict(counted), "unpaid orders are counted")


def _check_committees(state: StateReader) -> None:
    """Those after the founders, newest first; and that evidence is about members of them."""
    newest: Committee | None = None
    epochs: dict[int, Committee] = {}
    above = None
    for key, record in COMMITTEES.items(state):
        committee = record.committee
        _require(key == u64(2**64 - 1 - committee.epoch), "a committee's key is its epoch's")
        newest = newest or committee
        if above is not None:
            _require(committee.epoch == above.committee.epoch - 1, "epochs are contiguous")
            gap = above.first_height - record.first_height
            _require(gap >= CHANGE_DELAY_HEIGHTS, "a change waits until the last one governs")
        _check_committee(committee)
        epochs[committee.epoch], above = committee, record
    if above is not None:
        _require(above.committee.epoch == 1, "the founders are followed by epoch 1")
        _require(above.first_height > CHANGE_DELAY_HEIGHTS, "the founders decide the first change")
    for member in () if newest is None else newest.members:
        organisation = MEMBERS.load(state, member.account)
        _require(organisation is not None, "who has a seat is a member organisation")
        known = () if organisation is None else organisation.node_keys
        _require(member.node_key in known, "a seat's key is one of its organisation's")
    _check_evidence(state, epochs)


def _check_committee(committee: Committee) -> None:
    members = committee.members
    _require(len({member.account for member in members}) == len(members), "one seat an account")
    _require(len({member.node_key for member in members}) == len(members), "one seat a node key")
    suspended = sum(member.suspended for member in members)
    _require(suspended <= committee.f, "no more are suspended than may be faulty")


def _check_evidence(state: StateReader, epochs: dict[int, Committee]) -> None:
    for key, record in EVIDENCE.items(state):
        account, epoch = key[:-8], int.from_bytes(key[-8:], "big")
        _require(epoch in epochs or epoch == 0, "evidence is of an epoch that began")
        committee = epochs.get(epoch)
        index = None if committee is None else committee.index_of(record.node_key)
        if committee is not None:
            accounts = [member.account for member in committee.members]
            _require(index is not None and accounts[index] == account, "a member is convicted")


def _require(holds: bool, rule: str) -> None:  # noqa: FBT001 (reads like an assertion)
    if not holds:
        msg = f"not so: {rule}"
        raise InvariantBreach(msg)
