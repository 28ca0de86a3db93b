"""Catching up from peers that lie, are silent, away, or have pruned: each in its own way."""

import logging
from dataclasses import replace

import pytest

from chain.codec import encode
from consensus.output import FetchBlocks
from node.sync import HistoryGone
from node.sync_requests import (
    ASK_AGAIN_MS,
    ASK_AGAIN_PER_BLOCK_MS,
    REST_MS,
)
from p2p.messages import (
    Blocks,
    BlocksGone,
    MessageMalformed,
)
from tests.node.behind import OTHERS, Member, entries, forge, history, peer


def test_a_silent_peers_range_is_asked_of_another_after_a_deadline() -> None:
    source, at = history(2), Member()
    at.sync.fetch(FetchBlocks(1, 2, OTHERS))
    at.now_ms = ASK_AGAIN_MS + 2 * ASK_AGAIN_PER_BLOCK_MS - 1
    at.sync.fetch(FetchBlocks(1, 2, OTHERS))
    assert at.asked == [(1, 1, 2)]
    at.now_ms += 1
    at.sync.fetch(FetchBlocks(1, 2, OTHERS))
    assert at.asked == [(1, 1, 2), (2, 1, 2)]
    # Its late answer is as good as any.
    at.sync.arrived(peer(1), Blocks(1, entries(source, 1, 2)))
    assert at.heights == [1]


def test_who_was_silent_rests_while_others_answer_and_is_asked_when_nobody_else_is_there() -> None:
    at = Member()
    for turn in range(4):
        at.now_ms = turn * 2 * ASK_AGAIN_MS
        at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    assert [member for member, _, _ in at.asked] == [1, 2, 3, 1]
    assert {(start, count) for _, start, count in at.asked} == {(1, 10)}


def test_who_is_away_is_not_asked_and_others_are_where_no_signer_is_left() -> None:
    at = Member(there=OTHERS[1:])
    at.sync.fetch(FetchBlocks(1, 10, OTHERS[:2]))
    assert at.asked == [(2, 1, 10)]
    at.now_ms = 2 * ASK_AGAIN_MS
    at.sync.fetch(FetchBlocks(1, 10, OTHERS[:2]))
    assert at.asked == [(2, 1, 10), (3, 1, 10)]


def test_a_block_in_anothers_place_is_the_peers_fault() -> None:
    source, at = history(3), Member()
    with pytest.raises(MessageMalformed, match="block 3 in the place of 2"):
        at.sync.arrived(peer(1), Blocks(2, entries(source, 3, 3)))


@pytest.mark.parametrize("broken", ["block", "certificate"])
def test_bytes_that_are_no_block_or_certificate_are_the_peers_fault(broken: str) -> None:
    source, at = history(1), Member()
    (entry,) = entries(source, 1, 1)
    with pytest.raises(MessageMalformed, match=broken):
        at.sync.arrived(peer(1), Blocks(1, (replace(entry, **{broken: b"\xc1"}),)))
    assert at.heights == []


def test_a_liars_block_advances_nothing_and_the_next_member_is_asked() -> None:
    source, at = history(3), Member()
    honest = entries(source, 1, 3)
    at.sync.fetch(FetchBlocks(1, 3, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, (forge(honest[0]), forge(honest[1]))))
    # It goes to the replica, which believes only certificates, and says so.
    assert at.heights == [1]
    at.sync.disbelieved(at.fed.pop())
    # Of its lies, the second hid a part of the range that another was asked for already.
    assert at.asked == [(1, 1, 3), (2, 3, 1), (3, 1, 2)]
    assert at.sync._ahead == {}
    at.sync.arrived(peer(3), Blocks(1, honest[:2]))
    at.sync.arrived(peer(2), Blocks(3, honest[2:]))
    assert [encode(fetched.block) for fetched in at.fed] == [honest[0].block]
    for _ in range(3):
        at.write_next(source)
    assert at.world.ledger.tip.digest == source.ledger.tip.digest


def test_what_a_liar_pushes_displaces_no_answer_and_takes_only_its_own_with_it() -> None:
    source, at = history(4), Member()
    honest = entries(source, 1, 4)
    at.sync.fetch(FetchBlocks(1, 4, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, honest[:3]))
    at.sync.arrived(peer(3), Blocks(2, tuple(map(forge, honest[1:]))))
    assert {height: 1 + OTHERS.index(kept.peer) for height, kept in at.sync._ahead.items()} == {
        **dict.fromkeys((1, 2, 3), 1),
        4: 3,
    }
    for _ in range(3):
        at.write_next(source)
    assert sorted(set(at.heights)) == [1, 2, 3, 4]
    at.sync.disbelieved(at.fed[-1])
    # Whoever has its turn is asked for it; an answer may displace anything.
    assert at.asked[-1][1:] == (4, 1)
    at.sync.arrived(peer(at.asked[-1][0]), Blocks(4, honest[3:]))
    at.write_next(source)


def test_a_block_that_was_already_replaced_is_disbelieved_without_harm() -> None:
    source, at = history(1), Member()
    honest = entries(source, 1, 1)
    at.sync.fetch(FetchBlocks(1, 1, OTHERS))
    at.sync.arrived(peer(2), Blocks(1, (forge(honest[0]),)))
    lie = at.fed.pop()
    at.sync.arrived(peer(1), Blocks(1, honest))
    at.sync.disbelieved(lie)
    assert at.sync._ahead[1].peer == peer(1)


def test_a_liar_is_asked_no_more_until_the_catch_up_ends() -> None:
    source, at = history(4), Member()
    honest = entries(source, 1, 4)
    at.sync.fetch(FetchBlocks(1, 3, OTHERS))
    at.sync.arrived(peer(1), Blocks(1, tuple(map(forge, honest[:3]))))
    at.sync.disbelieved(at.fed.pop())
    at.now_ms = 2 * ASK_AGAIN_MS
    at.sync.fetch(FetchBlocks(1, 3, OTHERS))
    # What it pushes is worth nothing either.
    at.sync.arrived(peer(1), Blocks(1, honest[:3]))
    assert at.sync._ahead == {}
    assert [member for member, _, _ in at.asked] == [1, 2, 3]
    at.sync.arrived(peer(3), Blocks(1, honest[:3]))
    for _ in range(3):
        at.write_next(source)
    at.sync.fetch(FetchBlocks(4, 4, OTHERS[:1]))
    assert at.asked[-1] == (1, 4, 1)


def test_where_all_have_lied_they_are_asked_again() -> None:
    source, at = history(1), Member(there=OTHERS[:1])
    (honest,) = entries(source, 1, 1)
    at.sync.fetch(FetchBlocks(1, 1, OTHERS[:1]))
    at.sync.arrived(peer(1), Blocks(1, (forge(honest),)))
    at.sync.disbelieved(at.fed.pop())
    assert at.asked == [(1, 1, 1), (1, 1, 1)]
    at.sync.arrived(peer(1), Blocks(1, (honest,)))
    assert at.heights == [1]


def test_who_lacks_a_block_that_it_should_have_is_named_and_rests(
    caplog: pytest.LogCaptureFixture,
) -> None:
    at = Member()
    with caplog.at_level("INFO"):
        at.sync.fetch(FetchBlocks(1, 10, OTHERS))
        at.sync.arrived(peer(1), Blocks(1, ()))
    assert f"{peer(1).hex()[:16]} has no block 1" in caplog.text
    assert at.asked == [(1, 1, 10), (2, 1, 10)]
    for turn in range(1, REST_MS // (2 * ASK_AGAIN_MS)):
        at.now_ms = turn * 2 * ASK_AGAIN_MS
        at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    assert [member for member, _, _ in at.asked][2:] == [3]


def test_who_has_pruned_a_block_is_not_asked_for_it_again_and_others_are() -> None:
    at = Member()
    at.sync.fetch(FetchBlocks(1, 10, OTHERS[:1]))
    at.sync.gone(peer(1), BlocksGone(1, 100))
    assert at.asked == [(1, 1, 10), (2, 1, 10)]
    at.now_ms = REST_MS
    at.sync.fetch(FetchBlocks(1, 10, OTHERS[:1]))
    assert [member for member, _, _ in at.asked] == [1, 2, 3]


def test_what_a_peer_has_pruned_is_told_once_however_many_requests_it_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    at = Member()
    with caplog.at_level(logging.INFO):
        at.sync.fetch(FetchBlocks(1, 64, OTHERS[:1]))
        asked = [start for member, start, _ in at.asked if member == 1]
        assert len(asked) == 2
        for start in asked:
            at.sync.gone(peer(1), BlocksGone(start, 100))
    told = f"{peer(1).hex()[:16]} has pruned the blocks below 100"
    assert caplog.text.count(told) == 1


def test_where_more_than_may_lie_have_pruned_it_and_nobody_answers_the_history_is_gone() -> None:
    at = Member()
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    at.sync.gone(peer(1), BlocksGone(1, 100))
    at.sync.gone(peer(2), BlocksGone(1, 100))
    assert at.asked[-1] == (3, 1, 10), "the third may have it"
    with pytest.raises(HistoryGone, match="3 peers have pruned block 1"):
        at.sync.gone(peer(3), BlocksGone(1, 50))


def test_one_peers_word_does_not_make_the_history_gone() -> None:
    at = Member(there=OTHERS[:1])
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    at.sync.gone(peer(1), BlocksGone(1, 100))
    assert at.asked == [(1, 1, 10)]


def test_who_says_that_it_has_the_block_and_has_it_not_lies() -> None:
    at = Member()
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    with pytest.raises(MessageMalformed, match="block 1 is gone, and 1 not"):
        at.sync.gone(peer(1), BlocksGone(1, 1))
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    assert at.asked == [(1, 1, 10), (2, 1, 10)]


def test_that_something_is_gone_which_nobody_asked_for_means_nothing() -> None:
    at = Member()
    for member in (1, 2, 3):
        at.sync.gone(peer(member), BlocksGone(1, 100))
    at.sync.fetch(FetchBlocks(1, 10, OTHERS))
    assert at.asked == [(1, 1, 10)]
