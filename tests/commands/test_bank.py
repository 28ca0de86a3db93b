"""Banking as a buyer, an issuer, a merchant, a regulator and the members type it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chain.crypto import sha256
from node.client import NodeClient
from tests.commands.conftest import Shop

NO_ID = "00" * 32
WALLET = ("--account", "ICBC 6222 0000 1234")
MEMBERS = ("--as", "pudong", "--cosign", "xuhui", "--cosign", "jingan")
COURT = ("--as", "regulator", "--cosign", "issuer")


def test_money_comes_in_and_goes_out_by_requests(shop: Shop) -> None:
    before = shop.balance("inspector")
    made = shop.ok("bank", "deposit", "CNY 50.00", *WALLET, "--as", "inspector").json
    assert len(bytes.fromhex(made["account_salt"])) == 32
    (listed,) = shop.ok("bank", "list", "--as", "inspector").json
    assert (listed["request_id"], listed["kind"]) == (made["request_id"], "deposit")
    assert "CNY 50.00" in shop.run("bank", "list", "issuer").out.decode()
    settle = ("bank", "settle", made["request_id"], "--reference", "icbc 1")
    assert shop.refused(*settle, "--as", "inspector") == (7, "NotTheIssuer")
    shop.ok(*settle, "--as", "issuer")
    assert shop.balance("inspector") == before + 5_000
    wanted = shop.ok("bank", "withdraw", "CNY 30.00", *WALLET, "--as", "inspector").json
    assert shop.balance("inspector") == before + 2_000
    shop.ok("bank", "cancel", wanted["request_id"], "--reason", "no need", "--as", "inspector")
    wanted = shop.ok("bank", "withdraw", "CNY 30.00", *WALLET, "--as", "inspector").json
    pay_out = ("bank", "settle", wanted["request_id"], "--reference", "icbc 1", "--as", "issuer")
    shop.ok(*pay_out)
    assert shop.refused(*pay_out) == (3, "RequestUnknown")
    redeem = ("bank", "redeem", "CNY 20.00", "--reference", "icbc 2", "--as", "inspector")
    shop.ok(*redeem, "--cosign", "issuer")
    assert shop.balance("inspector") == before


def test_a_court_freezes_lifts_and_hands_over(shop: Shop, tmp_path: Path) -> None:
    ruling = tmp_path / "ruling.pdf"
    ruling.write_bytes(b"%PDF of a court")
    before = shop.balance("carrier")
    shop.ok("asset", "issue", "carrier", "CNY 10.00", "--reference", "carrier", "--as", "issuer")
    amount = ("carrier", "CNY 8.00")
    frozen = shop.ok("court", "freeze", *amount, "--file", str(ruling), *COURT).json
    document = sha256(b"%PDF of a court").hex()
    assert frozen["freeze_document"] == document
    (listed,) = shop.ok("court", "list", "carrier").json
    assert (listed["document"], listed["covered_minor"]) == (document, "800")
    order = ("--freeze", document, "--content", "ab" * 32, *COURT)
    shop.ok("court", "clawback", "carrier", "merchant", "CNY 3.00", *order)
    shop.ok("court", "unfreeze", "carrier", "CNY 5.00", *order)
    assert shop.refused("court", "unfreeze", *amount, *order) == (7, "FreezeUnknown")
    assert shop.balance("carrier") == before + 700


def test_a_card_is_opened_used_and_given_back(shop: Shop) -> None:
    terms = ("--content", "cd" * 32, "--as", "buyer")
    opened = ("card", "open", "merchant", "CNY 100.00", "--worth", "CNY 120.00", *terms)
    card = shop.ok(*opened).json["card_id"]
    shop.ok("card", "use", card, "CNY 60.00", "--as", "merchant", "--cosign", "buyer")
    shown = shop.ok("card", "show", card).json
    assert (shown["held_minor"], shown["refund_minor"]) == ("5000", "5000")
    assert card in shop.run("card", "list", "merchant").out.decode()
    shop.ok("card", "refund", card, "--as", "buyer")
    assert shop.refused("card", "show", card) == (3, "CardUnknown")
    again = shop.ok(*opened).json["card_id"]
    share = ("--merchant-gets", "CNY 20.00", "--as", "merchant", "--cosign", "buyer")
    shop.ok("card", "close", again, *share)
    assert shop.refused("card", "close", again, "--as", "merchant") == (7, "CardUnknown")


def test_fees_and_parameters_are_announced_and_withdrawn_by_the_members(
    shop: Shop, tmp_path: Path
) -> None:
    shop.ok("fee", "schedule", "order.create=CNY 0.10", "--after", "80 d", *MEMBERS)
    told = shop.ok("fee", "show", "--type", "order.create").json
    assert told["schedule"]["next"][0]["amount_minor"] == "10"
    assert told["cost"] == []
    shop.ok("fee", "schedule", "--after", "80 d", *MEMBERS)
    assert shop.refused("fee", "collect", "CNY", "issuer", *MEMBERS) == (7, "FeesEmpty")
    days = tmp_path / "2027.txt"
    days.write_text("2027-10-01\n2027-10-02\n")
    change = ("parameters", "change", "--timer", "pay_ms=30 min", "--holidays", str(days))
    shop.ok(*change, "--after", "80 d", *MEMBERS)
    pending = shop.ok("parameters", "show").json["pending"]
    assert {"name": "pay_ms", "value_ms": 1_800_000} in pending["own"]
    assert len(pending["holidays"]) == 2
    shop.ok("parameters", "change", *MEMBERS)
    assert shop.ok("parameters", "show").json["pending"] is None


def test_what_a_transaction_costs_is_told_before_it_is_signed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = NodeClient.get

    def priced(client: NodeClient, path: str, query: Mapping[str, object] | None = None) -> Any:
        if path == "/v1/fees":
            assert query == {"types": "pay.transfer"}
            return {"cost": [{"symbol": "CNY", "decimals": 2, "amount_minor": "3"}]}
        return get(client, path, query)

    monkeypatch.setattr(NodeClient, "get", priced)
    ran = shop.run("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer")
    assert ran.code == 0, ran.err
    assert "fee: CNY 0.03" in ran.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("bank", "settle", NO_ID, "--reference", "x", "--as", "issuer"), (3, "RequestUnknown")),
        (("bank", "cancel", "xyz", "--as", "buyer"), (2, "FormRefused")),
        (("court", "freeze", "buyer", "CNY 1.00", *COURT), (2, "UsageWrong")),
        (("fee", "schedule", "pay.transfer", *MEMBERS), (2, "UsageWrong")),
        (("parameters", "change", "--timer", "pay_ms", *MEMBERS), (2, "UsageWrong")),
        (("parameters", "change", "--holidays", "/no/such/file", *MEMBERS), (2, "UsageWrong")),
        (("card", "show", NO_ID), (3, "CardUnknown")),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    shop: Shop, words: tuple[str, ...], code: tuple[int, str]
) -> None:
    assert shop.refused(*words) == code
