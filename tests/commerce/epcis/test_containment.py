"""What lies in what, and until when."""

from typing import Any

from commerce.epcis.containment import Containment
from commerce.epcis.graph import FOREVER
from commerce.epcis.identifiers import identity
from tests.commerce.epcis.memory_index import MemoryIndex
from tests.commerce.epcis.statements import Members, case, lot, packing, serial, without

HOUR_MS = 3_600_000
NOON_MS = 1_712_376_000_000  # 2024-04-06T12:00:00+08:00
P, X, L = identity(case(7)), identity(serial(1)), identity(lot("L1"))


def at(hour: int, action: str, *numbers: int, parent: int = 7, **changes: Any) -> Members:
    return packing(
        eventTime=f"2024-04-06T{12 + hour:02}:00:00+08:00",
        action=action,
        parentID=case(parent),
        childEPCs=[serial(number) for number in numbers],
        **changes,
    )


def some(hour: int, action: str, amount: float | None, unit: str | None = "KGM") -> Members:
    quantity: Members = {"epcClass": lot("L1")}
    quantity |= {} if amount is None else {"quantity": amount}
    quantity |= {} if unit is None else {"uom": unit}
    return without(at(hour, action, childQuantityList=[quantity]), "childEPCs")


def stay(child: str, *events: Members) -> float | None:
    """Hours after noon at which the stay ends that the first event began, None for never."""
    index = MemoryIndex()
    keys = index.capture(*events)
    first = index.summary(keys[0])
    assert first is not None
    until, ended_by = Containment(index).until(child, P, first)
    assert (until == FOREVER) == (ended_by is None)
    return None if until == FOREVER else (until - NOON_MS) / HOUR_MS


def test_a_child_stays_until_it_is_taken_out() -> None:
    assert stay(X, at(0, "ADD", 1, 2)) is None
    assert stay(X, at(0, "ADD", 1, 2), at(3, "DELETE", 1)) == 3
    assert stay(X, at(0, "ADD", 1, 2), at(3, "DELETE", 2)) is None
    assert stay(X, at(0, "ADD", 1, 2), at(2, "DELETE", 1, parent=8)) is None
    assert stay(X, at(2, "ADD", 1), at(0, "DELETE", 1)) is None
    assert stay(X, at(0, "ADD", 1), at(5, "DELETE", 1), at(4, "DELETE", 1)) == 4


def test_emptying_a_container_ends_every_stay() -> None:
    emptied = without(at(4, "DELETE"), "childEPCs")
    assert stay(X, at(0, "ADD", 1, 2), emptied) == 4
    assert stay(X, at(0, "ADD", 1, 2), emptied, at(3, "DELETE", 1)) == 3
    assert stay(L, some(0, "ADD", 10), emptied) == 4


def test_a_class_stays_until_as_much_was_taken_out() -> None:
    added = some(0, "ADD", 10)
    assert stay(L, added, some(1, "DELETE", 4)) is None
    assert stay(L, added, some(1, "DELETE", 4), some(2, "DELETE", 6)) == 2
    assert stay(L, added, some(1, "ADD", 5), some(2, "DELETE", 10)) is None
    assert stay(L, added, some(1, "DELETE", None)) == 1
    assert stay(L, some(0, "ADD", None), some(1, "DELETE", 99)) is None
    assert stay(L, added, some(1, "DELETE", 10_000, "GRM")) == 1
    assert stay(L, added, some(1, "DELETE", 9_999.999, "GRM")) is None
    # Litres, pieces and codes that nobody knows say nothing of kilograms.
    for other in ("LTR", None, "ZZZ"):
        assert stay(L, added, some(1, "DELETE", 10, other)) is None
    assert stay(L, some(0, "ADD", 3, "ZZZ"), some(1, "DELETE", 3, "ZZZ")) == 1
    assert stay(L, some(0, "ADD", 0.1), some(1, "DELETE", 0.1)) == 1
    assert stay(L, added, some(1, "OBSERVE", 10)) is None


def test_contents_are_found_at_every_depth() -> None:
    index = MemoryIndex(
        at(0, "ADD", 1, 2, parent=1),
        packing(
            eventTime="2024-04-06T13:00:00+08:00", parentID=case(7), childEPCs=[case(1), serial(9)]
        ),
        at(2, "DELETE", 2, parent=1),
    )
    containment = Containment(index)
    one, two, nine, inner = (identity(u) for u in (serial(1), serial(2), serial(9), case(1)))
    assert containment.contents(P, NOON_MS) == ()
    assert containment.contents(P, NOON_MS + HOUR_MS) == tuple(sorted((one, two, nine, inner)))
    assert containment.contents(P, NOON_MS + 2 * HOUR_MS) == tuple(sorted((one, nine, inner)))


def test_a_container_that_claims_to_lie_in_itself_ends_no_search() -> None:
    index = MemoryIndex(
        packing(parentID=case(1), childEPCs=[case(2)]),
        packing(parentID=case(2), childEPCs=[case(1)]),
    )
    assert Containment(index).contents(identity(case(1)), NOON_MS) == (identity(case(2)),)


def test_what_was_taken_out_too_much_is_no_debt_of_the_next_stay() -> None:
    again = some(4, "ADD", 3)
    index = MemoryIndex()
    *_, key = index.capture(
        some(0, "ADD", 1), some(1, "DELETE", 3), some(5, "DELETE", 1), some(6, "DELETE", 2), again
    )
    summary = index.summary(key)
    assert summary is not None
    assert Containment(index).until(L, P, summary)[0] == NOON_MS + 6 * HOUR_MS
