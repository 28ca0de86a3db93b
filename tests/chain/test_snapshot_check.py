"""Proving: no byte of any part changes unnoticed, no manifest can lie, refusals name the part."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.block import Certificate
from chain.codec import pack
from chain.committee import Committee
from chain.crypto import sha256
from chain.errors import LedgerError
from chain.replay import RememberedMinute
from chain.snapshot import (
    MANIFEST,
    Manifest,
    PartId,
    PartKind,
    SnapshotPartWrong,
    encode_headers,
    encode_ids,
    encode_manifest,
    encode_pairs,
    index_part_hash,
    manifest_check_sum,
)
from chain.snapshot_check import (
    check_headers_part,
    check_ids_part,
    check_index_part,
    check_manifest,
    check_minutes,
    check_part,
    check_state_part,
    cut_root,
    minutes_among,
    read_manifest,
    running_hash,
    subtree_hash,
)
from chain.tree_node import EMPTY, path_of, value_hash
from tests.chain.snapshots import HeldParts, Invented, snapshot_of, tree_of
from tests.chain.toy import add, elect
from tests.chain.toy_world import ToyWorld
from tests.chain.world import World, genesis

FLIPS = 500


def small_snapshot() -> tuple[ToyWorld, HeldParts, Manifest]:
    """Two epochs, five headers, ids of a minute, an index, one part of state."""
    world = ToyWorld()
    members = world.ledger.chain.committee.members
    world.decide(world.signed("buyer", elect(Committee(1, members[:3]))))
    world.decide(world.signed("buyer", add("tea"), add("silk")))
    world.decide(world.signed("merchant", add("salt")))
    parts, manifest = snapshot_of(world)
    return world, parts, manifest


def cut_snapshot() -> tuple[World, HeldParts, Manifest]:
    """Many parts of state, several minutes, several parts of the index."""
    world = ToyWorld()
    world.decide()
    world.decide(world.signed("buyer", add("tea")))
    invented = Invented(world)
    invented.state |= {b"key/%d" % n: sha256(b"%d" % n) * 30 for n in range(1_500)}
    invented.index |= {b"index/%05d" % n: bytes(100) for n in range(5_000)}
    for minute in (7, 8, 11):
        invented.remember(minute, [sha256(b"%d %d" % (minute, n)) for n in range(10 * minute)])
    parts, manifest = invented.snapshot()
    return world, parts, manifest


def prove(world: World, manifest: Manifest, part: PartId, data: bytes) -> None:
    if part == MANIFEST:
        check_manifest(data, world.genesis)
    else:
        check_part(manifest, part, data)


def proves(world: World, parts: HeldParts) -> Manifest:
    manifest = check_manifest(parts.held[MANIFEST], world.genesis)
    for part in manifest.parts():
        check_part(manifest, part, parts.held[part])
    return manifest


@pytest.mark.parametrize("make", [small_snapshot, cut_snapshot])
def test_an_honest_snapshot_proves_right(
    make: Callable[[], tuple[World, HeldParts, Manifest]],
) -> None:
    world, parts, manifest = make()
    assert proves(world, parts) == manifest == read_manifest(parts.held[MANIFEST])


@pytest.mark.parametrize("make", [small_snapshot, cut_snapshot])
def test_any_flipped_bit_of_any_part_is_refused_and_the_part_named(
    make: Callable[[], tuple[World, HeldParts, Manifest]],
) -> None:
    world, parts, manifest = make()
    draw = random.Random(4)
    by_kind = [[part for part in parts.held if part.kind is kind] for kind in PartKind]
    for number in range(FLIPS // 2):
        part = draw.choice(by_kind[number % len(by_kind)])
        data = bytearray(parts.held[part])
        data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        with pytest.raises(SnapshotPartWrong) as refusal:
            prove(world, manifest, part, bytes(data))
        assert refusal.value.part == part


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 33, 100])
def test_a_part_that_is_cut_short_or_empty_is_refused(cut: int) -> None:
    world, parts, manifest = small_snapshot()
    for part, data in parts.held.items():
        with pytest.raises(SnapshotPartWrong):
            prove(world, manifest, part, data[:cut])


def test_a_part_in_the_place_of_another_is_refused() -> None:
    _, parts, manifest = cut_snapshot()
    for kind in (PartKind.STATE, PartKind.IDS, PartKind.INDEX):
        with pytest.raises(SnapshotPartWrong) as refusal:
            check_part(manifest, PartId(kind, 1), parts.held[PartId(kind, 2)])
        assert refusal.value.part == PartId(kind, 1)


def own_committee(honest: Manifest) -> Manifest:
    (step,) = honest.steps
    mine = Committee(1, step.committee.members[:1])
    return replace(honest, steps=(replace(step, committee=mine),))


def short(certificate: Certificate, quorum: int) -> Certificate:
    return replace(certificate, signatures=certificate.signatures[:quorum])


def one_more_id(honest: Manifest) -> Manifest:
    (minute,) = honest.minutes
    row = RememberedMinute(minute.remembered.count + 1, minute.remembered.running_hash)
    return replace(honest, minutes=(replace(minute, remembered=row),))


def later_minute(honest: Manifest) -> Manifest:
    (minute,) = honest.minutes
    return replace(honest, minutes=(replace(minute, minute=minute.minute + 1),))


MINE = sha256(b"mine")
LIES: dict[str, Callable[[Manifest], Manifest]] = {
    "another chain": lambda m: replace(m, genesis_hash=MINE),
    "a root nobody signed": lambda m: replace(m, header=replace(m.header, state_root=MINE)),
    "a header nobody signed": lambda m: replace(m, header=replace(m.header, proposer=3)),
    "another block below": lambda m: replace(m, below=replace(m.below, proposer=3)),
    "a block below of no epoch": lambda m: replace(m, below=replace(m.below, epoch=9)),
    "no step": lambda m: replace(m, steps=()),
    "a step twice": lambda m: replace(m, steps=m.steps * 2),
    "a committee of its own": own_committee,
    "short of a quorum": lambda m: replace(m, certificate=short(m.certificate, 1)),
    "no certificate below": lambda m: replace(m, below_certificate=short(m.below_certificate, 0)),
    "the upper certificate below": lambda m: replace(m, below_certificate=m.certificate),
    "another node": lambda m: replace(m, nodes=(MINE,)),
    "no nodes": lambda m: replace(m, nodes=(), prefixes=()),
    "a prefix that is no digit": lambda m: replace(m, prefixes=(b"\x10",)),
    "a node without a prefix": lambda m: replace(m, prefixes=()),
    "an empty node": lambda m: replace(m, nodes=(EMPTY,)),
    "one more id": one_more_id,
    "another minute": later_minute,
    "a minute twice": lambda m: replace(m, minutes=m.minutes * 2),
}


@pytest.mark.parametrize("what", LIES)
def test_a_manifest_that_lies_is_refused(what: str) -> None:
    world, _, manifest = small_snapshot()
    check_manifest(encode_manifest(manifest), world.genesis)
    with pytest.raises(SnapshotPartWrong) as refusal:
        check_manifest(encode_manifest(LIES[what](manifest)), world.genesis)
    assert refusal.value.part == MANIFEST


def test_a_manifest_of_another_chain_is_refused() -> None:
    _, parts, _ = small_snapshot()
    with pytest.raises(SnapshotPartWrong, match="another chain"):
        check_manifest(parts.held[MANIFEST], genesis(members=5))


def test_a_snapshot_of_the_genesis_is_refused() -> None:
    world = ToyWorld()
    tip = world.ledger.tip
    header = world.header(())
    manifest = Manifest(
        header.genesis_hash,
        (),
        header,
        world.certify(header),
        tip.header,
        tip.certificate,
        (b"",),
        (header.state_root,),
        (),
        (),
    )
    with pytest.raises(SnapshotPartWrong, match="genesis"):
        check_manifest(encode_manifest(manifest), world.genesis)


@pytest.mark.parametrize(
    "begin", [("hushang-snapshot", 2), ("hushang-snapshot", True), ("other", 1)]
)
def test_another_format_or_version_is_refused(begin: tuple[str, int]) -> None:
    content = pack((*begin, ()))
    with pytest.raises(SnapshotPartWrong):
        read_manifest(content + manifest_check_sum(content))


def test_a_minute_that_a_manifest_leaves_out_is_found_in_the_state() -> None:
    _, parts, manifest = small_snapshot()
    pairs = check_state_part(manifest, 0, parts.held[PartId(PartKind.STATE)])
    minutes = minutes_among(key for key, _ in pairs)
    assert len(minutes) == 1
    check_minutes(manifest, minutes)
    with pytest.raises(SnapshotPartWrong, match="leaves out"):
        check_minutes(replace(manifest, minutes=()), minutes)


def test_pairs_of_the_state_that_are_more_fewer_or_in_disorder_are_refused() -> None:
    _, parts, manifest = cut_snapshot()
    pairs = check_state_part(manifest, 3, parts.held[PartId(PartKind.STATE, 3)])
    for wrong in (pairs[1:], pairs[::-1], (*pairs, pairs[-1]), ()):
        with pytest.raises(SnapshotPartWrong):
            check_state_part(manifest, 3, encode_pairs(wrong))
    assert check_state_part(manifest, 3, encode_pairs(pairs)) == pairs


def test_a_key_of_another_prefix_is_refused() -> None:
    """Also where an attacker has made the whole tree: the place in it counts."""
    state = {b"key/%d" % n: bytes(1_000) for n in range(2_000)}
    _, manifest = Invented(cut_snapshot()[0], state).snapshot()
    wrong = sorted(
        ((key, value) for key, value in state.items() if path_of(key)[0] >> 4 == 2),
        key=lambda pair: path_of(pair[0]),
    )
    with pytest.raises(SnapshotPartWrong, match="prefix"):
        check_state_part(manifest, 3, encode_pairs(wrong))


def test_ids_in_another_order_or_number_are_refused() -> None:
    _, parts, manifest = cut_snapshot()
    found = check_ids_part(manifest, 0, parts.held[PartId(PartKind.IDS, 0)])
    ids = found.ids
    for wrong in (ids[32:] + ids[:32], ids[32:], ids + ids[:32], ids[:-1]):
        with pytest.raises(SnapshotPartWrong):
            check_ids_part(manifest, 0, encode_ids(found.minute, wrong))
    with pytest.raises(SnapshotPartWrong, match="minute"):
        check_ids_part(manifest, 0, encode_ids(found.minute + 1, ids))


def test_headers_that_are_fewer_or_of_another_chain_are_refused() -> None:
    world, parts, manifest = small_snapshot()
    headers = check_headers_part(manifest, parts.held[PartId(PartKind.HEADERS)]).headers
    other = replace(headers[0], time_ms=headers[0].time_ms + 1)
    for wrong in (headers[1:], headers[:-1], (other, *headers[1:]), headers[::-1]):
        with pytest.raises(SnapshotPartWrong):
            check_headers_part(manifest, encode_headers(wrong))
    assert headers[0].height == 1
    assert headers[-1].height == world.ledger.tip.height - 1


def test_index_keys_that_do_not_ascend_are_refused_even_if_the_manifest_names_them() -> None:
    _, _, manifest = small_snapshot()
    data = encode_pairs([(b"b", b""), (b"a", b"")])
    named = replace(manifest, index_parts=(index_part_hash(data),))
    with pytest.raises(SnapshotPartWrong, match="ascend"):
        check_index_part(named, 0, data)


def test_the_index_digest_tells_layouts_apart_and_certificates_not() -> None:
    _, _, manifest = small_snapshot()
    digest = manifest.index_digest()
    fewer = replace(manifest.certificate, signatures=manifest.certificate.signatures[:1], view=9)
    assert replace(manifest, certificate=fewer).index_digest() == digest
    others = [
        replace(manifest, index_parts=()),
        replace(manifest, minutes=()),
        replace(manifest, prefixes=(b"\0",)),
    ]
    assert len({digest, *(other.index_digest() for other in others)}) == 4


def test_a_cut_folds_to_the_root_of_the_tree() -> None:
    state = {b"%d" % n: b"" for n in range(2_000)}
    entries = sorted(path_of(key) + value_hash(value) for key, value in state.items())
    nodes = {}
    for digit in range(16):
        mine = [entry for entry in entries if entry[0] >> 4 == digit]
        if digit == 5:
            for second in range(16):
                rest = b"".join(entry for entry in mine if entry[0] & 15 == second)
                nodes[bytes((digit, second))] = subtree_hash(rest, 2)
        else:
            nodes[bytes((digit,))] = subtree_hash(b"".join(mine), 1)
    prefixes = tuple(sorted(nodes))
    root = cut_root(prefixes, tuple(nodes[prefix] for prefix in prefixes))
    assert root == tree_of(state).root
    assert cut_root((), ()) == EMPTY


@pytest.mark.parametrize(
    "prefixes", [(b"\1", b"\0"), (b"\1", b"\1"), (b"", b"\1"), (b"\1", b"\1\2"), (b"\x10",)]
)
def test_what_is_no_cut_has_no_root(prefixes: tuple[bytes, ...]) -> None:
    assert cut_root(prefixes, tuple(sha256(prefix) for prefix in prefixes)) is None


def test_the_running_hash_is_that_of_the_ledger() -> None:
    world, parts, manifest = small_snapshot()
    (minute,) = manifest.minutes
    found = check_ids_part(manifest, 0, parts.held[PartId(PartKind.IDS)])
    assert running_hash(found.ids) == minute.remembered.running_hash
    assert world.ledger.is_remembered(minute.minute, found.ids[-32:])


def test_every_refusal_is_one_of_the_ledger() -> None:
    assert issubclass(SnapshotPartWrong, LedgerError)
    assert SnapshotPartWrong.hint
