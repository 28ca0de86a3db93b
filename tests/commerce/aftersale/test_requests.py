"""Rules of refund.request and refund.withdraw, and the windows that the law gives."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest

from chain.state import Overlay
from commerce.aftersale.cases import CASES_MAX
from commerce.aftersale.kinds import KINDS
from commerce.aftersale.requests import RefundRequest, RefundWithdraw, RequestedLine
from commerce.escrow import State
from commerce.orders import ORDERS
from commerce.parameters import store_parameters
from commerce.parcels import PARCELS
from commerce.shanghai import OFFSET_MS, day_of
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.shop import CAKE, TEA, TERMS, Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, World, genesis

ASK, WITHDRAW = "refund.request", "refund.withdraw"
NOWHERE = bytes(32)
DRIFT_MS = genesis().consensus.clock_drift_max_ms


def asking(
    order_id: bytes,
    parcel: bytes | None,
    kind: str,
    *units: tuple[int, int],
    amount_minor: int | None = None,
) -> RefundRequest:
    """A request for (line, quantity) units, of one of the first line by default."""
    lines = tuple(RequestedLine(*entry, amount_minor) for entry in units or ((0, 1),))
    return RefundRequest(order_id, parcel, kind, lines, "because", None)


def delivered(shop: Shop, *lines: tuple[bytes, int], exempt: bool = False) -> tuple[bytes, bytes]:
    """An order and its parcel, which has arrived."""
    order_id = shop.paid(*(lines or ((shop.tea, 1),)), exempt=exempt)
    parcel = shop.ship(order_id)
    shop.deliver(parcel)
    return order_id, parcel


def tried_out(shop: Shop) -> tuple[bytes, bytes]:
    """A unit for which two requests were withdrawn."""
    order_id, parcel = delivered(shop)
    for _ in range(2):
        shop.withdraw(shop.complain(parcel, "quality"))
    return order_id, parcel


def exchanged(shop: Shop) -> tuple[bytes, bytes]:
    """An order and the parcel that came for goods that went back."""
    order_id, parcel = delivered(shop)
    case_id = shop.complain(parcel, "exchange")
    shop.sent_back(case_id)
    shop.receive(case_id)
    again = shop.exchange(case_id)
    shop.deliver(again)
    return order_id, again


def requesting(shop: Shop) -> list[Row]:
    """Orders in every state; `most` has 3 of 5 tea on the way, one of the others in a case."""
    done, closed = delivered(shop)
    shop.confirm(closed)
    shop.wait(16 * DAY_MS)
    unpaid = shop.order((shop.tea, 1))
    most = shop.paid((shop.tea, 5), (shop.cake, 2))
    way = shop.ship(most, (0, 3))
    pending = shop.request(most, "unshipped")
    pie = shop.publish(CAKE, terms=replace(TERMS, exempt=True))
    order, parcel = delivered(shop, (shop.cake, 4), (pie, 2), exempt=True)
    shop.confirm(parcel, (0, 1))
    shop.complain(parcel, "quality", (1, 1))
    spent, spent_parcel = tried_out(shop)
    again, second = exchanged(shop)
    other, other_parcel = delivered(shop)

    def at(kind: str, *units: tuple[int, int], amount_minor: int | None = None) -> RefundRequest:
        return asking(order, parcel, kind, *units, amount_minor=amount_minor)

    def unshipped(*units: tuple[int, int]) -> RefundRequest:
        return asking(most, None, "unshipped", *units)

    # fmt: off
    return [
        #       sender      type payload                                            outcome
        Attempt("rival",    ASK, at("gift", (0, 1), (0, 1)),                     (), "RequestKindUnknown"),
        Attempt("rival",    ASK, at("recall"),                                   (), "RequestKindUnknown"),
        Attempt("rival",    ASK, asking(NOWHERE, None, "quality", (0, 1), (0, 2)), (), "LineRepeated"),
        Attempt("rival",    ASK, asking(NOWHERE, NOWHERE, "quality"),            (), "OrderUnknown"),
        Attempt("rival",    ASK, asking(order, NOWHERE, "quality"),              (), "ParcelUnknown"),
        Attempt("rival",    ASK, asking(order, way, "quality"),                  (), "ParcelUnknown"),
        Attempt("rival",    ASK, at("quality", (9, 1)),                          (), "NotTheBuyer"),
        Attempt("merchant", ASK, unshipped((9, 1)),                              (), "NotTheBuyer"),
        Attempt("buyer",    ASK, unshipped((9, 1)),                              (), "LineUnknown"),
        Attempt("buyer",    ASK, at("quality", (2, 9)),                          (), "LineUnknown"),
        Attempt("buyer",    ASK, asking(most, way, "quality", (1, 1)),           (), "LineUnknown"),
        # 3 of 5 are on the way, and 1 of the others is in a case.
        Attempt("buyer",    ASK, unshipped((0, 3)),                              (), "QuantityExceeded"),
        Attempt("buyer",    ASK, at("no_reason", (0, 5)),                        (), "QuantityExceeded"),
        Attempt("buyer",    ASK, unshipped((0, 2)),                              (), "UnitsInCase"),
        Attempt("buyer",    ASK, at("no_reason", (1, 2)),                        (), "UnitsInCase"),
        # One of these 4 was confirmed.
        Attempt("buyer",    ASK, at("no_reason", (0, 4)),                        (), "StateForbids"),
        Attempt("buyer",    ASK, asking(unpaid, None, "unshipped"),              (), "StateForbids"),
        Attempt("buyer",    ASK, asking(most, None, "not_received"),             (), "RequestKindForbidden"),
        Attempt("buyer",    ASK, asking(most, way, "no_reason"),                 (), "RequestKindForbidden"),
        Attempt("buyer",    ASK, asking(most, way, "unshipped"),                 (), "RequestKindForbidden"),
        Attempt("buyer",    ASK, at("not_received"),                             (), "RequestKindForbidden"),
        Attempt("buyer",    ASK, asking(again, second, "exchange"),              (), "ExchangedOnce"),
        Attempt("buyer",    ASK, at("no_reason", (0, 1), (1, 1), amount_minor=1), (), "ReturnExempt"),
        Attempt("buyer",    ASK, asking(done, closed, "no_reason", amount_minor=1), (), "WindowClosed"),
        Attempt("buyer",    ASK, asking(done, closed, "quality"),                (), "WindowClosed"),
        Attempt("buyer",    ASK, asking(spent, spent_parcel, "quality", amount_minor=1), (), "UnitsTriedOut"),
        Attempt("buyer",    ASK, asking(other, other_parcel, "no_reason", amount_minor=999), (), "AmountPartial"),
        Attempt("buyer",    ASK, at("quality", (0, 1), amount_minor=1_001),      (), "AmountPartial"),
        Attempt("buyer",    ASK, at("allowance", (0, 2), amount_minor=2_001),    (), "AmountTooHigh"),
        Attempt("buyer",    ASK, at("allowance", (0, 2), amount_minor=2_000),    (), "ok"),
        Attempt("buyer",    ASK, asking(other, other_parcel, "no_reason", amount_minor=1_000), (), "ok"),
        Attempt("buyer",    ASK, asking(other, other_parcel, "no_reason"),       (), "UnitsInCase"),
        Attempt("buyer",    ASK, unshipped((0, 1), (1, 1)),                      (), "ok"),
        Attempt("buyer",    ASK, asking(most, way, "not_received", (0, 3)),      (), "ok"),
        Attempt("buyer",    WITHDRAW, RefundWithdraw(NOWHERE),                   (), "CaseUnknown"),
        Attempt("merchant", WITHDRAW, RefundWithdraw(pending),                   (), "NotTheBuyer"),
        Attempt("buyer",    WITHDRAW, RefundWithdraw(pending),                   (), "ok"),
        Attempt("buyer",    WITHDRAW, RefundWithdraw(pending),                   (), "StateForbids"),
    ]
    # fmt: on


def too_many(shop: Shop) -> list[Row]:
    """Where an order has had all the cases that it may have."""
    order_id, parcel = delivered(shop)

    def fill(world: World) -> None:
        overlay = Overlay(world.state)
        ORDERS.store(overlay, replace(shop.load(order_id), cases=CASES_MAX), order_id)
        world.state.write(overlay.changes)
        world.audited = False

    return [
        Do(fill),
        Attempt("buyer", ASK, asking(order_id, parcel, "quality"), (), "TooManyCases"),
    ]


@pytest.mark.parametrize("table", [requesting, too_many])
def test_who_may_ask_what_and_when(table: object) -> None:
    assert callable(table)
    shop = Shop()
    play(shop, table(shop))


def test_every_kind_asks_the_whole_worth_but_an_allowance() -> None:
    partial = [kind.name for kind in KINDS if not kind.whole]
    assert partial == ["allowance"]
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 3))
    assert shop.case_of(shop.complain(parcel, "quality", (0, 2))).asked_minor == 2_000
    assert shop.case_of(shop.allowance(parcel, 1)).asked_minor == 1


@pytest.mark.parametrize(("shipped", "answer_ms"), [(False, 2 * DAY_MS), (True, 5 * DAY_MS)])
def test_a_request_stops_the_units_clock_and_begins_the_sellers(
    shipped: bool,  # noqa: FBT001 (a table)
    answer_ms: int,
) -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 1))
    parcel = shop.ship(order_id) if shipped else None
    case_id = shop.request(order_id, "not_received" if shipped else "unshipped", parcel=parcel)
    case = shop.case_of(case_id)
    assert case.clock() == (shop.time_ms + answer_ms, "sys.refund.answer")
    assert shop.load(order_id).clock() is None
    assert parcel is None or shop.parcel(parcel).clock() is None


@pytest.mark.parametrize("state", ["HELD", "LATE", "IN_TRANSIT", "DELIVERED"])
def test_a_withdrawn_request_gives_the_units_the_time_that_was_left(state: str) -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    parcel = None
    if state == "LATE":
        shop.wait(72 * HOUR_MS)
    if state in ("IN_TRANSIT", "DELIVERED"):
        parcel = shop.ship(order_id)
    if state == "DELIVERED" and parcel is not None:
        shop.deliver(parcel)
    shop.wait(HOUR_MS)
    before = shop.load(order_id).clock() if parcel is None else shop.parcel(parcel).clock()
    kind = {"IN_TRANSIT": "not_received", "DELIVERED": "quality"}.get(state, "unshipped")
    case_id = shop.request(order_id, kind, (0, 2), parcel=parcel)
    assert shop.case_of(case_id).origin == state
    shop.wait(7 * HOUR_MS)
    shop.withdraw(case_id)
    after = shop.load(order_id).clock() if parcel is None else shop.parcel(parcel).clock()
    assert before is not None
    assert after == (before[0] + 7 * HOUR_MS, before[1])
    assert shop.case_of(case_id).state == State.CLOSED


def test_units_that_wait_for_an_answer_cant_be_shipped() -> None:
    """Otherwise a seller would send what the buyer doesn't want any more."""
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    shop.request(order_id, "unshipped", (0, 2))
    with pytest.raises(AssertionError, match="RefundPending"):
        shop.ship(order_id, (0, 2))
    shop.ship(order_id, (0, 1))
    with pytest.raises(AssertionError, match="RefundPending"):
        shop.ship(order_id, (0, 2))
    with pytest.raises(AssertionError, match="StateForbids"):
        shop.ship(order_id, (0, 3))


def attempt(shop: Shop, parcel: bytes, kind: str) -> str:
    order_id = shop.parcel(parcel).order_id
    return shop.send("buyer", (ASK, asking(order_id, parcel, kind))).status


def at_delivery(shop: Shop, hour: int, minute: int = 0) -> int:
    """Deliver a parcel at a time of day in Shanghai; the last midnight there."""
    midnight_ms = day_of(shop.time_ms, 1) * DAY_MS - OFFSET_MS + DAY_MS
    shop.wait(midnight_ms + hour * HOUR_MS + minute * 60_000 - shop.time_ms)
    return midnight_ms


@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (12, 0), (23, 59)])
def test_seven_days_end_with_the_seventh_calendar_day_in_shanghai(hour: int, minute: int) -> None:
    """消费者权益保护法 art. 25, 民法典 art. 201: the day of the delivery doesn't count."""
    for late_ms, outcome in ((-1, "ok"), (0, "WindowClosed")):
        shop = Shop()
        parcel = shop.ship(shop.paid((shop.tea, 1)))
        midnight_ms = at_delivery(shop, hour, minute)
        shop.deliver(parcel)
        shop.confirm(parcel)
        end_ms = midnight_ms + 8 * DAY_MS + 2 * DRIFT_MS
        shop.wait(end_ms + late_ms - shop.time_ms)
        assert attempt(shop, parcel, "no_reason") == outcome


def test_a_term_that_would_end_on_a_holiday_ends_after_it() -> None:
    """民法典 art. 203: eight days of rest behind the seventh, and the day after them is the last."""
    for late_ms, outcome in ((-1, "ok"), (0, "WindowClosed")):
        shop = Shop()
        first = day_of(shop.time_ms, 1) + 7
        overlay = Overlay(shop.state)
        holidays = tuple(range(first, first + 8))
        store_parameters(shop.genesis, overlay, 1, shop.time_ms, {}, holidays)
        shop.state.write(overlay.changes)
        _, parcel = delivered(shop)
        # The money waits as long as the right.
        end_ms = (first + 8 + 1) * DAY_MS - OFFSET_MS + 2 * DRIFT_MS
        assert shop.parcel(parcel).due_ms == end_ms
        shop.confirm(parcel)
        shop.wait(end_ms + late_ms - shop.time_ms)
        assert attempt(shop, parcel, "no_reason") == outcome


def test_an_order_keeps_the_calendar_that_it_was_made_under() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    overlay = Overlay(shop.state)
    seventh = day_of(shop.time_ms, 1) + 7
    store_parameters(shop.genesis, overlay, 1, shop.time_ms, {}, (seventh,))
    shop.state.write(overlay.changes)
    shop.deliver(parcel)
    shop.confirm(parcel)
    shop.wait((seventh + 1) * DAY_MS - OFFSET_MS + 2 * DRIFT_MS - shop.time_ms)
    assert attempt(shop, parcel, "no_reason") == "WindowClosed"


def test_bad_goods_have_fifteen_days_to_the_millisecond() -> None:
    for late_ms, outcome in ((-1, "ok"), (0, "WindowClosed")):
        shop = Shop()
        _, parcel = delivered(shop)
        signed_ms = shop.time_ms
        shop.confirm(parcel)
        shop.wait(signed_ms + 15 * DAY_MS + late_ms - shop.time_ms)
        assert attempt(shop, parcel, "quality") == outcome


def test_confirming_waives_no_right() -> None:
    """2022 judicial interpretation on online consumer disputes, art. 1."""
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 2))
    shop.confirm(parcel)
    case = shop.case_of(shop.complain(parcel, "no_reason", (0, 2)))
    assert (case.origin, case.state) == (State.RELEASED, State.REFUND_PENDING)


def test_windows_of_what_was_confirmed_on_the_way_begin_at_the_delivery() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 2)))
    shop.confirm(parcel, (0, 1))
    shop.wait(20 * DAY_MS)
    shop.deliver(parcel)
    assert attempt(shop, parcel, "no_reason") == "ok"
    # And one more, of the unit that was paid out.
    assert attempt(shop, parcel, "no_reason") == "ok"


def test_exempt_goods_that_are_bad_may_be_returned_all_the_same() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.cake, 1), exempt=True)
    assert attempt(shop, parcel, "no_reason") == "ReturnExempt"
    assert attempt(shop, parcel, "quality") == "ok"


def test_goods_that_could_be_exempt_are_not_unless_the_buyer_confirmed_it() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.cake, 1), exempt=False)
    assert attempt(shop, parcel, "no_reason") == "ok"


def test_a_unit_is_tried_twice_and_then_goes_its_way() -> None:
    shop = Shop()
    order_id, parcel = tried_out(shop)
    assert attempt(shop, parcel, "quality") == "UnitsTriedOut"
    clock = shop.parcel(parcel).clock()
    assert clock is not None
    shop.wait(clock[0] - shop.time_ms)
    assert shop.money("merchant") == 1_000
    # Being paid out doesn't give new tries.
    assert attempt(shop, parcel, "quality") == "UnitsTriedOut"
    assert shop.load(order_id).state is State.RELEASED


def test_other_units_of_the_line_have_their_own_tries() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 3))
    for _ in range(2):
        shop.withdraw(shop.complain(parcel, "quality", (0, 2)))
    case = shop.case_of(shop.complain(parcel, "quality"))
    assert [(span.first, span.count) for entry in case.lines for span in entry.spans] == [(2, 1)]
    assert attempt(shop, parcel, "quality") == "UnitsTriedOut"


def test_units_worth_less_than_a_fen_come_back_like_others() -> None:
    shop = Shop()
    order_id = shop.paid((shop.publish(TEA, terms=replace(TERMS, price_minor=1)), 1))
    overlay = Overlay(shop.state)
    order = shop.load(order_id)
    line = replace(order.lines[0], quantity=3, open=(replace(order.lines[0].open[0], count=3),))
    ORDERS.store(overlay, order.replaced(0, line), order_id)
    shop.state.write(overlay.changes)
    shop.audited = False
    case_id = shop.request(order_id, "unshipped", (0, 2))
    assert shop.case_of(case_id).asked_minor == 0
    shop.withdraw(case_id)
    assert shop.load(order_id).lines[0].unshipped == 3
    assert shop.money("buyer") == FUNDS_MINOR - 1
    assert not list(PARCELS.items(shop.state))


def test_what_a_seller_rejected_uses_up_no_right() -> None:
    """消费者权益保护法 art. 25: seven days, whatever was asked for before."""
    shop = Shop()
    _, parcel = tried_out(shop)
    assert attempt(shop, parcel, "quality") == "UnitsTriedOut"
    case_id = shop.complain(parcel, "no_reason")
    shop.withdraw(case_id)
    assert attempt(shop, parcel, "no_reason") == "UnitsTriedOut"


def test_unshipped_units_of_a_line_share_their_tries() -> None:
    """As they share their clock: a buyer of many can't stop it with one after the other."""
    shop = Shop()
    order_id = shop.paid((shop.tea, 9), (shop.bike, 1))
    for _ in range(2):
        shop.withdraw(shop.request(order_id, "unshipped"))
    ask = asking(order_id, None, "unshipped", (0, 7))
    assert shop.send("buyer", (ASK, ask)).status == "UnitsTriedOut"
    shop.agree(shop.request(order_id, "unshipped", (1, 1)))


def test_what_was_agreed_is_no_try() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 9))
    for _ in range(4):
        shop.agree(shop.request(order_id, "unshipped"))
    assert shop.load(order_id).lines[0].unshipped == 5


def test_one_unit_after_the_other_keeps_nobody_from_the_money_of_all() -> None:
    """Units of a parcel share its clock, and only a parcel that is all in cases stands still."""
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 5))
    clock = shop.parcel(parcel).clock()
    assert clock is not None
    for _ in range(4):
        case_id = shop.complain(parcel, "quality")
        shop.wait(DAY_MS)
        shop.withdraw(case_id)
        assert shop.parcel(parcel).clock() == clock
    shop.wait(clock[0] - shop.time_ms)
    assert shop.money("merchant") == 5_000


def test_goods_that_arrived_in_the_meantime_have_the_clock_of_goods_that_arrived() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    case_id = shop.complain(parcel, "not_received")
    shop.wait(DAY_MS)
    shop.deliver(parcel)
    due_ms = shop.parcel(parcel).due_ms
    shop.withdraw(case_id)
    assert shop.parcel(parcel).clock() == (due_ms, "sys.order.confirm")
