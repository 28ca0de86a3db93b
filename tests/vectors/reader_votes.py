"""An independent reader of headers and of the replicas' messages; nothing of ours.

Written from docs/protocol.md. Every signature inside a message is checked, with the node keys of
the vectors' members, which this reader makes from their seeds.
"""

from collections.abc import Iterable, Iterator

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.vectors.reader_bytes import RefusedError, Value, array, fields, hash32, integer, write
from tests.vectors.reader_bytes import parse as parse_value
from tests.vectors.reader_core import TIME_MAX, U64, sha, signature_holds, tagged, u64, vote

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
RECOVERY_QUERY, RECOVERY_REPLY = 8, 9

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
    return check_signed(message_votes(data[0], parse_value(data[1:]), genesis))


def check_signed(votes: Iterable[SignedVote]) -> bytes:
    """Check that founders' nodes signed all of these; returns what the first of them signed."""
    found = list(votes)
    for member, signed, signature in found:
        if not signature_holds(node_key(member), signed, signature):
            raise RefusedError("MessageSignatureInvalid", f"member {member}")
    return found[0][1]


def node_key(member: int) -> bytes:
    """Of the vectors' founders."""
    seed = sha(f"hushang vectors: node of {FOUNDERS[member]}".encode())
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def message_votes(kind: int, value: Value, genesis: bytes) -> Iterator[SignedVote]:
    """The message's own vote first, then all that it carries."""
    if kind == PRE_PREPARE:
        view, member, header, _hashes, certificate, signature = fields(value, 6)
        height = read_header(header)["height"]
        yield member, vote(genesis, 0, kind, view, height, digest(header)), signature
        yield from commit_votes(certificate, genesis)
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
        yield from commit_votes(certificate, genesis)
    elif kind == VIEW_CHANGE:
        yield from view_change_votes(value, genesis)
    elif kind == NEW_VIEW:
        view, height, member, changes, signature = fields(value, 5)
        body = tagged("new-view", b"".join(write(entry) for entry in array(changes, 0, 128)))
        yield member, vote(genesis, 0, kind, view, height, body), signature
        for entry in changes:
            yield from view_change_votes(entry, genesis)
    else:
        yield from _recovery(kind, value, genesis)


def _recovery(kind: int, value: Value, genesis: bytes) -> Iterator[SignedVote]:
    """The question after a start, and its answer: votes and a ViewChange of the asker."""
    if kind == RECOVERY_QUERY:
        view, height, nonce, member, signature = fields(value, 5)
        body = u64(integer(nonce, 0, U64))
        yield member, vote(genesis, 0, kind, view, height, body), signature
    elif kind == RECOVERY_REPLY:
        view, asker, nonce, member, certificate, votes, change, signature = fields(value, 8)
        body = tagged("recovery-reply", write([asker, nonce, certificate, votes, change]))
        yield member, vote(genesis, 0, kind, view, certificate[0], body), signature
        yield from commit_votes(certificate, genesis)
        theirs = [list(entry_votes(entry, genesis)) for entry in array(votes, 0, 64)]
        theirs += [] if change is None else [list(view_change_votes(change, genesis))]
        for shown in theirs:
            if node_key(shown[0][0]) != hash32(asker):
                raise RefusedError("MessageInvalid", "a vote that is not the asker's")
            yield from shown
    else:
        raise RefusedError("MessageUnknown")


def entry_votes(value: Value, genesis: bytes) -> Iterator[SignedVote]:
    """A vote reduced to what is signed."""
    kind, view, height, named, member, signature = fields(value, 6)
    integer(kind, PRE_PREPARE, COMMIT)
    yield member, vote(genesis, 0, kind, view, height, hash32(named)), signature


def view_change_votes(value: Value, genesis: bytes) -> Iterator[SignedVote]:
    """A ViewChange and all that it carries."""
    view, member, certificate, prepared, signature = fields(value, 5)
    body = tagged("view-change", write([certificate, prepared]))
    yield member, vote(genesis, 0, VIEW_CHANGE, view, certificate[0] + 1, body), signature
    yield from commit_votes(certificate, genesis)
    if prepared is not None:
        yield from prepared_votes(prepared, genesis)


def prepared_votes(value: Value, genesis: bytes) -> Iterator[SignedVote]:
    """The PrePrepare and the Prepares of a prepared certificate."""
    view, header, primary, signature, prepares = fields(value, 5)
    slot = (view, read_header(header)["height"], digest(header))
    yield primary, vote(genesis, 0, PRE_PREPARE, *slot), signature
    for member, made in array(prepares, 0, 128):
        yield member, vote(genesis, 0, PREPARE, *slot), made


def commit_votes(certificate: Value, genesis: bytes) -> Iterator[SignedVote]:
    """The Commits of a certificate."""
    height, view, named, entries = fields(certificate, 4)
    for member, signature in array(entries, 0, 128):
        yield member, vote(genesis, 0, COMMIT, view, height, named), signature
