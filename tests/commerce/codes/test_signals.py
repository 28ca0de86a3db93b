"""Signs of copies: each rule by itself, and what is no sign."""

from dataclasses import replace

import pytest

from commerce.codes.items import CELLS_MAX, SEEN_MAX, Code, Sale, Seen
from commerce.codes.signals import KINDS, Facts, seen_by, with_signals
from tests.commerce.codes.atelier import BEIJING, GUANGZHOU, SHANGHAI
from tests.commerce.shop import TEA
from tests.commerce.world import DAY_MS, GENESIS_MS, HOUR_MS, MINUTE_MS

BRAND, SHOP, RIVAL, BUYER = b"b" * 32, b"s" * 32, b"r" * 32, b"u" * 32
CONSUMER = bytes(32)
NOW_MS = GENESIS_MS + 30 * DAY_MS
SALE = Sale(bytes(32), 0, SHOP, NOW_MS - DAY_MS)
CODE = Code(
    gtin=TEA,
    serial="1",
    batch_id=bytes(32),
    index=0,
    claim_hash=bytes(32),
    leading=None,
    claimed=None,
    sale=None,
    tag=None,
    scans=0,
    seen=(),
    cells=(),
    signals=(),
    answered_ms=None,
    reports=0,
)
FACTS = Facts(GENESIS_MS, None, 0, BRAND, (BRAND, SHOP, BUYER), 1)


def scan(
    cell: str = SHANGHAI, after_ms: int = 0, scanner: bytes = CONSUMER, *, trade: bool = False
) -> Seen:
    return Seen(scanner, trade, NOW_MS + after_ms, cell)


def kinds(*scans: Seen, code: Code = CODE, facts: Facts = FACTS) -> list[str]:
    for one in scans:
        code = seen_by(code, one, facts)
    return [signal.kind for signal in code.signals]


def test_a_thing_that_travels_like_one_shows_nothing() -> None:
    assert kinds(scan(), scan(BEIJING, 6 * HOUR_MS), scan(GUANGZHOU, DAY_MS)) == []


def test_two_cities_at_once_are_two_things_in_whatever_order_their_scans_arrive() -> None:
    assert kinds(scan(), scan(BEIJING, 30 * MINUTE_MS)) == ["travel"]
    assert kinds(scan(BEIJING, 30 * MINUTE_MS), scan()) == ["travel"]


def test_time_that_passes_faster_on_a_test_chain_carries_as_far() -> None:
    fast = replace(FACTS, time_scale=60)
    assert kinds(scan(), scan(BEIJING, 2 * MINUTE_MS), facts=fast) == []
    assert kinds(scan(), scan(BEIJING, MINUTE_MS // 2), facts=fast) == ["travel"]


def test_a_scan_before_the_goods_are_in_circulation_is_of_a_copy_but_for_the_brands_own() -> None:
    for active_ms in (None, NOW_MS + 1):
        facts = replace(FACTS, active_ms=active_ms)
        assert kinds(scan(), facts=facts) == ["early"]
        assert kinds(scan(scanner=BRAND), facts=facts) == []
    assert kinds(scan(), facts=replace(FACTS, active_ms=NOW_MS)) == []


def test_a_scan_of_a_dead_code_shows_a_copy_from_its_end_on() -> None:
    assert kinds(scan(), facts=replace(FACTS, dead_ms=NOW_MS)) == ["dead"]
    assert kinds(scan(), facts=replace(FACTS, dead_ms=NOW_MS + 1)) == []


@pytest.mark.parametrize(
    ("scanner", "trade", "after_ms", "expected"),
    [
        (RIVAL, True, 0, ["sold"]),
        (RIVAL, True, -2 * DAY_MS, []),
        (SHOP, True, 0, []),
        (BUYER, True, 0, []),
        (CONSUMER, False, 0, []),
    ],
)
def test_what_is_sold_is_in_nobodys_shop_but_its_sellers(
    scanner: bytes, *, trade: bool, after_ms: int, expected: list[str]
) -> None:
    sold = replace(CODE, sale=SALE)
    assert kinds(scan(SHANGHAI, after_ms, scanner, trade=trade), code=sold) == expected


def test_two_custodians_at_once_have_two_things() -> None:
    mine = [scan(SHANGHAI, hour * HOUR_MS, SHOP, trade=True) for hour in (0, 2)]
    theirs = scan(SHANGHAI, HOUR_MS, RIVAL, trade=True)
    assert kinds(mine[0], theirs, mine[1]) == ["custody"]
    assert kinds(mine[0], mine[1], theirs) == ["custody"]
    # It went from one to the other, once.
    assert kinds(mine[0], theirs) == []
    # It came back, and the chain knows.
    returned = replace(FACTS, possessed_ms=NOW_MS + HOUR_MS + 1)
    assert kinds(mine[0], theirs, mine[1], facts=returned) == []
    # Consumers have nothing in custody.
    assert kinds(mine[0], replace(theirs, custodian=False), mine[1]) == []


def test_more_places_in_a_month_than_goods_ever_see_show_copies() -> None:
    # Neighbouring cells, an hour apart: each step by itself is possible.
    cells = [f"wtw{letter}" for letter in "0123456789"]
    steps = [scan(cell, i * HOUR_MS) for i, cell in enumerate(cells)]
    assert kinds(*steps[:CELLS_MAX]) == []
    assert kinds(*steps[: CELLS_MAX + 1]) == ["cells"]
    slow = [scan(cell, i * 5 * DAY_MS) for i, cell in enumerate(cells)]
    assert kinds(*slow) == []


def test_each_sign_stays_as_it_was_first_shown_and_there_is_room_for_all() -> None:
    code = with_signals(CODE, KINDS, NOW_MS, SHANGHAI)
    again = with_signals(code, KINDS, NOW_MS + 1, BEIJING)
    assert again == code
    assert [signal.kind for signal in code.signals] == list(KINDS)


def test_a_row_remembers_the_newest_scans_and_counts_all() -> None:
    code = CODE
    for i in range(SEEN_MAX + 5):
        code = seen_by(code, scan(after_ms=i), FACTS)
    assert code.scans == SEEN_MAX + 5
    assert [seen.time_ms - NOW_MS for seen in code.seen] == list(range(5, SEEN_MAX + 5))
