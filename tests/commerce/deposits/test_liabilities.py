"""What carriers and brands owe a seller for goods that it lost, to the fen."""

from commerce.assets import AssetIssue
from commerce.deposits.debts import owed_by
from commerce.deposits.liabilities import LIABILITIES, RecourseClaim
from commerce.recalls.recalls import RecallOpen
from commerce.shipments import ShipmentLost
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import DAY_MS, account

COLLECT = "recourse.claim"


def rich(shop: Shop, name: str, amount_minor: int) -> None:
    sent = AssetIssue("CNY", account(name), amount_minor, f"{name} {shop.height}")
    shop.done("issuer", ("asset.issue", sent))


def collecting(shop: Shop) -> list[Row]:
    """A parcel was lost, another arrives."""
    order_id = shop.paid((shop.tea, 3))
    lost = shop.ship(order_id, (0, 2))
    arriving = shop.ship(order_id)
    shop.done("carrier", ("shipment.lost", ShipmentLost(lost)))
    # fmt: off
    return [
        Attempt("merchant", COLLECT, RecourseClaim(arriving), (), "LiabilityUnknown"),
        Attempt("buyer",    COLLECT, RecourseClaim(lost),     (), "NotTheCreditor"),
        Attempt("merchant", COLLECT, RecourseClaim(lost),     (), "ok"),
        Attempt("merchant", COLLECT, RecourseClaim(lost),     (), "LiabilityUnknown"),
    ]
    # fmt: on


def test_a_carrier_pays_for_the_parcel_that_it_lost_once_and_owes_the_rest() -> None:
    shop = Shop()
    rich(shop, "carrier", 1_500)
    play(shop, collecting(shop))
    assert (shop.money("merchant"), shop.money("carrier")) == (1_500, 0)
    assert owed_by(shop.state, account("carrier"), "CNY").total_minor == 500


def test_silence_about_a_parcel_makes_its_carrier_answer_too() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    rich(shop, "carrier", 5_000)
    shop.time_ms += 30 * DAY_MS
    # The clock that has run out comes first.
    shop.done("merchant", (COLLECT, RecourseClaim(parcel)))
    assert (shop.money("merchant"), shop.money("carrier")) == (1_000, 4_000)


def test_a_carrier_answers_for_goods_that_it_took_back_and_brought_nowhere() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    shop.deliver(parcel)
    case_id = shop.complain(parcel, "quality")
    shop.agree(case_id)
    shop.send_back(case_id)
    rich(shop, "carrier", 5_000)
    shop.silence(case_id)
    before = shop.money("merchant")
    shop.done("merchant", (COLLECT, RecourseClaim(case_id)))
    assert shop.money("merchant") - before == 1_000


def test_a_seller_has_recourse_to_the_brand_whoever_recalled_its_goods() -> None:
    shop = Shop()
    listing = shop.publish(TEA, seller="rival")
    order_id = shop.paid((listing, 2))
    shop.done("regulator", ("recall.open", RecallOpen(TEA, 1, bytes(32), bytes(32))))
    rich(shop, "merchant", 10_000)
    shop.wait(2 * DAY_MS)
    assert shop.load(order_id).lines[0].refunded_minor == 2_000
    (case_id,) = [known for known, _ in LIABILITIES.items(shop.state)]
    shop.done("rival", (COLLECT, RecourseClaim(case_id)))
    assert (shop.money("rival"), shop.money("merchant")) == (2_000, 8_000)


def test_a_brand_that_sells_its_own_goods_owes_itself_nothing() -> None:
    shop = Shop()
    shop.paid((shop.tea, 1))
    shop.done("merchant", ("recall.open", RecallOpen(TEA, 1, bytes(32), None)))
    shop.wait(2 * DAY_MS)
    assert not list(LIABILITIES.items(shop.state))
