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
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.shop import CAKE, TERMS, Shop
from tests.commerce.world import DAY_MS, HOUR_MS, World, genesis

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
    unpaid = shop.order((shop.tea, 1))
    most = shop.paid((shop.tea, 5), (shop.cake, 2))
    way = shop.ship(most, (0, 3))
    pending = shop.request(most, "unshipped")
    pie = shop.publish(CAKE, terms=replace(TERMS, exempt=True))
    order, parcel = delivered(shop, (shop.cake, 4), (pie, 2), exempt=True)
    shop.confirm(parcel, (0, 1))
    shop.complain(parcel, "quality", (1, 1))

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
        Attempt("buyer",    ASK, unshipped((0, 1), (1, 1)),                      (), "ok"),
        Attempt("buyer",    ASK, asking(most, way, "not_received", (0, 3)),      (), "ok"),
        Attempt("buyer",    WITHDRAW, RefundWithdraw(NOWHERE),                   (), "CaseUnknown"),
        Attempt("merchant", WITHDRAW, RefundWithdraw(pending),                   (), "NotTheBuyer"),
        Attempt("buyer",    WITHDRAW, RefundWithdraw(pending),                   (), "ok"),
        Attempt("buyer",    WITHDRAW, RefundWithdraw(pending),                   (), "StateForbids"),
    ]
    # fmt: on


def bounding(shop: Shop) -> list[Row]:
    """Goods that have arrived: exempt ones, exchanged, tried out, and some whose time is over."""
    done, closed = delivered(shop)
    shop.confirm(closed)
    shop.wait(16 * DAY_MS)
    order, parcel = delivered(shop, (shop.cake, 4), exempt=True)
    spent, spent_parcel = tried_out(shop)
    again, second = exchanged(shop)
    other, other_parcel = delivered(shop)

    def at(kind: str, *units: tuple[int, int], amount_minor: int | None = None) -> RefundRequest:
        return asking(order, parcel, kind, *units, amount_minor=amount_minor)

    # fmt: off
    return [
        #       sender      type payload                                            outcome
        Attempt("buyer",    ASK, asking(again, second, "exchange"),              (), "ExchangedOnce"),
        Attempt("buyer",    ASK, at("no_reason", (0, 1), amount_minor=1), (), "ReturnExempt"),
        Attempt("buyer",    ASK, asking(done, closed, "no_reason", amount_minor=1), (), "WindowClosed"),
        Attempt("buyer",    ASK, asking(done, closed, "quality"),                (), "WindowClosed"),
        Attempt("buyer",    ASK, asking(spent, spent_parcel, "quality", amount_minor=1), (), "UnitsTriedOut"),
        Attempt("buyer",    ASK, asking(other, other_parcel, "no_reason", amount_minor=999), (), "AmountPartial"),
        Attempt("buyer",    ASK, at("quality", (0, 1), amount_minor=1_001),      (), "AmountPartial"),
        Attempt("buyer",    ASK, at("allowance", (0, 2), amount_minor=2_001),    (), "AmountTooHigh"),
        Attempt("buyer",    ASK, at("allowance", (0, 2), amount_minor=2_000),    (), "ok"),
        Attempt("buyer",    ASK, asking(other, other_parcel, "no_reason", amount_minor=1_000), (), "ok"),
        Attempt("buyer",    ASK, asking(other, other_parcel, "no_reason"),       (), "UnitsInCase"),
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


@pytest.mark.parametrize("table", [requesting, bounding, too_many])
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
