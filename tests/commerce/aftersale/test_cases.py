"""Cases as records: ids in a row, one clock each, and the clocks of what they touch."""

import pytest

from chain.crypto import tagged_hash
from chain.deadlines import DEADLINES
from commerce.aftersale.cases import (
    OF_DISPUTE,
    case_clocks,
    case_deadlines,
    case_id_of,
    cases_of,
    load_case,
    parcel_of,
    units_in,
)
from commerce.aftersale.errors import CaseUnknown
from commerce.escrow import State
from tests.commerce.aftersale.test_requests import delivered
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR


def test_a_cases_id_follows_from_its_order_and_number() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop, (shop.tea, 3))
    made = [shop.complain(parcel, "quality") for _ in range(3)]
    assert made == [case_id_of(order_id, number) for number in range(3)]
    assert made[1] == tagged_hash("case", order_id + b"\x01")
    found = list(cases_of(shop.state, order_id, shop.load(order_id)))
    assert [case_id for case_id, _ in found] == made
    assert parcel_of(found[0][1]) == parcel
    assert units_in(found[2][1].lines) == ({"line": 0, "quantity": 1},)
    with pytest.raises(CaseUnknown):
        load_case(shop.state, case_id_of(order_id, 3))


def test_every_case_that_runs_has_one_deadline_under_its_id() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 4))
    cases = [shop.complain(parcel, "quality") for _ in range(4)]
    shop.agree(cases[1])
    shop.reject(cases[2])
    shop.withdraw(cases[3])
    kinds = {entry.object_id: entry.kind for entry in case_deadlines(shop.state)}
    assert kinds == {
        cases[0]: "sys.refund.answer",
        cases[1]: "sys.return.ship",
        cases[2]: "sys.refund.counter",
    }
    found = [entry.object_id for _, entry in DEADLINES.items(shop.state)]
    assert sorted(found) == sorted([*kinds, parcel])
    assert OF_DISPUTE == (State.DISPUTED, State.DECIDED)


def test_a_case_answers_for_its_own_clock_its_parcels_and_its_orders() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 4))
    parcel = shop.ship(order_id, (0, 2))
    case_id = shop.complain(parcel, "not_received")
    clocks = dict(case_clocks(shop.state, case_id))
    assert set(clocks) == {case_id, parcel, order_id}
    assert case_clocks(shop.state, bytes(32)) == []


def test_an_overdue_clock_of_a_parcel_comes_before_a_step_of_its_cases() -> None:
    """Else a withdrawal would give the parcel's other units a new clock: the carry-over pays."""
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 2))
    due_ms = shop.parcel(parcel).due_ms
    assert due_ms is not None
    shop.wait(due_ms - DAY_MS - shop.time_ms)
    case_id = shop.complain(parcel, "allowance")
    shop.limit_deadlines(0)
    shop.time_ms = due_ms + DAY_MS
    shop.withdraw(case_id)
    assert shop.money("merchant") == 1_000
    assert shop.money("buyer") == FUNDS_MINOR - 2_000
