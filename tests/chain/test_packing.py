"""Large rows take less room, and come back as they were or by name."""

import pytest

from chain.block import Block
from chain.codec import encode
from chain.packing import PACKED_MIN, pack_row, unpack_row
from chain.store_contract import StoreDamaged
from tests.chain.toy_world import ToyWorld

LARGE = b"\x92" + b"goods " * PACKED_MIN
NOISE = b"\x92" + bytes((n * n * 7919 >> 5) % 251 for n in range(PACKED_MIN))


@pytest.mark.parametrize("row", [b"", b"\x92", LARGE[: PACKED_MIN - 1], LARGE, NOISE])
def test_a_row_comes_back_as_it_was(row: bytes) -> None:
    assert unpack_row(pack_row(row)) == row
    assert len(pack_row(row)) <= len(row)


def test_large_rows_shrink_and_small_ones_are_left_alone() -> None:
    assert len(pack_row(LARGE)) < len(LARGE) // 10
    assert pack_row(LARGE[:100]) == LARGE[:100]


def test_no_stored_block_looks_compressed_unless_it_is() -> None:
    world = ToyWorld()
    block = world.ledger.block(0)
    assert isinstance(block, Block)
    assert unpack_row(encode(block)) == encode(block)


@pytest.mark.parametrize("place", [0, 1, 2, 10, -1])
def test_a_damaged_row_is_refused_or_no_row(place: int) -> None:
    stored = bytearray(pack_row(LARGE))
    stored[place] ^= 0x41
    if place == 0:
        # Not compressed any more, then: no canonical row either.
        assert unpack_row(bytes(stored)) == stored
        return
    with pytest.raises(StoreDamaged):
        unpack_row(bytes(stored))


@pytest.mark.parametrize("change", [lambda row: row[:-1], lambda row: row + b"x"])
def test_a_row_cut_short_or_grown_is_refused(change: object) -> None:
    assert callable(change)
    with pytest.raises(StoreDamaged):
        unpack_row(change(pack_row(LARGE)))
