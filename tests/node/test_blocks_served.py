"""What a peer is answered that asks for decided blocks."""

import pytest

from chain import schema
from chain.codec import encode
from chain.ledger import Ledger
from chain.stored_chain import Base
from node import blocks_served
from node.blocks_served import read_blocks
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
