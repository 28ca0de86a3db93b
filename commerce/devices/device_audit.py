"""Whole-state checks of devices, watches and penalties: for `commerce.audit.full_check`."""

from collections import Counter
from collections.abc import Callable, Iterable

from chain.account import ACCOUNTS
from chain.deadlines import Deadline
from chain.state import StateReader
from commerce.checks import require
from commerce.deposits.holding import DEPOSITS, deposit_id
from commerce.devices.device import DEVICE_NAMES, DEVICES
from commerce.devices.judging import accrued_minor
from commerce.devices.penalty import (
    PENALTIES,
    Penalty,
    PenaltyState,
    penalty_deadlines,
    penalty_id,
)
from commerce.devices.watch import WATCHES, Watch, watch_deadlines, watch_id, with_slas
from commerce.disputes.dispute import is_disputed
from commerce.orders import ORDERS, load_order

DEVICE_CLOCKED: tuple[Callable[[StateReader], Iterable[Deadline]], ...] = (
    watch_deadlines,
    penalty_deadlines,
)


def check_devices(state: StateReader) -> None:
    """Devices have accounts and names; penalties are what their watches counted, and reserved."""
    names = {entry.device_id for _, entry in DEVICE_NAMES.items(state)}
    devices = dict(DEVICES.items(state))
    require(names == set(devices), "each device has one name, and each name a device")
    for device_id in devices:
        require(ACCOUNTS.load(state, device_id) is not None, "a device is an account")
    penalties: dict[bytes, list[Penalty]] = {}
    for known_id, penalty in PENALTIES.items(state):
        own = penalty_id(penalty.parcel_id, penalty.number)
        require(known_id == own, "a penalty's id is its own")
        _check_penalty(state, known_id, penalty)
        penalties.setdefault(penalty.parcel_id, []).append(penalty)
    for known_id, watch in WATCHES.items(state):
        require(known_id == watch_id(watch.parcel_id), "a watch's id is its own")
        _check_watch(state, watch, penalties.pop(watch.parcel_id, []))
    require(not penalties, "each penalty is of a watch")
    _check_reserves(state)


def _check_penalty(state: StateReader, known_id: bytes, penalty: Penalty) -> None:
    disputed = penalty.state == PenaltyState.DISPUTED
    settled = penalty.state == PenaltyState.SETTLED
    require(disputed == is_disputed(state, known_id), "a disputed penalty has its dispute")
    require((penalty.due_ms is None) == (disputed or settled), "a penalty has a clock")
    require(penalty.charged_minor <= penalty.amount_minor, "nobody pays more than the penalty")
    refunded_minor = penalty.refunded_minor + penalty.owed_minor
    require(refunded_minor <= penalty.amount_minor, "nobody gets more than the penalty")


def _check_watch(state: StateReader, watch: Watch, penalties: list[Penalty]) -> None:
    require(watch.penalties == len(penalties), "penalties are counted")
    settled = [entry for entry in penalties if entry.state == PenaltyState.SETTLED]
    require(watch.pending == len(penalties) - len(settled), "pending penalties are counted")
    asked: Counter[int] = Counter()
    for penalty in penalties:
        asked.update({entry.line: entry.amount_minor for entry in penalty.lines})
    for line, sla in with_slas(state, watch):
        require(asked[line.line] <= accrued_minor(line, sla), "what is asked has accrued")
        require(accrued_minor(line, sla) <= line.worth_minor, "no penalty exceeds the price")
    charged = sum([custody.charged_minor for custody in watch.custodies])
    require(charged == sum([entry.charged_minor for entry in settled]), "charges are counted")
    if watch.due_ms is None and not watch.pending:
        kept = [custody for custody in watch.custodies if custody.reserved_minor]
        require(not kept, "a watch that is through keeps nothing")


def _check_reserves(state: StateReader) -> None:
    """What orders and watches believe to be reserved for them is."""
    wanted = Counter[bytes]()
    for _, order in ORDERS.items(state):
        if order.reserved_minor:
            wanted[deposit_id(order.seller, order.symbol)] += order.reserved_minor
    for _, watch in WATCHES.items(state):
        symbol = load_order(state, watch.order_id).symbol
        for custody in watch.custodies:
            if custody.custodian is not None and custody.reserved_minor:
                wanted[deposit_id(custody.custodian, symbol)] += custody.reserved_minor
    for known_id, amount_minor in wanted.items():
        deposit = DEPOSITS.load(state, known_id)
        require(
            deposit is not None and amount_minor <= deposit.reserved_minor,
            "what is reserved for orders and watches is in the deposit",
        )
