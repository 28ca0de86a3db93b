"""Deposits, claims, the fund and debts, as a merchant and a buyer type them."""

from pathlib import Path

from tests.commands.conftest import Shop
from tests.commands.goods_sold import delivered, offer, paid


def deposit(shop: Shop) -> dict[str, str]:
    """What the merchant has put up in CNY."""
    told = shop.ok("deposit", "show", "merchant").json["deposits"]
    found: dict[str, str] = next(entry for entry in told if entry["symbol"] == "CNY")
    return found


def test_a_deposit_is_put_up_asked_for_and_not_paid_out_early(shop: Shop) -> None:
    made = shop.ok("deposit", "add", "CNY 500.00", "--as", "merchant").json
    assert int(made["held_minor"]) >= 50_000
    asked = shop.ok("deposit", "withdraw", "request", "CNY 100.00", "--as", "merchant").json
    assert deposit(shop)["leaving_minor"] == "10000"
    assert asked["not_before_ms"] == deposit(shop)["leaves_ms"]
    execute = ("deposit", "withdraw", "execute", "CNY", "--as", "merchant")
    assert shop.refused(*execute) == (7, "DepositLocked")
    shop.ok("deposit", "withdraw", "request", "CNY 0", "--as", "merchant")
    assert shop.refused(*execute) == (7, "WithdrawalMissing")
    assert shop.refused("deposit", "withdraw", "all", "CNY", "--as", "merchant")[0] == 2
    assert "CNY 500.00" in shop.run("deposit", "show", "--as", "merchant").out.decode()


def test_the_fund_takes_gifts(shop: Shop) -> None:
    before = shop.ok("fund", "show", "CNY").json["held_minor"]
    made = shop.ok("fund", "contribute", "CNY 2.00", "--as", "merchant").json
    assert int(made["held_minor"]) == int(before) + 200
    assert made["held_minor"] in [entry["held_minor"] for entry in shop.ok("fund", "show").json]


def test_a_claim_goes_to_a_panel_and_is_listed(shop: Shop, tmp_path: Path) -> None:
    report = tmp_path / "report.pdf"
    report.write_bytes(b"a laboratory says")
    order = paid(shop, offer(shop, 3001))
    delivered(shop, order)
    words = ("claim", "file", order, "fraud", "--as", "buyer")
    assert shop.refused(*words) == (7, "EvidenceMissing")
    claim = shop.ok(*words, "--file", str(report)).json["claim_id"]
    shown = shop.ok("claim", "show", claim).json
    assert (shown["kind"], shown["state"]) == ("fraud", "FILED")
    # 消费者权益保护法 art. 55: three times the price, at least ¥500.
    assert shown["asked_minor"] == "50000"
    listed = shop.ok("claim", "list", "merchant", "--part", "seller", "--open").json
    assert claim in [entry["claim_id"] for entry in listed]
    assert "CNY 500.00" in shop.run("claim", "list", "--as", "buyer").out.decode()
    assert "about a claim" in shop.run("dispute", "show", claim).out.decode()
    food = ("claim", "file", order, "food", "--file", str(report), "--as", "buyer")
    shop.ok(*food, "--loss", "CNY 400.00", "--line", "0")
    assert shop.refused("claim", "file", order, "late", "--as", "buyer") == (7, "PledgeMissing")


def test_whoever_owes_nothing_has_nothing_to_repay(shop: Shop) -> None:
    words = ("recourse", "repay", "CNY 1.00", "--as", "merchant")
    assert shop.refused(*words) == (7, "NothingOwed")
    assert shop.ok("recourse", "list", "--as", "merchant").json == []
    assert shop.ok("recourse", "list", "buyer", "--owed-to").json == []
