"""A store held against itself: whatever row is lost or altered is noticed by name."""

from collections.abc import Iterator

import pytest

from chain import schema
from chain.ledger import Ledger
from chain.scrub import scrub
from chain.store_contract import StorageError, StoreDamaged
from chain.store_memory import MemoryStore
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from tests.chain.world import World, account

# Nothing that is agreed on covers the secondary indexes: only the engine's checksums do.
UNCOVERED = frozenset((schema.INDEX,))


def made() -> World:
    """A chain of a few blocks with payments, empty ones among them."""
    world = World()
    issue = operation("asset.issue", AssetIssue("CNY", account("buyer"), 1_000, "bank-1"))
    world.decide(world.signed("issuer", issue))
    for _ in range(2):
        pay = operation("pay.transfer", PayTransfer(account("merchant"), "CNY", 1, None))
        world.decide(world.signed("buyer", pay), world.signed("buyer", pay))
        world.decide()
    return world


def rows(world: World) -> dict[bytes, bytes]:
    return dict(world.store.scan(b"", b"\xff" * 40))


def damaged(world: World, changes: dict[bytes, bytes | None]) -> None:
    """Scrub a copy of the store with these changes."""
    store = MemoryStore()
    store.write({**rows(world), **changes})
    scrub(Ledger(store, world.genesis, Registry()))


def covered(world: World) -> Iterator[tuple[bytes, bytes]]:
    for name, value in rows(world).items():
        if name[:1] not in UNCOVERED:
            yield name, value


def test_a_whole_store_is_counted_with_progress() -> None:
    world = made()
    told: list[tuple[str, int, int]] = []
    counts = scrub(world.ledger, lambda *step: told.append(step))
    assert sum(counts.values()) == len(rows(world))
    assert counts[schema.HEADER] == world.ledger.tip.height + 1
    assert {stage for stage, _, _ in told} == {"rows", "blocks", "state"}


def test_a_store_of_the_genesis_alone_is_whole() -> None:
    assert scrub(World().ledger)[schema.BLOCK] == 1


def test_no_row_is_lost_in_silence() -> None:
    world = made()
    for name, _ in covered(world):
        if name == schema.META_GENESIS:
            continue
        with pytest.raises(StorageError):
            damaged(world, {name: None})


def test_no_row_is_altered_in_silence() -> None:
    world = made()
    for name, value in covered(world):
        # Signatures, and whether a seal must follow, only an audit tells.
        middle, last = {len(value) // 2}, {len(value) - 1}
        unaudited = {schema.CERTIFICATE: middle | last, schema.META_TIP[:1]: last}
        for at in sorted(({0} | middle | last) - unaudited.get(name[:1], set())):
            flipped = value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
            with pytest.raises(StorageError):
                damaged(world, {name: flipped})


@pytest.mark.parametrize("prefix", [schema.BLOCK, schema.HEADER, schema.CERTIFICATE])
def test_rows_above_the_tip_are_refused(prefix: bytes) -> None:
    world = made()
    beyond = prefix + (world.ledger.tip.height + 1).to_bytes(8)
    with pytest.raises(StoreDamaged, match="above the tip"):
        damaged(world, {beyond: world.store.get(prefix + bytes(8))})


def test_a_row_of_no_kind_is_refused() -> None:
    with pytest.raises(StoreDamaged, match="no row of this format"):
        damaged(made(), {b"zoo": b"1"})


def test_the_damaged_row_is_named() -> None:
    world = made()
    with pytest.raises(StoreDamaged, match="the row b 0000000000000003 is missing"):
        damaged(world, {schema.block_key(3): None})
