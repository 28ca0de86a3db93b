"""Installing: the ledger goes on as the one that the snapshot was made of, or nothing is there."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typing_extensions import override

from chain import schema
from chain.committee import Committee
from chain.context import PROVEN_INDEX
from chain.errors import BlockInvalid
from chain.genesis import ConsensusParameters
from chain.ledger import Ledger
from chain.replay import MINUTE_MS
from chain.scrub import scrub
from chain.snapshot import (
    HEADERS_MAX,
    MANIFEST,
    SnapshotPartWrong,
    encode_manifest,
)
from chain.snapshot_install import install
from chain.state import u64
from chain.store import open_store
from chain.store_contract import KVStore, StorageFailed
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction, read_transaction
from commerce.registry import Registry
from tests.chain.history import transactions
from tests.chain.snapshots import HeldParts, Invented, parts_now, seal, snapshot_of
from tests.chain.toy import COPIED, PROVEN, PROVEN_AT, ToyRules, add, elect, look, schedule
from tests.chain.toy_world import ToyWorld
from tests.vectors.proof_chain import ProvenChain, made_chain


def installed(world: ToyWorld, parts: HeldParts, *, with_index: bool = True) -> Ledger:
    store = MemoryStore()
    install(store, world.genesis, world.toy, parts, with_index=with_index)
    return Ledger(store, world.genesis, ToyRules())


def follow(copy: Ledger, original: Ledger) -> None:
    """Write the blocks above the copy's tip, each with the same results."""
    for height in range(copy.tip.height + 1, original.tip.height + 1):
        block, certificate = original.block(height), original.certificate(height)
        assert block is not None
        assert certificate is not None
        received = [read_transaction(raw, original.rules) for raw in block.bodies]
        copy.write(copy.execute(block.header, received), certificate)
        assert copy.receipts(height) == original.receipts(height)
    assert copy.tip == original.tip


def rows(store: KVStore, *prefixes: bytes) -> list[tuple[bytes, bytes]]:
    return [row for prefix in prefixes for row in store.scan(prefix, prefix + b"\xff" * 600)]


def test_the_ledger_goes_on_with_the_same_roots_and_receipts() -> None:
    world = ToyWorld()
    for height in (1, 2, 3):
        world.decide(*transactions(world, height))
    parts, made = parts_now(world.ledger)
    for height in range(4, 8):
        world.decide(*transactions(world, height))
    seal(parts, made, world.ledger)
    copy = installed(world, parts)
    assert copy.tip.height == 3
    follow(copy, world.ledger)
    everything = (schema.STATE, schema.TREE, schema.REMEMBERED, schema.INDEX)
    assert rows(copy.store, *everything) == rows(world.store, *everything)
    scrub(copy)


class SnappedChain(ProvenChain):
    """The real rules: a snapshot is taken after each block and sealed by the next."""

    def __init__(self) -> None:
        self.taken: list[HeldParts] = []
        super().__init__()

    @override
    def block(self, body: Sequence[ReceivedTransaction] = ()) -> None:
        parts, made = parts_now(self.ledger) if self.ledger.tip.height else (None, None)
        super().block(body)
        if parts is not None and made is not None:
            seal(parts, made, self.ledger)
            self.taken.append(parts)


def test_a_chain_under_the_real_rules_goes_on_from_each_of_its_heights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.vectors.proof_chain.ProvenChain", SnappedChain)
    chain = made_chain()
    assert isinstance(chain, SnappedChain)
    genesis, original = chain.ledger.chain.genesis, chain.ledger
    heights = set()
    for parts in chain.taken:
        store = MemoryStore()
        heights.add(install(store, genesis, Registry(), parts).height)
        copy = Ledger(store, genesis, Registry())
        follow(copy, original)
        assert dict(copy.state.scan(b"")) == dict(original.state.scan(b""))
        assert list(copy.index(b"")) == list(original.index(b""))
        assert copy.leaders == original.leaders
    assert len(heights) >= 6


@pytest.mark.parametrize("kind", ["leveldb", "sqlite"])
def test_a_store_on_disk_opens_again(kind: str, tmp_path: Path) -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", add("tea", 3)))
    parts, _ = snapshot_of(world)
    store = open_store(tmp_path, kind="leveldb" if kind == "leveldb" else "sqlite")
    install(store, world.genesis, world.toy, parts)
    store.close()
    store = open_store(tmp_path)
    follow(Ledger(store, world.genesis, ToyRules()), world.ledger)
    store.close()


def test_a_repeated_transaction_is_refused() -> None:
    world = ToyWorld()
    first, second = (world.signed("buyer", add("tea")) for _ in range(2))
    world.decide(first)
    parts, _ = snapshot_of(world)
    copy = installed(world, parts)
    follow(copy, world.ledger)
    with pytest.raises(BlockInvalid, match="TransactionRepeated"):
        copy.execute(world.header([first]), [first])
    copy.execute(world.header([second]), [second])


def test_ids_go_on_being_counted_and_forgotten_alike() -> None:
    world = ToyWorld()
    world.decide(*(world.signed("buyer", add(f"n{n}")) for n in range(5)))
    parts, made = parts_now(world.ledger)
    world.decide(*(world.signed("buyer", add(f"n{n}")) for n in range(5)))
    seal(parts, made, world.ledger)
    world.decide(time_ms=world.now_ms + 3 * MINUTE_MS)
    world.decide()
    copy = installed(world, parts)
    follow(copy, world.ledger)
    assert rows(copy.store, schema.REMEMBERED) == rows(world.store, schema.REMEMBERED) == []


def test_deadlines_fire_alike() -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", schedule("tea", world.now_ms + 5_000)))
    parts, made = parts_now(world.ledger)
    world.decide(time_ms=world.now_ms + 10_000)
    world.decide()
    seal(parts, made, world.ledger)
    copy = installed(world, parts)
    assert copy.next_deadline_ms() is not None
    follow(copy, world.ledger)
    assert copy.next_deadline_ms() is None


def test_headers_within_reach_of_a_handler_are_there() -> None:
    world = ToyWorld(ConsensusParameters())
    for _ in range(HEADERS_MAX + 3):
        world.decide()
    world.decide(world.signed("buyer", add("tea")))
    parts, made = parts_now(world.ledger)
    lowest = world.ledger.tip.height + 1 - HEADERS_MAX
    world.decide(world.signed("buyer", look(lowest + 1)), world.signed("buyer", look(lowest)))
    seal(parts, made, world.ledger)
    copy = installed(world, parts)
    assert copy.base.first_header == lowest
    assert copy.header(lowest - 1) is None
    scrub(copy)
    follow(copy, world.ledger)
    scrub(copy)


def test_committees_follow_through_the_snapshot() -> None:
    world = ToyWorld()
    members = world.ledger.chain.committee.members
    world.decide(world.signed("buyer", elect(Committee(1, members[1:]))))
    for _ in range(2):
        world.decide(world.signed("buyer", add("tea")))
        parts, made = parts_now(world.ledger)
        world.decide(world.signed("buyer", add("silk")))
        seal(parts, made, world.ledger)
        copy = installed(world, parts)
        follow(copy, world.ledger)
        assert copy.committee_at(copy.tip.height + 1) == world.ledger.chain.committee
        height = world.ledger.record_at(copy.tip.height + 1).first_height - 1
        assert copy.committee_of(1) == world.ledger.committee_of(1)
        assert copy.certificate(height) == world.ledger.certificate(height)


def test_a_pending_committee_takes_its_seats() -> None:
    world = ToyWorld()
    members = world.ledger.chain.committee.members
    world.decide(world.signed("buyer", elect(Committee(1, members[:3]))))
    parts, made = parts_now(world.ledger)
    for name in ("a", "b", "c"):
        world.decide(world.signed("buyer", add(name)))
    seal(parts, made, world.ledger)
    copy = installed(world, parts)
    assert copy.next_committee == Committee(1, members[:3])
    follow(copy, world.ledger)


def test_a_snapshot_of_height_1_installs() -> None:
    world = ToyWorld()
    world.decide()
    parts, made = parts_now(world.ledger)
    world.decide(world.signed("buyer", add("tea")))
    manifest = seal(parts, made, world.ledger)
    assert manifest.height == 1
    follow(installed(world, parts), world.ledger)


def test_the_tip_says_whether_a_seal_is_needed() -> None:
    world = ToyWorld()
    tips = {}
    tips[1] = world.decide(world.signed("buyer", add("tea")))
    for height in (2, 3):
        parts, made = parts_now(world.ledger)
        tips[height] = world.decide()
        if made.source.below.height == height - 1:
            seal(parts, made, world.ledger)
            assert installed(world, parts).tip == tips[height - 1]


def test_what_is_not_here_is_told() -> None:
    world = ToyWorld()
    for name in ("a", "b", "c"):
        world.decide(world.signed("buyer", add(name)))
    parts, _ = snapshot_of(world)
    copy = installed(world, parts)
    assert (copy.base.first_block, copy.base.first_header) == (4, 1)
    assert copy.header(0) == world.ledger.header(0)
    assert copy.block(0) == world.ledger.block(0)


def test_the_index_may_be_left_out() -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", add("tea")))
    parts, _ = snapshot_of(world)
    assert list(installed(world, parts).index(b"counter/")) == list(world.ledger.index(b"counter/"))
    bare = installed(world, parts, with_index=False)
    assert list(bare.index(b"")) == []
    follow(bare, world.ledger)


def proven_world() -> ToyWorld:
    world = ToyWorld()
    world.decide(world.signed("buyer", add("tea", PROVEN_AT)))
    return world


def test_what_the_state_proves_of_the_index_is_never_left_out() -> None:
    world = proven_world()
    (copy,) = [key for key, _ in world.ledger.index(COPIED)]
    proven = list(world.ledger.index(PROVEN_INDEX))
    assert len(proven) == 2
    # What follows from a proven entry is made anew, whatever the snapshot says of it.
    for said in (None, u64(1)):
        world.store.write({schema.INDEX + copy: said})
        parts, _ = snapshot_of(world)
        for with_index in (True, False):
            found = installed(world, parts, with_index=with_index)
            assert list(found.index(PROVEN_INDEX)) == proven


@pytest.mark.parametrize("said", [None, u64(1)])
def test_an_index_that_contradicts_the_state_is_refused(said: bytes | None) -> None:
    world = proven_world()
    (key,) = [key for key, _ in world.ledger.index(PROVEN)]
    world.store.write({schema.INDEX + key: said})
    parts, _ = snapshot_of(world)
    with pytest.raises(SnapshotPartWrong) as refusal:
        installed(world, parts)
    assert refusal.value.part == MANIFEST


def test_a_store_that_holds_anything_is_left_alone() -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", add("tea")))
    parts, _ = snapshot_of(world)
    with pytest.raises(StorageFailed, match="empty"):
        install(world.store, world.genesis, world.toy, parts)
    assert world.decide().height == 3


def test_a_wrong_part_is_named_and_leaves_no_ledger() -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", add("tea")))
    parts, _ = snapshot_of(world)
    for part in list(parts.held):
        wrong = HeldParts({**parts.held, part: parts.held[part][:-1] + b"\xff"})
        store = MemoryStore()
        with pytest.raises(SnapshotPartWrong) as refusal:
            install(store, world.genesis, world.toy, wrong)
        assert refusal.value.part == part
        assert store.get(schema.META_GENESIS) is None


def test_a_manifest_that_leaves_a_minute_out_is_named_in_the_end() -> None:
    world = ToyWorld()
    world.decide(world.signed("buyer", add("tea")))
    parts, manifest = snapshot_of(world)
    parts.held[MANIFEST] = encode_manifest(replace(manifest, minutes=()))
    with pytest.raises(SnapshotPartWrong, match="leaves out") as refusal:
        install(MemoryStore(), world.genesis, world.toy, parts)
    assert refusal.value.part == MANIFEST


def test_many_parts_and_minutes_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain.snapshot_install._IDS_PER_BATCH", 7)
    world = ToyWorld()
    world.decide()
    invented = Invented(world, {b"key/%d" % n: bytes(1_000) for n in range(2_000)})
    for minute in (5, 6):
        invented.remember(minute, [bytes([minute, n]) * 16 for n in range(40)])
    parts, manifest = invented.snapshot()
    assert len(manifest.nodes) == 16
    store = MemoryStore()
    install(store, world.genesis, world.toy, parts)
    ledger = Ledger(store, world.genesis, world.toy)
    assert ledger.tip.state_root == manifest.header.state_root
    assert dict(ledger.state.scan(b"")) == invented.state
    again, _ = parts_now(ledger)
    assert again.held == {part: parts.held[part] for part in manifest.parts()}
