"""Goods from hand to hand, as people type it."""

import json
from pathlib import Path

import pytest

from commerce.epcis.identifiers import identity
from node.commands.custody import read_thing
from node.commands.failures import UsageWrong
from tests.commands.conftest import Shop
from tests.commerce.epcis.statements import document, packing

NO_ID = "00" * 32
GTIN = "06901234000016"
SSCC = "169012340000029014"
BOX = f"https://id.gs1.org/00/{SSCC}"
ITEM = "urn:epc:id:sgtin:6901234.000001.custody-7"


def test_a_case_goes_to_the_carrier_with_what_lies_in_it(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "packing.json"
    parent = "urn:epc:id:sscc:6901234.1000002901"
    file.write_text(json.dumps(document(packing(parentID=parent, childEPCs=[ITEM]))))
    shop.ok("capture", str(file), "--as", "merchant")
    words = ("custody", "offer", SSCC, "--to", "carrier", "--within", "1 h")
    made = shop.ok(*words, "--as", "merchant").json["offer_id"]
    assert shop.refused(*words, "--as", "merchant") == (7, "ThingOffered")
    (waiting,) = shop.ok("custody", "list", "--state", "open", "--as", "carrier").json
    assert (waiting["offer_id"], waiting["things"]) == (made, [BOX])
    assert waiting["along_possessing"] == 1
    assert shop.refused("custody", "accept", made, "--as", "buyer") == (7, "NotTheTaker")
    shop.ok("custody", "accept", made, "--as", "carrier")
    shown = shop.ok("custody", "show", made).json
    assert (shown["state"], shown["due_ms"]) == ("ACCEPTED", None)
    carrier = shop.network.account("carrier").account
    merchant = shop.network.account("merchant").account
    for thing in (SSCC, ITEM):
        told = shop.ok("custody", "show", thing).json
        assert (told["possessor"], told["owner"]) == (carrier, merchant)
        assert [line["what"] for line in told["history"]] == ["possession"]
    people = shop.run("custody", "show", ITEM).out.decode()
    assert identity(ITEM) in people
    assert carrier in people


def test_an_offer_is_refused_or_withdrawn(shop: Shop) -> None:
    words = ("custody", "offer", f"{GTIN}/21/c-9", "--to", "buyer", "--what", "both")
    made = shop.ok(*words, "--as", "merchant").json["offer_id"]
    shop.ok("custody", "reject", made, "--reason", "wet", "--as", "buyer")
    again = shop.ok(*words, "--as", "merchant").json["offer_id"]
    assert shop.refused("custody", "withdraw", again, "--as", "buyer") == (7, "NotTheGiver")
    shop.ok("custody", "withdraw", again, "--as", "merchant")
    listed = shop.ok("custody", "list", "merchant", "--part", "giver").json
    states = {entry["offer_id"]: entry["state"] for entry in listed}
    assert (states[made], states[again]) == ("REJECTED", "WITHDRAWN")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("custody", "show", NO_ID), (3, "OfferUnknown")),
        (("custody", "show", "tea"), (2, "UsageWrong")),
        (("custody", "offer", "1", "--to", "buyer", "--as", "merchant"), (2, "UsageWrong")),
        (
            ("custody", "offer", ITEM, "--to", "buyer", "--what", "all", "--as", "merchant"),
            (2, "UsageWrong"),
        ),
        (
            ("custody", "offer", ITEM, "--to", "buyer", "--within", "soon", "--as", "merchant"),
            (2, "UsageWrong"),
        ),
        (("custody", "offer", ITEM, "--to", "nobody", "--as", "merchant"), (3, "AccountUnnamed")),
        (("custody", "accept", "xyz", "--as", "buyer"), (2, "FormRefused")),
        (("custody", "accept", NO_ID, "--as", "buyer"), (7, "OfferUnknown")),
        (("custody", "list", "--state", "lost", "--as", "buyer"), (2, "ParameterInvalid")),
    ],
)
def test_what_makes_no_sense_has_its_exit_code(
    shop: Shop, words: tuple[str, ...], code: tuple[int, str]
) -> None:
    assert shop.refused(*words) == code


@pytest.mark.parametrize(
    ("text", "thing"),
    [
        (SSCC, BOX),
        (GTIN, f"https://id.gs1.org/01/{GTIN}"),
        (f"{GTIN}/10/A-7", f"https://id.gs1.org/01/{GTIN}/10/A-7"),
        (f"{GTIN}/21/7", f"https://id.gs1.org/01/{GTIN}/21/7"),
        (f"https://brand.example/01/{GTIN}/21/7", f"https://id.gs1.org/01/{GTIN}/21/7"),
        (ITEM, identity(ITEM)),
        ("urn:uuid:0b4f", "urn:uuid:0b4f"),
    ],
)
def test_things_are_named_as_people_name_them(text: str, thing: str) -> None:
    assert read_thing(text) == thing


@pytest.mark.parametrize("text", ["", "7", "169012340000029010", "06901234000017", "a/b", "GTIN"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageWrong):
        read_thing(text)
