"""`hushang trace` as people type it: heights, pages, causes."""

from pathlib import Path
from typing import Any

import pytest

from node.commands import trace
from node.demo import goods
from tests.commands.conftest import Shop
from tests.commerce.epcis.statements import data, document, lot, serial
from tests.commerce.epcis.test_spread import made, packed, turned

LEAF = lot("TRACED", "000021")


@pytest.fixture(scope="module")
def captured(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> int:
    """A lot becomes bottles in two blocks; the height of the first."""
    heights = []
    for name, event in (
        ("mix", turned(1, [LEAF], [lot("MIXED", "000021")])),
        ("fill", turned(2, [lot("MIXED", "000021")], [serial(n, "000022") for n in range(9)])),
        ("pack", packed(3, "urn:epc:id:sscc:6901234.1000009777", serial(3, "000022"))),
    ):
        file = tmp_path_factory.mktemp("traced") / f"{name}.jsonld"
        file.write_bytes(data(document(event)))
        told = shop.ok("capture", str(file), "--as", "merchant").json
        heights.append(int(told["height"]))
    return heights[0]


def test_a_trace_is_told_as_it_was_known_at_a_height(shop: Shop, captured: int) -> None:
    now = shop.ok("trace", LEAF, "--forward").json
    assert (now["counts"]["steps"], now["counts"]["things"]) == (3, 11)
    then = shop.ok("trace", LEAF, "--forward", "--at", str(captured)).json
    assert (then["height"], len(then["steps"]), len(then["things"])) == (captured, 1, 2)
    words = ("trace", LEAF, "--forward", "--at", str(captured - 1))
    assert shop.refused(*words) == (3, "NothingRecorded")
    assert shop.refused("trace", LEAF, "--at", "99999999") == (3, "BlockUnknown")


def test_the_story_says_what_it_became_who_has_it_and_how_to_prove_it(
    shop: Shop, captured: int
) -> None:
    assert captured
    told = shop.run("trace", LEAF, "--forward")
    assert "went into: " in told.err
    assert "3 events, 11 things" in told.err
    assert "hushang proof event" in told.err
    told = shop.run("trace", serial(3, "000022"))
    assert "now with hs" in told.err
    assert "now owned by hs" in told.err
    assert told.err.count("(merchant)") == 2
    assert told.out.decode().count("Event") == 3


def test_all_pages_are_put_together(shop: Shop, captured: int) -> None:
    assert captured
    whole = shop.ok("trace", LEAF, "--forward", "--all").json
    asked: list[dict[str, Any]] = []

    class Client:
        def get(self, _path: str, query: dict[str, Any]) -> dict[str, Any]:
            asked.append(query)
            place = int((query.get("cursor") or "5.0").partition(".")[2])
            parts = [("steps", step) for step in whole["steps"]]
            parts += [("edges", edge) for edge in whole["edges"]]
            parts += [("things", thing) for thing in whole["things"]]
            page = {
                name: [e for kind, e in parts[place : place + 4] if kind == name]
                for name in trace.PAGED
            }
            return {**whole, **page, "next": f"5.{place + 4}" if place + 4 < len(parts) else None}

    class Session:
        client = Client()

    assert trace.whole(Session(), {"epc": LEAF, "height": "5"}) == whole  # type: ignore[arg-type]
    assert asked[0]["height"] == "5"
    assert {query["height"] for query in asked[1:]} == {None}


def test_bad_bottles_have_a_cause(shop: Shop, captured: int) -> None:
    bottles = [serial(n, "000022") for n in (1, 2, 3)]
    found = shop.ok("trace", "cause", *bottles).json
    lots = [cause["name"] for cause in found["causes"] if cause["kind"] == "lot"]
    assert [name.rpartition("/")[2] for name in lots] == ["MIXED", "TRACED"]
    assert "shared by" in shop.run("trace", "cause", *bottles).out.decode()
    words = ("trace", "cause", *bottles, "--at", str(captured))
    assert shop.refused(*words) == (3, "NothingRecorded")


@pytest.mark.parametrize(
    "words",
    [
        ("cause",),
        ("cause", serial(1)),
        ("cause", serial(1), serial(1)),
        ("cause", serial(1), "nonsense"),
        ("cause", serial(1), serial(2), "--forward"),
        (serial(1), serial(2)),
    ],
)
def test_what_is_no_question_is_wrong_usage(shop: Shop, words: tuple[str, ...]) -> None:
    assert shop.refused("trace", *words) == (2, "UsageWrong")


def test_a_box_is_asked_for_by_its_sscc(shop: Shop, captured: int) -> None:
    assert captured
    told = shop.ok("trace", "169012340000097778").json
    assert told["roots"] == ["https://id.gs1.org/00/169012340000097778"]
    assert told["counts"]["steps"] == 3
    assert shop.refused("trace", "169012340000097776") == (2, "UsageWrong")


def test_long_lists_of_names_are_cut_and_counted() -> None:
    assert trace.names([], 0) == "nothing else"
    assert trace.names([], 7) == "7 things"
    assert trace.names(["a", "b"], 0) == "a, b"
    many = [str(n) for n in range(15)]
    assert trace.names(many, 5).endswith("11 and 8 more")


def test_what_cannot_be_is_told_as_a_doubt(shop: Shop, tmp_path: Path) -> None:
    bottle = serial(1, "000023")
    file = tmp_path / "twice.jsonld"
    file.write_bytes(data(document(made(1, bottle), made(2, bottle))))
    shop.ok("capture", str(file), "--as", "merchant")
    assert "was made more than once: " in shop.run("trace", bottle).err


def test_trace_is_of_the_goods_of_the_demo(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "tea.jsonld"
    file.write_bytes(goods.document(1_790_000_000_000, goods.harvest(1_790_000_000_000)))
    shop.ok("capture", str(file), "--as", "merchant")
    assert shop.ok("trace", goods.LEAVES_GTIN, "--lot", goods.LOT).json["complete"]
