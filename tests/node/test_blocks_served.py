"""What a peer is answered that asks for decided blocks."""

import pytest

from chain import schema
from chain.codec import encode
from chain.ledger import Ledger
from chain.stored_chain import Base
from node import blocks_served
from node.blocks_served import BURST_MS, PEERS_MAX, RATE_BYTES_PER_MS, Budget, read_blocks, size_of
from p2p.messages import Blocks, BlocksGone
from tests.chain.world import World


def chain(count: int, first_block: int = 1) -> Ledger:
    """So many blocks, of which those from `first_block` on are there."""
    world = World()
    for _ in range(count):
        world.decide()
    rows: dict[bytes, bytes | None] = {
        schema.block_key(height): None for height in range(1, first_block)
    }
    if first_block > 1:
        rows[schema.META_BASE] = encode(Base(first_block, 1))
    world.store.write(rows)
    return Ledger(world.store, world.genesis, world.rules)


def test_who_asks_below_the_first_block_is_told_where_it_is() -> None:
    ledger = chain(6, first_block=4)
    assert read_blocks(ledger, 2, 5) == BlocksGone(2, 4)
    answer = read_blocks(ledger, 4, 5)
    assert isinstance(answer, Blocks)
    assert len(answer.blocks) == 3


@pytest.mark.parametrize("first", [0, 7, 2**60])
def test_the_genesis_and_what_is_not_there_yet_is_an_empty_answer(first: int) -> None:
    assert read_blocks(chain(6), first, 3) == Blocks(first, ())


def test_an_answer_ends_at_its_size_and_has_one_block_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ledger = chain(4)
    monkeypatch.setattr(blocks_served, "REPLY_SIZE_MAX", 1)
    answer = read_blocks(ledger, 1, 4)
    assert isinstance(answer, Blocks)
    assert len(answer.blocks) == 1


def test_an_answer_weighs_its_blocks_and_certificates() -> None:
    answer = read_blocks(chain(3), 1, 3)
    assert isinstance(answer, Blocks)
    assert size_of(answer) == sum(len(e.block) + len(e.certificate) for e in answer.blocks)
    assert size_of(BlocksGone(1, 2)) == 0


class Clock:
    """A number that tests move."""

    now_ms = 1_000_000

    def __call__(self) -> int:
        return self.now_ms


def test_a_peer_is_sent_so_much_at_once_and_so_much_for_long() -> None:
    clock = Clock()
    budget, sent = Budget(clock), 0
    began_ms = clock.now_ms
    for _ in range(5_000):
        if not budget.rest_ms(b"one"):
            budget.sent(b"one", RATE_BYTES_PER_MS * 40)
            sent += RATE_BYTES_PER_MS * 40
        clock.now_ms += 1
    passed_ms = clock.now_ms - began_ms
    assert passed_ms - 40 <= sent / RATE_BYTES_PER_MS <= passed_ms + BURST_MS + 40
    assert budget.rest_ms(b"one") > 0
    assert budget.rest_ms(b"another") == 0
    clock.now_ms += budget.rest_ms(b"one")
    assert budget.rest_ms(b"one") == 0


def test_who_asks_for_small_blocks_without_end_waits_too() -> None:
    budget = Budget(Clock())
    for _ in range(BURST_MS):
        assert not budget.rest_ms(b"one")
        budget.sent(b"one", RATE_BYTES_PER_MS - 1)
    budget.sent(b"one", size_of(BlocksGone(1, 2)))
    assert budget.rest_ms(b"one") == 1


def test_a_clock_that_is_put_back_makes_nobody_wait() -> None:
    clock = Clock()
    budget = Budget(clock)
    budget.sent(b"one", RATE_BYTES_PER_MS * 2 * BURST_MS)
    assert budget.rest_ms(b"one") == BURST_MS
    clock.now_ms -= 3_600_000
    assert budget.rest_ms(b"one") == 0


def test_so_many_peers_are_remembered() -> None:
    budget = Budget(Clock())
    for number in range(PEERS_MAX + 10):
        budget.sent(number.to_bytes(2), RATE_BYTES_PER_MS)
    assert len(budget._paid_ms) <= PEERS_MAX
