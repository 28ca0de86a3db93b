"""Where a penalty's money goes: escrow, seller, custodian, to the fen and never twice."""

from commerce.deposits.debts import owed_by
from commerce.deposits.holding import deposit_of
from commerce.payments import PayTransfer
from commerce.recalls.recalls import RecallOpen
from commerce.shipments import ShipmentLost
from tests.commerce.aftersale.test_outcomes import with_coupon
from tests.commerce.attempts import Attempt, play
from tests.commerce.deposits.inside import deposit
from tests.commerce.devices.cold import (
    DEPOSIT_MINOR,
    HOT,
    UNITS,
    WARM,
    Chain,
    sla,
)
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, account


def released(chain: Chain) -> None:
    """The goods arrived after two hours, and the buyer has confirmed them."""
    chain.arrive(120)
    chain.shop.confirm(chain.parcel_id)


def test_after_the_release_it_is_a_claim_on_the_seller_who_has_it_from_the_custodian() -> None:
    chain = Chain()
    shop = chain.shop
    released(chain)
    chain.told(0, 90, WARM)
    chain.settle()
    line = shop.load(chain.order_id).lines[0]
    assert (line.released_minor, line.refunded_minor) == (9_500, 500)
    assert shop.money("buyer") == FUNDS_MINOR - 10_000 + 500
    assert shop.money("merchant") == 10_000
    assert deposit_of(shop.state, account("carrier"), "CNY").held_minor == DEPOSIT_MINOR - 500


def test_a_seller_that_has_spent_all_still_passes_on_what_the_custodian_pays() -> None:
    chain = Chain()
    shop = chain.shop
    released(chain)
    away = PayTransfer(account("rival"), "CNY", 10_000, None)
    shop.done("merchant", ("pay.transfer", away))
    chain.told(0, 90, WARM)
    chain.settle()
    assert shop.money("buyer") == FUNDS_MINOR - 10_000 + 500
    assert owed_by(shop.state, account("merchant"), "CNY").total_minor == 0


def test_what_a_seller_bears_alone_and_has_not_is_its_debt() -> None:
    chain = Chain(named=False)
    shop = chain.shop
    chain.bind("logger", None, watches=True)
    released(chain)
    away = PayTransfer(account("rival"), "CNY", 9_700, None)
    shop.done("merchant", ("pay.transfer", away))
    chain.told(0, 90, WARM)
    chain.settle()
    penalty = chain.penalty()
    assert (penalty.charged_minor, penalty.refunded_minor, penalty.owed_minor) == (0, 300, 200)
    assert owed_by(shop.state, account("merchant"), "CNY").total_minor == 200


def test_refund_and_penalty_together_are_never_more_than_the_price() -> None:
    chain = Chain()
    shop = chain.shop
    chain.report(0, 90, WARM)
    chain.arrive(90)
    case_id = shop.allowance(chain.parcel_id, 9_800, quantity=UNITS)
    chain.settle()
    # While units are in a case, nobody knows what it leaves of their price.
    assert chain.penalty().state == "PENDING"
    shop.agree(case_id)
    chain.settle()
    penalty = chain.penalty()
    assert (penalty.state, penalty.refunded_minor, penalty.charged_minor) == ("SETTLED", 200, 500)
    assert shop.money("buyer") == FUNDS_MINOR
    line = shop.load(chain.order_id).lines[0]
    assert (line.held_minor, line.refunded_minor) == (0, 10_000)
    # The seller lost goods in the carrier's hands, whatever the buyer had back before.
    assert shop.money("merchant") == 500


def test_a_case_that_comes_to_nothing_leaves_the_penalty_whole() -> None:
    chain = Chain()
    shop = chain.shop
    chain.report(0, 90, WARM)
    chain.arrive(90)
    case_id = shop.complain(chain.parcel_id, "quality", (0, UNITS))
    chain.settle()
    shop.withdraw(case_id)
    chain.settle()
    assert chain.penalty().refunded_minor == 500
    assert shop.money("buyer") == FUNDS_MINOR - 10_000 + 500


def test_a_parcel_that_is_lost_costs_its_carrier_no_more_than_the_price() -> None:
    for insured_minor, charged_minor in ((0, 500), (9_700, 300), (10_000, 0)):
        chain = Chain(insured_minor=insured_minor)
        shop = chain.shop
        chain.report(0, 90, WARM)
        shop.done("carrier", ("shipment.lost", ShipmentLost(chain.parcel_id)))
        chain.settle()
        penalty = chain.penalty()
        assert (penalty.charged_minor, penalty.refunded_minor) == (charged_minor, 0)
        assert chain.watch.due_ms is None
        held = deposit_of(shop.state, account("carrier"), "CNY")
        assert (held.held_minor, held.reserved_minor) == (DEPOSIT_MINOR - charged_minor, 0)


def test_funders_of_a_coupon_get_their_part_of_a_penalty() -> None:
    chain = Chain(order=lambda shop: with_coupon(shop, 2_000, (shop.tea, UNITS)))
    shop = chain.shop
    chain.report(0, 90, WARM)
    chain.settle()
    assert shop.money("friend") == FUNDS_MINOR - 2_000 + 100
    assert shop.money("buyer") == FUNDS_MINOR - 8_000 + 400


def test_a_sellers_reserve_for_the_order_pays_its_own_buyer_first() -> None:
    shop = Shop()
    deposit(shop, 10_000)
    chain = Chain(shop, named=False)
    assert shop.load(chain.order_id).reserved_minor == 10_000
    chain.bind("logger", None, watches=True)
    released(chain)
    shop.done("merchant", ("pay.transfer", PayTransfer(account("rival"), "CNY", 10_000, None)))
    chain.told(0, 90, WARM)
    chain.settle()
    assert shop.load(chain.order_id).reserved_minor == 9_500
    assert shop.money("buyer") == FUNDS_MINOR - 10_000 + 500


def test_recalled_goods_are_refunded_whole_and_the_custodian_still_pays_the_seller() -> None:
    chain = Chain()
    shop = chain.shop
    chain.report(0, 90, WARM)
    recall = RecallOpen(TEA, 2, bytes(32), None)
    play(shop, [Attempt("merchant", "recall.open", recall, (), "ok")])
    shop.wait(5 * DAY_MS)
    shop.wait(5 * DAY_MS)
    assert shop.money("buyer") == FUNDS_MINOR
    assert shop.money("merchant") == 500
    assert chain.penalty().state == "SETTLED"


def test_the_whole_price_can_be_lost_and_no_more() -> None:
    chain = Chain(promise=lambda order_id: sla(order_id, cap_permille=1_000))
    shop = chain.shop
    chain.report(0, 1_400, HOT)
    assert chain.amounts() == [("carrier", 10_000)]
    chain.arrive(1_400)
    chain.settle()
    assert shop.money("buyer") == FUNDS_MINOR
    shop.confirm(chain.parcel_id)
    assert shop.money("merchant") == 10_000
    assert shop.load(chain.order_id).lines[0].state == "REFUNDED"
