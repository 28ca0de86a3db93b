"""An independent reader of keys, accounts, trees, transactions and blocks; nothing of ours.

Written from docs/protocol.md. Signatures are checked by OpenSSL, so the rules where libsodium is
stricter (keys of low order, not canonical) are checked here first.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.vectors.reader_bytes import (
    RefusedError,
    Value,
    array,
    blob,
    check_free,
    check_key,
    fields,
    hash32,
    integer,
    name,
    parse,
    text,
)

PRIME = 2**255 - 19
CURVE_D = -121665 * pow(121666, -1, PRIME) % PRIME
TIME_MAX = 2**53 - 1
U64 = 2**64 - 1
MIB = 1024 * 1024


def sha(data: bytes) -> bytes:
    """H(x)."""
    return hashlib.sha256(data).digest()


def tagged(tag: str, data: bytes) -> bytes:
    """H(tag, x)."""
    return sha(b"hushang/1/" + tag.encode() + b"\x00" + data)


def u64(number: int) -> bytes:
    """Eight bytes, big-endian."""
    return number.to_bytes(8, "big")


# Keys.


def check_key_enrollable(public_key: bytes) -> None:
    """Canonical, on the curve, not of low order; `KeyRefused` otherwise."""
    number = int.from_bytes(public_key, "little")
    y, sign = number % 2**255, number >> 255
    if y >= PRIME:
        raise RefusedError("KeyRefused", "not canonical")
    square = (y * y - 1) * pow(CURVE_D * y * y + 1, -1, PRIME) % PRIME
    if square and pow(square, (PRIME - 1) // 2, PRIME) != 1:
        raise RefusedError("KeyRefused", "not on the curve")
    if not square and sign:
        raise RefusedError("KeyRefused", "x is 0 and its sign is 1")
    x = _root(square)
    for _ in range(3):
        k = CURVE_D * x * x * y * y % PRIME
        x, y = (
            2 * x * y * pow(1 + k, -1, PRIME) % PRIME,
            (y * y + x * x) * pow(1 - k, -1, PRIME) % PRIME,
        )
    if (x, y) == (0, 1):
        raise RefusedError("KeyRefused", "low order")


def _root(square: int) -> int:
    root = pow(square, (PRIME + 3) // 8, PRIME)
    if root * root % PRIME != square:
        root = root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    assert root * root % PRIME == square
    return root


@cache
def _is_enrollable(public_key: bytes) -> bool:
    try:
        check_key_enrollable(public_key)
    except RefusedError:
        return False
    return True


@cache
def signature_holds(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 as the page asks for it."""
    try:
        if not _is_enrollable(public_key):
            return False
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


# Accounts.


def read_policy(value: Value) -> bytes:
    """A key policy that may be enrolled, from its value."""
    entries, threshold = fields(value, 2)
    integer(threshold, 0, 2**32 - 1)
    keys, weights = [], []
    for entry in array(entries, 1, 16):
        public_key, weight = fields(entry, 2)
        keys.append(hash32(public_key))
        weights.append(integer(weight, 0, 2**32 - 1))
    if sorted(set(keys)) != keys or any(not 1 <= weight <= 1000 for weight in weights):
        raise RefusedError("PolicyMalformed", "keys or weights")
    if not 1 <= threshold <= sum(weights):
        raise RefusedError("PolicyMalformed", "threshold")
    for public_key in keys:
        check_key_enrollable(public_key)
    return b""


ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def _polymod(values: Sequence[int]) -> int:
    """BIP-173's checksum."""
    checksum = 1
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(
            (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
        ):
            if top >> bit & 1:
                checksum ^= generator
    return checksum


EXPANDED = [3, 3, 0, 8, 19]  # the prefix "hs", expanded as BIP-173 says


def address(account: bytes) -> str:
    """bech32m of 32 bytes under `hs`."""
    bits = int.from_bytes(account, "big") << 4
    groups = [bits >> (5 * (51 - i)) & 31 for i in range(52)]
    checksum = _polymod([*EXPANDED, *groups, *([0] * 6)]) ^ 0x2BC830A3
    groups += [checksum >> (5 * (5 - i)) & 31 for i in range(6)]
    return "hs1" + "".join(ALPHABET[group] for group in groups)


def read_address(written: str) -> bytes:
    """The 32 bytes of an address, or `AddressMalformed`."""
    if len(written) != 61 or not written.startswith("hs1"):
        raise RefusedError("AddressMalformed", "shape")
    groups = [ALPHABET.find(letter) for letter in written[3:]]
    if -1 in groups or _polymod([*EXPANDED, *groups]) != 0x2BC830A3:
        raise RefusedError("AddressMalformed", "checksum")
    number = 0
    for group in groups[:52]:
        number = number << 5 | group
    if number & 15:
        raise RefusedError("AddressMalformed", "bits beyond the 256")
    return (number >> 4).to_bytes(32, "big")


# Merkle trees of RFC 6962, by its recursive definition.


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n])."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return sha(b"\x00" + leaves[0])
    split = _split(len(leaves))
    return sha(b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:]))


def _split(size: int) -> int:
    split = 1
    while split * 2 < size:
        split *= 2
    return split


def audit_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*audit_path(index, leaves[:split]), merkle_root(leaves[split:])]
    return [*audit_path(index - split, leaves[split:]), merkle_root(leaves[:split])]


def consistency_path(old: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b)."""
    if old == len(leaves):
        return [] if whole else [merkle_root(leaves)]
    split = _split(len(leaves))
    if old <= split:
        left = consistency_path(old, leaves[:split], whole=whole)
        return [*left, merkle_root(leaves[split:])]
    right = consistency_path(old - split, leaves[split:], whole=False)
    return [*right, merkle_root(leaves[:split])]


# The state tree.


def tree_root(entries: dict[bytes, bytes]) -> bytes:
    """The root of a set of keys and values."""
    rows = sorted((sha(b"\x10" + key), sha(b"\x11" + value)) for key, value in entries.items())
    return _tree_node(rows, 0)


def _tree_node(rows: list[tuple[bytes, bytes]], depth: int) -> bytes:
    if not rows:
        return bytes(32)
    if len(rows) <= 16:
        return sha(b"\x12" + b"".join(path + value for path, value in rows))
    children: list[list[tuple[bytes, bytes]]] = [[] for _ in range(16)]
    for path, value in rows:
        children[int(path.hex()[depth], 16)].append((path, value))
    hashes = [_tree_node(child, depth + 1) for child in children]
    quarters = [sha(b"\x13" + b"".join(hashes[i : i + 4])) for i in range(0, 16, 4)]
    return sha(b"\x13" + b"".join(quarters))


def tree_proof_holds(root: bytes, key: bytes, value: bytes | None, proof: bytes) -> bool:
    """A proof of membership, or of absence for None."""
    count = proof[0]
    rows = [proof[1 + 64 * i : 65 + 64 * i] for i in range(count)]
    rest = proof[1 + 64 * count :]
    if count > 16 or any(len(row) != 64 for row in rows) or len(rest) % 192:
        return False
    path, steps = sha(b"\x10" + key), len(rest) // 96
    bits = "".join(f"{byte:08b}" for byte in path)[: 2 * steps]
    paths = [row[:32] for row in rows]
    if paths != sorted(set(paths)):
        return False
    if any(not "".join(f"{byte:08b}" for byte in other).startswith(bits) for other in paths):
        return False
    said = dict(zip(paths, (row[32:] for row in rows), strict=True)).get(path)
    if said != (None if value is None else sha(b"\x11" + value)):
        return False
    node = sha(b"\x12" + b"".join(rows)) if rows else bytes(32)
    for step in range(steps):
        three = [rest[96 * step + 32 * i : 96 * step + 32 * (i + 1)] for i in range(3)]
        place = int(bits[2 * (steps - 1 - step) :][:2], 2)
        node = sha(b"\x13" + b"".join([*three[:place], node, *three[place:]]))
    return node == root


# Transactions.


@dataclass(frozen=True)
class ReadTransaction:
    """What the reader finds in raw bytes."""

    content: bytes
    values: list[Value]
    id: bytes
    body_hash: bytes
    signing: bytes
    entries: list[tuple[bytes, bytes, bytes]]


def _payload_ok(kind: str, payload: Value) -> bool:
    """The payloads of the types that the vectors use, from docs/transactions.md."""
    try:
        if kind == "pay.transfer":
            to, symbol, amount, memo = fields(payload, 4)
            hash32(to), text(symbol, 1, 12), integer(amount, 1, 2**63 - 1)
            return memo is None or len(hash32(memo)) == 32
        if kind == "asset.issue":
            symbol, to, amount, reference = fields(payload, 4)
            text(symbol, 1, 12), hash32(to), integer(amount, 1, 2**63 - 1), name(reference)
            return True
        key, types, amount, expires = fields(payload, 4)
        hash32(key), integer(amount, 0, 2**63 - 1), integer(expires, 0, TIME_MAX)
        return all(name(entry) for entry in array(types, 1, 64))
    except RefusedError:
        return False


def read_transaction(raw: bytes) -> ReadTransaction:
    """Everything that a door checks without state."""
    if len(raw) > MIB:
        raise RefusedError("TooLarge", "raw bytes")
    content, signatures = fields(parse(raw), 2)
    blob(content, 0, MIB)
    entries = []
    for value in array(signatures, 1, 128):
        account, public_key, signature = fields(value, 3)
        entries.append((hash32(account), hash32(public_key), blob(signature, 64, 64)))
    values = fields(parse(content), 7)
    _check_content(values)
    pairs = [entry[:2] for entry in entries]
    if sorted(set(pairs)) != pairs:
        raise RefusedError("SignaturesUnsorted")
    _check_operations(values[5])
    signing = b"hushang/1/transaction\x00" + content
    for _, public_key, signature in entries:
        if not signature_holds(public_key, signing, signature):
            raise RefusedError("SignatureInvalid")
    return ReadTransaction(
        content,
        values,
        tagged("transaction-id", content),
        tagged("transaction-body", raw),
        signing,
        entries,
    )


def _check_content(values: list[Value]) -> None:
    version, genesis, sender, nonce, valid_until, operations, memo = values
    integer(version, 0, 255), hash32(genesis), hash32(sender)
    integer(nonce, 0, U64), integer(valid_until, 0, TIME_MAX)
    for entry in array(operations, 1, 100):
        kind, payload = fields(entry, 2)
        name(kind)
        check_free(payload)
    if memo is not None:
        text(memo, 0, 512)
    if version != 1:
        raise RefusedError("VersionUnknown")


def _check_operations(operations: list[Value]) -> None:
    for kind, payload in operations:
        if kind not in ("pay.transfer", "asset.issue", "delegate"):
            raise RefusedError("OperationUnknown", kind)
        if not _payload_ok(kind, payload):
            raise RefusedError("OperationMalformed", kind)


# Votes, certificates, receipts.


def vote(genesis: bytes, epoch: int, kind: int, view: int, height: int, body: bytes) -> bytes:
    """What a node key signs."""
    fixed = u64(epoch) + bytes([kind]) + u64(view) + u64(height)
    return b"hushang/1/vote\x00" + genesis + fixed + body


def check_certificate(certificate: Value, committee: Value, genesis: bytes) -> None:
    """`CertificateInvalid` unless a quorum of this committee signed Commit on its digest."""
    height, view, digest, entries = fields(certificate, 4)
    epoch, members = fields(committee, 2)
    n = len(members)
    quorum = -(-(n + (n - 1) // 3 + 1) // 2)
    indexes = [integer(fields(entry, 2)[0], 0, 65_535) for entry in array(entries, 0, 128)]
    if sorted(set(indexes)) != indexes or len(indexes) < quorum or max(indexes) >= n:
        raise RefusedError("CertificateInvalid", "members")
    message = vote(genesis, epoch, 3, view, height, digest)
    for index, signature in entries:
        if not signature_holds(members[index][2], message, blob(signature, 64, 64)):
            raise RefusedError("CertificateInvalid", "signature")


def check_receipt(value: Value) -> None:
    """A receipt's shape."""
    receipt_id, status, failed, events = fields(value, 4)
    hash32(receipt_id), name(status)
    if (status == "ok") != (failed is None):
        raise RefusedError("EncodingInvalid", "ok and a failed operation")
    for entry in array(events, 0, 4096):
        kind, data = fields(entry, 2)
        name(kind)
        for key, inner in data.items():
            check_key(key)
            check_free(inner)
