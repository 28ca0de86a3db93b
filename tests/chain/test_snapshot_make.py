"""Making: how the state is cut, in bounded memory; what a scan sees; damage found."""

from itertools import pairwise

import pytest

from chain import schema
from chain.codec import decode
from chain.committee import Committee
from chain.snapshot import (
    MANIFEST,
    STATE_PART_AIM,
    Ids,
    Pairs,
    PartId,
    PartKind,
)
from chain.snapshot_check import check_manifest, check_part, cut_root
from chain.snapshot_make import PILE_SIZE_MAX, Source, make_parts, manifest_of, needed_seal
from chain.store_contract import StoreDamaged
from chain.tree_node import path_of
from tests.chain.snapshots import HeldParts, Invented, parts_now, seal, snapshot_of, tree_of
from tests.chain.toy import add, elect, schedule
from tests.chain.toy_world import ToyWorld


def world_with_a_block() -> ToyWorld:
    world = ToyWorld()
    world.decide(world.signed("buyer", add("tea")))
    return world


def large_state(keys: int, size: int) -> dict[bytes, bytes]:
    return {b"key/%d" % number: bytes([number % 256]) * size for number in range(keys)}


def test_a_small_state_is_one_part() -> None:
    parts, manifest = snapshot_of(world_with_a_block())
    assert manifest.prefixes == (b"",)
    assert manifest.nodes == (manifest.header.state_root,)
    kinds = [part.kind for part in manifest.parts()]
    assert kinds == [PartKind.HEADERS, PartKind.STATE, PartKind.IDS, PartKind.INDEX]
    assert set(parts.held) == {MANIFEST, *manifest.parts()}


def test_a_large_state_is_cut_into_parts_of_the_aimed_size() -> None:
    invented = Invented(world_with_a_block(), large_state(5_000, 1_000))
    parts, manifest = invented.snapshot()
    sizes = [len(parts.held[part]) for part in manifest.parts() if part.kind is PartKind.STATE]
    assert len(sizes) == 16
    assert max(sizes) < STATE_PART_AIM
    assert manifest.prefixes == tuple(bytes([digit]) for digit in range(16))
    assert cut_root(manifest.prefixes, manifest.nodes) == tree_of(invented.state).root


def test_the_parts_hold_every_key_once() -> None:
    invented = Invented(world_with_a_block(), large_state(3_000, 1_500))
    parts, manifest = invented.snapshot()
    found: dict[bytes, bytes] = {}
    for part in manifest.parts():
        if part.kind is PartKind.STATE:
            pairs = decode(Pairs, parts.held[part], size_max=part.size_max).pairs
            assert all(path_of(a.key) < path_of(b.key) for a, b in pairwise(pairs))
            found |= {pair.key: pair.value for pair in pairs}
    assert found == invented.state


def test_memory_is_bounded_by_spreading_into_files() -> None:
    invented = Invented(world_with_a_block(), large_state(3_000, 2_000))
    assert sum(map(len, invented.state.values())) > 2 * PILE_SIZE_MAX
    parts, _ = invented.snapshot()
    assert parts.files == 16


def test_the_parts_do_not_depend_on_whether_files_were_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    invented = Invented(world_with_a_block(), large_state(2_000, 600))
    plain, _ = invented.snapshot()
    assert plain.files == 0
    monkeypatch.setattr("chain.snapshot_make.PILE_SIZE_MAX", STATE_PART_AIM)
    spread, _ = invented.snapshot()
    assert spread.files == 16
    assert spread.held == plain.held


def test_keys_ground_into_one_prefix_make_more_parts_and_no_larger_ones() -> None:
    ground, number = large_state(100, 10), 0
    while len(ground) < 400:
        key = b"ground/%d" % number
        number += 1
        if path_of(key)[0] == 0x77:
            ground[key] = bytes(4_000)
    parts, manifest = Invented(world_with_a_block(), ground).snapshot()
    deepest = max(map(len, manifest.prefixes))
    assert deepest == 3
    assert all(prefix[:2] == b"\7\7" for prefix in manifest.prefixes if len(prefix) == deepest)
    assert max(map(len, parts.held.values())) < STATE_PART_AIM


def test_a_bucket_of_large_values_is_one_part() -> None:
    state = large_state(16, 200_000)
    parts, manifest = Invented(world_with_a_block(), state).snapshot()
    assert manifest.prefixes == (b"",)
    assert len(parts.held[PartId(PartKind.STATE)]) > 3 * STATE_PART_AIM


def test_an_empty_table_makes_no_part() -> None:
    world = ToyWorld()
    world.decide()
    world.decide()
    parts, manifest = snapshot_of(world)
    kinds = {part.kind for part in parts.held}
    assert kinds == {PartKind.MANIFEST, PartKind.STATE, PartKind.HEADERS}
    assert not manifest.minutes
    assert not manifest.index_parts


def test_ids_come_in_the_order_of_their_blocks() -> None:
    world = ToyWorld()
    sent = [world.signed("buyer", add(f"n{number}")) for number in range(20)]
    for received in sent:
        world.decide(received)
    parts, manifest = parts_now(world.ledger)
    ids = b""
    for number in range(len(manifest.source.minutes)):
        ids += decode(Ids, parts.held[PartId(PartKind.IDS, number)]).ids
    assert ids == b"".join(received.id for received in sent)


def test_a_snapshot_sees_the_state_as_of_its_block() -> None:
    world = world_with_a_block()
    source = Source.of(world.ledger)
    world.decide(world.signed("buyer", add("tea", 41), add("silk")))
    parts = HeldParts()
    made = make_parts(source, world.ledger, parts)
    manifest = seal(parts, made, world.ledger)
    assert manifest.height == 1
    assert check_manifest(parts.held[MANIFEST], world.genesis) == manifest
    for part in manifest.parts():
        check_part(manifest, part, parts.held[part])


def test_a_resting_chain_needs_no_further_block() -> None:
    world = world_with_a_block()
    assert not Source.of(world.ledger).resting
    world.decide()
    source = Source.of(world.ledger)
    assert source.resting
    assert source.below.height == 1
    parts = HeldParts()
    manifest = seal(parts, make_parts(source, world.ledger, parts), world.ledger)
    assert check_manifest(parts.held[MANIFEST], world.genesis).height == 1
    assert manifest.header == world.ledger.tip.header


def test_the_steps_lead_through_every_committee() -> None:
    world = ToyWorld()
    founders = world.ledger.chain.committee.members
    for epoch, members in ((1, founders[:3]), (2, founders)):
        world.decide(world.signed("buyer", elect(Committee(epoch, members))))
        world.decide()
        world.decide(world.signed("buyer", add("tea")))
        parts, manifest = snapshot_of(world)
        assert len(manifest.steps) == manifest.header.epoch == epoch
        assert check_manifest(parts.held[MANIFEST], world.genesis) == manifest


def test_a_pending_committee_needs_no_step() -> None:
    world = ToyWorld()
    members = world.ledger.chain.committee.members
    world.decide(world.signed("buyer", elect(Committee(1, members[1:]))))
    parts, manifest = snapshot_of(world)
    assert manifest.header.next_committee_hash == Committee(1, members[1:]).hash()
    assert (manifest.header.epoch, manifest.steps) == (0, ())
    assert check_manifest(parts.held[MANIFEST], world.genesis) == manifest


def test_a_height_where_the_epoch_changes_between_the_two_headers_proves_right() -> None:
    world = ToyWorld()
    members = world.ledger.chain.committee.members
    world.decide(world.signed("buyer", elect(Committee(1, members[1:]))))
    world.decide(world.signed("buyer", add("tea")))
    parts, manifest = snapshot_of(world)
    assert (manifest.below.epoch, manifest.header.epoch) == (0, 1)
    assert manifest.below == manifest.steps[-1].header
    assert check_manifest(parts.held[MANIFEST], world.genesis) == manifest


@pytest.mark.parametrize("what", ["state", "ids", "missing id"])
def test_a_store_that_contradicts_its_root_is_found_damaged(what: str) -> None:
    world = world_with_a_block()
    store = world.store
    prefix = schema.STATE + b"counter/" if what == "state" else schema.REMEMBERED
    key, value = next(store.scan(prefix, prefix + b"\xff"))
    if what == "state":
        store.write({key: value[:-1] + bytes([value[-1] ^ 1])})
    else:
        store.write({key: None} if what == "missing id" else {key: None, key[:-1] + b"?": value})
    with pytest.raises(StoreDamaged):
        make_parts(Source.of(world.ledger), world.ledger, HeldParts())


def test_ids_of_a_minute_that_is_over_are_left_out() -> None:
    world = world_with_a_block()
    late = world.now_ms + 120_000
    world.decide(time_ms=late)
    parts, manifest = snapshot_of(world)
    assert manifest.minutes == ()
    assert all(part.kind is not PartKind.IDS for part in parts.held)


def test_whether_a_block_needed_a_seal_is_seen_from_the_header_above() -> None:
    world = ToyWorld()
    body = world.signed("buyer", schedule("tea", world.now_ms + 30_000))
    tips = [world.decide(body)]
    # One that fires, one that forgets ids, some that do nothing.
    tips += [world.decide(time_ms=world.now_ms + 20_000) for _ in range(7)]
    said = [tip.needs_seal for tip in tips[:-1]]
    assert said == [needed_seal(a.header, b.header) for a, b in pairwise(tips)]
    assert said.count(True) >= 3
    assert said.count(False) >= 2


def test_the_manifest_waits_for_the_block_above() -> None:
    world = world_with_a_block()
    _, made = parts_now(world.ledger)
    tip = world.ledger.tip
    with pytest.raises(AssertionError):
        manifest_of(made, world.ledger, tip.header, tip.certificate)
