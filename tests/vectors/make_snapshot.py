"""Vectors of a snapshot: all parts of one, cut finer than a maker would, and wrong ones.

The chain is that of the proof bundles; the snapshot is of its block 8, in epoch 2.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import BinaryIO
from unittest import mock

from chain.codec import encode
from chain.crypto import sha256
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
)
from chain.snapshot_check import (
    check_headers_part,
    check_ids_part,
    check_manifest,
    check_part,
    check_state_part,
    cut_root,
)
from chain.snapshot_make import Source, _State, make_parts, manifest_of
from chain.tree_node import path_of
from tests.vectors.material import Json, genesis
from tests.vectors.proof_chain import made_chain

# So small that the state of a short chain is cut.
AIM = 1_500
# Half of the nodes at depth 1 are cut again.
CUT_KEYS = 400
CUT_AIM = 500


@dataclass(slots=True)
class _Kept:
    """`Sink` in memory."""

    parts: dict[PartId, bytes] = field(default_factory=dict)

    def put(self, part: PartId, data: bytes) -> None:
        self.parts[part] = data

    def temporary(self) -> BinaryIO:
        return BytesIO()

    def breathe(self) -> None:
        pass


def snapshot() -> Json:
    """The snapshot, what it is of, and what is refused."""
    ledger, kept = made_chain().ledger, _Kept()
    with mock.patch("chain.snapshot_make.STATE_PART_AIM", AIM):
        made = make_parts(Source.of(ledger), ledger, kept)
    tip = ledger.tip
    manifest = manifest_of(made, ledger, tip.header, tip.certificate)
    assert manifest.height == tip.height - 1
    assert len(manifest.prefixes) > 1
    return {
        "genesis": encode(genesis()).hex(),
        "height": manifest.height,
        "block_hash": manifest.digest.hex(),
        "state_root": manifest.header.state_root.hex(),
        "index_digest": manifest.index_digest().hex(),
        "manifest": encode_manifest(manifest).hex(),
        "parts": {part.name: kept.parts[part].hex() for part in manifest.parts()},
        "cut": _cut(),
        "refused": [
            _refused(manifest, *row)
            for row in (*_lies(manifest), *_wrong_parts(manifest, kept.parts))
        ],
    }


def _cut() -> Json:
    """A cut at several depths, of CUT_KEYS keys `key N` with the value `N`."""
    rows = [(b"key %d" % n, b"%d" % n) for n in range(CUT_KEYS)]
    state = _State(_Kept())
    with mock.patch("chain.snapshot_make.STATE_PART_AIM", CUT_AIM):
        state.cut(b"", [(path_of(key), key, value) for key, value in rows])
    prefixes, nodes = tuple(state.prefixes), tuple(state.nodes)
    root = cut_root(prefixes, nodes)
    assert {len(prefix) for prefix in prefixes} == {1, 2}
    assert root is not None
    return {
        "keys": CUT_KEYS,
        "prefixes": [prefix.hex() for prefix in prefixes],
        "nodes": [node.hex() for node in nodes],
        "root": root.hex(),
    }


def _refused(manifest: Manifest, name: str, part: PartId, data: bytes) -> Json:
    refusal = None
    try:
        if part == MANIFEST:
            check_manifest(data, genesis())
        else:
            check_part(manifest, part, data)
    except SnapshotPartWrong as error:
        refusal = error
    assert refusal is not None, name
    assert refusal.part == part, name
    return {"name": name, "part": part.name, "bytes": data.hex(), "refusal": refusal.code}


def _lies(manifest: Manifest) -> Iterator[tuple[str, PartId, bytes]]:
    header, below, minute = manifest.header, manifest.below, manifest.minutes[0]
    node = (sha256(b"another"), *manifest.nodes[1:])
    row = replace(minute.remembered, count=minute.remembered.count + 1)
    lies = {
        "of another chain": replace(manifest, genesis_hash=sha256(b"another")),
        "a header nobody signed": replace(manifest, header=replace(header, view=header.view + 1)),
        "another block below": replace(manifest, below=replace(below, view=below.view + 1)),
        "a step is missing": replace(manifest, steps=manifest.steps[1:]),
        "another node": replace(manifest, nodes=node),
        "a node is missing": replace(
            manifest, nodes=manifest.nodes[1:], prefixes=manifest.prefixes[1:]
        ),
        "another count of ids": replace(manifest, minutes=(replace(minute, remembered=row),)),
        "a certificate without signatures": replace(
            manifest, certificate=replace(manifest.certificate, signatures=())
        ),
    }
    for name, lie in lies.items():
        yield name, MANIFEST, encode_manifest(lie)
    yield "a changed byte", MANIFEST, encode_manifest(manifest)[:-1] + b"\x00"


def _wrong_parts(
    manifest: Manifest, parts: dict[PartId, bytes]
) -> Iterator[tuple[str, PartId, bytes]]:
    state, ids = PartId(PartKind.STATE, 1), PartId(PartKind.IDS)
    headers, index = PartId(PartKind.HEADERS), PartId(PartKind.INDEX)
    pairs = check_state_part(manifest, 1, parts[state])
    yield "a pair is missing", state, encode_pairs(pairs[1:])
    yield "pairs in disorder", state, encode_pairs(pairs[::-1])
    yield "another part of the state", state, parts[PartId(PartKind.STATE, 2)]
    found = check_ids_part(manifest, 0, parts[ids])
    yield "an id is missing", ids, encode_ids(found.minute, found.ids[32:])
    turned = found.ids[32:] + found.ids[:32]
    yield "ids in another order", ids, encode_ids(found.minute, turned)
    shown = check_headers_part(manifest, parts[headers]).headers
    yield "a header is missing", headers, encode_headers(shown[1:])
    other = replace(shown[0], view=1)
    yield "a header nobody names as its parent", headers, encode_headers((other, *shown[1:]))
    yield "another index", index, encode_pairs([(b"a", b"b")])
