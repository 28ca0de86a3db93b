"""Licences, coupons and versions as brands, sellers and buyers type them."""

import pytest

from commerce.epcis.identifiers import check_digit
from tests.commands.conftest import Shop

GTIN = "0690123405711" + check_digit("0690123405711")
MERCHANT, BUYER = ("--as", "merchant"), ("--as", "buyer")


@pytest.fixture(scope="module")
def listing(shop: Shop) -> str:
    """A listing at CNY 100 with two pledges."""
    shop.ok("product", "register", GTIN, "--title", "Vase", "--class", "porcelain", *MERCHANT)
    pledged = ("--pledge", "lost=300", "--pledge", "late=50")
    words = ("listing", "publish", GTIN, "--price", "CNY 100", "--stock", "9", *pledged)
    found: str = shop.ok(*words, *MERCHANT).json["listing_id"]
    return found


def ordered(shop: Shop, listing: str, *words: str) -> str:
    """An unpaid order of one vase."""
    made = shop.ok("order", "create", listing, "--ship-to", "Century Avenue 1", *words, *BUYER)
    found: str = made.json["order_id"]
    return found


def test_pledges_stay_when_the_price_changes_and_no_law_is_left_out(shop: Shop) -> None:
    gtin = "0690123405712" + check_digit("0690123405712")
    shop.ok("product", "register", gtin, "--title", "Bowl", "--class", "porcelain", *MERCHANT)
    pledged = ("--pledge", "lost=300", "--pledge", "late=50")
    words = ("listing", "publish", gtin, "--price", "CNY 100", "--stock", "1", *pledged)
    other = shop.ok(*words, *MERCHANT).json["listing_id"]
    shop.ok("listing", "update", other, "--price", "CNY 99", *MERCHANT)
    known = shop.ok("listing", "show", other).json
    terms = [{"kind": "late", "permille": 50}, {"kind": "lost", "permille": 300}]
    assert (known["version"], known["pledges"], known["exempt"]) == (2, terms, False)
    update = ("listing", "update", other, *MERCHANT)
    assert shop.refused(*update, "--exempt") == (7, "ExemptionUnlawful")
    assert shop.refused(*update, "--pledge", "happy=5") == (7, "PledgeUnknown")
    for wrong in ("late", "late=²", "late=" + "9" * 5000):
        assert shop.refused(*update, "--pledge", wrong) == (2, "UsageWrong")


def test_a_coupon_pays_its_part_and_tells_what_was_drawn(shop: Shop, listing: str) -> None:
    issued = ("coupon", "issue", "--budget", "CNY 50", "--amount", "CNY 10", "--valid", "1 d")
    coupon = shop.ok(*issued, "--gtin", GTIN, *BUYER).json["coupon_id"]
    before = shop.balance("buyer")
    order = ordered(shop, listing, "--coupon", coupon)
    known = shop.ok("order", "show", order).json
    assert (known["payable_minor"], known["coupons"]) == ("9000", [coupon])
    shop.ok("order", "pay", order, "--as", "buyer")
    # The buyer funds its own coupon here: it pays both parts.
    assert shop.balance("buyer") == before - 10_000
    shown = shop.ok("coupon", "show", coupon).json
    assert (shown["spent_minor"], shown["orders"], shown["open"]) == ("1000", 1, True)
    assert coupon in [entry["coupon_id"] for entry in shop.ok("coupon", "list", "buyer").json]
    again = ("order", "create", listing, "--ship-to", "x", "--coupon", coupon, *BUYER)
    assert shop.refused(*again) == (7, "CouponUsedUp")
    shop.ok("coupon", "withdraw", coupon, *BUYER)
    assert shop.refused("coupon", "withdraw", coupon, *BUYER) == (7, "CouponWithdrawn")
    assert shop.refused("coupon", "show", "00" * 32) == (3, "CouponUnknown")
    nothing = ("coupon", "issue", "--budget", "CNY 5", "--valid", "1 d", *BUYER)
    assert shop.refused(*nothing) == (2, "UsageWrong")


def test_an_order_is_repriced_and_sent_elsewhere(shop: Shop, listing: str) -> None:
    order = ordered(shop, listing)
    cheaper = ("order", "reprice", order, "--total", "CNY 80")
    assert shop.ok(*cheaper, *MERCHANT).json["payable_minor"] == "8000"
    assert shop.refused(*cheaper, *MERCHANT) == (7, "PriceNotLowered")
    moved = shop.ok("order", "readdress", order, "--ship-to", "Bund 1", *BUYER).json
    assert {"ship_to_salt", "recipient_code"} <= set(moved)
    known = shop.ok("order", "show", order).json
    assert known["total_minor"] == "8000"
    shop.ok("order", "cancel", order, *BUYER)


@pytest.mark.usefixtures("listing")
def test_a_brand_keeps_its_goods_to_licensed_merchants(shop: Shop) -> None:
    shop.ok("product", "update", GTIN, "--licence-required", "--title", "Ming vase", *MERCHANT)
    known = shop.ok("product", "show", GTIN).json
    assert (known["version"], known["title"], known["licence_required"]) == (2, "Ming vase", True)
    old = shop.ok("product", "show", GTIN, "--version", "1").json
    assert (old["title"], old["licence_required"]) == ("Vase", False)
    grant = ("licence", "grant", "buyer", GTIN, "--valid", "30 d", "--territory", "310000")
    shop.ok(*grant, *MERCHANT)
    assert shop.refused(*grant, *BUYER) == (7, "PrefixNotHeld")
    (licence,) = shop.ok("licence", "sellers", GTIN).json
    assert (licence["territories"], licence["holds"]) == (["310000"], True)
    assert shop.ok("licence", "list", *BUYER).json == [licence]
    shop.ok("licence", "revoke", "buyer", GTIN, "--reason", "sold copies", *MERCHANT)
    assert shop.ok("licence", "sellers", GTIN).json == []
