"""What may leave and what may be confirmed while there are recalls: who asks is in flight now.

A product that is recalled as a whole, or held while marks spread, stays where it is. Of one that
an open recall has reached, a parcel names every unit by its item, or their lot, and each of these
was born on the ledger, is with the seller and bears no mark. What bears one doesn't leave even
after the recall is closed.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from chain.context import Context
from commerce.carriers import Label
from commerce.custody import named
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import gtin_of
from commerce.epcis.spread import MADE, marks_of
from commerce.epcis.stored_index import index_of
from commerce.goods.contents import contents_of
from commerce.goods.errors import TooManyThings
from commerce.goods.things import has
from commerce.parcels import Parcel
from commerce.recalls.blocked import recalled_now, require_not_recalled, touching
from commerce.recalls.errors import GoodsNotNamed, GoodsRecalled
from commerce.recalls.marks import recalls_of
from commerce.recalls.notices import NOTICES, are_named, things_in


def require_shippable(context: Context, label: Label, goods: Iterable[tuple[str, int]]) -> None:
    """`ProductRecalled`, `GoodsRecalled` or `GoodsNotNamed` unless (GTIN, units) may leave under
    this label, which the sender makes.
    """
    units: Counter[str] = Counter()
    for gtin, count in goods:
        units[gtin] += count
    require_not_recalled(context, *units)
    if not recalled_now(context.state).marked:
        return
    index = index_of(context)
    things = _things(context, label)
    births = {thing: marks_of(index, thing) for thing in things}
    for thing in things:
        if recalls_of(context.state, births[thing], thing):
            msg = f"{thing} is recalled"
            raise GoodsRecalled(msg)
    for gtin, count in units.items():
        if touching(context.state, gtin):
            own = [thing for thing in things if gtin_of(thing) == gtin]
            _require_named(context, gtin, count, [(thing, births[thing]) for thing in own])


def _require_named(
    context: Context,
    gtin: str,
    count: int,
    own: Sequence[tuple[str, tuple[tuple[str, str], ...]]],
) -> None:
    if not are_named(gtin, count, [thing for thing, _ in own]):
        msg = f"a recall has reached {gtin}: name each of its {count} units, or their lot"
        raise GoodsNotNamed(msg)
    for thing, births in own:
        # A name that was made up says nothing of where the goods come from.
        if not any(kind == MADE for kind, _ in births):
            msg = f"no event says where {thing} was made"
            raise GoodsNotNamed(msg)
        if not has(context.state, context.sender, thing):
            msg = f"{thing} is not with the seller"
            raise GoodsNotNamed(msg)


def _things(context: Context, label: Label) -> tuple[str, ...]:
    """What a label names, and what lies in the logistic unit."""
    things = dict.fromkeys(named(label.epcs))
    if label.sscc is not None:
        unit = f"{DOMAIN}00/{label.sscc}"
        try:
            inside = contents_of(context, unit)
        except TooManyThings as error:
            raise GoodsNotNamed(str(error)) from error
        things |= dict.fromkeys((unit, *inside))
    return tuple(things)


def require_confirmable(context: Context, parcel: Parcel, gtins: Iterable[str]) -> None:
    """`ProductRecalled`, or `GoodsRecalled` while a parcel names recalled goods of these products
    that no sweep has taken out of it yet.
    """
    wanted = dict.fromkeys(gtins)
    require_not_recalled(context, *wanted)
    reached = {entry.recall_id for gtin in wanted for entry in touching(context.state, gtin)}
    if not reached:
        return
    index = index_of(context)
    for thing in things_in(index, parcel):
        if (gtin_of(thing) or "") not in wanted:
            continue
        for recall_id in recalls_of(context.state, marks_of(index, thing), thing):
            if recall_id in reached and not _is_noticed(context, recall_id, parcel, thing):
                msg = f"{thing} is recalled"
                raise GoodsRecalled(msg)


def _is_noticed(context: Context, recall_id: bytes, parcel: Parcel, thing: str) -> bool:
    """Has the sweep taken units out of the parcel for this thing already?"""
    number = bytes([parcel.number])
    notice = NOTICES.load(context.state, recall_id, parcel.order_id, number)
    return notice is not None and thing in notice.things
