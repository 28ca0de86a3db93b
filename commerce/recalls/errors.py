"""Refusals about recalls, named as the broken rule."""

from chain.errors import LedgerError


class ProductRecalled(LedgerError):
    """The product is recalled: it is not sold, shipped or confirmed until that is over."""

    hint = "GET /v1/recalls tells the recall and what to do with the goods"


class RecallUnknown(LedgerError):
    """No recall with this id."""

    hint = "GET /v1/recalls lists those that are open"


class RecallExists(LedgerError):
    """The product is recalled already."""

    hint = "a recall is closed before another begins"


class RecallNotAlone(LedgerError):
    """A recall travels alone: it comes first in its block, other operations don't."""

    hint = "send recall.open in a transaction of its own"


class TooManyRecalls(LedgerError):
    """As many products are recalled as may be at a time."""

    hint = "close recalls that are done"


class NotTheRecaller(LedgerError):
    """Only who opened a recall, or a regulator, closes it."""

    hint = "sign with the account that opened it"
