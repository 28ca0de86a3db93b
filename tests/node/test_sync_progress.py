"""What people see of a catch-up: rates over the last seconds, the time left, lines in the log."""

from dataclasses import asdict

from node.service import SyncView
from node.sync_progress import SAMPLES_MAX, TELL_EVERY_MS, Progress, describe, view_in


def under_way(blocks: int, ms_per_block: int, transactions: int = 2) -> Progress:
    """So many blocks at this pace, from 0 on."""
    progress = Progress()
    progress.begin(0)
    for number in range(1, blocks + 1):
        progress.decided(transactions, number * ms_per_block)
    return progress


def test_the_rates_and_the_time_left_follow_from_what_was_decided() -> None:
    view = under_way(100, 10).view(100, 300, 1_000)
    assert view == SyncView(100, 300, 100, 200, 2_000)
    assert describe(view) == "height 100 of 300, 100 blocks/s, 200 transactions/s, 2 s left"


def test_what_a_newer_node_tells_besides_is_passed_over() -> None:
    view = SyncView(100, 300, 100, 200, 2_000)
    assert view_in({"sync": {**asdict(view), "peers_asked": 3}}) == view


def test_only_the_last_seconds_count() -> None:
    progress = under_way(1_000, 100)
    for number in range(2_000):
        progress.decided(0, 100_000 + number * 10)
    assert 95 <= progress.view(3_000, 4_000, 120_000).blocks_per_s <= 100
    assert len(progress._samples) == SAMPLES_MAX


def test_while_nothing_moves_no_time_is_promised() -> None:
    progress = Progress()
    progress.begin(0)
    view = progress.view(5, 9, 4_000)
    assert view == SyncView(5, 9, 0, 0, None)
    assert describe(view) == "height 5 of 9, no block for a while"


def test_who_is_level_is_level() -> None:
    progress = Progress()
    progress.decided(3, 10)
    assert progress.view(7, 0, 20) == SyncView(7, 7, 0, 0, 0)
    assert describe(progress.view(7, 7, 20)) == "level"
    assert (progress.news(7, 7, 99_999), progress.summary(7, 99_999)) == ("", "")


def test_a_line_comes_every_few_seconds_and_only_for_a_long_way() -> None:
    progress = under_way(100, 10)
    assert progress.news(100, 900, TELL_EVERY_MS - 1) == ""
    assert progress.news(100, 900, TELL_EVERY_MS).startswith("catching up: height 100 of 900, ")
    assert progress.news(100, 900, TELL_EVERY_MS + 1) == ""
    assert progress.news(100, 101, 2 * TELL_EVERY_MS) == ""


def test_the_end_is_told_with_its_time_and_the_next_way_counts_anew() -> None:
    progress = under_way(60, 100)
    told = progress.summary(60, 6_000)
    assert told == "caught up at height 60: 60 blocks and 120 transactions in 6.0 s"
    progress.end()
    progress.begin(7_000)
    assert progress.summary(60, 8_000) == ""
