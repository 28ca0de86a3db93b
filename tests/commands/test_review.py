"""Reviews as a buyer, a merchant and a regulator type them."""

from pathlib import Path

import pytest

from chain.crypto import sha256
from commerce.epcis.identifiers import check_digit
from tests.commands.conftest import Shop

NO_ID = "00" * 32
GTIN = "0690123404711" + check_digit("0690123404711")
STARS = ("--goods", "5", "--service", "4", "--logistics", "3")


@pytest.fixture(scope="module")
def order(shop: Shop) -> str:
    """An order that has been delivered and confirmed."""
    words = ("product", "register", GTIN, "--title", "Soap", "--class", "soap")
    shop.ok(*words, "--as", "merchant")
    words = ("listing", "publish", GTIN, "--price", "CNY 20.00", "--stock", "50")
    listing = shop.ok(*words, "--as", "merchant").json["listing_id"]
    words = ("order", "create", f"{listing}:2", "--ship-to", "Century Avenue 1", "--as", "buyer")
    made = shop.ok(*words).json["order_id"]
    shop.ok("order", "pay", made, "--as", "buyer")
    assert shop.refused("review", "post", made, *STARS, "--as", "buyer") == (7, "LineUnsettled")
    words = ("shipment", "create", made, "--carrier", "carrier", "--as", "merchant")
    parcel = shop.ok(*words, "--cosign", "carrier").json["parcel_id"]
    shop.ok("order", "confirm", parcel, "--as", "buyer")
    found: str = made
    return found


def test_a_review_is_posted_appended_answered_listed_and_hidden(
    shop: Shop, order: str, tmp_path: Path
) -> None:
    words, ruling = tmp_path / "words.txt", tmp_path / "ruling.pdf"
    words.write_text("good soap")
    ruling.write_bytes(b"%PDF of a court")
    shop.ok("review", "post", order, *STARS, "--file", str(words), "--as", "buyer")
    shown = shop.ok("review", "show", order).json
    assert shown["scores"] == {"goods": 5, "service": 4, "logistics": 3}
    assert shown["content"] == sha256(b"good soap").hex()
    assert shown["paid_minor"] == "4000"
    assert "CNY 40.00" in shop.run("review", "show", order).out.decode()
    shop.ok("review", "append", order, "--content", "ab" * 32, "--as", "buyer")
    shop.ok("review", "reply", order, "--file", str(words), "--as", "merchant")
    for option in (("--merchant", "merchant"), ("--gtin", GTIN), ("--buyer", "buyer")):
        (listed,) = shop.ok("review", "list", *option).json
        assert (len(listed["appends"]), len(listed["replies"])) == (1, 1)
    shop.ok("review", "list", "--listing", shown["listing_id"])
    hide = ("review", "hide", order, "--file", str(ruling), "--reason", "insults a person")
    assert shop.refused(*hide, "--as", "merchant") == (7, "RoleMissing")
    shop.ok(*hide, "--as", "regulator")
    hidden = shop.ok("review", "show", order).json
    assert (hidden["scores"], hidden["content"], hidden["appends"]) == (None, None, [])
    assert hidden["hidden"]["legal_order"] == sha256(b"%PDF of a court").hex()
    assert "insults a person" in shop.run("review", "show", order).out.decode()


@pytest.mark.usefixtures("order")
def test_a_merchants_reputation_is_told(shop: Shop) -> None:
    told = shop.ok("review", "reputation", "merchant").json
    assert told["reputation"]["merchant"] == shop.network.account("merchant").account
    own = shop.ok("review", "reputation", "--as", "merchant").json
    assert own["reputation"]["score_hundredths"] == told["reputation"]["score_hundredths"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("review", "show", NO_ID), (3, "ReviewUnknown")),
        (("review", "show", "xyz"), (2, "FormRefused")),
        (("review", "list"), (2, "UsageWrong")),
        (("review", "list", "--gtin", GTIN, "--buyer", "buyer"), (2, "UsageWrong")),
        (("review", "append", NO_ID, "--as", "buyer"), (2, "UsageWrong")),
        (
            ("review", "append", NO_ID, "--content", "ab" * 32, "--as", "buyer"),
            (7, "ReviewUnknown"),
        ),
        (("review", "post", NO_ID, *STARS, "--as", "buyer"), (7, "OrderUnknown")),
        (("review", "post", NO_ID, *STARS[:-1], "6", "--as", "buyer"), (2, "UsageWrong")),
        (("review", "reply", NO_ID, "--file", "nowhere", "--as", "buyer"), (2, "UsageWrong")),
    ],
)
def test_what_makes_no_sense_has_its_exit_code(
    shop: Shop, words: tuple[str, ...], code: tuple[int, str]
) -> None:
    assert shop.refused(*words) == code


def test_a_file_and_a_hash_are_not_both_given(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_text("x")
    words = ("review", "reply", NO_ID, "--file", str(file), "--content", "ab" * 32)
    assert shop.refused(*words, "--as", "merchant") == (2, "UsageWrong")
