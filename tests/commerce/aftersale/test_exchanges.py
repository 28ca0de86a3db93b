"""Rules of exchange.ship, and the money of goods that are sent once more."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest

from commerce.aftersale import exchanges
from commerce.aftersale.exchanges import ExchangeShip
from commerce.delegations import Delegate
from commerce.escrow import State
from commerce.payments import PayTransfer
from commerce.reviews.posting import ReviewPost
from commerce.reviews.records import Scores, load_review
from commerce.roles import RoleGrant
from commerce.shipments import ShipmentCreate, ShippedLine
from tests.commerce.aftersale.test_requests import delivered
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import CAKE, TEA, Shop
from tests.commerce.test_shipments import BAD_SSCC
from tests.commerce.world import (
    DAY_MS,
    FUNDS_MINOR,
    GENESIS_MS,
    PREFIX,
    QUORUM,
    account,
    key,
)

SHIP = "exchange.ship"
NOWHERE = bytes(32)


def item(code: str, serial: str) -> str:
    """The EPC of one of these goods."""
    return f"urn:epc:id:sgtin:{PREFIX}.{code[0]}{code[8:13]}.{serial}"


def exchangeable(
    shop: Shop, *, paid_out: bool = False, quantity: int = 2, listing: bytes | None = None
) -> bytes:
    """A case whose goods are back and are to be sent again, worth 10 yuan each."""
    _, parcel = delivered(shop, (listing or shop.tea, quantity))
    if paid_out:
        shop.confirm(parcel)
    case_id = shop.complain(parcel, "exchange", (0, quantity))
    shop.sent_back(case_id)
    shop.receive(case_id)
    return case_id


def exchanging(shop: Shop) -> list[Row]:
    """A case of each origin; an item of the order is in another parcel of it."""
    case = exchangeable(shop)
    poor = exchangeable(shop, paid_out=True)
    order_id = shop.case_of(case).order_id
    _, parcel = delivered(shop)
    pending = shop.complain(parcel, "exchange")
    twice = shop.paid((shop.tea, 1), (shop.bike, 1))
    elsewhere = ShipmentCreate(twice, account("carrier"), (ShippedLine(1, 1),), None, (), None)
    first = shop.ship(twice, (0, 1))
    shop.deliver(first)
    other = shop.complain(first, "exchange")
    shop.sent_back(other)
    shop.receive(other)
    one = ExchangeShip(case, account("carrier"), None, (), None)
    as_carrier = RoleGrant(account("buyer"), "carrier", "", None)
    erp = Delegate(key("erp"), (SHIP,), 1_999, GENESIS_MS + 300 * DAY_MS)
    bad = replace(one, epcs=(f"urn:epc:id:sgtin:{PREFIX}.12.s1",))
    away = PayTransfer(account("rival"), "CNY", 1, None)
    bike = f"urn:epc:id:sgtin:{PREFIX}.000003.b1"
    with_ = ("carrier",)
    assert order_id != twice
    # fmt: off
    return [
        #       sender      type  payload                                                 with        outcome
        Attempt("rival",    SHIP, replace(one, sscc=BAD_SSCC, case_id=NOWHERE),           with_,      "IdentifierMalformed"),
        Attempt("rival",    SHIP, bad,                                                    with_,      "IdentifierMalformed"),
        Attempt("rival",    SHIP, replace(one, epcs=(item(TEA, "s1"),) * 2),              with_,      "ItemRepeated"),
        Attempt("rival",    SHIP, replace(one, case_id=NOWHERE),                          with_,      "CaseUnknown"),
        Attempt("rival",    SHIP, one,                                                    (),         "NotTheSeller"),
        Attempt("merchant", SHIP, replace(one, carrier=account("nobody")),                (),         "AccountUnknown"),
        Attempt("merchant", SHIP, replace(one, carrier=account("friend")),                (),         "RoleMissing"),
        Attempt("merchant", SHIP, one,                                                    (),         "CosignerMissing"),
        Attempt("merchant", SHIP, replace(one, case_id=pending),                          with_,      "StateForbids"),
        Attempt("merchant", "shipment.create", replace(elsewhere, epcs=(bike,)),          with_,      "ok"),
        Attempt("merchant", SHIP, replace(one, case_id=other, epcs=(bike,)),              with_,      "ItemInParcel"),
        Attempt("m0", "role.grant", as_carrier,                                           QUORUM,     "ok"),
        Attempt("merchant", SHIP, replace(one, carrier=account("buyer"), epcs=(item(CAKE, "s"),)), ("buyer",), "SharedController"),
        Attempt("merchant", SHIP, replace(one, epcs=(item(CAKE, "s1"),)),                 with_,      "ItemNotInParcel"),
        Attempt("merchant", SHIP, replace(one, epcs=tuple(item(TEA, f"s{n}") for n in range(3))), with_, "TooManyItems"),
        Attempt("merchant", "delegate", erp,                                              (),         "ok"),
        Attempt("merchant/erp", SHIP, replace(one, case_id=poor),                         with_,      "DelegationExceeded"),
        Attempt("merchant", "pay.transfer", away,                                         (),         "ok"),
        Attempt("merchant", SHIP, replace(one, case_id=poor),                             with_,      "InsufficientFunds"),
        Attempt("merchant", SHIP, replace(one, epcs=(item(TEA, "s1"), item(TEA, "s2"))),  with_,      "ok"),
        Attempt("merchant", SHIP, one,                                                    with_,      "StateForbids"),
    ]
    # fmt: on


def too_many(shop: Shop) -> list[Row]:
    """Where an order may have one parcel."""
    one = ExchangeShip(exchangeable(shop), account("carrier"), None, (), None)
    return [Attempt("merchant", SHIP, one, ("carrier",), "TooManyParcels")]


def test_who_may_send_other_goods() -> None:
    shop = Shop()
    play(shop, exchanging(shop))


def test_the_parcels_of_exchanges_are_counted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "PARCELS_MAX", 1)
    shop = Shop()
    play(shop, too_many(shop))


@pytest.mark.parametrize("paid_out", [False, True])
def test_exchanged_goods_go_the_way_of_any_parcel(
    paid_out: bool,  # noqa: FBT001 (a table)
) -> None:
    shop = Shop()
    case_id = exchangeable(shop, paid_out=paid_out)
    assert shop.money("merchant") == (2_000 if paid_out else 0)
    parcel = shop.exchange(case_id)
    assert shop.case_of(case_id).state == State.CLOSED
    # What the seller had got stands in escrow once more.
    order_id = shop.case_of(case_id).order_id
    assert shop.money("merchant") == 0
    assert shop.load(order_id).lines[0].held_minor == 2_000
    assert shop.load(order_id).state is State.IN_TRANSIT
    shop.deliver(parcel)
    clock = shop.parcel(parcel).clock()
    assert clock is not None
    assert clock[1] == "sys.order.confirm"
    shop.wait(clock[0] - shop.time_ms)
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 2_000, 2_000)
    assert shop.load(order_id).state is State.RELEASED


@pytest.mark.parametrize("paid_out", [False, True])
def test_who_sends_no_other_goods_in_seven_days_gives_the_money_back(
    paid_out: bool,  # noqa: FBT001 (a table)
) -> None:
    shop = Shop()
    case_id = exchangeable(shop, paid_out=paid_out)
    assert shop.case_of(case_id).clock() == (shop.time_ms + 7 * DAY_MS, "sys.exchange.ship")
    shop.silence(case_id)
    assert shop.case_of(case_id).state == State.REFUNDED
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR, 0)


def test_other_goods_that_get_lost_are_refunded_from_escrow() -> None:
    shop = Shop()
    parcel = shop.exchange(exchangeable(shop, paid_out=True))
    shop.wait(30 * DAY_MS)
    assert shop.parcel(parcel).state == State.REFUNDED
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR, 0)


def test_goods_are_exchanged_once_and_then_returned() -> None:
    shop = Shop()
    parcel = shop.exchange(exchangeable(shop))
    shop.deliver(parcel)
    with pytest.raises(AssertionError, match="ExchangedOnce"):
        shop.complain(parcel, "exchange", (0, 2))
    case_id = shop.complain(parcel, "quality", (0, 2))
    shop.sent_back(case_id)
    shop.receive(case_id)
    assert shop.money("buyer") == FUNDS_MINOR


def test_a_review_outlives_an_exchange_but_no_refund() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop)
    shop.confirm(parcel)
    shop.done("buyer", ("review.post", ReviewPost(order_id, 0, Scores(5, 5, 5), None)))
    case_id = shop.complain(parcel, "exchange")
    shop.sent_back(case_id)
    shop.receive(case_id)
    again = shop.exchange(case_id)
    assert load_review(shop.state, order_id, 0).void_ms is None
    shop.deliver(again)
    case_id = shop.complain(again, "quality")
    shop.sent_back(case_id)
    shop.receive(case_id)
    assert shop.money("buyer") == FUNDS_MINOR
    assert load_review(shop.state, order_id, 0).void_ms == shop.time_ms
