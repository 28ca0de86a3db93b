"""Making a ledger out of a snapshot: every part proves right before a row of it is written.

The store must be empty. Rows are written part by part and not synced; the last batch, which is,
makes a ledger of them: without it no `Ledger` opens what is there. Whoever wants to be sure after a
power cut closes the store, syncs its files, and only then gives the directory its name.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from chain import crypto, schema
from chain.block import Block, SignatureVerifier
from chain.codec import encode, pack, to_value
from chain.context import PROVEN_INDEX
from chain.crypto import HASH_SIZE
from chain.errors import IndexUnproven
from chain.execution import Rules
from chain.genesis import Genesis, genesis_certificate, genesis_header
from chain.ledger import LAYOUT, Ledger
from chain.snapshot import (
    MANIFEST,
    Headers,
    Ids,
    Manifest,
    PartId,
    PartKind,
    SnapshotPartWrong,
)
from chain.snapshot_check import (
    check_headers_part,
    check_ids_part,
    check_index_part,
    check_manifest,
    check_minutes,
    check_state_part,
    minutes_among,
)
from chain.snapshot_make import needed_seal
from chain.state import u64
from chain.store_contract import KVStore, StorageFailed
from chain.stored_chain import Base, StoredState, Tip
from chain.tree import StateTree

# Ids written in one batch: about 4 MB.
_IDS_PER_BATCH: Final = 50_000


class Parts(Protocol):
    """Where the parts come from; nothing is believed of them."""

    def read(self, part: PartId) -> bytes:
        """The bytes of a part."""
        ...


def install(
    store: KVStore,
    genesis: Genesis,
    rules: Rules,
    parts: Parts,
    *,
    verify: SignatureVerifier = crypto.verify,
    with_index: bool = True,
) -> Manifest:
    """Fill an empty store so that `Ledger(store, genesis, rules)` opens after the snapshot's block.

    `with_index` False leaves out of the secondary index what the state doesn't prove
    (`Rules.proven_entries`): no root covers it, so the caller says whether it is to be believed.
    Parts are read in the order of `Manifest.parts`. Raises `SnapshotPartWrong`, a StorageError, and
    what `parts.read` raises; the store is worthless then.
    """
    if next(store.scan(b"\x00", b"\xff"), None) is not None:
        msg = "a snapshot is installed into an empty store"
        raise StorageFailed(msg)
    manifest = check_manifest(parts.read(MANIFEST), genesis, verify)
    run = _Installation(store, manifest, rules, with_index=with_index)
    for part in manifest.parts():
        run.take(part, parts.read(part))
    run.finish(genesis)
    Ledger(store, genesis, rules, verify)
    return manifest


class _Installation:
    """What was taken so far."""

    def __init__(
        self, store: KVStore, manifest: Manifest, rules: Rules, *, with_index: bool
    ) -> None:
        self._store = store
        self._manifest = manifest
        self._rules = rules
        self._with_index = with_index
        self._known = StoredState(store)
        self._tree = StateTree.open(store, schema.TREE)
        self._minutes: list[int] = []
        self._first_header = manifest.height

    def take(self, part: PartId, data: bytes) -> None:
        """Prove a part and write its rows."""
        manifest, number = self._manifest, part.number
        match part.kind:
            case PartKind.HEADERS:
                self._headers(check_headers_part(manifest, data))
            case PartKind.STATE:
                self._state(dict(check_state_part(manifest, number, data)))
            case PartKind.IDS:
                self._ids(check_ids_part(manifest, number, data))
            case PartKind.INDEX:
                self._index(check_index_part(manifest, number, data))
            case PartKind.MANIFEST:
                raise AssertionError(part)

    def _write(self, batch: dict[bytes, bytes | None]) -> None:
        self._store.write(batch, sync=False)

    def _headers(self, found: Headers) -> None:
        self._first_header = found.headers[0].height
        self._write({schema.header_key(header.height): encode(header) for header in found.headers})

    def _state(self, pairs: dict[bytes, bytes | None]) -> None:
        staged = self._tree.stage(pairs)
        batch = dict(staged.writes)
        batch |= {schema.STATE + key: value for key, value in pairs.items()}
        self._minutes += minutes_among(pairs)
        self._write(batch)
        self._tree.commit(staged)

    def _ids(self, found: Ids) -> None:
        ids = found.ids
        step = HASH_SIZE * _IDS_PER_BATCH
        for start in range(0, len(ids), step):
            self._write(
                {
                    schema.remembered_key(found.minute, ids[at : at + HASH_SIZE]): u64(
                        at // HASH_SIZE
                    )
                    for at in range(start, min(start + step, len(ids)), HASH_SIZE)
                }
            )

    def _index(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        """After the whole state: what it proves is taken from it, whoever offers the rest."""
        batch: dict[bytes, bytes | None] = {}
        for key, value in pairs:
            if not key.startswith(PROVEN_INDEX):
                if self._with_index:
                    batch[schema.INDEX + key] = value
                continue
            try:
                proven = dict(self._rules.proven_entries(self._known, key, value))
            except IndexUnproven as error:
                raise SnapshotPartWrong(MANIFEST, str(error)) from error
            batch |= {schema.INDEX + name: row for name, row in proven.items()}
        self._write(batch)

    def _require_whole_index(self) -> None:
        """Rules read it: a node that lacked some of it would leave the chain."""
        for key in self._rules.required_entries(self._known):
            if self._store.get(schema.INDEX + key) is None:
                raise SnapshotPartWrong(MANIFEST, "it leaves out index entries of the state")

    def finish(self, genesis: Genesis) -> None:
        """Compare the whole with the certified header, and make it a ledger."""
        manifest = self._manifest
        check_minutes(manifest, sorted(self._minutes))
        assert self._tree.root == manifest.header.state_root, "each part of it was proven"
        self._require_whole_index()
        below = manifest.below
        tip = Tip(
            below,
            below.digest(),
            manifest.below_certificate,
            manifest.header.state_root,
            manifest.header.receipts_root,
            needs_seal=needed_seal(below, manifest.header),
        )
        batch = _genesis_rows(genesis)
        for step in manifest.steps:
            batch[schema.header_key(step.header.height)] = encode(step.header)
            batch[schema.certificate_key(step.header.height)] = encode(step.certificate)
        batch[schema.certificate_key(below.height)] = encode(manifest.below_certificate)
        # The body of the snapshot's block is not here, only those above it will be.
        batch[schema.META_BASE] = encode(Base(below.height + 1, self._first_header))
        batch[schema.META_TIP] = encode(tip)
        batch[schema.META_GENESIS] = pack((LAYOUT, to_value(genesis)))
        self._store.write(batch)


def _genesis_rows(genesis: Genesis) -> dict[bytes, bytes | None]:
    header = genesis_header(genesis)
    return {
        schema.block_key(0): encode(Block(header, ())),
        schema.header_key(0): encode(header),
        schema.certificate_key(0): encode(genesis_certificate(genesis)),
    }
