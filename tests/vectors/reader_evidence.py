"""An independent judge of evidence; nothing of ours.

Written from docs/protocol-consensus.md § Evidence.
"""

from typing import Any

from tests.vectors.reader_bytes import (
    RefusedError,
    Value,
    array,
    blob,
    fields,
    hash32,
    integer,
    parse,
    write,
)
from tests.vectors.reader_core import (
    TIME_MAX,
    U64,
    signature_holds,
    tagged,
    vote,
)
from tests.vectors.reader_votes import (
    COMMIT,
    PRE_PREPARE,
    PREPARE,
    VIEW_CHANGE,
    read_header,
)

EQUIVOCATION, HIDDEN_COMMIT = 1, 2


def convicted(data: bytes, committee: Value, genesis: bytes) -> int:
    """The member of this committee whom the evidence convicts, by index; or `RefusedError`."""
    kind, epoch, first, second = read_evidence(data)
    if epoch != committee[0]:
        raise RefusedError("EvidenceUnproven", "another epoch's committee")
    _check_vote(first, committee, genesis)
    if kind == EQUIVOCATION:
        _check_vote(second, committee, genesis)
        proven = _slot(first) == _slot(second) and first[3] != second[3]
    else:
        view, member, certificate, prepared, signature = second
        body = tagged("view-change", write([certificate, prepared]))
        signed = vote(genesis, epoch, VIEW_CHANGE, view, certificate[0] + 1, body)
        holds = member == first[4] and signature_holds(committee[1][member][2], signed, signature)
        proven = holds and _hides(first, second)
    if not proven:
        raise RefusedError("EvidenceUnproven", "both can be signed by a correct member")
    return int(first[4])


def read_evidence(data: bytes) -> tuple[int, int, Value, Value]:
    """Kind, epoch and the two signed words, each within its bounds; else `EvidenceMalformed`."""
    if not data or data[0] not in (EQUIVOCATION, HIDDEN_COMMIT):
        raise RefusedError("EvidenceMalformed", "kind")
    try:
        epoch, first, second = fields(parse(data[1:]), 3)
        integer(epoch, 0, U64)
        _read_vote(first)
        (_read_vote if data[0] == EQUIVOCATION else _read_view_change)(second)
    except RefusedError as error:
        raise RefusedError("EvidenceMalformed", str(error)) from error
    return data[0], epoch, first, second


def _read_vote(value: Value) -> None:
    kind, view, height, named, member, signature = fields(value, 6)
    integer(kind, 0, 255), integer(view, 0, TIME_MAX), integer(height, 0, TIME_MAX)
    hash32(named), integer(member, 0, 65_535), blob(signature, 64, 64)


def _read_view_change(value: Value) -> None:
    view, member, certificate, prepared, signature = fields(value, 5)
    integer(view, 0, TIME_MAX), integer(member, 0, 65_535), blob(signature, 64, 64)
    height, decided, named, entries = fields(certificate, 4)
    integer(height, 0, TIME_MAX), integer(decided, 0, TIME_MAX), hash32(named)
    _read_signatures(entries)
    if prepared is not None:
        view, header, primary, signature, entries = fields(prepared, 5)
        integer(view, 0, TIME_MAX), integer(primary, 0, 65_535), blob(signature, 64, 64)
        read_header(header)
        _read_signatures(entries)


def _read_signatures(value: Value) -> None:
    for entry in array(value, 0, 128):
        member, signature = fields(entry, 2)
        integer(member, 0, 65_535), blob(signature, 64, 64)


def _check_vote(value: Value, committee: Value, genesis: bytes) -> None:
    kind, view, height, named, member, signature = value
    if kind not in (PRE_PREPARE, PREPARE, COMMIT) or member >= len(committee[1]):
        raise RefusedError("EvidenceUnproven", "no vote of a member")
    signed = vote(genesis, committee[0], kind, view, height, named)
    if not signature_holds(committee[1][member][2], signed, signature):
        raise RefusedError("EvidenceUnproven", "signature")


def _slot(value: Value) -> Value:
    """Where the vote stands; the PrePrepare is the primary's Prepare."""
    kind, view, height, _, member, _ = value
    return (PREPARE if kind == PRE_PREPARE else kind, view, height, member)


def _hides(commit: Value, change: Value) -> bool:
    """The ViewChange is of a later view, and neither decided nor shows what was committed to."""
    kind, view, height = commit[:3]
    later, _, certificate, prepared, _ = change
    shown = prepared is not None and prepared[1][2] == height and prepared[0] >= view
    return bool(kind == COMMIT and later > view and certificate[0] < height and not shown)


def check_evidence(vectors: Any) -> int:
    """Whatever convicts a member, and what convicts nobody, by the same name."""
    genesis = bytes.fromhex(vectors["genesis_hash"])
    written = bytes.fromhex(vectors["committee"])
    if tagged("committee", written).hex() != vectors["committee_hash"]:
        raise RefusedError("ChainInvalid", "committee")
    committee = parse(written)
    for row in vectors["convicting"]:
        if convicted(bytes.fromhex(row["bytes"]), committee, genesis) != row["member"]:
            raise RefusedError("EvidenceUnproven", f"{row['name']}: another member")
    for row in vectors["refused"]:
        try:
            member = convicted(bytes.fromhex(row["bytes"]), committee, genesis)
        except RefusedError as error:
            if error.name != row["refusal"]:
                raise
            continue
        raise RefusedError("EvidenceUnproven", f"{row['name']}: it convicts {member}")
    return len(vectors["convicting"]) + len(vectors["refused"])
