"""Snapshots in memory: made from a world's ledger, and taken apart in tests."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import BinaryIO

from chain.ledger import Ledger
from chain.snapshot import MANIFEST, Manifest, PartId, encode_manifest
from chain.snapshot_make import Made, Source, make_parts, manifest_of
from tests.chain.world import World


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
