"""What comes after a sale, as a buyer, a merchant and a carrier type it."""

from pathlib import Path

import pytest

from chain.crypto import sha256
from tests.commands.conftest import Shop
from tests.commands.goods_sold import PRICE_MINOR, asked, delivered, offer, paid, shipped

NO_ID = "00" * 32


@pytest.fixture(scope="module")
def listing(shop: Shop) -> str:
    return offer(shop, 2001)


def test_what_is_not_shipped_is_asked_back_and_given(shop: Shop, listing: str) -> None:
    before = shop.balance("buyer")
    order = paid(shop, listing)
    words = ("refund", "request", order, "--reason", "changed my mind", "--as", "buyer")
    case = shop.ok(*words).json["case_id"]
    shown = shop.ok("refund", "show", case).json
    assert (shown["kind"], shown["state"]) == ("unshipped", "REFUND_PENDING")
    told = shop.run("refund", "show", case).out.decode()
    assert "2 of line 0: asked CNY 40.00 of CNY 40.00" in told
    assert "seller: agree (hushang refund agree)" in told
    assert "in 1 d 23 h: the money goes back to who paid (REFUNDED)" in told.replace(
        f", 2 units of case {case[:8]}…", ""
    )
    listed = shop.ok("refund", "list", "merchant", "--part", "seller", "--open").json
    assert case in [entry["case_id"] for entry in listed]
    table = shop.run("refund", "list", "--as", "buyer").out.decode()
    assert "CNY 40.00" in table
    shop.ok("refund", "agree", case, "--as", "merchant")
    assert shop.balance("buyer") == before
    assert shop.refused("refund", "agree", case, "--as", "merchant") == (7, "StateForbids")


def test_a_request_is_taken_back_and_the_order_goes_on(shop: Shop, listing: str) -> None:
    order = paid(shop, listing)
    words = ("refund", "request", order, "--units", "0:1", "--reason", "no", "--as", "buyer")
    case = shop.ok(*words).json["case_id"]
    assert shop.ok("order", "show", order).json["lines"][0]["unshipped"] == 1
    shop.ok("refund", "withdraw", case, "--as", "buyer")
    assert shop.ok("order", "show", order).json["lines"][0]["unshipped"] == 2


def test_an_offer_is_made_and_taken(shop: Shop, listing: str, tmp_path: Path) -> None:
    photo = tmp_path / "cup.jpg"
    photo.write_bytes(b"a scratch")
    before = shop.balance("buyer")
    order = paid(shop, listing)
    parcel = delivered(shop, order)
    units = ("--units", "0:1=CNY 15.00", "--file", str(photo))
    case = asked(shop, order, parcel, "allowance", *units)
    shown = shop.ok("refund", "show", case).json
    assert (shown["asked_minor"], shown["evidence"]) == ("1500", sha256(b"a scratch").hex())
    words = ("refund", "counter", case, "--offer", "CNY 5.00", "--reason", "small")
    shop.ok(*words, "--as", "merchant")
    assert "offered CNY 5.00" in shop.run("refund", "show", case).out.decode()
    shop.ok("refund", "accept", case, "--as", "buyer")
    assert shop.balance("buyer") == before - 2 * PRICE_MINOR + 500
    wrong = ("refund", "counter", case, "--offer", "EUR 5.00", "--as", "merchant")
    assert shop.refused(*wrong)[0] == 3


def test_goods_go_back_and_the_money_after_them(shop: Shop, listing: str) -> None:
    before = shop.balance("buyer")
    order = paid(shop, listing)
    case = asked(shop, order, delivered(shop, order), "quality")
    agreed = shop.ok("refund", "agree", case, "--address", "5 Dock Road", "--as", "merchant").json
    assert len(agreed["address_salt"]) == 64
    ship = ("return", "ship", case, "--carrier", "carrier", "--tracking", "SF-1", "--as", "buyer")
    assert shop.refused(*ship) == (7, "CosignerMissing")
    shop.ok(*ship, "--cosign", "carrier")
    assert "carried back by hs1" in shop.run("refund", "show", case).out.decode()
    shop.ok("return", "delivered", case, "--as", "carrier")
    shop.ok("return", "receive", case, "--as", "merchant")
    assert shop.balance("buyer") == before
    assert shop.ok("order", "show", order).json["state"] == "REFUNDED"


def test_other_goods_come_for_those_that_went_back(shop: Shop, listing: str) -> None:
    order = paid(shop, listing)
    case = asked(shop, order, delivered(shop, order), "exchange")
    shop.ok("refund", "agree", case, "--address", "5 Dock Road", "--as", "merchant")
    ship = ("return", "ship", case, "--carrier", "carrier", "--as", "buyer")
    shop.ok(*ship, "--cosign", "carrier", "--freight", "CNY 3.00")
    shop.ok("return", "delivered", case, "--as", "carrier")
    shop.ok("return", "receive", case, "--as", "merchant")
    again = ("exchange", "ship", case, "--carrier", "carrier", "--as", "merchant")
    parcel = shop.ok(*again, "--cosign", "carrier").json["parcel_id"]
    assert shop.ok("shipment", "show", parcel).json["lines"][0]["quantity"] == 2


def test_what_came_back_is_contested_before_a_panel(
    shop: Shop, listing: str, tmp_path: Path
) -> None:
    photo = tmp_path / "box.jpg"
    photo.write_bytes(b"an empty box")
    order = paid(shop, listing)
    case = asked(shop, order, delivered(shop, order), "quality")
    shop.ok("refund", "agree", case, "--address", "5 Dock Road", "--as", "merchant")
    ship = ("return", "ship", case, "--carrier", "carrier", "--as", "buyer")
    shop.ok(*ship, "--cosign", "carrier")
    contest = ("return", "contest", case, "--share", "0", "--file", str(photo))
    assert shop.refused(*contest, "--bond", "CNY 0.01", "--as", "merchant") == (7, "BondTooSmall")
    made = shop.ok(*contest, "--bond", "CNY 5.00", "--as", "merchant").json
    # By what was decided: where a draw is quick and finds no arbiters, the dispute is over by now.
    (opened,) = (entry["data"] for entry in made["events"] if entry["type"] == "dispute.opened")
    assert opened["dispute_id"] == case
    told = shop.ok("dispute", "show", case).json
    assert (told["subject"]["kind"], told["claim"]) == ("case", [0])


def test_a_parcel_is_told_of_and_gets_more_time(shop: Shop, listing: str) -> None:
    order = paid(shop, listing)
    parcel = shipped(shop, order)
    told = shop.ok("shipment", "status", parcel, "at customs", "--as", "carrier").json
    assert told["events"][0]["data"]["status"] == "at customs"
    before = shop.ok("shipment", "show", parcel).json["deadline"]["time_ms"]
    made = shop.ok("order", "extend", parcel, "5", "--as", "merchant").json
    assert made["until_ms"] == before + 5 * 86_400_000
    words = ("order", "extend", parcel, "4", "--as", "buyer")
    assert shop.refused(*words) == (7, "ExtensionDaysForbidden")


def test_an_order_tells_in_words_what_can_happen_next_and_when_by_itself(
    shop: Shop, listing: str
) -> None:
    words = ("order", "create", f"{listing}:2", "--ship-to", "x", "--as", "buyer")
    order = shop.ok(*words).json["order_id"]
    told = shop.run("order", "show", order).out.decode()
    assert "waits to be paid (UNFUNDED)" in told
    assert f"  buyer {shop.network.account('buyer').account} (buyer)" in told
    assert "anybody: pay into escrow (hushang order pay), 2 units" in told
    assert "buyer or seller: cancel (hushang order cancel), 2 units → closed (CLOSED)" in told
    assert "in 1 h 59 min, 2 units: closed (CLOSED)" in told
    shop.ok("order", "pay", order, "--as", "buyer")
    told = shop.run("order", "show", order).out.decode()
    assert (
        "total CNY 40.00, paid CNY 40.00: held CNY 40.00, released CNY 0.00, refunded CNY 0.00"
        in told
    )
    assert "seller and carrier together: ship (hushang shipment create), 2 units" in told
    assert "late: not shipped in the promised time (LATE)" in told


def test_orders_are_listed_by_part_state_and_what_is_due(shop: Shop, listing: str) -> None:
    order = paid(shop, listing)
    words = ("order", "list", "merchant", "--part", "seller", "--state", "HELD")
    assert order in [entry["order_id"] for entry in shop.ok(*words).json]
    due = shop.ok("order", "list", "merchant", "--due-within", "4 d", "--state", "HELD").json
    assert order in [entry["order_id"] for entry in due]
    times = [entry["deadline"]["time_ms"] for entry in due]
    assert times == sorted(times)
    table = shop.run("order", "list", "--as", "buyer", "--state", "HELD").out.decode()
    assert "CNY 40.00" in table
    assert "in 2 d 23 h" in table
    assert "late if not shipped" in table
    assert shop.refused("order", "list", "buyer", "--state", "GONE") == (2, "ParameterInvalid")
    assert shop.refused("order", "list", "buyer", "--due-within", "soon") == (2, "UsageWrong")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("refund", "show", NO_ID), (3, "CaseUnknown")),
        (("dispute", "show", NO_ID), (3, "DisputeUnknown")),
        (("claim", "show", NO_ID), (3, "ClaimUnknown")),
        (("arbiter", "show", "buyer"), (3, "ArbiterUnknown")),
        (("refund", "request", NO_ID, "--as", "buyer"), (3, "OrderUnknown")),
        (("refund", "request", NO_ID, "--parcel", NO_ID, "--as", "buyer"), (2, "UsageWrong")),
        (("order", "keep", NO_ID, "--as", "buyer"), (7, "CaseUnknown")),
        (("refund", "show", "xyz"), (2, "FormRefused")),
    ],
)
def test_what_is_not_there_or_makes_no_sense_is_told(
    shop: Shop, words: tuple[str, ...], code: tuple[int, str]
) -> None:
    assert shop.refused(*words) == code
