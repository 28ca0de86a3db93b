"""The pool: bounded, fair per member, first come first served within a member."""

import pytest

from chain.transaction import TRANSACTION_SIZE_MAX, ReceivedTransaction
from commerce.epcis.capture import EpcisCapture
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.mempool import (
    BROUGHT_PERCENT,
    CLEARED_BYTES,
    CLEARING_HEIGHTS_MAX,
    QUANTUM_BYTES,
    Mempool,
)
from node.pace import WAITING_MIN_BYTES, Pace
from node.service import PoolFull
from tests.chain.world import World, account

WORLD = World()
A, B, C = b"a" * 32, b"b" * 32, b"c" * 32
PEER, OTHER = b"p" * 32, b"o" * 32


def payments(count: int) -> list[ReceivedTransaction]:
    pay = operation("pay.transfer", PayTransfer(account("merchant"), "CNY", 1, None))
    return [WORLD.signed("buyer", pay) for _ in range(count)]


def fill(pool: Mempool, transactions: list[ReceivedTransaction]) -> None:
    for received in transactions:
        pool.add(received, A, 0)


def test_what_was_added_is_found_by_id_and_by_its_exact_bytes() -> None:
    (one,) = payments(1)
    pool = Mempool(10_000, 2)
    assert pool.add(one, A, 0)
    assert one.id in pool
    assert pool.get(one.id) is one
    assert pool.by_body(one.body_hash) is one
    assert pool.bytes == len(one.raw)


def test_the_same_id_waits_once() -> None:
    (one,) = payments(1)
    pool = Mempool(10_000, 2)
    assert pool.add(one, A, 0)
    assert not pool.add(one, A, 0)
    assert (len(pool), pool.bytes) == (1, len(one.raw))


def test_members_take_turns_by_bytes_each_in_order_of_arrival() -> None:
    big = 40  # so many transactions are more than one turn's bytes
    of_a, of_b = payments(3 * big), payments(2)
    assert sum(len(received.raw) for received in of_a[:big]) < QUANTUM_BYTES
    pool = Mempool(1_000_000, 2)
    fill(pool, of_a)
    for received in of_b:
        pool.add(received, B, 0)
    picked = pool.pick(0, 1_000, 1_000_000)
    assert [received for received in picked if received not in of_b] == of_a
    turn = picked.index(of_b[0])
    assert sum(len(received.raw) for received in picked[:turn]) <= QUANTUM_BYTES
    assert picked[turn + 1] == of_b[1]


def test_who_begins_changes_with_the_height() -> None:
    one, other = payments(2)
    pool = Mempool(100_000, 2)
    pool.add(one, A, 0)
    pool.add(other, B, 0)
    assert pool.pick(0, 10, 100_000) == [one, other]
    assert pool.pick(1, 10, 100_000) == [other, one]
    assert pool.pick(0, 1, 100_000) == [one]


def test_large_transactions_of_some_starve_nobody() -> None:
    pool = Mempool(64 * 1024 * 1024, 4)
    sponsors = [bytes([number]) * 32 for number in range(4)]
    memos = [operation("epcis.capture", EpcisCapture(b"{" * 260_000, "public"))] * 4
    large = [WORLD.signed("buyer", *memos[:3]) for _ in range(4)]
    for position, received in enumerate(large):
        pool.add(received, sponsors[position % 2], 0)
    (small,) = payments(1)
    pool.add(small, sponsors[3], 0)
    for height in range(4):
        assert small in pool.pick(height, 10_000, 2 * 1024 * 1024)


def test_what_does_not_fit_is_left_out_and_smaller_ones_follow() -> None:
    first, second = payments(2)
    capture = operation("epcis.capture", EpcisCapture(b"{" * 10_000, "public"))
    large = WORLD.signed("buyer", capture)
    pool = Mempool(100_000, 1)
    fill(pool, [first, large, second])
    assert pool.pick(0, 10, len(first.raw) + len(second.raw)) == [first, second]


def test_beyond_half_a_pool_nobody_holds_more_than_an_equal_share() -> None:
    flood = payments(20)
    size = max(len(received.raw) for received in flood)
    pool = Mempool(10 * size, 5)
    with pytest.raises(PoolFull, match="share"):
        fill(pool, flood[:11])
    assert 4 <= len(pool) <= 6
    # Another member still gets its share.
    assert pool.add(flood[11], B, 0)
    assert pool.add(flood[12], B, 0)
    with pytest.raises(PoolFull, match="share"):
        pool.add(flood[13], B, 0)


def test_the_whole_pool_is_bounded_in_bytes() -> None:
    flood = payments(12)
    pool = Mempool(10 * len(flood[0].raw), 1)
    with pytest.raises(PoolFull):
        fill(pool, flood)
    assert pool.bytes <= 10 * len(flood[0].raw)


def test_discarding_frees_everything() -> None:
    waiting = payments(5)
    pool = Mempool(100_000, 2)
    for position, received in enumerate(waiting):
        pool.add(received, A if position % 2 else B, 0)
    pool.discard([received.id for received in waiting] + [b"unknown" * 4])
    assert (len(pool), pool.bytes) == (0, 0)
    assert pool.pick(0, 10, 100_000) == []
    assert pool.by_body(waiting[0].body_hash) is None


def test_what_can_no_longer_be_decided_is_named() -> None:
    (one,) = payments(1)
    pool = Mempool(100_000, 2)
    pool.add(one, A, 0)
    assert pool.expired(one.transaction.valid_until_ms) == []
    assert pool.expired(one.transaction.valid_until_ms + 1) == [one.id]


def passed_over(pool: Mempool, height: int, count: int, sponsor: bytes = C) -> tuple[bytes, ...]:
    """By a block with so many, all of one sponsor."""
    return pool.passed_over(height, payments(count), lambda _: sponsor)


def test_only_what_fair_order_would_have_placed_counts_as_passed_over() -> None:
    first, second, late = payments(3)
    pool = Mempool(100_000, 2)
    pool.add(first, A, 4)
    pool.add(second, A, 4)
    pool.add(late, B, 6)
    # The block at 5 may have been proposed before they came; the one at 6 may not.
    assert passed_over(pool, 5, 3) == ()
    assert passed_over(pool, 6, 3) == (first.id, second.id)
    assert pool.oldest(6, 2) == (first.id, second.id)
    # Of a block with one transaction only the first in fair order was passed over.
    assert passed_over(pool, 6, 1) == (first.id,)


def test_where_much_waits_what_came_first_here_may_have_come_last_to_the_primary() -> None:
    (early,) = payments(1)
    flood = payments(CLEARED_BYTES * 3 // len(early.raw))
    pool = Mempool(64 * 1024 * 1024, 2)
    pool.add(early, A, 4)
    for received in flood:
        pool.add(received, A, 4)
    heights = pool.bytes // CLEARED_BYTES
    assert heights in {2, 3}
    assert passed_over(pool, 5 + heights, 1) == ()
    assert passed_over(pool, 6 + heights, 1) == (early.id,)
    pool.discard([received.id for received in flood])
    assert passed_over(pool, 6, 1) == (early.id,)
    # However much waits, whoever is left out for ever is noticed.
    pool.bytes = 64 * 1024 * 1024
    assert passed_over(pool, 6 + CLEARING_HEIGHTS_MAX, 1) == (early.id,)


def test_a_flood_that_had_its_share_of_a_block_complains_of_nothing() -> None:
    flood = payments(WAITING_MIN_BYTES // 200)
    (modest,) = payments(1)
    pool = paced(4)
    for received in flood:
        pool.add(received, A, 0, PEER)
    pool.add(modest, B, 0, PEER)
    assert pool.bytes > WAITING_MIN_BYTES
    # At this height B begins.
    late = 1 + CLEARING_HEIGHTS_MAX + 2
    # Nothing of theirs was in it: both are left out, and a flood may not be starved either.
    assert set(passed_over(pool, late, 2, C)) == {flood[0].id, modest.id}
    # It had its share, with others than those that came here first: only the modest one complains.
    assert passed_over(pool, late, 2, A) == (modest.id,)
    # And who floods no more complains of each transaction again, once what it had sent is through.
    pool.discard([received.id for received in flood[: len(flood) // 2]])
    first, through = flood[len(flood) // 2], late + CLEARING_HEIGHTS_MAX
    assert first.id not in passed_over(pool, through - 1, 2, A)
    assert first.id in passed_over(pool, through, 2, A)


def test_a_sponsor_has_room_again_when_a_part_of_it_is_free() -> None:
    flood = payments(200)
    pool = Mempool(100 * len(flood[0].raw), 4)
    with pytest.raises(PoolFull) as full:
        fill(pool, flood)
    assert full.value.sponsor == A
    assert not pool.has_room_again(A, PEER)
    assert pool.has_room_again(B, PEER)
    pool.discard([flood[0].id])
    assert not pool.has_room_again(A, PEER)
    pool.discard([received.id for received in flood[:30]])
    assert pool.has_room_again(A, PEER)


# What clients may have waiting.


def paced(sponsors: int) -> Mempool:
    return Mempool(64 * 1024 * 1024, sponsors, Pace(lambda: 0))


def flooded(sponsors: int) -> tuple[Mempool, int]:
    """A pool in which one sponsor alone has more waiting than clients may; what one takes."""
    flood = payments(WAITING_MIN_BYTES // 200)
    pool = paced(sponsors)
    for received in flood:
        pool.add(received, A, 0, PEER)
    assert pool.bytes > WAITING_MIN_BYTES
    return pool, len(flood[0].raw)


def test_one_members_flood_by_gossip_leaves_the_others_their_shares() -> None:
    pool, size = flooded(4)
    with pytest.raises(PoolFull):
        pool.require_room(size, A)
    pool.require_room(size, A, PEER)
    pool.require_room(size, None)
    share = WAITING_MIN_BYTES // 4
    others = payments(share // size + 1)
    for received in others[:-1]:
        pool.add(received, B, 0)
    with pytest.raises(PoolFull) as full:
        pool.add(others[-1], B, 0)
    assert full.value.retry_after_ms > 0


def test_what_blocks_take_away_says_how_much_clients_may_have_waiting() -> None:
    clock = [0]
    pool = Mempool(64 * 1024 * 1024, 4, Pace(lambda: clock[0]))
    (left,) = payments(1)
    pool.add(left, A, 0)
    block = payments(WAITING_MIN_BYTES * 2 // len(left.raw))
    pool.taken(block)
    clock[0] += 1_000
    assert pool.pace is not None
    assert pool.pace.waiting_max_bytes == sum(len(received.raw) for received in block)
    # Where nothing was left waiting, a block tells nothing.
    pool.discard([left.id])
    clock[0] += 60_000
    pool.taken(block)
    clock[0] += 1_000
    assert pool.pace.waiting_max_bytes == WAITING_MIN_BYTES


def test_where_every_member_has_used_up_its_share_nothing_is_read_any_more() -> None:
    pool, size = flooded(1)
    with pytest.raises(PoolFull):
        pool.require_room(size, None)
    pool.require_room(size, None, PEER)


@pytest.mark.parametrize("sponsors", [1, 4, 16, 128])
def test_one_transaction_of_any_size_always_has_a_place(sponsors: int) -> None:
    pool, _ = flooded(sponsors + 1)
    pool.require_room(TRANSACTION_SIZE_MAX, None)
    pool.require_room(TRANSACTION_SIZE_MAX, B)
    paced(sponsors).require_room(TRANSACTION_SIZE_MAX, B)


def test_a_single_member_may_use_all_that_clients_may_have_waiting() -> None:
    pool = paced(4)
    for received in payments(WAITING_MIN_BYTES // 400):
        pool.add(received, A, 0)
    assert pool.bytes > WAITING_MIN_BYTES // 2


def test_a_peer_brings_no_more_of_one_sponsors_than_correct_nodes_let_in() -> None:
    pool = paced(4)
    assert pool.pace is not None
    room = BROUGHT_PERCENT * pool.pace.waiting_max_bytes // 100
    # Far below half of the pool, where a sponsor's share is still everything.
    assert room < 64 * 1024 * 1024 // 4
    flood = payments(room // 200)
    size = len(flood[0].raw)
    for received in flood[: room // size]:
        pool.add(received, A, 0, PEER)
    with pytest.raises(PoolFull) as full:
        pool.add(flood[-1], A, 0, PEER)
    assert full.value.sponsor == A
    # Others bring as much of the same sponsor's, and the same peer of others'.
    pool.require_room(room, A, OTHER)
    pool.require_room(room, B, PEER)
    assert not pool.has_room_again(A, PEER)
    assert pool.has_room_again(A, OTHER)
    # What is decided makes room, to the last byte.
    pool.discard([received.id for received in flood])
    pool.require_room(room, A, PEER)
    with pytest.raises(PoolFull):
        pool.require_room(room + 1, A, PEER)
