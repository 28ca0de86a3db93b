"""An independent reader of headers and of the replicas' messages; nothing of ours.

Written from docs/protocol.md. Every signature inside a message is checked, with the node keys of
the vectors' members, which this reader makes from their seeds.
"""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.vectors.reader_bytes import RefusedError, Value, array, fields, hash32, integer, write
from tests.vectors.reader_bytes import parse as parse_value
from tests.vectors.reader_core import TIME_MAX, U64, sha, signature_holds, tagged, vote

HEADER = (
    "version",
    "genesis_hash",
    "height",
    "parent_hash",
    "view",
    "parent_view",
    "time_ms",
    "proposer",
    "epoch",
    "transactions_root",
    "transactions_count",
    "state_root",
    "receipts_root",
    "next_committee_hash",
)
FOUNDERS = ("pudong", "xuhui", "jingan", "hongkou")
PRE_PREPARE, PREPARE, COMMIT, VIEW_CHANGE, NEW_VIEW, COMPLAINT, STATUS = range(1, 8)

SignedVote = tuple[int, bytes, bytes]


def read_header(value: Value) -> dict[str, Value]:
    """A header's fields by name, each within its bounds."""
    made = dict(zip(HEADER, fields(value, len(HEADER)), strict=True))
    for name, field in made.items():
        if name.endswith(("_hash", "_root")):
            hash32(field)
    for name in ("height", "view", "parent_view", "time_ms"):
        integer(made[name], 0, TIME_MAX)
    integer(made["epoch"], 0, U64)
    integer(made["proposer"], 0, 65_535)
    integer(made["transactions_count"], 0, 2**32 - 1)
    return made


def digest(header: Value) -> bytes:
    """What votes name."""
    read_header(header)
    return tagged("header", write(header))


def check_message(data: bytes, genesis: bytes) -> bytes:
    """Check a message's shape and every signature in it; returns what its own signature covers."""
    votes = list(_message(data[0], parse_value(data[1:]), genesis))
    for member, signed, signature in votes:
        if not signature_holds(_node_key(member), signed, signature):
            raise RefusedError("MessageSignatureInvalid", f"member {member}")
    return votes[0][1]


def _node_key(member: int) -> bytes:
    seed = sha(f"hushang vectors: node of {FOUNDERS[member]}".encode())
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _message(kind: int, value: Value, genesis: bytes) -> Iterator[SignedVote]:
    """The message's own vote first, then all that it carries."""
    if kind == PRE_PREPARE:
        view, member, header, _hashes, certificate, signature = fields(value, 6)
        height = read_header(header)["height"]
        yield member, vote(genesis, 0, kind, view, height, digest(header)), signature
        yield from _commits(certificate, genesis)
    elif kind in (PREPARE, COMMIT):
        view, height, named, member, signature = fields(value, 5)
        yield member, vote(genesis, 0, kind, view, height, hash32(named)), signature
    elif kind == COMPLAINT:
        view, height, member, signature = fields(value, 4)
        yield member, vote(genesis, 0, kind, view, height, b""), signature
    elif kind == STATUS:
        view, member, started, certificate, signature = fields(value, 5)
        body = tagged("status", write([started, certificate]))
        yield member, vote(genesis, 0, kind, view, certificate[0], body), signature
        yield from _commits(certificate, genesis)
    elif kind == VIEW_CHANGE:
        yield from _view_change(value, genesis)
    elif kind == NEW_VIEW:
        view, height, member, changes, signature = fields(value, 5)
        body = tagged("new-view", b"".join(write(entry) for entry in array(changes, 0, 128)))
        yield member, vote(genesis, 0, kind, view, height, body), signature
        for entry in changes:
            yield from _view_change(entry, genesis)
    else:
        raise RefusedError("MessageUnknown")


def _view_change(value: Value, genesis: bytes) -> Iterator[SignedVote]:
    view, member, certificate, prepared, signature = fields(value, 5)
    body = tagged("view-change", write([certificate, prepared]))
    yield member, vote(genesis, 0, VIEW_CHANGE, view, certificate[0] + 1, body), signature
    yield from _commits(certificate, genesis)
    if prepared is not None:
        yield from _prepared(prepared, genesis)


def _prepared(value: Value, genesis: bytes) -> Iterator[SignedVote]:
    view, header, primary, signature, prepares = fields(value, 5)
    slot = (view, read_header(header)["height"], digest(header))
    yield primary, vote(genesis, 0, PRE_PREPARE, *slot), signature
    for member, made in array(prepares, 0, 128):
        yield member, vote(genesis, 0, PREPARE, *slot), made


def _commits(certificate: Value, genesis: bytes) -> Iterator[SignedVote]:
    height, view, named, entries = fields(certificate, 4)
    for member, signature in array(entries, 0, 128):
        yield member, vote(genesis, 0, COMMIT, view, height, named), signature
