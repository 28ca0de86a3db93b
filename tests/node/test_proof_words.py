"""A proof in words: what it is about, since when, who says so."""

import dataclasses
import typing
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import pytest

from chain.block import Event, Receipt
from chain.bundle import encode_bundle
from chain.bundle_check import verify_bundle
from chain.bundle_facts import ReceiptFact
from node import words
from node.proof_words import SENSE, Telling, age_text
from node.state_rows import TABLES
from tests.chain.bundles import ABSENT, PRESENT, SEAL, small_chain
from tests.vectors.material import TIME_MS, genesis
from tests.vectors.proof_chain import ACCOUNT, made_chain

TOY, CHAIN = small_chain(), made_chain()


@pytest.mark.parametrize(
    ("age_ms", "text"),
    [
        (-5, "0 ms"),
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1 s 0 ms"),
        (61_005, "1 min 1 s"),
        (3_600_000, "1 h 0 min"),
        (90_000_000, "1 d 1 h"),
    ],
)
def test_an_age_is_told_by_its_two_largest_units(age_ms: int, text: str) -> None:
    assert age_text(age_ms) == text


def test_a_table_that_is_not_known_is_told_by_its_bytes() -> None:
    made = verify_bundle(encode_bundle(TOY.bundle(TOY.states(SEAL, PRESENT, ABSENT))), TOY.genesis)
    told = "\n".join(Telling(made, TOY.genesis, 0, None).lines())
    assert f"key {PRESENT.hex()} (hex)\n  91" in told
    assert f"the state has no key {ABSENT.hex()} (hex)." in told


def test_lists_inside_a_row_are_told_item_by_item() -> None:
    data = encode_bundle(CHAIN.bundle(CHAIN.states(9, ACCOUNT)))
    lines = list(Telling(verify_bundle(data, genesis()), genesis(), TIME_MS, None).lines())
    assert "    keys 0:" in lines
    assert "      weight: 1" in lines
    assert "  identity_commitment: –" in lines


def test_a_trusted_header_is_named() -> None:
    data, trusted = TOY.good()["from a header"]
    made = verify_bundle(data, TOY.genesis, trusted=trusted)
    told = list(Telling(made, TOY.genesis, 0, None).lines())
    assert "Beside the genesis you trust the header at height 5." in told
    assert Telling(made, TOY.genesis, 0, None).as_json()["trusted"]["height"] == 5


def test_the_age_counts_from_what_f_plus_1_vouched_for() -> None:
    data, _ = TOY.good()["vouched for"]
    made = verify_bundle(data, TOY.genesis)
    told = Telling(made, TOY.genesis, made.as_of_ms + 7, None)
    assert told.as_json()["age"]["age_ms"] == 7
    assert "7 ms ago by this clock." in "\n".join(told.lines())
    assert replace(told, now_ms=0).as_json()["age"]["age_ms"] == 0


def released() -> Telling:
    """A proof that an order's money was paid out."""
    lines = ({"line": 0, "quantity": 1}, {"line": 1, "quantity": 2})
    data = {"amount_minor": 12_900, "due_ms": None, "lines": lines, "symbol": "CNY"}
    receipt = Receipt(bytes(32), "ok", None, (Event("order.released", data),))
    data_of = encode_bundle(CHAIN.bundle(CHAIN.states(9, ACCOUNT)))
    made = verify_bundle(data_of, genesis())
    shown = replace(made.headers[0], states=(), receipts=(ReceiptFact(receipt, 3),))
    return Telling(replace(made, headers=(shown,)), genesis(), TIME_MS, None)


def test_money_and_lists_in_events_are_told_as_people_write_them() -> None:
    told = list(released().lines())
    assert (
        "  order.released: amount: CNY 129.00, due: –, "
        "lines: (line: 0, quantity: 1), (line: 1, quantity: 2), symbol: CNY"
    ) in told
    assert released().as_json()["receipts"][0]["events"][0]["data"]["amount_minor"] == "12900"
    try:
        words.use("zh")
        (line,) = (entry for entry in map(words.spoken, released().lines()) if "released" in entry)
        assert line.endswith(
            "（order.released）: 金额: CNY 129.00、到期: –、"
            "明细: （订单行: 0、数量: 1）、（订单行: 1、数量: 2）、资产: CNY"
        )
    finally:
        words.use("en")


def test_a_count_is_called_none_of_a_time_in_another_language() -> None:
    chinese = words.load("zh")
    names = ("shipped", "settled", "released", "paid_minor", "paid_ms")
    assert [chinese.heading(name, SENSE) for name in names] == [
        "已发货件数",
        "已了结件数",
        "已放款件",
        "已付金额",
        "付款时间",
    ]


def fields_of(kind: object, seen: set[object]) -> Iterator[str]:
    """The name of every field that a value of this type has, also further in."""
    for part in typing.get_args(kind):
        yield from fields_of(part, seen)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and kind not in seen:
        seen.add(kind)
        for name, own in typing.get_type_hints(kind).items():
            yield name
            yield from fields_of(own, seen)


def test_every_field_of_every_row_has_a_chinese_name() -> None:
    known, seen = words.load("zh").headings, set[object]()
    found: list[str] = []
    for place, _ in TABLES.values():
        module, _, name = place.partition(":")
        found += fields_of(getattr(import_module(module), name).cls, seen)
    assert len(found) > 300
    bare = {name.removesuffix("_ms").removesuffix("_minor") for name in found}
    assert sorted(bare - known.keys()) == []
