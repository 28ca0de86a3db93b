"""A recall, and what a seller collects for lost and recalled goods, as people type it."""

from pathlib import Path

from chain.crypto import sha256
from tests.commands.conftest import Shop
from tests.commands.goods_sold import PRICE_MINOR, offer, paid, shipped

NO_ID = "00" * 32


def test_a_product_is_recalled_looked_at_kept_and_sold_again(shop: Shop, tmp_path: Path) -> None:
    notice = tmp_path / "notice.txt"
    notice.write_bytes(b"bring it back")
    listing = offer(shop, 2901)
    gtin = shop.ok("listing", "show", listing).json["gtin"]
    order = paid(shop, listing)
    parcel = shipped(shop, order)
    words = ("recall", "open", gtin, "--class", "2", "--file", str(notice), "--as", "merchant")
    recall = shop.ok(*words).json["recall_id"]
    shown = shop.ok("recall", "show", recall).json
    assert (shown["gtin"], shown["recall_class"], shown["state"]) == (gtin, 2, "OPEN")
    assert shown["instruction"] == sha256(b"bring it back").hex()
    assert recall in [entry["recall_id"] for entry in shop.ok("recall", "list").json]
    assert shop.refused(*words) == (7, "RecallExists")
    assert shop.refused("order", "confirm", parcel, "--as", "buyer") == (7, "UnitsInCase")
    (case,) = shop.ok("order", "show", order).json["cases"]
    assert (case["kind"], case["state"]) == ("recall", "RECALLED")
    before = shop.balance("merchant")
    shop.ok("order", "keep", case["case_id"], "--as", "buyer")
    assert shop.balance("merchant") == before + 2 * PRICE_MINOR
    report = ("--content", sha256(b"all well").hex())
    shop.ok("recall", "close", recall, *report, "--as", "merchant")
    assert recall not in [entry["recall_id"] for entry in shop.ok("recall", "list").json]
    paid(shop, listing)


def test_a_seller_collects_what_its_carrier_lost(shop: Shop) -> None:
    order = paid(shop, offer(shop, 2902))
    words = ("shipment", "create", order, "--carrier", "carrier", "--insured", "CNY 30.00")
    parcel = shop.ok(*words, "--as", "merchant", "--cosign", "carrier").json["parcel_id"]
    shop.ok("shipment", "lost", parcel, "--as", "carrier")
    told = shop.ok("recourse", "claim", parcel, "--as", "merchant").json
    assert int(told["paid_minor"]) + int(told["owed_minor"]) == 3_000
    again = ("recourse", "claim", parcel, "--as", "merchant")
    assert shop.refused(*again) == (7, "LiabilityUnknown")


def test_what_is_not_there_is_told(shop: Shop) -> None:
    assert shop.refused("recall", "show", NO_ID)[0] == 3
    unknown = ("recall", "open", "06901234000016", "--class", "1", "--as", "merchant")
    assert shop.refused(*unknown)[0] == 2
