"""Snapshots: the state after a block in parts, each of which proves right by itself.

A manifest leads from the genesis to a certified header, whose state root is that of the state after
the block below it; the parts hold that state, the transaction ids that may not repeat, the newest
headers, and the secondary index (docs/protocol-snapshots.md has every byte). This file says what
they are; `chain.snapshot_check` proves them, `chain.snapshot_make` makes them out of a ledger, and
`chain.snapshot_install` makes a ledger out of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final

from chain.block import Certificate, Header
from chain.bundle import STEPS_MAX, CommitteeStep
from chain.codec import ENCODED_SIZE_MAX, U64, Hash, Size, encode, pack, to_value
from chain.context import READY_HEIGHTS_MAX
from chain.crypto import HASH_SIZE, tagged_hash
from chain.errors import LedgerError
from chain.replay import RememberedMinute
from chain.state import STATE_KEY_MAX
from chain.tree_node import BUCKET_KEYS_MAX, PATH_DIGITS
from chain.tree_proof import PROOF_SIZE_MAX

SNAPSHOT_FORMAT: Final = "hushang-snapshot"
SNAPSHOT_VERSION: Final = 1

# A subtree of the state is one part up to this size, or if it is a bucket; else its 16 children are
# looked at in turn. So a part has some 256 KiB, and who grinds keys into one prefix makes more
# parts, and no larger ones.
STATE_PART_AIM: Final = 1024 * 1024
INDEX_PART_AIM: Final = 256 * 1024
# A bucket of 16 keys with the largest values.
STATE_PART_SIZE_MAX: Final = BUCKET_KEYS_MAX * (ENCODED_SIZE_MAX + STATE_KEY_MAX + 16) + 16
INDEX_PART_SIZE_MAX: Final = INDEX_PART_AIM + ENCODED_SIZE_MAX + STATE_KEY_MAX + 32
STATE_PARTS_MAX: Final = 32_768
INDEX_PARTS_MAX: Final = 32_768
# As many as fit into the codec's cap on nodes, four a pair; a subtree of more is cut, too.
PAIRS_MAX: Final = 32_768
# One minute of ids: 8 million.
IDS_BYTES_MAX: Final = 256 * 1024 * 1024
IDS_PART_SIZE_MAX: Final = IDS_BYTES_MAX + 32
MINUTES_MAX: Final = 4_096
# As many as a handler may look back at, and one more.
HEADERS_MAX: Final = READY_HEIGHTS_MAX + 1
HEADERS_PART_SIZE_MAX: Final = HEADERS_MAX * 512
MANIFEST_SIZE_MAX: Final = 32 * 1024 * 1024


class PartKind(IntEnum):
    """What a part holds; the number is the one in file names and on the wire."""

    MANIFEST = 0
    STATE = 1
    IDS = 2
    HEADERS = 3
    INDEX = 4


SIZE_MAX: Final = {
    PartKind.MANIFEST: MANIFEST_SIZE_MAX,
    PartKind.STATE: STATE_PART_SIZE_MAX,
    PartKind.IDS: IDS_PART_SIZE_MAX,
    PartKind.HEADERS: HEADERS_PART_SIZE_MAX,
    PartKind.INDEX: INDEX_PART_SIZE_MAX,
}


@dataclass(frozen=True, slots=True, order=True)
class PartId:
    """Names a part of a snapshot: its kind, and its number among those of the kind."""

    kind: PartKind
    number: int = 0

    @property
    def name(self) -> str:
        """Its file's name: `manifest`, `state-00012`, …"""
        kind = self.kind.name.lower()
        return kind if self.kind is PartKind.MANIFEST else f"{kind}-{self.number:05}"

    @property
    def size_max(self) -> int:
        """No part of this kind is larger."""
        return SIZE_MAX[self.kind]


MANIFEST: Final = PartId(PartKind.MANIFEST)


class SnapshotPartWrong(LedgerError):
    """A part of a snapshot is not what the chain's certified headers, or the manifest, say."""

    hint = "take the part from another node: this one's disk is damaged, or its owner lies"

    def __init__(self, part: PartId, reason: str) -> None:
        super().__init__(f"{part.name}: {reason}")
        self.part = part


class SnapshotTooLarge(LedgerError):
    """A snapshot of this state would exceed the limits of the format."""

    hint = "docs/protocol-snapshots.md § Limits; a new node joins by replaying the chain instead"


Prefix = Annotated[bytes, Size(max=PATH_DIGITS)]


@dataclass(frozen=True, slots=True)
class Pair:
    """A key and its value."""

    key: Annotated[bytes, Size(min=1, max=STATE_KEY_MAX)]
    value: Annotated[bytes, Size(max=ENCODED_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class Pairs:
    """A STATE part, whose pairs ascend by path, or an INDEX part, whose pairs ascend by key."""

    pairs: Annotated[tuple[Pair, ...], Size(max=PAIRS_MAX)]


@dataclass(frozen=True, slots=True)
class Ids:
    """An IDS part: the ids of one minute, 32 bytes each, in the order of their blocks."""

    minute: U64
    ids: Annotated[bytes, Size(max=IDS_BYTES_MAX)]


@dataclass(frozen=True, slots=True)
class Headers:
    """The HEADERS part: the newest headers up to the snapshot's block, heights ascending."""

    headers: Annotated[tuple[Header, ...], Size(min=1, max=HEADERS_MAX)]


@dataclass(frozen=True, slots=True)
class Minute:
    """A row of the state's remembered minutes (chain/replay.py), and the proof that it is there."""

    minute: U64
    remembered: RememberedMinute
    proof: Annotated[bytes, Size(min=1, max=PROOF_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What leads from the genesis to the parts.

    `steps` lead to the epoch of `header`, which is the one above the snapshot's block `below` and
    carries the roots after it. `prefixes` and `nodes` are a cut through the state tree: part
    number i holds the keys whose path begins with the digits `prefixes[i]` (one a byte), and the
    tree's node there has the hash `nodes[i]`; keys of no prefix there are none. `minutes` ascend,
    and part i of the ids is for `minutes[i]`. `index_parts` are hashes of the parts.
    """

    genesis_hash: Hash
    steps: Annotated[tuple[CommitteeStep, ...], Size(max=STEPS_MAX)]
    header: Header
    certificate: Certificate
    below: Header
    below_certificate: Certificate
    prefixes: Annotated[tuple[Prefix, ...], Size(max=STATE_PARTS_MAX)]
    nodes: Annotated[tuple[Hash, ...], Size(max=STATE_PARTS_MAX)]
    minutes: Annotated[tuple[Minute, ...], Size(max=MINUTES_MAX)]
    index_parts: Annotated[tuple[Hash, ...], Size(max=INDEX_PARTS_MAX)]

    @property
    def height(self) -> int:
        """The height of the block after which the state was as this snapshot says."""
        return self.below.height

    @property
    def digest(self) -> bytes:
        """The digest of that block, which the certified header names."""
        return self.header.parent_hash

    def index_digest(self) -> bytes:
        """H("snapshot-index", …) over what no state root covers: the same on every honest node.

        Besides the index it is how the state is cut and which minutes there are: two nodes that
        offer the same digest here hold the same parts byte by byte.
        """
        return tagged_hash(
            "snapshot-index",
            encode(
                _Uncovered(
                    self.prefixes,
                    tuple(minute.minute for minute in self.minutes),
                    self.index_parts,
                )
            ),
        )

    def parts(self) -> tuple[PartId, ...]:
        """Every part besides the manifest, in the order in which `install` wants them."""
        counts = {
            PartKind.HEADERS: 1,
            PartKind.STATE: len(self.nodes),
            PartKind.IDS: len(self.minutes),
            PartKind.INDEX: len(self.index_parts),
        }
        return tuple(PartId(kind, n) for kind, count in counts.items() for n in range(count))


@dataclass(frozen=True, slots=True)
class _Uncovered:
    """What `Manifest.index_digest` covers."""

    prefixes: Annotated[tuple[Prefix, ...], Size(max=STATE_PARTS_MAX)]
    minutes: Annotated[tuple[U64, ...], Size(max=MINUTES_MAX)]
    index_parts: Annotated[tuple[Hash, ...], Size(max=INDEX_PARTS_MAX)]


def headers_count(height: int) -> int:
    """How many headers the HEADERS part of a snapshot has; the genesis needs none."""
    return min(height, HEADERS_MAX)


def index_part_hash(data: bytes) -> bytes:
    """How the manifest names an INDEX part."""
    return tagged_hash("snapshot-index-part", data)


def encode_manifest(manifest: Manifest) -> bytes:
    """The bytes of a manifest: an array of format, version and the fields, and a check sum."""
    content = pack((SNAPSHOT_FORMAT, SNAPSHOT_VERSION, *to_value(manifest)))
    if len(content) + HASH_SIZE > MANIFEST_SIZE_MAX:
        msg = f"a manifest of {len(content)} bytes, at most {MANIFEST_SIZE_MAX}"
        raise SnapshotTooLarge(msg)
    return content + manifest_check_sum(content)


def manifest_check_sum(content: bytes) -> bytes:
    """The last 32 bytes of a manifest, over all before; so a damaged file names itself."""
    return tagged_hash("snapshot", content)


def encode_pairs(pairs: Sequence[tuple[bytes, bytes]]) -> bytes:
    """The bytes of a STATE or INDEX part; the caller has sorted the pairs."""
    return pack((tuple(pairs),))


def encode_ids(minute: int, ids: bytes) -> bytes:
    """The bytes of an IDS part."""
    return encode(Ids(minute, ids))


def encode_headers(headers: Sequence[Header]) -> bytes:
    """The bytes of the HEADERS part."""
    return encode(Headers(tuple(headers)))
