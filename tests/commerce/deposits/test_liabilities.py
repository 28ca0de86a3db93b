"""What carriers owe a seller for goods that they lost, to the fen."""

from commerce.aftersale.returns import ReturnShip
from commerce.assets import AssetIssue
from commerce.deposits.debts import owed_by
from commerce.deposits.liabilities import LIABILITIES, RecourseClaim
from commerce.recalls.recalls import RecallOpen
from commerce.shipments import ShipmentCreate, ShipmentLost, ShippedLine
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import DAY_MS, account

COLLECT = "recourse.claim"


def rich(shop: Shop, name: str, amount_minor: int) -> None:
    sent = AssetIssue("CNY", account(name), amount_minor, f"{name} {shop.height}")
    shop.done("issuer", ("asset.issue", sent))


def insured(shop: Shop, order_id: bytes, units: int, insured_minor: int) -> bytes:
    """A parcel for which the carrier answers."""
    lines = (ShippedLine(0, units),)
    made = ShipmentCreate(order_id, account("carrier"), lines, None, (), None, insured_minor)
    told = shop.done("merchant", ("shipment.create", made), with_=("carrier",))
    parcel = told[0].data["parcel_id"]
    assert isinstance(parcel, bytes)
    return parcel


def collecting(shop: Shop) -> list[Row]:
    """A parcel was lost, another arrives."""
    order_id = shop.paid((shop.tea, 3))
    lost = insured(shop, order_id, 2, 1_700)
    arriving = insured(shop, order_id, 1, 1_000)
    shop.done("carrier", ("shipment.lost", ShipmentLost(lost)))
    # fmt: off
    return [
        Attempt("merchant", COLLECT, RecourseClaim(arriving), (), "LiabilityUnknown"),
        Attempt("buyer",    COLLECT, RecourseClaim(lost),     (), "NotTheCreditor"),
        Attempt("merchant", COLLECT, RecourseClaim(lost),     (), "ok"),
        Attempt("merchant", COLLECT, RecourseClaim(lost),     (), "LiabilityUnknown"),
    ]
    # fmt: on


def test_a_carrier_pays_what_it_signed_for_once_and_owes_what_it_lacks() -> None:
    shop = Shop()
    rich(shop, "carrier", 1_500)
    play(shop, collecting(shop))
    assert (shop.money("merchant"), shop.money("carrier")) == (1_500, 0)
    assert owed_by(shop.state, account("carrier"), "CNY").total_minor == 200


def test_no_more_is_collected_than_was_refunded() -> None:
    shop = Shop()
    rich(shop, "carrier", 50_000)
    parcel = insured(shop, shop.paid((shop.tea, 1)), 1, 40_000)
    shop.time_ms += 30 * DAY_MS
    # The clock that has run out comes first.
    shop.done("merchant", (COLLECT, RecourseClaim(parcel)))
    assert (shop.money("merchant"), shop.money("carrier")) == (1_000, 49_000)


def test_a_carrier_that_signed_for_nothing_is_not_emptied_by_colluders_with_a_price() -> None:
    shop = Shop()
    rich(shop, "carrier", 50_000)
    parcel = shop.ship(shop.paid((shop.tea, 3)))
    shop.wait(30 * DAY_MS)
    assert not list(LIABILITIES.items(shop.state))
    play(shop, [Attempt("merchant", COLLECT, RecourseClaim(parcel), (), "LiabilityUnknown")])
    assert shop.money("carrier") == 50_000


def test_a_carrier_answers_for_goods_that_it_took_back_and_brought_nowhere() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    shop.deliver(parcel)
    case_id = shop.complain(parcel, "quality")
    shop.agree(case_id)
    sent = ReturnShip(case_id, account("carrier"), 0, None, 900)
    shop.done("buyer", ("return.ship", sent), with_=("carrier",))
    rich(shop, "carrier", 5_000)
    shop.silence(case_id)
    before = shop.money("merchant")
    shop.done("merchant", (COLLECT, RecourseClaim(case_id)))
    assert shop.money("merchant") - before == 900


def test_a_brand_is_not_emptied_by_colluders_who_sell_its_goods_at_any_price() -> None:
    shop = Shop()
    rich(shop, "merchant", 50_000)
    listing = shop.publish(TEA, seller="rival")
    shop.paid((listing, 2))
    shop.done("regulator", ("recall.open", RecallOpen(TEA, 1, bytes(32), bytes(32))))
    shop.wait(2 * DAY_MS)
    assert not list(LIABILITIES.items(shop.state))
    assert shop.money("merchant") == 50_000
