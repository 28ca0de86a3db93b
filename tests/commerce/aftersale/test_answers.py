"""Rules of the answers to a request, and what silence answers."""

# ruff: noqa: E501 (the rule table is aligned)

from collections.abc import Callable

import pytest

from commerce.aftersale.answers import (
    RefundAcceptCounter,
    RefundAgree,
    RefundCounter,
    RefundReject,
)
from commerce.aftersale.kinds import KINDS
from commerce.delegations import Delegate
from commerce.escrow import State
from tests.commerce.aftersale.test_requests import delivered
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, GENESIS_MS, key

AGREE, REJECT, COUNTER, ACCEPT = (
    f"refund.{name}" for name in ("agree", "reject", "counter", "accept_counter")
)
NOWHERE = bytes(32)


def countering(
    case_id: bytes, *amounts: int, gives_back: bool = False, reason: str = "half"
) -> RefundCounter:
    """An offer."""
    return RefundCounter(case_id, amounts, gives_back, None, reason)


def answering(shop: Shop) -> list[Row]:
    """Requests of several kinds, each open."""
    _, parcel = delivered(shop, (shop.tea, 6), (shop.bike, 2))
    right = shop.complain(parcel, "no_reason")
    bad = shop.complain(parcel, "quality")
    given = shop.complain(parcel, "quality")
    gone = shop.request(shop.paid((shop.tea, 1)), "unshipped")
    erp = Delegate(key("erp"), (AGREE, COUNTER), 999, GENESIS_MS + DAY_MS)

    def agree(case_id: bytes) -> RefundAgree:
        return RefundAgree(case_id, None)

    def reject(case_id: bytes) -> RefundReject:
        return RefundReject(case_id, "whole", None)

    # fmt: off
    return [
        #       sender      type     payload                                       outcome
        Attempt("buyer",    AGREE,   agree(NOWHERE),                           (), "CaseUnknown"),
        Attempt("buyer",    AGREE,   agree(bad),                               (), "NotTheSeller"),
        Attempt("rival",    AGREE,   agree(bad),                               (), "NotTheSeller"),
        Attempt("merchant", "delegate", erp,                                   (), "ok"),
        Attempt("merchant/erp", AGREE, agree(bad),                             (), "DelegationExceeded"),
        Attempt("merchant/erp", AGREE, agree(gone),                            (), "DelegationExceeded"),
        Attempt("merchant", AGREE,   agree(given),                             (), "ok"),
        Attempt("merchant", AGREE,   agree(given),                             (), "StateForbids"),
        Attempt("merchant", AGREE,   agree(gone),                              (), "ok"),
        Attempt("merchant", AGREE,   agree(gone),                              (), "StateForbids"),
        Attempt("buyer",    REJECT,  reject(NOWHERE),                          (), "CaseUnknown"),
        Attempt("buyer",    REJECT,  reject(right),                            (), "NotTheSeller"),
        Attempt("merchant", REJECT,  reject(given),                            (), "StateForbids"),
        Attempt("merchant", REJECT,  reject(right),                            (), "ReturnRightProtected"),
        Attempt("merchant", REJECT,  reject(bad),                              (), "ok"),
    ]
    # fmt: on


def offering(shop: Shop) -> list[Row]:
    """The same; offers and who takes them."""
    _, parcel = delivered(shop, (shop.tea, 6), (shop.bike, 2))
    way = shop.ship(shop.paid((shop.tea, 1)))
    right = shop.complain(parcel, "no_reason")
    two = shop.complain(parcel, "quality", (0, 1), (1, 1))
    missing = shop.complain(way, "not_received")
    given = shop.complain(parcel, "quality")
    shop.agree(given)
    erp = Delegate(key("erp"), (AGREE, COUNTER), 999, GENESIS_MS + DAY_MS)
    # fmt: off
    return [
        #       sender      type     payload                                       outcome
        Attempt("merchant", "delegate", erp,                                   (), "ok"),
        Attempt("buyer",    COUNTER, countering(NOWHERE, 1),                   (), "CaseUnknown"),
        Attempt("buyer",    COUNTER, countering(right, 1),                     (), "NotTheSeller"),
        Attempt("merchant", COUNTER, countering(given, 1),                     (), "StateForbids"),
        Attempt("merchant", COUNTER, countering(right, 1, 2),                  (), "ReturnRightProtected"),
        Attempt("merchant", COUNTER, countering(two, 5_000),                   (), "LinesMismatch"),
        Attempt("merchant", COUNTER, countering(missing, 1, 2),                (), "LinesMismatch"),
        Attempt("merchant", COUNTER, countering(missing, 5_000, gives_back=True), (), "RequestKindForbidden"),
        Attempt("merchant", COUNTER, countering(two, 0, 1_001),                (), "AmountTooHigh"),
        Attempt("merchant", COUNTER, countering(two, 1_000, 1_000, gives_back=True), (), "OfferUnchanged"),
        Attempt("merchant/erp", COUNTER, countering(two, 500, 500),            (), "DelegationExceeded"),
        Attempt("buyer",    ACCEPT,  RefundAcceptCounter(NOWHERE),             (), "CaseUnknown"),
        Attempt("merchant", ACCEPT,  RefundAcceptCounter(two),                 (), "NotTheBuyer"),
        Attempt("buyer",    ACCEPT,  RefundAcceptCounter(two),                 (), "StateForbids"),
        # The whole price without the goods is an offer too.
        Attempt("merchant/erp", COUNTER, countering(two, 499, 500),            (), "ok"),
        Attempt("merchant", COUNTER, countering(two, 500, 501),                (), "StateForbids"),
        Attempt("merchant", AGREE,   RefundAgree(two, None),                               (), "StateForbids"),
        Attempt("buyer",    ACCEPT,  RefundAcceptCounter(two),                 (), "ok"),
        Attempt("buyer",    ACCEPT,  RefundAcceptCounter(two),                 (), "StateForbids"),
    ]
    # fmt: on


@pytest.mark.parametrize("table", [answering, offering])
def test_who_may_answer_what(table: Callable[[Shop], list[Row]]) -> None:
    shop = Shop()
    play(shop, table(shop))


def test_the_right_to_return_without_a_reason_is_the_only_kind_that_nobody_refuses() -> None:
    """消费者权益保护法 art. 25."""
    assert [kind.name for kind in KINDS if not kind.refusable] == ["no_reason"]


def asked(shop: Shop, kind: str) -> bytes:
    """A request of some kind for goods that are where it may ask for them, worth 10 yuan."""
    order_id = shop.paid((shop.tea, 1))
    if kind == "unshipped":
        return shop.request(order_id, kind)
    parcel = shop.ship(order_id)
    if kind == "not_received":
        return shop.complain(parcel, kind)
    shop.deliver(parcel)
    return shop.complain(parcel, kind)


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_a_silent_seller_has_agreed(kind: str) -> None:
    """处罚办法 art. 8-9: the money back, or the goods may be sent."""
    shop = Shop()
    case_id = asked(shop, kind)
    answer_ms = 2 * DAY_MS if kind == "unshipped" else 5 * DAY_MS
    assert shop.wait(answer_ms - 1) == ()
    (receipt,) = shop.wait(1)
    case = shop.case_of(case_id)
    if case.gives_back:
        assert case.clock() == (shop.time_ms + 7 * DAY_MS, "sys.return.ship")
        assert shop.money("buyer") == FUNDS_MINOR - 1_000
    else:
        assert (case.state, case.clock()) == (State.REFUNDED, None)
        assert receipt.events[-1].data["reason"] == "sys.refund.answer"
        assert shop.money("buyer") == FUNDS_MINOR


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.refusable])
def test_a_rejected_request_closes_by_itself_after_three_days(kind: str) -> None:
    shop = Shop()
    case_id = asked(shop, kind)
    shop.reject(case_id)
    assert shop.case_of(case_id).clock() == (shop.time_ms + 3 * DAY_MS, "sys.refund.counter")
    shop.silence(case_id)
    assert shop.case_of(case_id).state == State.CLOSED
    assert shop.money("buyer") == FUNDS_MINOR - 1_000


def test_an_offer_that_nobody_takes_closes_the_request_too() -> None:
    shop = Shop()
    case_id = asked(shop, "quality")
    shop.counter(case_id, 300)
    assert shop.case_of(case_id).clock() == (shop.time_ms + 3 * DAY_MS, "sys.refund.counter")
    shop.silence(case_id)
    assert shop.case_of(case_id).state == State.CLOSED
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 1_000, 0)


def test_an_offer_to_keep_the_goods_pays_a_part_and_lets_them_go_on() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop, (shop.tea, 3))
    case_id = shop.complain(parcel, "quality", (0, 2))
    shop.counter(case_id, 1_200)
    shop.accept(case_id)
    assert shop.money("buyer") == FUNDS_MINOR - 3_000 + 1_200
    line = shop.load(order_id).lines[0]
    assert (line.held_minor, line.refunded_minor, line.settled) == (1_800, 1_200, 0)
    shop.confirm(parcel)
    assert shop.money("merchant") == 1_800
    assert shop.load(order_id).lines[0].state == State.RELEASED


def test_an_offer_for_the_goods_pays_when_they_are_back_and_the_rest_is_the_sellers() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop, (shop.tea, 3))
    case_id = shop.complain(parcel, "quality", (0, 2))
    shop.counter(case_id, 1_200, gives_back=True)
    shop.accept(case_id)
    assert shop.case_of(case_id).state == State.RETURNING
    shop.send_back(case_id)
    shop.bring_back(case_id)
    shop.receive(case_id)
    assert shop.case_of(case_id).state == State.REFUNDED
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 1_800, 800)
    line = shop.load(order_id).lines[0]
    assert (line.held_minor, line.released_minor, line.refunded_minor) == (1_000, 800, 1_200)


def test_what_went_back_for_a_part_of_its_price_is_not_asked_for_again() -> None:
    """Otherwise the buyer would return the same goods twice."""
    shop = Shop()
    _, parcel = delivered(shop)
    case_id = shop.complain(parcel, "quality")
    shop.counter(case_id, 400, gives_back=True)
    shop.accept(case_id)
    shop.send_back(case_id)
    shop.bring_back(case_id)
    shop.receive(case_id)
    with pytest.raises(AssertionError, match="UnitsTriedOut"):
        shop.complain(parcel, "no_reason")


def test_an_exchange_that_is_offered_money_instead_is_refunded() -> None:
    shop = Shop()
    case_id = asked(shop, "exchange")
    shop.counter(case_id, 1_000, gives_back=False)
    shop.accept(case_id)
    assert shop.money("buyer") == FUNDS_MINOR


def test_an_offer_of_nothing_closes_the_request() -> None:
    shop = Shop()
    case_id = asked(shop, "allowance")
    shop.counter(case_id, 0)
    shop.accept(case_id)
    assert shop.case_of(case_id).state == State.CLOSED
    assert shop.money("buyer") == FUNDS_MINOR - 1_000
