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


def test_a_recall_of_a_lot_is_extended_looked_through_released_and_closed(shop: Shop) -> None:
    gtin = shop.ok("listing", "show", offer(shop, 2903)).json["gtin"]
    report = ("--content", sha256(b"bring it back").hex())
    words = ("recall", "open", gtin, "--class", "2", "--lot", "A-1", *report, "--as", "merchant")
    recall = shop.ok(*words).json["recall_id"]
    shop.ok("recall", "extend", recall, "--lot", "B-2", "--class", "1", "--as", "merchant")
    shown = shop.ok("recall", "show", recall).json
    assert (shown["whole"], shown["recall_class"], shown["marks"]) == (False, 1, 2)
    links = [f"https://id.gs1.org/01/{gtin}/10/{lot}" for lot in ("A-1", "B-2")]
    assert [mark["name"] for mark in shop.ok("recall", "marks", recall).json] == links
    assert [entry["gtin"] for entry in shop.ok("recall", "products", recall).json] == [gtin]
    assert shop.ok("recall", "notices", recall).json == []
    found = shop.ok("recall", "list", "--thing", f"{gtin}/10/A-1").json
    assert [entry["recall_id"] for entry in found] == [recall]
    again = ("recall", "extend", recall, "--as", "merchant")
    assert shop.refused(*again) == (7, "RecallUnchanged")
    release = ("recall", "release", recall, f"lot:{links[0]}", *report)
    assert shop.refused(*release, "--as", "merchant") == (7, "RoleMissing")
    assert (
        shop.refused("recall", "release", recall, "nonsense", *report, "--as", "regulator")[0] == 2
    )
    shop.ok(*release, "--as", "regulator")
    assert shop.ok("recall", "list", "--thing", f"{gtin}/10/A-1").json == []
    shop.ok("recall", "close", recall, *report, "--as", "merchant")
    assert shop.ok("recall", "show", recall).json["state"] == "CLOSED"


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
