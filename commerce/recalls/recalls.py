"""recall.open, recall.extend, recall.close, recall.release.

A recall is of a product as a whole, or of some lots, items and times of production. Its own block
refuses every later sale, shipment and confirmation of the product (commerce/recalls/blocked.py).
Marks then spread from the roots over whatever was made of them (commerce/recalls/spreading.py), and
the sweep stops the orders in flight (commerce/recalls/sweeping.py), so many a block.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Name, Size
from chain.context import Context, event
from chain.errors import CosignerMissing
from commerce.epcis.spread import ITEM, LOT, MADE, marks_of
from commerce.epcis.stored_index import index_of
from commerce.epcis.summary import Instant
from commerce.errors import PrefixNotHeld, ProductUnknown, RoleMissing, StateForbids
from commerce.products import Gtin, load_product
from commerce.recalls.blocked import RECALLS_MAX, recalled_products, unblock
from commerce.recalls.errors import (
    GoodsOutstanding,
    MarkUnknown,
    NotTheRecaller,
    RecallExists,
    RecallNotAlone,
    RecallUnchanged,
    RecallUnknown,
    RootMalformed,
    TooManyRecalls,
    TooManyWindows,
)
from commerce.recalls.marks import (
    MARKED,
    MARKS_MAX,
    Marked,
    Marking,
    MarkName,
    marked_part,
    recalls_of,
)
from commerce.recalls.reading import first_seen
from commerce.recalls.record import (
    WINDOWS_MAX,
    Progress,
    Recall,
    RecallClass,
    load_recall,
    require_share,
    save_recall,
)
from commerce.recalls.roots import Items, Lots, Roots, read_roots
from commerce.recalls.spreading import FIRST_ORDER
from commerce.recalls.watching import begin_watch
from commerce.records import altered
from commerce.refusals import refuses
from commerce.rights import gtin_holder
from commerce.roles import has_role_for_goods

RELEASED_MAX = 100


@dataclass(frozen=True, slots=True)
class RecallOpen:
    """`recall_class` 1 is the gravest (食品召回管理办法 art. 13). `instruction` is the hash of
    what buyers are told, `report` that of the regulator's file.

    `lots` are lot numbers of the GTIN, `items` serialised EPCs of it, [`from_ms`, `to_ms`) a time
    of production by the events that say so. With none of them the whole product is recalled.
    """

    gtin: Gtin
    recall_class: RecallClass
    instruction: Hash
    report: Hash | None
    lots: Lots = ()
    items: Items = ()
    from_ms: Instant | None = None
    to_ms: Instant | None = None


@dataclass(frozen=True, slots=True)
class RecallExtend:
    """More roots, all of the product (`whole`), a graver class, or another instruction; what is
    None stays. `report` is the hash of why.
    """

    recall_id: Hash
    lots: Lots
    items: Items
    from_ms: Instant | None
    to_ms: Instant | None
    whole: bool
    recall_class: RecallClass | None
    instruction: Hash | None
    report: Hash | None


@dataclass(frozen=True, slots=True)
class RecallClose:
    """`report` is the hash of what became of the goods. `regulator` signs too that the rest can't
    be had, where marked goods are outstanding.
    """

    recall_id: Hash
    report: Hash
    regulator: Hash | None = None


@dataclass(frozen=True, slots=True)
class NamedMark:
    """A mark by its kind (made, lot, item) and name; item and lot also name a thing that is under
    other marks.
    """

    kind: Name
    name: MarkName


@dataclass(frozen=True, slots=True)
class RecallRelease:
    """Marks that were wrong, and the hash of the report that says why."""

    recall_id: Hash
    marks: Annotated[tuple[NamedMark, ...], Size(min=1, max=RELEASED_MAX)]
    report: Hash


@refuses(
    RecallNotAlone,
    RootMalformed,
    ProductUnknown,
    PrefixNotHeld,
    RecallExists,
    TooManyRecalls,
)
def recall_open(op: RecallOpen, context: Context) -> tuple[Event, ...]:
    """Block a product from this block on, and stop what is in flight of it or of what was made of
    the named goods: by its brand or a regulator.
    """
    _require_alone(context)
    roots = read_roots(op.gtin, op.lots, op.items, op.from_ms, op.to_ms)
    load_product(context.state, op.gtin)
    regulates = _is_regulator(context, op.gtin)
    if gtin_holder(context.state, op.gtin) != context.sender and not regulates:
        msg = f"only its brand or a regulator recalls {op.gtin}"
        raise PrefixNotHeld(msg)
    known = recalled_products(context.state)
    if any(entry.gtin == op.gtin for entry in known):
        msg = f"product {op.gtin} is recalled"
        raise RecallExists(msg)
    if not regulates:
        require_share(context, known)
    if len(known) >= RECALLS_MAX:
        msg = f"at most {RECALLS_MAX} products are recalled at a time"
        raise TooManyRecalls(msg)
    recall_id = context.new_id("recall")
    begun = _begun(op, context, roots, regulated=regulates)
    save_recall(context, recall_id, None, _rooted(context, recall_id, begun, roots))
    opened = event(
        "recall.opened",
        recall_id=recall_id,
        gtin=op.gtin,
        recall_class=op.recall_class,
        opener=context.sender,
        instruction=op.instruction,
        report=op.report,
        whole=begun.whole,
        lots=op.lots,
        items=op.items,
        from_ms=op.from_ms,
        to_ms=op.to_ms,
    )
    return (opened,)


@refuses(
    RecallNotAlone,
    RecallUnknown,
    NotTheRecaller,
    StateForbids,
    RootMalformed,
    TooManyWindows,
    RecallUnchanged,
)
def recall_extend(op: RecallExtend, context: Context) -> tuple[Event, ...]:
    """Recall more goods, more gravely, or with other words: by who opened it or a regulator."""
    _require_alone(context)
    recall = load_recall(context.state, op.recall_id)
    regulates = _is_regulator(context, recall.gtin)
    if context.sender != recall.opener and not regulates:
        msg = "only who opened a recall, or a regulator, extends it"
        raise NotTheRecaller(msg)
    if recall.state != "OPEN":
        msg = "the recall is closed"
        raise StateForbids(msg)
    roots = read_roots(recall.gtin, op.lots, op.items, op.from_ms, op.to_ms)
    if roots.window is not None and len(recall.windows) >= WINDOWS_MAX:
        msg = f"a recall has at most {WINDOWS_MAX} windows"
        raise TooManyWindows(msg)
    changed = _rooted(context, op.recall_id, _regraded(op, recall), roots)
    if changed == recall:
        msg = "no new root, no graver class, no other words"
        raise RecallUnchanged(msg)
    changed = altered(changed, regulated=recall.regulated or regulates)
    if changed.whole and not recall.whole:
        # Orders that were passed by may be of the product, too.
        changed = _swept_anew(context, changed)
    save_recall(context, op.recall_id, recall, changed)
    extended = event(
        "recall.extended",
        recall_id=op.recall_id,
        gtin=recall.gtin,
        by=context.sender,
        recall_class=changed.recall_class,
        instruction=changed.instruction,
        report=op.report,
        whole=changed.whole,
        lots=op.lots,
        items=op.items,
        from_ms=op.from_ms,
        to_ms=op.to_ms,
    )
    return (extended,)


@refuses(
    RecallUnknown, NotTheRecaller, StateForbids, RoleMissing, CosignerMissing, GoodsOutstanding
)
def recall_close(op: RecallClose, context: Context) -> tuple[Event, ...]:
    """The product may be sold again; what was stopped goes its way, and what is marked stays so."""
    recall = load_recall(context.state, op.recall_id)
    regulates = _is_regulator(context, recall.gtin)
    if not regulates and (context.sender != recall.opener or recall.regulated):
        msg = "who opened a recall closes it, or a regulator; if one is in it, only a regulator"
        raise NotTheRecaller(msg)
    if recall.state != "OPEN" or recall.due_ms is not None:
        msg = "the recall is closed, or still spreads or stops what is in flight"
        raise StateForbids(msg)
    if op.regulator is not None:
        _require_regulator(context, op.regulator, recall.gtin)
    if recall.outstanding and not regulates and op.regulator is None:
        msg = f"{recall.outstanding} marked things neither came back nor were destroyed"
        raise GoodsOutstanding(msg)
    unblock(context, op.recall_id)
    closed = altered(recall, state="CLOSED", closed_ms=context.time_ms, report=op.report)
    save_recall(context, op.recall_id, recall, closed)
    told = event(
        "recall.closed",
        recall_id=op.recall_id,
        gtin=recall.gtin,
        report=op.report,
        outstanding=recall.outstanding,
        regulator=op.regulator,
    )
    return (told,)


@refuses(RecallUnknown, RoleMissing, MarkUnknown)
def recall_release(op: RecallRelease, context: Context) -> tuple[Event, ...]:
    """Take marks away that were wrong, from a recall that is open or closed: by a regulator."""
    recall = load_recall(context.state, op.recall_id)
    if not _is_regulator(context, recall.gtin):
        msg = f"only a regulator for {recall.gtin} releases what is marked"
        raise RoleMissing(msg)
    for mark in op.marks:
        _release(context, op.recall_id, mark)
    if recall.state == "OPEN":
        # The sweep finds what is asked back no more.
        save_recall(context, op.recall_id, recall, _swept_anew(context, recall))
    released = event(
        "recall.released",
        recall_id=op.recall_id,
        by=context.sender,
        marks=tuple([{"kind": mark.kind, "name": mark.name} for mark in op.marks]),
        report=op.report,
    )
    return (released,)


def _begun(op: RecallOpen, context: Context, roots: Roots, *, regulated: bool) -> Recall:
    """The record of a recall as it is opened, before it has marks."""
    whole = not roots.are_given
    return Recall(
        gtin=op.gtin,
        recall_class=op.recall_class,
        opener=context.sender,
        regulated=regulated,
        whole=whole,
        windows=(),
        instruction=op.instruction,
        report=op.report,
        opened_ms=context.time_ms,
        opened_height=context.height,
        closed_ms=None,
        state="OPEN",
        progress=Progress(),
        holding=False,
        # The orders are swept at once, or when the marks have spread.
        cursor=FIRST_ORDER if whole else None,
        again=False,
        outstanding=0,
        due_ms=context.time_ms,
    )


def _require_alone(context: Context) -> None:
    assert context.received is not None
    if len(context.received.types) != 1:
        msg = "a recall is the only operation of its transaction"
        raise RecallNotAlone(msg)


def _rooted(context: Context, recall_id: bytes, recall: Recall, roots: Roots) -> Recall:
    """The recall with more roots, which spread from this very block on."""
    if not roots.are_given:
        return recall
    begin_watch(context)
    index = index_of(context)
    marking = Marking(context, recall_id, recall.progress, index)
    for mark in roots.marks:
        # Nothing left before anybody named it.
        marking.add(mark, first_seen(context.indexed, mark.name))
    windows = recall.windows
    if roots.window is not None:
        windows = (*windows, roots.window)
        marking.touch(recall.gtin, roots.window.from_ms)
    rooted = altered(recall, progress=marking.progress, windows=windows)
    if rooted == recall:
        return recall
    if not rooted.spreading:
        # It has as many marks as it may have.
        return _swept_anew(context, rooted)
    return altered(rooted, again=True, holding=True, due_ms=context.time_ms)


def _regraded(op: RecallExtend, recall: Recall) -> Recall:
    graver = min(recall.recall_class, op.recall_class or recall.recall_class)
    instruction = op.instruction or recall.instruction
    whole = recall.whole or op.whole
    return altered(recall, recall_class=graver, instruction=instruction, whole=whole)


def _swept_anew(context: Context, recall: Recall) -> Recall:
    """The sweep begins again, at once or behind what is under way."""
    if recall.due_ms is not None:
        return altered(recall, again=True)
    return altered(recall, cursor=FIRST_ORDER, due_ms=context.time_ms)


def _release(context: Context, recall_id: bytes, mark: NamedMark) -> None:
    covers = mark.kind in (MADE, LOT, ITEM)
    part = marked_part(mark.kind, mark.name) if covers else b""
    known = MARKED.load(context.state, part, recall_id) if covers else None
    if known is None and not _is_under(context, recall_id, mark):
        msg = f"the recall has no mark {mark.kind} {mark.name}"
        raise MarkUnknown(msg)
    # A thing that only its births mark has no place among the marks to follow.
    released = Marked(0, MARKS_MAX, released=True) if known is None else known
    MARKED.store(context.state, altered(released, released=True), part, recall_id)


def _is_under(context: Context, recall_id: bytes, mark: NamedMark) -> bool:
    """Is this a thing that other marks of the recall cover?"""
    if mark.kind not in (ITEM, LOT):
        return False
    marks = marks_of(index_of(context), mark.name)
    return (mark.kind, mark.name) in marks and recall_id in recalls_of(
        context.state, marks, mark.name
    )


def _require_regulator(context: Context, account: bytes, gtin: str) -> None:
    if not has_role_for_goods(context.state, account, "regulator", gtin):
        msg = f"who signs too is no regulator for {gtin}"
        raise RoleMissing(msg)
    context.require_consent(account, "the regulator")


def _is_regulator(context: Context, gtin: str) -> bool:
    return has_role_for_goods(context.state, context.sender, "regulator", gtin)
