"""Recalls are extended, closed and released: who may, and when; as rule tables."""

# ruff: noqa: E501 (the rule table is aligned)

from typing import Any

from commerce.epcis.identifiers import identity
from commerce.recalls.recalls import (
    NamedMark,
    RecallClose,
    RecallExtend,
    RecallOpen,
    RecallRelease,
)
from commerce.recalls.record import WINDOWS_MAX
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.recalls.dairy import HASH, MILK, Dairy, cake, milk, tea
from tests.commerce.shop import TEA, create
from tests.commerce.world import account

OPEN, EXTEND, CLOSE, RELEASE = "recall.open", "recall.extend", "recall.close", "recall.release"
NOWHERE = bytes(32)


def extension(recall_id: bytes, *lots: str, **fields: Any) -> RecallExtend:
    """Of nothing but what is named."""
    none = {"from_ms": None, "to_ms": None, "whole": False, "recall_class": None}
    words = {"instruction": None, "report": None}
    return RecallExtend(recall_id, lots, **{"items": (), **none, **words, **fields})


def rooting(_: Dairy) -> list[Row]:
    """Roots are goods of the recalled product."""

    def opening(*lots: str, items: tuple[str, ...] = (), window: Any = (None, None)) -> RecallOpen:
        return RecallOpen(TEA, 2, HASH, None, lots, items, *window)

    # fmt: off
    return [
        Attempt("merchant", OPEN, opening("未"),                     (), "RootMalformed"),
        Attempt("merchant", OPEN, opening("L1", "L1"),              (), "RootMalformed"),
        Attempt("merchant", OPEN, opening(items=(cake(1),)),        (), "RootMalformed"),
        Attempt("merchant", OPEN, opening(items=("nonsense",)),     (), "RootMalformed"),
        Attempt("merchant", OPEN, opening(window=(5, 5)),           (), "RootMalformed"),
        Attempt("merchant", OPEN, opening(window=(5, None)),        (), "RootMalformed"),
        Attempt("rival",    OPEN, opening("L1"),                    (), "PrefixNotHeld"),
        Attempt("merchant", OPEN, opening("L1", items=(tea(1),), window=(5, 6)), (), "ok"),
        Attempt("merchant", OPEN, opening("L2"),                    (), "RecallExists"),
    ]
    # fmt: on


def extending(at: Dairy) -> list[Row]:
    """A brand's recall, and what a regulator makes of it."""
    recall_id = at.recall("M1")
    windows = [
        Attempt("merchant", EXTEND, extension(recall_id, from_ms=n, to_ms=n + 1), (), "ok")
        for n in range(WINDOWS_MAX)
    ]
    # fmt: off
    return [
        Attempt("merchant",  EXTEND, extension(NOWHERE, "M2"),               (), "RecallUnknown"),
        Attempt("rival",     EXTEND, extension(recall_id, "M2"),             (), "NotTheRecaller"),
        Attempt("merchant",  EXTEND, extension(recall_id, items=(tea(1),)),  (), "RootMalformed"),
        Attempt("merchant",  EXTEND, extension(recall_id),                   (), "RecallUnchanged"),
        Attempt("merchant",  EXTEND, extension(recall_id, recall_class=3),   (), "RecallUnchanged"),
        Attempt("merchant",  EXTEND, extension(recall_id, "M1"),             (), "RecallUnchanged"),
        Attempt("merchant",  EXTEND, extension(recall_id, recall_class=1),   (), "ok"),
        *windows,
        Attempt("merchant",  EXTEND, extension(recall_id, from_ms=1, to_ms=2), (), "TooManyWindows"),
        Attempt("regulator", EXTEND, extension(recall_id, "M2", instruction=HASH[::-1]), (), "ok"),
        Wait(1), Wait(1), Wait(1), Wait(1),
        Attempt("merchant",  CLOSE,  RecallClose(recall_id, HASH),           (), "NotTheRecaller"),
        Attempt("regulator", CLOSE,  RecallClose(recall_id, HASH),           (), "ok"),
        Attempt("regulator", EXTEND, extension(recall_id, "M3"),             (), "StateForbids"),
    ]
    # fmt: on


def together(at: Dairy) -> Attempt:
    """This row with another operation behind its own."""
    return Attempt("merchant", EXTEND, extension(at.recall("M1"), "M2"), (), "RecallNotAlone")


def closing(at: Dairy) -> list[Row]:
    """Marked goods are in a buyer's hands."""
    at.make([milk("M1")], [tea(1)])
    _, parcel = at.send_items(at.tea, tea(1))
    at.deliver(parcel)
    recall_id = at.recall("M1")
    at.settle()
    by_rival = RecallClose(recall_id, HASH, account("rival"))
    by_both = RecallClose(recall_id, HASH, account("regulator"))
    # fmt: off
    return [
        Attempt("merchant", CLOSE, RecallClose(recall_id, HASH), (),             "GoodsOutstanding"),
        Attempt("merchant", CLOSE, by_rival,                     ("rival",),     "RoleMissing"),
        Attempt("merchant", CLOSE, by_both,                      (),             "CosignerMissing"),
        Attempt("merchant", CLOSE, by_both,                      ("regulator",), "ok"),
    ]
    # fmt: on


def releasing(at: Dairy) -> list[Row]:
    """Tea 1 and 2 were made of the lot; tea 1 turns out to be good, and then all of it."""
    key = at.make([milk("M1")], [tea(1), tea(2)])
    _, parcel = at.send_items(at.tea, tea(1))
    at.deliver(parcel)
    recall_id = at.recall("M1")
    at.settle()

    def release(*marks: tuple[str, str]) -> RecallRelease:
        return RecallRelease(recall_id, tuple(NamedMark(*mark) for mark in marks), HASH)

    item, lot = ("item", identity(tea(1))), ("lot", identity(milk("M1")))
    nobodys = RecallRelease(NOWHERE, (NamedMark(*item),), HASH)
    # fmt: off
    return [
        Attempt("regulator", RELEASE, nobodys,                                   (), "RecallUnknown"),
        Attempt("merchant",  RELEASE, release(item),                             (), "RoleMissing"),
        Attempt("regulator", RELEASE, release(("item", identity(tea(3)))),       (), "MarkUnknown"),
        Attempt("regulator", RELEASE, release(("nothing", identity(tea(1)))),    (), "MarkUnknown"),
        Attempt("regulator", RELEASE, release(item),                             (), "ok"),
        Do(lambda _: _require(at.recalled(tea(1), tea(2)) == [False, True])),
        Wait(1), Wait(1),
        Do(lambda _: _require(at.record(recall_id).outstanding == 0)),
        Attempt("merchant",  CLOSE,   RecallClose(recall_id, HASH),              (), "ok"),
        Attempt("regulator", RELEASE, release(lot, ("made", key.hex())),         (), "ok"),
        Do(lambda _: _require(not any(at.recalled(tea(1), tea(2), milk("M1"))))),
    ]
    # fmt: on


def _require(holds: bool) -> None:  # noqa: FBT001 - what a row looks at
    assert holds


def test_roots_are_goods_of_the_recalled_product() -> None:
    at = Dairy()
    play(at, rooting(at))


def test_a_recall_grows_by_its_opener_or_a_regulator() -> None:
    at = Dairy()
    play(at, extending(at))


def test_an_extension_is_alone_in_its_transaction() -> None:
    at = Dairy()
    row = together(at)
    extended = (row.type, row.payload)
    assert at.send(row.sender, extended, extended).status == row.outcome


def test_a_recall_closes_when_what_it_asks_has_been_done() -> None:
    at = Dairy()
    play(at, closing(at))


def test_a_regulator_alone_takes_marks_away() -> None:
    at = Dairy()
    play(at, releasing(at))


def test_what_a_regulator_released_is_not_marked_again() -> None:
    at = Dairy()
    at.make([milk("M1")], [tea(1)])
    recall_id = at.recall("M1")
    at.settle()
    mark = NamedMark("item", identity(tea(1)))
    at.done("regulator", (RELEASE, RecallRelease(recall_id, (mark,), HASH)))
    at.extend(recall_id, "M2")
    at.make([milk("M1")], [tea(2)])
    at.settle()
    assert at.recalled(tea(1), tea(2)) == [False, True]


def test_a_product_recalled_as_a_whole_is_blocked_until_it_is_closed() -> None:
    at = Dairy()
    recall_id = at.recall("M1")
    at.extend(recall_id, whole=True)
    at.settle()
    order = at.send("buyer", ("order.create", create((at.milk, 1))))
    assert order.status == "ProductRecalled"
    assert at.record(recall_id).gtin == MILK
