"""Proving the parts of a snapshot: from the genesis to a certified header, from there to each part.

Nothing is believed but the genesis. Every refusal is a `SnapshotPartWrong` that names the part; who
sent it is the caller's concern. A part that proves right is the same whoever sent it.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NoReturn, TypeVar

from chain import crypto
from chain.block import SignatureVerifier, check_certificate
from chain.codec import decode, encode, from_value, unpack
from chain.crypto import HASH_SIZE, tagged_hash
from chain.errors import EncodingInvalid, LedgerError
from chain.genesis import Genesis
from chain.light_client import CommitteeChain
from chain.replay import REMEMBERED
from chain.snapshot import (
    MANIFEST,
    MANIFEST_SIZE_MAX,
    SNAPSHOT_FORMAT,
    SNAPSHOT_VERSION,
    Headers,
    Ids,
    Manifest,
    Minute,
    Pairs,
    PartId,
    PartKind,
    SnapshotPartWrong,
    headers_count,
    index_part_hash,
    manifest_check_sum,
)
from chain.state import u64
from chain.tree_node import (
    BLANK_ARRAY,
    BUCKET_BYTES_MAX,
    EMPTY,
    FAN_OUT,
    PATH_DIGITS,
    bucket_hash,
    path_of,
    set_children,
    split,
    value_hash,
)
from chain.tree_proof import verify_proof

T = TypeVar("T")

_BREATH_IDS = 512


def check_manifest(
    data: bytes, genesis: Genesis, verify: SignatureVerifier = crypto.verify
) -> Manifest:
    """The manifest of these bytes if it leads from the genesis to a certified header.

    Afterwards its height, digests, state root, nodes and minutes are proven; that no minute is
    missing is found when they are compared with the state (`check_minutes`), and its index parts
    are what `Manifest.index_digest` says, which no certificate covers.
    """
    manifest = read_manifest(data)
    if manifest.genesis_hash != genesis.hash():
        _refuse(MANIFEST, "it is of another chain")
    try:
        _check_certified(manifest, genesis, verify)
    except SnapshotPartWrong:
        raise
    except LedgerError as error:
        msg = f"{error.code}: {error}"
        raise SnapshotPartWrong(MANIFEST, msg) from error
    if cut_root(manifest.prefixes, manifest.nodes) != manifest.header.state_root:
        _refuse(MANIFEST, "its nodes do not lead to the state root of its header")
    minutes = [minute.minute for minute in manifest.minutes]
    if any(a >= b for a, b in pairwise(minutes)):
        _refuse(MANIFEST, "its minutes ascend, each stands once")
    for minute in manifest.minutes:
        _check_minute(minute, manifest.header.state_root)
    return manifest


def read_manifest(data: bytes) -> Manifest:
    """A manifest as it was written; that proves nothing."""
    content, check_sum = data[:-HASH_SIZE], data[-HASH_SIZE:]
    if manifest_check_sum(content) != check_sum:
        _refuse(MANIFEST, "its last 32 bytes are not the hash of those before")
    try:
        value = unpack(content, size_max=MANIFEST_SIZE_MAX)
        if type(value) is not tuple or value[:1] != (SNAPSHOT_FORMAT,):
            _refuse(MANIFEST, "no snapshot's manifest begins like this")
        # True equals 1 here and is another byte.
        if value[1:2] != (SNAPSHOT_VERSION,) or type(value[1]) is not int:
            _refuse(MANIFEST, f"another version; this software speaks {SNAPSHOT_VERSION}")
        return from_value(Manifest, value[2:])
    except EncodingInvalid as error:
        raise SnapshotPartWrong(MANIFEST, f"{error.code}: {error}") from error


def _check_certified(manifest: Manifest, genesis: Genesis, verify: SignatureVerifier) -> None:
    """Follow the committees to the epoch of the header; it and the one below are decided."""
    header, below = manifest.header, manifest.below
    if header.height != below.height + 1 or header.parent_hash != below.digest():
        _refuse(MANIFEST, "the two headers are not neighbours")
    if below.height < 1:
        _refuse(MANIFEST, "a snapshot of the genesis is none")
    chain = CommitteeChain.of(genesis, verify)
    committees = [chain.committee]
    for step in manifest.steps:
        chain.advance(step.header, step.certificate, step.committee)
        committees.append(step.committee)
    chain.check(header, manifest.certificate)
    # The header below may be the last of the epoch before: then it is the last step's.
    if below.epoch >= len(committees):
        _refuse(MANIFEST, "the header below is of a later epoch")
    if below.epoch != header.epoch and below != manifest.steps[-1].header:
        _refuse(MANIFEST, "the header below is not the one that ends its epoch")
    certificate = manifest.below_certificate
    if (certificate.height, certificate.digest) != (below.height, header.parent_hash):
        _refuse(MANIFEST, "the certificate of the header below is for another block")
    check_certificate(certificate, committees[below.epoch], chain.genesis_hash, verify)


def _check_minute(minute: Minute, state_root: bytes) -> None:
    key = REMEMBERED.key(u64(minute.minute))
    if not verify_proof(state_root, key, encode(minute.remembered), minute.proof):
        _refuse(MANIFEST, f"minute {minute.minute} is not the state's")


def cut_root(prefixes: tuple[bytes, ...], nodes: tuple[bytes, ...]) -> bytes | None:
    """The root over a cut through the state tree; None if it is no cut.

    Prefixes are digits, one a byte, and ascend; none begins with another. A child that no prefix
    stands for is empty; the root proves that, as it proves the rest.
    """
    if len(prefixes) != len(nodes) or EMPTY in nodes:
        return None
    if any(digit >= FAN_OUT for prefix in prefixes for digit in prefix):
        return None
    if any(b <= a or b.startswith(a) for a, b in pairwise(prefixes)):
        return None
    levels: list[dict[bytes, bytes]] = [{} for _ in range(PATH_DIGITS + 1)]
    for prefix, node in zip(prefixes, nodes, strict=True):
        levels[len(prefix)][prefix] = node
    for depth in reversed(range(PATH_DIGITS)):
        groups: dict[bytes, list[tuple[int, bytes]]] = {}
        for child, digest in sorted(levels[depth + 1].items()):
            groups.setdefault(child[:-1], []).append((child[-1], digest))
        for parent, children in groups.items():
            levels[depth][parent] = set_children(bytearray(BLANK_ARRAY), children)
    return levels[0].get(b"", EMPTY)


def subtree_hash(entries: bytes, depth: int) -> bytes:
    """The hash of the node at `depth` with these entries (chain/tree_node.py), in path order."""
    if len(entries) <= BUCKET_BYTES_MAX:
        return bucket_hash(entries)
    parts = split(entries, depth)
    children = [(digit, subtree_hash(part, depth + 1)) for digit, part in enumerate(parts) if part]
    return set_children(bytearray(BLANK_ARRAY), children)


def check_state_part(
    manifest: Manifest, number: int, data: bytes
) -> tuple[tuple[bytes, bytes], ...]:
    """The (key, value) pairs of a STATE part in path order, if they are all of its prefix."""
    part = PartId(PartKind.STATE, number)
    pairs = _pairs(part, data)
    prefix = manifest.prefixes[number]
    entries = []
    last = b""
    for key, value in pairs:
        path = path_of(key)
        if path <= last:
            _refuse(part, "its paths ascend, each stands once")
        last = path
        entries.append(path + value_hash(value))
    digits = "".join(f"{digit:x}" for digit in prefix)
    # Paths ascend: where the first and the last have the prefix, all have.
    for entry in (*entries[:1], *entries[-1:]):
        if not entry.hex().startswith(digits):
            _refuse(part, "a path without the part's prefix")
    if subtree_hash(b"".join(entries), len(prefix)) != manifest.nodes[number]:
        _refuse(part, "its pairs are not those of the state root")
    return pairs


def check_ids_part(manifest: Manifest, number: int, data: bytes) -> Ids:
    """The ids of one minute in the order of their blocks, if they are those of the state's row."""
    part = PartId(PartKind.IDS, number)
    found, minute = _read(Ids, part, data), manifest.minutes[number]
    if found.minute != minute.minute:
        _refuse(part, f"it is of minute {found.minute}, not {minute.minute}")
    if len(found.ids) != minute.remembered.count * HASH_SIZE:
        _refuse(part, f"{len(found.ids)} bytes, the state counts {minute.remembered.count} ids")
    if running_hash(found.ids) != minute.remembered.running_hash:
        _refuse(part, "its ids are not those of the state's running hash")
    return found


def running_hash(ids: bytes | bytearray, breathe: Callable[[], None] = lambda: None) -> bytes:
    """The running hash (chain/replay.py) over ids of 32 bytes each."""
    running = bytes(HASH_SIZE)
    for start in range(0, len(ids), HASH_SIZE * _BREATH_IDS):
        breathe()
        for at in range(start, min(start + HASH_SIZE * _BREATH_IDS, len(ids)), HASH_SIZE):
            running = tagged_hash("remembered", running + ids[at : at + HASH_SIZE])
    return running


def check_headers_part(manifest: Manifest, data: bytes) -> Headers:
    """The newest headers up to the snapshot's block, if they are its ancestors."""
    part = PartId(PartKind.HEADERS)
    found = _read(Headers, part, data)
    headers = found.headers
    if len(headers) != headers_count(manifest.height):
        _refuse(part, f"{len(headers)} headers, {headers_count(manifest.height)} are needed")
    if headers[-1] != manifest.below:
        _refuse(part, "its last header is not the snapshot's")
    for below, above in pairwise(headers):
        if above.height != below.height + 1 or above.parent_hash != below.digest():
            _refuse(part, f"header {below.height} is not the parent of the next")
    return found


def check_index_part(
    manifest: Manifest, number: int, data: bytes
) -> tuple[tuple[bytes, bytes], ...]:
    """The pairs of an INDEX part in key order, if the manifest names it by its hash."""
    part = PartId(PartKind.INDEX, number)
    if index_part_hash(data) != manifest.index_parts[number]:
        _refuse(part, "its hash is not the one that the manifest names")
    pairs = _pairs(part, data)
    if any(a[0] >= b[0] for a, b in pairwise(pairs)):
        _refuse(part, "its keys ascend, each stands once")
    return pairs


def minutes_among(keys: Iterable[bytes]) -> list[int]:
    """The minutes whose rows are among these state keys."""
    start = len(REMEMBERED.prefix)
    return [int.from_bytes(key[start:]) for key in keys if key.startswith(REMEMBERED.prefix)]


def check_minutes(manifest: Manifest, minutes: Sequence[int]) -> None:
    """Refuse a manifest that leaves out a minute whose row is in the state; these are all rows."""
    if [minute.minute for minute in manifest.minutes] != list(minutes):
        _refuse(MANIFEST, "it leaves out minutes of the state")


def check_part(manifest: Manifest, part: PartId, data: bytes) -> None:
    """Refuse bytes that are not this part, whichever it is (but the manifest)."""
    match part.kind:
        case PartKind.STATE:
            check_state_part(manifest, part.number, data)
        case PartKind.IDS:
            check_ids_part(manifest, part.number, data)
        case PartKind.HEADERS:
            check_headers_part(manifest, data)
        case PartKind.INDEX:
            check_index_part(manifest, part.number, data)
        case PartKind.MANIFEST:
            _refuse(part, "the manifest is checked by itself")


def _pairs(part: PartId, data: bytes) -> tuple[tuple[bytes, bytes], ...]:
    return tuple([(pair.key, pair.value) for pair in _read(Pairs, part, data).pairs])


def _read(cls: type[T], part: PartId, data: bytes) -> T:
    try:
        return decode(cls, data, size_max=part.size_max)
    except EncodingInvalid as error:
        raise SnapshotPartWrong(part, f"{error.code}: {error}") from error


def _refuse(part: PartId, reason: str) -> NoReturn:
    raise SnapshotPartWrong(part, reason)
