"""The size of own proposals: what takes two fifths of the request timeout to check and write."""

import pytest

from node.block_size import COUNT_AT_FIRST, COUNT_MIN, BlockSize

TIMEOUT_MS = 500
WISHED_MS = 200


def after(*blocks: tuple[int, int], count_max: int = 10_000) -> int:
    size = BlockSize(count_max, TIMEOUT_MS)
    for count, took_ms in blocks:
        size.took(count, took_ms)
    return size.count


@pytest.mark.parametrize(
    ("blocks", "limit"),
    [
        ((), COUNT_AT_FIRST),
        # Full and quick: larger, a quarter at a time and no further than what would fit.
        (((1_000, 20),), 1_250),
        (((1_000, 20), (1_250, 25)), 1_562),
        (((1_000, 190),), 1_052),
        (((1_000, WISHED_MS),), 1_000),
        # Too slow: what would have fitted, at least half.
        (((1_000, 250),), 800),
        (((1_000, 5_000),), 500),
        (((1_000, 5_000), (500, 5_000)), 250),
        # What was proposed before it was cut does not cut it again further than that.
        (((1_000, 400), (1_000, 400)), 500),
        # A larger one of another primary is no reason for larger ones here.
        (((4_000, 400),), COUNT_AT_FIRST),
        (((4_000, 4_000),), COUNT_AT_FIRST),
        # A block that is not full says nothing about a larger one.
        (((700, 1),), COUNT_AT_FIRST),
        # A disk that sleeps is not too many transactions.
        (((COUNT_MIN - 1, 5_000),), COUNT_AT_FIRST),
    ],
)
def test_the_limit_follows_what_blocks_took(
    blocks: tuple[tuple[int, int], ...], limit: int
) -> None:
    assert after(*blocks) == limit


@pytest.mark.parametrize("each_us", [100, 400, 15_000])
def test_it_comes_to_blocks_of_the_wished_duration_whatever_a_transaction_costs(
    each_us: int,
) -> None:
    size = BlockSize(10_000, TIMEOUT_MS)
    for _ in range(60):
        size.took(size.count, size.count * each_us // 1_000)
    assert size.count * each_us <= WISHED_MS * 1_000 * 1.01
    assert size.count * each_us >= WISHED_MS * 1_000 * 0.6


def test_it_never_falls_below_the_smallest_nor_grows_over_the_chains_limit() -> None:
    assert after(*[(200, 9_000)] * 50) == 100
    assert after(*[(count, 9_000) for count in (800, 400, 200, 100, 50, 25, 12, 8, 8)]) == COUNT_MIN
    assert after(*[(5, 9_000)] * 50, count_max=5) == 5
    assert after(*[(10_000, 1)] * 100) == 10_000
