"""Snapshots in memory: of a world's ledger, or of any state under a header that members signed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import BinaryIO

from chain import schema
from chain.codec import encode
from chain.ledger import Ledger
from chain.replay import REMEMBERED, RememberedMinute
from chain.snapshot import MANIFEST, Manifest, Minute, PartId, encode_manifest
from chain.snapshot_check import running_hash
from chain.snapshot_make import Made, Source, make_parts, manifest_of
from chain.state import u64
from chain.store_memory import MemoryStore
from chain.tree import StateTree
from tests.chain.world import World

HASH_SIZE = 32


@dataclass(slots=True)
class HeldParts:
    """`Sink` and `Parts` at once."""

    held: dict[PartId, bytes] = field(default_factory=dict)
    breaths: int = 0
    files: int = 0

    def put(self, part: PartId, data: bytes) -> None:
        """See `chain.snapshot_make.Sink`."""
        assert part not in self.held
        assert len(data) <= part.size_max
        self.held[part] = data

    def temporary(self) -> BinaryIO:
        """See `chain.snapshot_make.Sink`."""
        self.files += 1
        return BytesIO()

    def breathe(self) -> None:
        """See `chain.snapshot_make.Sink`."""
        self.breaths += 1

    def read(self, part: PartId) -> bytes:
        """See `chain.snapshot_install.Parts`."""
        return self.held[part]


def parts_now(ledger: Ledger) -> tuple[HeldParts, Made]:
    """The parts of the state as it is."""
    parts = HeldParts()
    return parts, make_parts(Source.of(ledger), ledger, parts)


def seal(parts: HeldParts, made: Made, ledger: Ledger) -> Manifest:
    """Add the manifest, by the block above, which is there."""
    height = made.source.below.height + 1
    header, certificate = ledger.header(height), ledger.certificate(height)
    assert header is not None
    assert certificate is not None
    manifest = manifest_of(made, ledger, header, certificate)
    parts.put(MANIFEST, encode_manifest(manifest))
    return manifest


def snapshot_of(world: World) -> tuple[HeldParts, Manifest]:
    """A snapshot after the tip, which an empty block then certifies."""
    parts, made = parts_now(world.ledger)
    world.decide()
    return parts, seal(parts, made, world.ledger)


@dataclass(slots=True)
class Invented:
    """A state that no block made, under a header that the members of a world sign."""

    world: World
    state: dict[bytes, bytes] = field(default_factory=dict)
    ids: dict[int, list[bytes]] = field(default_factory=dict)
    index: dict[bytes, bytes] = field(default_factory=dict)

    def remember(self, minute: int, ids: Iterable[bytes]) -> None:
        """Ids of one minute, in the order of their blocks."""
        self.ids[minute] = list(ids)
        joined = b"".join(self.ids[minute])
        row = RememberedMinute(len(joined) // HASH_SIZE, running_hash(joined))
        self.state[REMEMBERED.key(u64(minute))] = encode(row)

    def source(self) -> Source:
        """What a ledger with this state would be asked for."""
        tree = tree_of(self.state)
        minutes = []
        for minute in sorted(self.ids):
            key = REMEMBERED.key(u64(minute))
            row = REMEMBERED.read(self.state[key])
            minutes.append(Minute(minute, row, tree.prove(key)))
        remembered = {
            schema.remembered_key(minute, entry): u64(place)
            for minute, ids in self.ids.items()
            for place, entry in enumerate(ids)
        }
        tip = self.world.ledger.tip
        return Source(
            tip.header,
            tip.certificate,
            tree.root,
            tuple(minutes),
            rows(schema.STATE, self.state),
            rows(b"", remembered),
            rows(schema.INDEX, self.index),
            resting=True,
        )

    def snapshot(self) -> tuple[HeldParts, Manifest]:
        """The parts and the manifest."""
        parts, world = HeldParts(), self.world
        made = make_parts(self.source(), world.ledger, parts)
        header = replace(world.header(()), state_root=made.source.state_root)
        manifest = manifest_of(made, world.ledger, header, world.certify(header))
        parts.put(MANIFEST, encode_manifest(manifest))
        return parts, manifest


def rows(prefix: bytes, table: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    """As a store would scan them."""
    return iter([(prefix + key, value) for key, value in sorted(table.items())])


def tree_of(state: Mapping[bytes, bytes]) -> StateTree:
    """The state tree of a state."""
    store = MemoryStore()
    tree = StateTree.open(store, schema.TREE)
    staged = tree.stage(state)
    store.write(staged.writes)
    tree.commit(staged)
    return tree
