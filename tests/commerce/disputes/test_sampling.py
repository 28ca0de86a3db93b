"""An order that a seed decides: every one as likely as any other, and the same everywhere."""

from collections import Counter
from itertools import permutations

from chain.crypto import sha256
from commerce.disputes.sampling import draw_seed, ranked

NAMES = [b"a", b"b", b"c", b"d"]


def test_the_same_seed_gives_the_same_order_and_every_item_once() -> None:
    items = [bytes([number]) for number in range(100)]
    order = ranked(sha256(b"seed"), items)
    assert order == ranked(sha256(b"seed"), items)
    assert sorted(order) == items
    assert order != items
    assert order != ranked(sha256(b"another"), items)


def test_nobody_and_one_need_no_drawing() -> None:
    assert ranked(bytes(32), []) == []
    assert ranked(bytes(32), [b"a"]) == [b"a"]


def test_all_orders_of_four_are_as_likely_as_any_other() -> None:
    rounds = 2_400
    seeds = [sha256(number.to_bytes(4, "big")) for number in range(rounds)]
    counted = Counter(tuple(ranked(seed, NAMES)) for seed in seeds)
    assert set(counted) == set(permutations(NAMES))
    expected = rounds / 24
    chi_square = sum((found - expected) ** 2 / expected for found in counted.values())
    # 23 degrees of freedom: beyond 49.7 once in a thousand times, and these seeds are fixed.
    assert chi_square < 49.7


def test_who_joins_or_leaves_moves_nobody_else() -> None:
    accounts = [sha256(bytes([number])) for number in range(50)]
    order = ranked(sha256(b"seed"), accounts)
    for gone in accounts:
        left = [account for account in accounts if account != gone]
        assert ranked(sha256(b"seed"), left) == [account for account in order if account != gone]


def test_a_seed_is_bound_to_dispute_and_round() -> None:
    first, second = bytes(32), sha256(b"2")
    seeds = {
        draw_seed(dispute_id, round_, seed)
        for dispute_id in (first, second)
        for round_ in range(3)
        for seed in (first, second)
    }
    assert len(seeds) == 12
