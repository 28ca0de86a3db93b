"""Words of dry runs: rows by what they are, no id that never comes to be, amounts as amounts."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from node import effect_words, trade_words, words
from node.effect_words import FRESH, NAMES, detail_words, fresh_ids, row_words, without_fresh
from node.state_rows import TABLES

ROOT = Path(__file__).parent.parent.parent
ORDER, LISTING = "ab" * 32, "cd" * 32
# What an id is made of is named by what it is an id of; one table is called otherwise.
TABLE_OF_TAG = {"custody": "custody-offer"}


@pytest.fixture
def chinese() -> Iterator[None]:
    words.use("zh")
    yield
    words.use("en")


def row(table: str, rest: str, change: str = "made") -> dict[str, str]:
    key = f"{table}/".encode().hex() + rest
    return {"change": change, "key": key, "title": f"{table} {rest}"}


def name(account: str) -> str:
    return f"{account[:3]}… (buyer)"


def amount(minor: object, symbol: str) -> str:
    return f"{symbol} {int(str(minor)) / 100:.2f}"


def test_a_row_is_told_by_what_it_is_and_accounts_by_their_names() -> None:
    told = row_words(row("unpaid", LISTING + "00" * 32), name)
    said = "would make count of a buyer's unpaid orders of a listing"
    assert told == f"{said} {LISTING} hs1… (buyer)"
    assert row_words(row("order", ORDER, "changed"), name) == f"would change order {ORDER}"
    assert row_words(row("unheard-of", ORDER, "removed"), name).startswith(
        "would remove unheard-of"
    )


def test_an_id_of_what_would_be_made_is_not_shown_and_one_that_is_there_is() -> None:
    objects = [row("order", ORDER), row("listing", LISTING, "changed"), row("sla", "ee" * 32)]
    fresh = fresh_ids(objects)
    assert fresh == {ORDER}
    lines = [row_words(entry, name) for entry in objects] + [f"would report order_id {ORDER}"]
    assert list(without_fresh(lines, fresh)) == [
        "would make order (new id)",
        f"would change listing {LISTING}",
        f"would make terms of transport {'ee' * 32}",
        "would report order_id (new id)",
        effect_words.NEW_IDS,
    ]
    assert list(without_fresh(["would succeed"], fresh)) == ["would succeed"]


def test_everything_that_gets_its_id_from_its_transaction_is_known() -> None:
    tags: set[str | None] = set()
    for path in (ROOT / "commerce").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "new_id":
                given = node.args[0]
                tags.add(str(given.value) if isinstance(given, ast.Constant) else None)
    # One call makes the requests of both kinds.
    kinds = {"deposit-request", "withdraw-request"}
    assert {TABLE_OF_TAG.get(tag, tag) for tag in tags if tag is not None} == FRESH - kinds
    assert None in tags


def test_names_are_of_tables_that_exist() -> None:
    assert set(NAMES) | FRESH <= set(TABLES)


def test_minor_units_are_told_as_amounts_and_other_numbers_stay() -> None:
    told = detail_words("9961100 available, 999999900 needed (minor units of CNY)", amount)
    assert told == "CNY 99611.00 available, CNY 9999999.00 needed"
    told = detail_words("line 3: 100 at most, not 250 (minor units of CNY)", amount)
    assert told == "line 3: CNY 1.00 at most, not CNY 2.50"
    assert detail_words("signed by 1 of the members, 3 are needed", amount).startswith(
        "signed by 1"
    )


@pytest.mark.usefixtures("chinese")
def test_it_all_has_chinese_words() -> None:
    assert row_words(row("listing", LISTING), name) == f"将新建 上架商品 {LISTING}"
    told = list(without_fresh([f"x {LISTING}"], {LISTING}))
    assert told == ["x （新编号）", words.words().text(effect_words.NEW_IDS)]
    table = json.loads((ROOT / "node/words/zh.json").read_text("utf-8"))["texts"]
    said = {*NAMES.values(), *effect_words.CHANGES.values()}
    clocks = {*trade_words.CLOCKS.values(), *trade_words.GOODS_CLOCKS.values()}
    assert said | clocks <= set(table)
