"""The size of own proposals: halved by slow blocks, grown slowly by quick ones that were full."""

import pytest

from node.block_size import COUNT_MIN, BlockSize

TIMEOUT_MS = 500
SLOW_MS = TIMEOUT_MS // 4 + 1


def after(*blocks: tuple[int, int], count_max: int = 10_000) -> int:
    size = BlockSize(count_max, TIMEOUT_MS)
    for count, took_ms in blocks:
        size.took(count, took_ms)
    return size.count


@pytest.mark.parametrize(
    ("blocks", "limit"),
    [
        ((), 10_000),
        (((3_000, SLOW_MS - 1),), 10_000),
        (((3_000, SLOW_MS),), 1_500),
        (((10_000, SLOW_MS),), 5_000),
        # What was proposed before it was halved does not halve it to nothing.
        (((3_000, SLOW_MS), (1_500, SLOW_MS)), 750),
        (((3_000, SLOW_MS), (3_000, SLOW_MS)), 750),
        # A block that is not full says nothing about a larger one.
        (((3_000, SLOW_MS), (1_000, 10)), 1_500),
        (((3_000, SLOW_MS), (1_200, 10)), 1_650),
        (((3_000, SLOW_MS), (1_500, 10), (1_650, 10)), 1_815),
        # A disk that sleeps is not too many transactions.
        (((1, 5_000),), 10_000),
        (((COUNT_MIN, 5_000),), 10_000),
    ],
)
def test_the_limit_follows_what_blocks_took(
    blocks: tuple[tuple[int, int], ...], limit: int
) -> None:
    assert after(*blocks) == limit


def test_it_never_falls_below_a_size_that_still_pays() -> None:
    assert after(*[(200, SLOW_MS)] * 50) == COUNT_MIN
    assert after(*[(200, SLOW_MS)] * 50, count_max=5) == 5


def test_it_grows_back_to_the_chains_limit_and_no_further() -> None:
    slow = [(10_000, SLOW_MS)] * 20
    assert after(*slow, *[(10_000, 1)] * 100) == 10_000
    assert after(*slow, *[(64, 1)] * 1) == 70
