"""`--dry-run`: what a command would do, told by the node, with nothing sent."""

import json
from pathlib import Path
from typing import NoReturn

import pytest

from node.client import NodeUnreachable
from node.commands import effects
from node.demo import goods
from node.transaction_file import from_text
from tests.commands.conftest import Shop
from tests.commands.goods_sold import offer


def test_a_dry_run_pays_nothing_and_says_what_it_would_do(shop: Shop) -> None:
    before = shop.balance("buyer")
    ran = shop.run("pay", "transfer", "merchant", "CNY 1.50", "--as", "buyer", "--dry-run")
    assert ran.code == 0, ran.err
    words = ran.out.decode()
    assert words.startswith("would succeed\n")
    now = f"CNY {before // 100}.{before % 100:02d}"
    assert f"(buyer) CNY {(before - 150) / 100:.2f}, now {now}" in words
    assert "would report pay.transferred: amount CNY 1.50" in words
    assert "nothing was sent" in ran.err
    assert shop.balance("buyer") == before


def test_what_a_rule_would_refuse_exits_7_with_the_numbers(shop: Shop) -> None:
    words = ("pay", "transfer", "merchant", "CNY 90,000,000,000", "--as", "buyer", "--dry-run")
    ran = shop.run(*words)
    assert ran.code == 7
    assert "would be refused: InsufficientFunds: " in ran.out.decode()
    assert "CNY 90000000000.00 needed" in ran.out.decode()
    told = shop.run("-o", "json", *words)
    assert (told.code, told.json["status"]) == (7, "InsufficientFunds")


def test_a_refusal_that_was_really_decided_tells_the_numbers_too(shop: Shop) -> None:
    words = ("pay", "transfer", "merchant", "CNY 90,000,000,000", "--as", "buyer")
    ran = shop.run(*words)
    assert ran.code == 7
    assert "reason: " in ran.err
    assert "CNY 90000000000.00 needed" in ran.err
    assert "--dry-run" not in ran.err
    told = shop.run("-o", "json", *words).error
    assert (told["code"], told["operation"]) == ("InsufficientFunds", 0)
    assert told["reason"].endswith("9000000000000 needed (minor units of CNY)")


def test_a_dry_run_says_in_words_what_clocks_do_and_that_ids_are_not_yet_those(shop: Shop) -> None:
    listing = offer(shop, 5081)
    order = ("order", "create", f"{listing}:1", "--ship-to", "x", "--as", "buyer", "--dry-run")
    words = shop.run(*order).out.decode()
    assert "would make order (new id)\n" in words
    assert "order_id (new id)" in words
    assert "(new id): known when it is sent, another one each time" in words
    assert f"count of a buyer's unpaid orders of a listing {listing} hs1" in words
    assert "would set a clock: " in words
    assert "closed if nobody paid" in words
    assert "{'" not in words, "no Python in it"


def test_a_sealed_key_is_not_opened_for_a_dry_run(shop: Shop, tmp_path: Path) -> None:
    known = json.loads(shop.network.key_file(shop.network.account("buyer")).read_text())
    del known["seed"]
    known["sealed"] = {"kdf": "scrypt"}
    sealed = tmp_path / "sealed.key"
    sealed.write_text(json.dumps(known))
    sealed.chmod(0o600)
    words = ("pay", "transfer", "merchant", "CNY 1", "--key", str(sealed))
    assert shop.refused(*words)[1] == "PassphraseMissing"
    assert shop.run(*words, "--dry-run").code == 0


def test_a_file_is_tried_unsigned_by_whom_it_needs_and_signed(shop: Shop, tmp_path: Path) -> None:
    operations, unsigned, signed = (str(tmp_path / name) for name in ("ops", "unsigned", "signed"))
    payload = {"symbol": "CNY", "amount_minor": "5", "reference": "bank-7"}
    made = {"operations": [{"type": "asset.redeem", "payload": payload}]}
    Path(operations).write_text(json.dumps(made))
    assert shop.run("tx", "build", operations, "--as", "buyer", "--out", unsigned).code == 0
    for seconds, refusal in (("601", (7, "LifetimeTooLong")), ("0", (2, "UsageWrong"))):
        words = ("tx", "build", operations, "--as", "buyer", "--valid-for", seconds)
        assert shop.refused(*words) == refusal
    ran = shop.run("tx", "submit", unsigned, "--dry-run")
    assert (ran.code, b"CosignerMissing" in ran.out) == (7, True)
    ran = shop.run("tx", "submit", unsigned, "--dry-run", "--as", "buyer", "--cosign", "issuer")
    assert ran.code == 0, ran.err
    for name, place in (("buyer", unsigned), ("issuer", signed)):
        assert shop.run("tx", "sign", place, "--as", name, "--out", signed).code == 0
        if name == "buyer":
            # Half signed: decided as failed, it could never be sent again.
            early = shop.run("tx", "submit", signed)
            assert (early.code, "nothing was sent" in early.err) == (7, True)
            assert shop.run("tx", "show", from_text(Path(signed).read_bytes()).id).code == 3
    assert shop.run("tx", "submit", signed, "--dry-run").code == 0
    assert shop.refused("tx", "submit", unsigned) == (2, "TransactionFileInvalid")


def test_nothing_is_left_behind_by_commands_that_keep_files(shop: Shop, tmp_path: Path) -> None:
    words = (
        "code",
        "batch",
        "create",
        "--gtin",
        goods.GTIN,
        "--count",
        "3",
        "--out",
        str(tmp_path / "b"),
    )
    ran = shop.run(*words, "--as", "merchant", "--dry-run")
    assert ran.code in (0, 7), ran.err
    tokens = str(tmp_path / "tokens.toml")
    own = ("--tokens", tokens, "--as", "merchant")
    ran = shop.run("capture-token", "create", "erp", *own, "--dry-run")
    assert ran.code == 0, ran.err
    assert "would make delegation" in ran.out.decode()
    assert list(tmp_path.iterdir()) == []


def test_a_quorum_is_named_and_nothing_signed(shop: Shop) -> None:
    words = ("role", "grant", "carrier", "carrier", "--as", "pudong", "--dry-run")
    ran = shop.run(*words)
    assert (ran.code, b"CosignerMissing" in ran.out) == (7, True), (ran.out, ran.err)


def test_a_list_of_orders_says_in_words_what_happens_next(shop: Shop) -> None:
    listing = offer(shop, 5082)
    words = ("order", "create", f"{listing}:1", "--ship-to", "x", "--no-code", "--as", "buyer")
    assert shop.run(*words).code == 0
    told = shop.run("order", "list", "--as", "buyer").out.decode()
    assert "closed if nobody paid" in told.replace("\n", " ")
    assert "sys.order" not in told
    assert (
        "若无人付款则关闭"
        in shop.run("order", "list", "--as", "buyer", "--lang", "zh").out.decode()
    )


def test_the_reason_of_a_refusal_is_only_an_extra(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object) -> NoReturn:
        raise NodeUnreachable("gone since then")

    def refused_otherwise(*_: object) -> dict[str, object]:
        return {"refusal": {"code": "Paused", "detail": "another"}}

    words = ("pay", "transfer", "merchant", "CNY 90,000,000,000", "--as", "buyer")
    for stand_in in (unreachable, refused_otherwise):
        monkeypatch.setattr(effects, "tried", stand_in)
        told = shop.run("-o", "json", *words).error
        assert (told["code"], told["reason"]) == ("InsufficientFunds", None)
        assert "--dry-run" in told["hint"]
