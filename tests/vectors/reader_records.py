"""An independent reader of a journal's records; nothing of ours.

Written from docs/protocol-consensus.md § Before it leaves. The journal is of a founder's node.
"""

from collections.abc import Iterator

from tests.vectors.reader_bytes import (
    RefusedError,
    Value,
    array,
    blob,
    fields,
    integer,
    parse,
    write,
)
from tests.vectors.reader_core import MIB, TIME_MAX, merkle_root, tagged, vote
from tests.vectors.reader_votes import (
    COMMIT,
    NEW_VIEW,
    PRE_PREPARE,
    VIEW_CHANGE,
    SignedVote,
    check_signed,
    commit_votes,
    message_votes,
    prepared_votes,
    read_header,
)

NAMES = (
    "BlockRecord",
    "VoteRecord",
    "PreparedRecord",
    "ViewChangeRecord",
    "NewViewRecord",
    "DecidedRecord",
    "SyncedRecord",
    "SilenceRecord",
)
BLOCK, VOTE, PREPARED, VIEW_CHANGED, NEW_VIEWED, DECIDED, SYNCED, SILENCE = range(1, 9)


def check_record(data: bytes, name: str, owner: int, genesis: bytes) -> Value:
    """Check a record's shape, its hashes and all signatures in it; returns its fields."""
    kind, value = data[0], parse(data[1:])
    if not BLOCK <= kind <= SILENCE or NAMES[kind - 1] != name:
        raise RefusedError("RecordInvalid", name)
    if kind == BLOCK:
        _check_block(value)
    elif kind == SYNCED:
        (height,) = fields(value, 1)
        integer(height, 0, TIME_MAX)
    elif kind == SILENCE:
        (until,) = fields(value, 1)
        if until is not None:
            integer(until, 0, TIME_MAX)
    else:
        check_signed(_signed(kind, value, owner, genesis))
    if write(value) != data[1:]:
        raise RefusedError("EncodingInvalid", name)
    return value


def _signed(kind: int, value: Value, owner: int, genesis: bytes) -> Iterator[SignedVote]:
    if kind == VOTE:
        cast, view, height, named, signature = fields(value, 5)
        integer(cast, PRE_PREPARE, COMMIT)
        yield owner, vote(genesis, 0, cast, view, height, named), signature
        return
    (inner,) = fields(value, 1)
    if kind == PREPARED:
        yield from prepared_votes(inner, genesis)
    elif kind == DECIDED:
        yield from commit_votes(inner, genesis)
    else:
        yield from message_votes(VIEW_CHANGE if kind == VIEW_CHANGED else NEW_VIEW, inner, genesis)


def _check_block(value: Value) -> None:
    block, hashes = fields(value, 2)
    header, bodies = fields(block, 2)
    raws = [blob(body, 0, MIB) for body in array(bodies, 0, 10_000)]
    made = [tagged("transaction-body", body) for body in raws]
    if made != hashes or read_header(header)["transactions_root"] != merkle_root(made):
        raise RefusedError("RecordInvalid", "other bodies")
