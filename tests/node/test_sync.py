"""Catching up: round robin, a bounded window, only certified advance; and serving others."""

import pytest

from chain.codec import encode
from consensus.output import ANYBODY, FetchBlock, FetchBlocks
from node import blocks_served
from node import sync as sync_module
from node import sync_requests as requests_module
from node.service import SyncView
from node.sync import LIVED_KEPT
from node.sync_requests import (
    ASK_AGAIN_MS,
    RANGE_MAX,
    UNDER_WAY_PER_PEER_MAX,
)
from p2p import messages as wire
from p2p.messages import (
    Blocks,
    Proposed,
)
from tests.node.behind import OTHERS, Member, entries, history, peer

# Asking.


def test_ranges_are_spread_over_all_who_have_the_blocks() -> None:
    at = Member()
    at.sync.fetch(FetchBlocks(1, 1_000_000, OTHERS))
    members = [member for member, _, _ in at.asked]
    assert sorted(members) == sorted([1, 2, 3] * UNDER_WAY_PER_PEER_MAX)
    # One after the other, without a gap, and no more of any peer than it may be asked at once.
    assert [(start, count) for _, start, count in at.asked] == [
        (1 + RANGE_MAX * number, RANGE_MAX) for number in range(len(at.asked))
    ]


def test_no_more_is_under_way_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests_module, "UNDER_WAY_MAX", 2)
    at = Member()
    at.sync.fetch(FetchBlocks(1, 1_000_000, OTHERS))
    assert len(at.asked) == 2


def test_a_repeated_request_costs_nothing_while_one_is_under_way() -> None:
    at = Member()
    for _ in range(5):
        at.sync.fetch(FetchBlocks(1, 10, OTHERS))
        at.now_ms += ASK_AGAIN_MS // 10
    assert len(at.asked) == 1


def test_blocks_are_handed_in_one_by_one_as_the_replica_decides() -> None:
    source, at = history(5), Member()
    at.sync.fetch(FetchBlocks(1, 5, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 5)))
    assert at.heights == [1]
    for height in range(1, 5):
        at.write_next(source)
        assert at.heights[-1] == height + 1
    at.write_next(source)
    # All is here: nothing more is asked or kept.
    assert len(at.asked) == 1
    assert at.sync._ahead == {}


def test_a_short_reply_is_followed_by_the_next_request() -> None:
    source, at = history(5), Member()
    at.sync.fetch(FetchBlocks(1, 5, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 2)))
    at.write_next(source)
    # From whom it has not asked yet, and beyond what is here.
    assert at.asked == [(1, 1, 5), (2, 3, 3)]


def test_the_window_ahead_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_module, "AHEAD_MAX", 4)
    source, at = history(8), Member()
    at.sync.fetch(FetchBlocks(1, 8, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 8)))
    assert sorted(at.sync._ahead) == [1, 2, 3, 4]
    # Enough is here: it asks on only when the replica has come nearer.
    at.now_ms = ASK_AGAIN_MS
    at.sync.fetch(FetchBlocks(1, 8, OTHERS))
    assert len(at.asked) == 1


def test_old_blocks_and_those_below_the_tip_are_dropped() -> None:
    source, at = history(3), Member()
    at.write_next(source)
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 1)))
    assert at.heights == []
    assert at.sync._ahead == {}


def test_an_undecided_block_is_asked_of_two_in_turn_and_fed_without_certificate() -> None:
    source, at = history(1), Member()
    (entry,) = entries(source, 1, 1)
    digest = source.ledger.tip.digest
    for _ in range(3):
        at.sync.fetch(FetchBlock(1, digest, OTHERS))
    asked = [member for member, message in at.sent if isinstance(message, wire.ProposedRequest)]
    assert len(asked) == 6
    assert set(asked) == {1, 2, 3}
    at.sync.proposed(Proposed(entry.block))
    assert [(fetched.certificate, fetched.block.header.height) for fetched in at.fed] == [(None, 1)]


def test_the_lag_of_block_time_is_told_of_blocks_that_were_lived() -> None:
    source = history(LIVED_KEPT + 2)
    first = source.ledger.header(1)
    assert first is not None
    at = Member(now_ms=first.time_ms - 5)
    assert (at.sync.lived_ms, at.sync.lag_ms) == (None, None)
    at.now_ms = first.time_ms + 700
    at.write_next(source)
    assert (at.sync.lived_ms, at.sync.lag_ms) == (first.time_ms + 700, 700)
    # What comes with its certificate says nothing of when it was decided.
    at.sync.fetch(FetchBlocks(2, 2, OTHERS))
    at.sync.arrived(peer(1), Blocks(2, entries(source, 2, 2)))
    at.write_next(source)
    assert (at.sync.lived_ms, at.sync.lag_ms) == (None, None)
    # A decision that is not written yet: the newest block's own is still known.
    at.write_next(source)
    told = at.sync.lag_ms
    at.sync.decided(4)
    assert at.sync.lag_ms == told is not None
    for _ in range(LIVED_KEPT - 1):
        at.write_next(source)
    assert len(at.sync._lived) <= LIVED_KEPT


def test_a_block_of_before_this_start_has_no_lag() -> None:
    source = history(1)
    at = Member(now_ms=source.ledger.tip.header.time_ms + 1)
    at.write_next(source)
    assert at.sync.lived_ms is not None
    assert at.sync.lag_ms is None


def test_an_undecided_block_that_nobody_asked_for_is_not_read() -> None:
    source, at = history(2), Member()
    first, second = entries(source, 1, 2)
    # Nothing is sought: not even its form is looked at.
    at.sync.proposed(Proposed(b"noise"))
    at.sync.fetch(FetchBlock(2, source.ledger.tip.digest, OTHERS))
    at.sync.proposed(Proposed(first.block))
    assert at.fed == []
    at.sync.proposed(Proposed(second.block))
    assert [fetched.block.header.height for fetched in at.fed] == [2]
    at.sync.decided(2)
    at.sync.proposed(Proposed(second.block))
    assert len(at.fed) == 1


def test_only_the_newest_few_blocks_are_sought() -> None:
    source, at = history(1), Member()
    (entry,) = entries(source, 1, 1)
    at.sync.fetch(FetchBlock(1, source.ledger.tip.digest, OTHERS))
    for number in range(sync_module.SOUGHT_MAX):
        at.sync.fetch(FetchBlock(1, bytes([number]) * 32, OTHERS))
    assert len(at.sync._sought) == sync_module.SOUGHT_MAX
    at.sync.proposed(Proposed(entry.block))
    assert at.fed == []


def test_hearsay_is_one_question_to_anybody_and_no_target() -> None:
    source, at = history(3), Member()
    at.sync.fetch(FetchBlocks(1, 3, ANYBODY, certified=False))
    assert at.asked == [(1, 1, 3)]
    assert at.sync.target == 0
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 3)))
    for _ in range(3):
        at.write_next(source)
    assert at.heights == [1, 2, 3]
    assert len(at.asked) == 1, "nothing more is certified, so nothing more is asked for"


def test_a_question_on_hearsay_that_was_lost_goes_to_somebody_else() -> None:
    """A newcomer knows of nothing certified: nothing else would make it ask again."""
    at = Member()
    for _ in range(2):
        at.sync.fetch(FetchBlocks(1, 3, ANYBODY, certified=False))
    assert len(at.asked) == 1
    at.now_ms += ASK_AGAIN_MS + requests_module.ASK_AGAIN_PER_BLOCK_MS * 3
    at.sync.fetch(FetchBlocks(1, 3, ANYBODY, certified=False))
    (first, *_), (second, *_) = at.asked
    assert first != second


def test_a_long_answer_on_hearsay_is_followed_by_many_questions_until_nothing_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sync_module, "RANGE_MAX", 4)
    source, at = history(5), Member()
    at.sync.fetch(FetchBlocks(1, 4, ANYBODY, certified=False))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 4)))
    assert at.asked[1:4] == [(2, 5, 4), (3, 9, 4), (1, 13, 4)]
    assert at.sync.target == 0
    answered = 1
    while answered < len(at.asked):
        member, start, _ = at.asked[answered]
        at.sync.arrived(peer(member), Blocks(start, entries(source, 5, 5) if start == 5 else ()))
        answered += 1
    for _ in range(5):
        at.write_next(source)
    assert at.heights == [1, 2, 3, 4, 5]
    at.now_ms = 10 * ASK_AGAIN_MS
    at.sync.decided(5)
    assert len(at.asked) == answered, "nobody has more"


def test_a_pushed_block_is_fed_at_once() -> None:
    source, at = history(1), Member()
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 1)))
    assert at.heights == [1]


def test_no_more_bytes_are_kept_ahead_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    source, at = history(6), Member()
    (one,) = entries(source, 1, 1)
    size = len(one.block) + len(one.certificate)
    monkeypatch.setattr(sync_module, "AHEAD_SIZE_MAX", 2 * size)
    at.sync.fetch(FetchBlocks(1, 6, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 3)))
    assert len(at.asked) == 1, "enough is here"
    # Nor does a push get in, unless it is what comes next.
    at.sync.arrived(peer(2), Blocks(4, entries(source, 4, 6)))
    assert sorted(at.sync._ahead) == [1, 2, 3]
    for _ in range(2):
        at.write_next(source)
    at.sync.fetch(FetchBlocks(3, 6, OTHERS))
    assert at.asked[1:] == [(2, 4, 3)]


def test_the_way_back_is_shown_while_it_lasts(caplog: pytest.LogCaptureFixture) -> None:
    source, at = history(60), Member()
    with caplog.at_level("INFO"):
        at.sync.fetch(FetchBlocks(1, 60, OTHERS))
        for member, start, count in at.asked:
            at.sync.arrived(peer(member), Blocks(start, entries(source, start, start + count - 1)))
        for _ in range(30):
            at.now_ms += 100
            at.write_next(source)
        shown = at.sync.view()
        assert (shown.height, shown.target, shown.blocks_per_s) == (30, 60, 10)
        assert (shown.transactions_per_s, shown.eta_ms) == (10, 3_000)
        for _ in range(30):
            at.now_ms += 100
            at.write_next(source)
    assert at.sync.view() == SyncView(60, 60, 0, 0, 0)
    assert "caught up at height 60: 60 blocks and 60 transactions in 6.0 s" in caplog.text


# Serving.


def serving(count: int = 5) -> Member:
    return Member(world=history(count))


def served(at: Member) -> list[Blocks]:
    return [message for _, message in at.sent if isinstance(message, Blocks)]


def test_served_blocks_are_the_stored_bytes() -> None:
    at = serving()
    at.sync.serve(peer(2), 2, 3)
    assert at.sent == [(2, Blocks(2, entries(at.world, 2, 4)))]


def test_above_the_tip_and_for_the_genesis_there_is_nothing_to_serve() -> None:
    at = serving()
    for first, count in ((6, 10), (0, 3), (2**63, 1)):
        at.sync.serve(peer(1), first, count)
    assert [len(message.blocks) for message in served(at)] == [0, 0, 0]


def test_a_reply_ends_at_its_size_and_holds_one_block_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = serving()
    (one,) = entries(at.world, 1, 1)
    size = len(one.block) + len(one.certificate)
    for size_max, expected in ((1, 1), (size * 2 + size // 2, 2)):
        monkeypatch.setattr(blocks_served, "REPLY_SIZE_MAX", size_max)
        at.sync.serve(peer(1), 1, 5)
        assert len(served(at)[-1].blocks) == expected


def test_who_asks_for_proposals_without_end_is_not_answered_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = serving()
    size = len(encode(at.world.ledger.block(3)))
    # Five blocks at once.
    monkeypatch.setattr(blocks_served, "RATE_BYTES_PER_MS", 1)
    monkeypatch.setattr(blocks_served, "BURST_MS", 5 * size)
    request = wire.ProposedRequest(3, bytes(32))
    for held in (at.world.ledger.block(3), None):
        at.now_ms += 3_600_000
        at.sent.clear()
        for _ in range(100):
            at.sync.serve_proposed(peer(1), held, request)
        assert 4 <= len(at.sent) <= 7
        at.sync.serve_proposed(peer(2), held, request)
        assert at.sent[-1][0] == 2


def test_a_held_proposal_is_served_and_else_what_was_decided_at_its_height() -> None:
    at = serving()
    held = at.world.ledger.block(3)
    request = wire.ProposedRequest(3, bytes(32))
    at.sync.serve_proposed(peer(1), held, request)
    at.sync.serve_proposed(peer(2), None, request)
    at.sync.serve_proposed(peer(3), None, wire.ProposedRequest(9, bytes(32)))
    assert held is not None
    assert at.sent == [(1, Proposed(encode(held))), (2, Blocks(3, entries(at.world, 3, 3)))]
