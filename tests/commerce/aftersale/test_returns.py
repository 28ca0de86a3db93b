"""Rules of goods on their way back: who brings them, who pays for it, what silence does."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest

from commerce.aftersale.kinds import KINDS
from commerce.aftersale.returns import ReturnDelivered, ReturnReceive, ReturnShip
from commerce.delegations import Delegate
from commerce.deposits.debts import owed_by
from commerce.escrow import State
from commerce.roles import RoleGrant
from tests.commerce.aftersale.test_requests import delivered
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, GENESIS_MS, QUORUM, account, key

SHIP, DELIVERED, RECEIVE = "return.ship", "return.delivered", "return.receive"
NOWHERE = bytes(32)


def returning(shop: Shop) -> list[Row]:
    """A return that is agreed, worth 20 yuan; one of paid-out goods; a request that is open."""
    _, parcel = delivered(shop, (shop.tea, 5))
    case = shop.complain(parcel, "quality", (0, 2))
    pending = shop.complain(parcel, "quality")
    shop.agree(case)
    _, paid_out = delivered(shop)
    shop.confirm(paid_out)
    late = shop.complain(paid_out, "no_reason")
    shop.sent_back(late)
    one = ReturnShip(case, account("carrier"), 400, "SF 1")
    as_carrier = RoleGrant(account("buyer"), "carrier", "", None)
    own = replace(one, carrier=account("buyer"))
    erp = Delegate(key("erp"), (RECEIVE,), 999, GENESIS_MS + DAY_MS)
    with_ = ("carrier",)
    # fmt: off
    return [
        #       sender      type       payload                                    with    outcome
        Attempt("merchant", SHIP,      replace(one, case_id=NOWHERE),             with_,  "CaseUnknown"),
        Attempt("merchant", SHIP,      replace(one, carrier=account("nobody")),   (),     "NotTheBuyer"),
        Attempt("carrier",  SHIP,      one,                                       (),     "NotTheBuyer"),
        Attempt("buyer",    SHIP,      replace(one, carrier=account("nobody")),   (),     "AccountUnknown"),
        Attempt("buyer",    SHIP,      replace(one, carrier=account("friend")),   (),     "RoleMissing"),
        Attempt("buyer",    SHIP,      one,                                       (),     "CosignerMissing"),
        Attempt("buyer",    SHIP,      replace(one, case_id=pending),             with_,  "StateForbids"),
        Attempt("m0",       "role.grant", as_carrier,                             QUORUM, "ok"),
        Attempt("buyer",    SHIP,      replace(own, freight_minor=401),           (),     "SharedController"),
        Attempt("buyer",    SHIP,      replace(one, freight_minor=401),           with_,  "AmountTooHigh"),
        Attempt("carrier",  DELIVERED, ReturnDelivered(NOWHERE),                  (),     "CaseUnknown"),
        Attempt("carrier",  DELIVERED, ReturnDelivered(case),                     (),     "NotTheCarrier"),
        Attempt("buyer",    SHIP,      one,                                       with_,  "ok"),
        Attempt("buyer",    SHIP,      one,                                       with_,  "StateForbids"),
        Attempt("buyer",    DELIVERED, ReturnDelivered(case),                     (),     "NotTheCarrier"),
        Attempt("carrier",  DELIVERED, ReturnDelivered(case),                     (),     "ok"),
        Attempt("carrier",  DELIVERED, ReturnDelivered(case),                     (),     "StateForbids"),
        Attempt("buyer",    RECEIVE,   ReturnReceive(NOWHERE),                    (),     "CaseUnknown"),
        Attempt("buyer",    RECEIVE,   ReturnReceive(case),                       (),     "NotTheSeller"),
        Attempt("merchant", RECEIVE,   ReturnReceive(pending),                    (),     "StateForbids"),
        Attempt("merchant", "delegate", erp,                                      (),     "ok"),
        Attempt("merchant/erp", RECEIVE, ReturnReceive(late),                     (),     "DelegationExceeded"),
        Attempt("merchant", RECEIVE,   ReturnReceive(case),                       (),     "ok"),
        Attempt("merchant", RECEIVE,   ReturnReceive(case),                       (),     "StateForbids"),
    ]
    # fmt: on


def test_who_sends_brings_and_receives_goods() -> None:
    shop = Shop()
    play(shop, returning(shop))


def complaint(shop: Shop, kind: str = "quality", *, paid_out: bool = False) -> bytes:
    """A request for two teas, worth 20 yuan."""
    _, parcel = delivered(shop, (shop.tea, 2))
    if paid_out:
        shop.confirm(parcel)
    return shop.complain(parcel, kind, (0, 2))


def test_a_return_that_isnt_sent_in_seven_days_closes_and_may_be_asked_for_once_more() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 2))
    for _ in range(2):
        case_id = shop.complain(parcel, "quality", (0, 2))
        shop.agree(case_id)
        assert shop.case_of(case_id).clock() == (shop.time_ms + 7 * DAY_MS, "sys.return.ship")
        shop.silence(case_id)
        assert shop.case_of(case_id).state == State.CLOSED
    with pytest.raises(AssertionError, match="UnitsTriedOut"):
        shop.complain(parcel, "quality")
    clock = shop.parcel(parcel).clock()
    assert clock is not None
    shop.wait(clock[0] - shop.time_ms)
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 2_000, 2_000)


def test_a_buyer_may_take_a_return_back_until_it_is_sent() -> None:
    shop = Shop()
    case_id = complaint(shop)
    shop.agree(case_id)
    shop.withdraw(case_id)
    assert shop.case_of(case_id).state == State.CLOSED
    again = complaint(shop)
    shop.agree(again)
    shop.send_back(again)
    with pytest.raises(AssertionError, match="StateForbids"):
        shop.withdraw(again)


@pytest.mark.parametrize("paid_out", [False, True])
def test_goods_that_a_carrier_took_and_brought_nowhere_are_refunded(
    paid_out: bool,  # noqa: FBT001 (a table)
) -> None:
    shop = Shop()
    case_id = complaint(shop, paid_out=paid_out)
    shop.agree(case_id)
    shop.send_back(case_id)
    assert shop.case_of(case_id).clock() == (shop.time_ms + 15 * DAY_MS, "sys.return.lost")
    shop.silence(case_id)
    assert shop.case_of(case_id).state == State.REFUNDED
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR, 0)


@pytest.mark.parametrize("paid_out", [False, True])
def test_a_seller_that_is_silent_about_what_is_back_refunds_it(
    paid_out: bool,  # noqa: FBT001 (a table)
) -> None:
    shop = Shop()
    case_id = complaint(shop, paid_out=paid_out)
    shop.sent_back(case_id)
    assert shop.case_of(case_id).clock() == (shop.time_ms + 7 * DAY_MS, "sys.return.accept")
    shop.silence(case_id)
    assert shop.case_of(case_id).state == State.REFUNDED
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR, 0)


def test_a_seller_may_receive_what_its_carrier_forgot_to_tell() -> None:
    shop = Shop()
    case_id = complaint(shop)
    shop.agree(case_id)
    shop.send_back(case_id)
    shop.receive(case_id)
    assert shop.money("buyer") == FUNDS_MINOR


@pytest.mark.parametrize("kind", ["no_reason", "quality", "exchange"])
def test_who_pays_the_way_back_is_said_by_the_reason(kind: str) -> None:
    """消费者权益保护法 art. 24: bad goods, the seller; art. 25: no reason, the buyer."""
    shop = Shop()
    earlier = shop.ship(shop.paid((shop.bike, 1)))
    shop.confirm(earlier)
    case_id = complaint(shop, kind)
    shop.sent_back(case_id, 250)
    shop.receive(case_id)
    if kind == "exchange":
        assert shop.case_of(case_id).state == State.EXCHANGING
        shop.silence(case_id)
    paid_minor = 0 if kind == "no_reason" else 250
    assert [entry.name for entry in KINDS if entry.seller_pays_freight] == ["quality", "exchange"]
    assert shop.money("buyer") == FUNDS_MINOR - 1_000 + paid_minor
    assert shop.money("merchant") == 1_000 - paid_minor


def test_a_seller_without_money_owes_the_way_back() -> None:
    shop = Shop()
    case_id = complaint(shop)
    shop.sent_back(case_id, 250)
    shop.silence(case_id)
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR, 0)
    assert owed_by(shop.state, account("merchant"), "CNY").total_minor == 250


def test_a_colluding_carrier_earns_a_buyer_a_fifth_of_the_price_at_most() -> None:
    """It writes its bill itself, and says that empty boxes arrived; the seller contests those."""
    shop = Shop()
    case_id = complaint(shop)
    shop.agree(case_id)
    with pytest.raises(AssertionError, match="AmountTooHigh"):
        shop.send_back(case_id, 401)
    shop.send_back(case_id, 400)
    shop.silence(case_id)
    assert shop.money("buyer") == FUNDS_MINOR
    assert owed_by(shop.state, account("merchant"), "CNY").total_minor == 400
