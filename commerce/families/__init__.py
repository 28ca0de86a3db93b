"""The native transaction types: one line each, from which everything else is derived.

Decoding, dispatch, block order, receipts, `hushang tx`, `GET /v1/transaction-types` and the
generated docs/transactions.md all read these tables. Adding a type is one function and one line in
the file of its family.
"""

from commerce.families import (
    accounts,
    aftersale,
    beacon,
    catalogue,
    codes,
    custody,
    deposits,
    devices,
    disputes,
    money,
    order,
    provenance,
    reviews,
)
from commerce.transaction_types import SystemTransition, TransactionType

_FAMILIES = (
    *(accounts, money, catalogue, order, aftersale),
    *(disputes, deposits, beacon, provenance, custody, codes, devices, reviews),
)

TYPES: tuple[TransactionType, ...] = tuple(row for family in _FAMILIES for row in family.TYPES)
TRANSITIONS: tuple[SystemTransition, ...] = tuple(
    row for family in _FAMILIES for row in family.TRANSITIONS
)
