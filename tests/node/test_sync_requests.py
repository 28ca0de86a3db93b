"""Whom a catch-up asks: by what each has shown, in turn, and nobody for too much at once."""

from node.sync_requests import (
    ASK_AGAIN_MS,
    ASK_AGAIN_PER_BLOCK_MS,
    PEERS_MAX,
    RANGE_MAX,
    REST_MS,
    UNDER_WAY_MAX,
    UNDER_WAY_PER_PEER_MAX,
    Requests,
)

A, B, C = b"a", b"b", b"c"


def test_the_first_tier_that_has_somebody_awake_is_asked() -> None:
    requests = Requests()
    assert requests.choose(((A,), (B,)), 1, 0) == A
    requests.rest(A, 100)
    assert requests.choose(((A,), (B,)), 1, 99) == B
    assert requests.choose(((A,), (B,)), 1, 100) == A
    assert requests.choose(((A,), (C,)), 1, 99) == C


def test_where_all_rest_it_is_who_has_rested_longest_and_liars_come_last() -> None:
    requests = Requests()
    requests.rest(A, 300)
    requests.rest(B, 200)
    requests.distrust(C)
    assert requests.choose(((A, B, C),), 1, 0) == B
    requests.distrust(A)
    requests.distrust(B)
    assert requests.choose(((A, B, C),), 1, 0) is not None
    assert requests.choose(((),), 1, 0) is None


def test_everybody_gets_a_turn_and_nobody_more_than_its_share() -> None:
    requests = Requests()
    chosen = []
    for number in range(3 * UNDER_WAY_PER_PEER_MAX):
        peer = requests.choose(((A, B, C),), 1, 0)
        assert peer is not None
        requests.open(peer, 1 + number, 1, 0)
        chosen.append(peer)
    assert chosen == [A, B, C] * UNDER_WAY_PER_PEER_MAX
    assert requests.choose(((A, B, C),), 1, 0) is None


def test_a_request_covers_its_range_until_it_is_answered_or_given_up() -> None:
    requests = Requests()
    requests.open(A, 5, 3, 0)
    assert [requests.covers(height) for height in (4, 5, 7, 8)] == [False, True, True, False]
    assert requests.answered(B, 5) is None
    assert requests.answered(A, 6) is None
    answered = requests.answered(A, 5)
    assert answered is not None
    assert (answered.start, answered.count) == (5, 3)
    assert not requests.covers(5)


def test_who_is_silent_past_the_deadline_rests() -> None:
    requests = Requests()
    requests.open(A, 1, RANGE_MAX, 0)
    deadline_ms = ASK_AGAIN_MS + RANGE_MAX * ASK_AGAIN_PER_BLOCK_MS
    assert list(requests.expire(deadline_ms - 1)) == []
    assert [one.peer for one in requests.expire(deadline_ms)] == [A]
    assert not requests.is_awake(A, deadline_ms + REST_MS - 1)
    assert requests.is_awake(A, deadline_ms + REST_MS)


def test_no_more_is_under_way_than_may_be() -> None:
    requests = Requests()
    for number in range(UNDER_WAY_MAX):
        assert not requests.is_full
        requests.open(A, number, 1, 0)
    assert requests.is_full
    requests.forget_below(3)
    assert len(requests.under_way) == UNDER_WAY_MAX - 4


def test_who_lied_is_rid_of_its_requests_until_all_is_forgiven() -> None:
    requests = Requests()
    requests.open(A, 1, 5, 0)
    requests.open(B, 6, 5, 0)
    requests.distrust(A)
    assert (requests.covers(1), requests.covers(6)) == (False, True)
    assert requests.is_liar(A)
    requests.reset()
    assert not requests.is_liar(A)
    assert requests.under_way == []


def test_who_has_pruned_a_height_is_able_above_it() -> None:
    requests = Requests()
    requests.pruned(A, 100)
    assert requests.choose(((A,),), 99, 0) is None
    assert requests.choose(((A,),), 100, 0) == A


def test_no_more_peers_are_remembered_than_may_be() -> None:
    requests = Requests()
    for number in range(PEERS_MAX + 3):
        requests.distrust(b"%d" % number)
    assert not requests.is_liar(b"0")
    assert requests.is_liar(b"%d" % (PEERS_MAX + 2))
