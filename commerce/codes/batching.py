"""Batches of codes: code.batch, code.activate, code.decommission.

A batch is so many codes of one product, known by the root of their tree (RFC 6962). Codes are
numbered from 0, as their leaves are; stretches of them are activated when their goods go into
circulation, and decommissioned for good when a label is spoilt, lost or withdrawn.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, PublicKey, Range, Size
from chain.context import Context, event
from chain.crypto import enrollable
from chain.errors import KeyRefused, ProofInvalid
from commerce.codes.batch import (
    ACTIVE,
    BATCH_CODES_MAX,
    BATCHES,
    DEAD,
    Batch,
    CodeIndex,
    load_batch,
    mark,
    overlaps,
)
from commerce.codes.errors import (
    CodeBatchUnknown,
    CodeRangeInvalid,
    CodesActive,
    CodesDead,
    LeafInvalid,
    LotMalformed,
    SerialElsewhere,
    SerialMalformed,
)
from commerce.codes.indexes import index_batch
from commerce.codes.items import Place, disclose
from commerce.codes.serials import Leaf, Serial, check_lot, leaf_bytes
from commerce.codes.stretches import PATH_MAX, stretch_root
from commerce.epcis.identifiers import is_key
from commerce.errors import IdentifierMalformed, PrefixNotHeld, ProductUnknown
from commerce.products import Gtin, load_product, require_prefix
from commerce.records import altered
from commerce.refusals import refuses

# Rows that one operation writes: 22 us each.
DISCLOSED_MAX = 500


@dataclass(frozen=True, slots=True)
class CodeBatch:
    """`count` codes of a product, or of one `lot` of it; `root` is that of the RFC 6962 tree of
    their leaves (commerce/codes/serials.py). `verifier` is the Ed25519 key that signs verdicts on
    the tags of these goods, if they have tags.
    """

    gtin: Gtin
    lot: Serial | None
    count: Annotated[int, Range(1, BATCH_CODES_MAX)]
    root: Hash
    verifier: PublicKey | None


@dataclass(frozen=True, slots=True)
class CodeActivate:
    """The codes from `first` to `last`, both included. `leaves` are all of theirs with their
    `path` (commerce/codes/stretches.py), so that everybody can look the codes up, or none: then a
    code is known from its first scan, sale or claim on.
    """

    batch_id: Hash
    first: CodeIndex
    last: CodeIndex
    leaves: Annotated[tuple[Leaf, ...], Size(max=DISCLOSED_MAX)]
    path: Annotated[tuple[Hash, ...], Size(max=PATH_MAX)]


@dataclass(frozen=True, slots=True)
class CodeDecommission:
    """The codes from `first` to `last`, both included, active or not; what is claimed stays so."""

    batch_id: Hash
    first: CodeIndex
    last: CodeIndex


@refuses(IdentifierMalformed, LotMalformed, KeyRefused, ProductUnknown, PrefixNotHeld)
def code_batch(op: CodeBatch, context: Context) -> tuple[Event, ...]:
    """Bring a batch of codes into being, by the holder of the product's prefix; none is active."""
    if not is_key(op.gtin):
        msg = f"{op.gtin!r} is no GTIN-14"
        raise IdentifierMalformed(msg)
    if op.lot is not None:
        check_lot(op.lot)
    if op.verifier is not None:
        enrollable(op.verifier)
    load_product(context.state, op.gtin)
    require_prefix(context, op.gtin)
    batch_id = context.new_id("code-batch")
    batch = Batch(
        gtin=op.gtin,
        lot=op.lot,
        brand=context.sender,
        count=op.count,
        root=op.root,
        verifier=op.verifier,
        created_ms=context.time_ms,
        active=0,
        dead=0,
    )
    BATCHES.store(context.state, batch, batch_id)
    index_batch(context, context.sender, op.gtin, batch_id)
    made = event(
        "code.batched",
        batch_id=batch_id,
        brand=context.sender,
        gtin=op.gtin,
        lot=op.lot,
        count=op.count,
        root=op.root,
    )
    return (made,)


@refuses(
    CodeBatchUnknown,
    CodeRangeInvalid,
    CodesDead,
    CodesActive,
    PrefixNotHeld,
    LeafInvalid,
    SerialMalformed,
    SerialElsewhere,
)
def code_activate(op: CodeActivate, context: Context) -> tuple[Event, ...]:
    """Codes go into circulation with their goods."""
    batch = _own_range(context, op)
    if overlaps(DEAD, context.state, op.batch_id, op.first, op.last):
        msg = "a dead code is not activated again"
        raise CodesDead(msg)
    if overlaps(ACTIVE, context.state, op.batch_id, op.first, op.last):
        msg = "a code is activated once"
        raise CodesActive(msg)
    require_prefix(context, batch.gtin)
    if op.leaves:
        _disclose(op, batch, context)
    count = op.last - op.first + 1
    mark(ACTIVE, context, op.batch_id, op.first, op.last)
    BATCHES.store(context.state, _counted(batch, active=count), op.batch_id)
    return (_told("code.activated", op, batch),)


@refuses(CodeBatchUnknown, CodeRangeInvalid, CodesDead, PrefixNotHeld)
def code_decommission(op: CodeDecommission, context: Context) -> tuple[Event, ...]:
    """Codes are taken out of circulation for good."""
    batch = _own_range(context, op)
    if overlaps(DEAD, context.state, op.batch_id, op.first, op.last):
        msg = "a code is decommissioned once"
        raise CodesDead(msg)
    require_prefix(context, batch.gtin)
    count = op.last - op.first + 1
    mark(DEAD, context, op.batch_id, op.first, op.last)
    BATCHES.store(context.state, _counted(batch, dead=count), op.batch_id)
    return (_told("code.decommissioned", op, batch),)


def _own_range(context: Context, op: CodeActivate | CodeDecommission) -> Batch:
    batch = load_batch(context.state, op.batch_id)
    if not op.first <= op.last < batch.count:
        msg = f"no codes {op.first} to {op.last} in a batch of {batch.count}"
        raise CodeRangeInvalid(msg)
    return batch


def _disclose(op: CodeActivate, batch: Batch, context: Context) -> None:
    """A row for each code of the range, whose leaves must be in the tree."""
    if len(op.leaves) != op.last - op.first + 1:
        msg = f"{len(op.leaves)} leaves for the codes {op.first} to {op.last}"
        raise LeafInvalid(msg)
    leaves = [leaf_bytes(leaf) for leaf in op.leaves]
    try:
        root = stretch_root(leaves, op.first, batch.count, op.path)
    except ProofInvalid as error:
        raise LeafInvalid(str(error)) from error
    if root != batch.root:
        msg = "the leaves are not those of the batch"
        raise LeafInvalid(msg)
    for index, leaf in enumerate(op.leaves, op.first):
        disclose(context, Place(batch.gtin, leaf, op.batch_id, index))


def _counted(batch: Batch, active: int = 0, dead: int = 0) -> Batch:
    return altered(batch, active=batch.active + active, dead=batch.dead + dead)


def _told(kind: str, op: CodeActivate | CodeDecommission, batch: Batch) -> Event:
    return event(
        kind,
        batch_id=op.batch_id,
        brand=batch.brand,
        gtin=batch.gtin,
        first=op.first,
        last=op.last,
    )
