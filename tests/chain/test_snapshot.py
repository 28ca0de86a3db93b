"""The formats: names, sizes, and what the codec can hold of each."""

import pytest

from chain.codec import NODES_MAX, decode
from chain.snapshot import (
    MANIFEST,
    MANIFEST_SIZE_MAX,
    PAIRS_MAX,
    SIZE_MAX,
    Headers,
    Ids,
    Pairs,
    PartId,
    PartKind,
    SnapshotTooLarge,
    encode_headers,
    encode_ids,
    encode_manifest,
    encode_pairs,
    headers_count,
)
from tests.chain.snapshots import snapshot_of
from tests.chain.toy_world import ToyWorld


def test_every_part_has_a_name_and_a_limit() -> None:
    assert MANIFEST.name == "manifest"
    assert PartId(PartKind.STATE, 12).name == "state-00012"
    assert PartId(PartKind.INDEX).name == "index-00000"
    assert {PartId(kind).size_max for kind in PartKind} == set(SIZE_MAX.values())


def test_the_largest_number_of_pairs_is_within_the_codecs_caps() -> None:
    assert 4 * PAIRS_MAX < NODES_MAX
    data = encode_pairs([(b"%05d" % number, b"") for number in range(PAIRS_MAX)])
    assert len(decode(Pairs, data).pairs) == PAIRS_MAX


def test_parts_read_back_as_they_were_written() -> None:
    header = ToyWorld().header(())
    assert decode(Headers, encode_headers([header])).headers == (header,)
    assert decode(Ids, encode_ids(7, bytes(64))) == Ids(7, bytes(64))


@pytest.mark.parametrize(("height", "count"), [(1, 1), (1_025, 1_025), (5_000, 1_025)])
def test_as_many_headers_come_as_a_handler_may_look_back_and_one(height: int, count: int) -> None:
    assert headers_count(height) == count


def test_a_manifest_beyond_the_limit_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    world = ToyWorld()
    world.decide()
    _, manifest = snapshot_of(world)
    assert len(encode_manifest(manifest)) < MANIFEST_SIZE_MAX
    monkeypatch.setattr("chain.snapshot.MANIFEST_SIZE_MAX", 500)
    with pytest.raises(SnapshotTooLarge):
        encode_manifest(manifest)
