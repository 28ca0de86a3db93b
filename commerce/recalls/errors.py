"""Refusals about recalls, named as the broken rule."""

from chain.errors import LedgerError


class ProductRecalled(LedgerError):
    """The product is recalled, or held while a recall spreads: no sale, shipment, confirmation."""

    hint = "GET /v1/recalls tells the recall and what to do with the goods"


class GoodsRecalled(LedgerError):
    """What the parcel names is an item or lot under a recall, or has such goods in it."""

    hint = "hushang recall list --thing EPC names the recall; ship other goods"


class GoodsNotNamed(LedgerError):
    """A recall has reached the product: a parcel names its items or lots, so that all can see that
    none is marked.
    """

    hint = "name each item, or the lot, by an EPC that was commissioned and that the seller has"


class RecallUnknown(LedgerError):
    """No recall with this id."""

    hint = "GET /v1/recalls lists those that are open"


class RecallExists(LedgerError):
    """The product is recalled already."""

    hint = "add lots, items or a window to the open recall by recall.extend"


class RecallNotAlone(LedgerError):
    """A recall travels alone: it comes first in its block, other operations don't."""

    hint = "send recall.open or recall.extend in a transaction of its own"


class RootMalformed(LedgerError):
    """A root is no lot number, no item of the recalled product, or no window of time."""

    hint = "lots: at most 20 characters; items: serialised EPCs of the GTIN; from_ms before to_ms"


class RecallUnchanged(LedgerError):
    """An extension adds nothing: no root, no graver class, no instruction."""

    hint = "a recall is extended by roots that it doesn't have, by a lower class or new words"


class TooManyRecalls(LedgerError):
    """As many products are recalled as may be at a time."""

    hint = "close recalls that are done"


class TooManyWindows(LedgerError):
    """A recall has as many windows of production as it may have."""

    hint = "join windows, or recall the whole product"


class NotTheRecaller(LedgerError):
    """Only who opened a recall, or a regulator, changes it; one with a regulator in it, only a
    regulator.
    """

    hint = "sign with the account that opened it, or as a regulator for these goods"


class GoodsOutstanding(LedgerError):
    """Marked things in known hands have neither come back nor been destroyed."""

    hint = "capture their return or destruction, or have a regulator sign too"


class MarkUnknown(LedgerError):
    """The recall has no such mark."""

    hint = "GET /v1/recalls/{id}/marks lists the marks; an item under one is named by its EPC"
