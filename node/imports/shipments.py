"""Shipments: one row for each parcel of a paid order.

The order's own record says which parcels there are: one with the same SSCC is this row's, or the
same tracking number, of which the chain has a salted hash; without either, one that has no number,
with the same carrier and units, as often as the file has such a row.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from chain.bech32m import encode_account
from chain.errors import HushangError
from chain.transaction import Operation
from commerce.registry import operation
from commerce.shipments import ShipmentCreate, ShippedLine
from node.imports.columns import Column
from node.imports.plan import ParcelDiffers, RowRepeated
from node.imports.sheet import CellRefused, Row, quoted
from node.words import said

COLUMNS: Final = (
    Column("order", ("订单号", "订单"), "4f" * 32, is_needed=True),
    Column("carrier", ("承运人", "快递公司", "物流公司"), "carrier", is_needed=True),
    Column("lines", ("明细", "订单行"), "0:2 1:1"),
    Column("sscc", ("箱码", "物流单元码"), "169012340000000075"),
    Column("tracking", ("快递单号", "运单号", "物流单号"), "SF1234567890123"),
    Column("epcs", ("单品码",)),
    Column("insured", ("保价金额", "保价"), "CNY 50.00"),
)
TRACKING_SIZE_MAX: Final = 64
LOST: Final = "LOST"
_ORDER: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_LINE: Final = re.compile(r"([0-9]{1,2}):([0-9]{1,7})", re.ASCII)
_SSCC: Final = re.compile(r"[0-9]{18}", re.ASCII)
_COLUMNS_OF_RULES: Final = {
    **dict.fromkeys(("OrderUnknown", "NotTheSeller", "StateForbids"), "order"),
    **dict.fromkeys(("LineUnknown", "LineRepeated", "QuantityExceeded"), "lines"),
    **dict.fromkeys(("RoleMissing", "SharedController", "CosignerMissing"), "carrier"),
    **dict.fromkeys(("ItemInParcel", "ItemRepeated", "TooManyItems", "GoodsNotNamed"), "epcs"),
}
Money = Callable[[str], tuple[str, int]]
Known = Mapping[str, Any]
Lines = tuple[tuple[int, int], ...]


class Shipments:
    """Plans rows of parcels beside what the chain knows of their orders."""

    columns: Sequence[Column] = COLUMNS

    def __init__(
        self,
        money: Money,
        account: Callable[[str], bytes],
        order: Callable[[str], tuple[Known, Sequence[Known]]],
        label: Callable[[bytes, str], bytes],
    ) -> None:
        """`order` tells an order and its parcels, as the API does; it may raise what the API says.

        `account` reads `hs1…` or a name; `label` commits to the tracking number of an order's
        parcel, to the same one with the same.
        """
        self._money = money
        self._account = account
        self._order = order
        self._label = label
        self._read: dict[str, tuple[Known, Sequence[Known]]] = {}
        self._seen: dict[str, int] = {}
        self._met: Counter[tuple[str, str, Lines]] = Counter()
        # Units that earlier rows of the file take, by order and line.
        self._taken: Counter[tuple[str, int]] = Counter()

    def plan(self, row: Row) -> tuple[Operation, ...]:
        """Ship what isn't shipped."""
        order_id = row.needed("order").lower()
        if not _ORDER.fullmatch(order_id):
            raise CellRefused("order", said("an order's id has 64 hex digits"))
        carrier = self._told(row, "carrier", self._account)
        known, parcels = self._known_order(order_id)
        sscc, label = _sscc(row), self._label_of(row, order_id)
        alive = [entry for entry in parcels if entry["state"] != LOST]
        lines = _lines(row)
        if sscc is None and label is None:
            if self._is_shipped(order_id, carrier, lines, alive):
                return ()
        elif found := self._numbered(row, alive, sscc, label):
            _compare(row, found, carrier, sscc, label)
            return ()
        wanted = lines or self._unshipped(order_id, known)
        for line, units in wanted:
            self._taken[order_id, line] += units
        made = ShipmentCreate(
            order_id=bytes.fromhex(order_id),
            carrier=carrier,
            lines=tuple(ShippedLine(*entry) for entry in wanted),
            sscc=sscc,
            epcs=tuple(row.text("epcs").split()),
            label_commitment=None if label is None else bytes.fromhex(label),
            insured_minor=self._told(row, "insured", self._money)[1] if row.text("insured") else 0,
        )
        return (operation("shipment.create", made),)

    def column_of(self, code: str) -> str:
        """The column that a rule is about."""
        return _COLUMNS_OF_RULES.get(code, "sscc" if "Sscc" in code else "")

    def _known_order(self, order_id: str) -> tuple[Known, Sequence[Known]]:
        if order_id not in self._read:
            try:
                self._read[order_id] = self._order(order_id)
            except HushangError as error:
                raise CellRefused("order", str(error)) from error
        return self._read[order_id]

    def _label_of(self, row: Row, order_id: str) -> str | None:
        tracking = row.text("tracking")
        if len(tracking) > TRACKING_SIZE_MAX:
            words = said("longer than {most} characters", most=TRACKING_SIZE_MAX)
            raise CellRefused("tracking", words)
        return self._label(bytes.fromhex(order_id), tracking).hex() if tracking else None

    def _require_new(self, own: str, row: Row, column: str) -> None:
        if own in self._seen:
            words = said("row {row} has {thing} too", row=self._seen[own], thing=row.text(column))
            raise RowRepeated(column, words)
        self._seen[own] = row.number

    def _numbered(
        self, row: Row, parcels: Sequence[Known], sscc: str | None, label: str | None
    ) -> Known | None:
        """The parcel with one of the row's numbers, if there is one."""
        found = None
        for column, name, own in (
            ("tracking", "label_commitment", label),
            ("sscc", "sscc", sscc),
        ):
            if own is not None:
                self._require_new(own, row, column)
                found = next((entry for entry in parcels if entry[name] == own), found)
        return found

    def _is_shipped(
        self, order_id: str, carrier: bytes, lines: Lines, parcels: Sequence[Known]
    ) -> bool:
        """Has an earlier run made this row's parcel? The n-th such row has the n-th such parcel."""
        own = (order_id, encode_account(carrier), lines)
        self._met[own] += 1
        alike = [
            entry
            for entry in parcels
            if entry["carrier"] == own[1]
            and entry["sscc"] is None
            and entry["label_commitment"] is None
            if not lines or _lines_of(entry) == lines
        ]
        return len(alike) >= self._met[own]

    def _unshipped(self, order_id: str, known: Known) -> Lines:
        waiting = tuple(
            (line["index"], line["unshipped"] - self._taken[order_id, line["index"]])
            for line in known["lines"]
        )
        left = tuple(entry for entry in waiting if entry[1] > 0)
        if not left:
            raise CellRefused("lines", said("no units of this order wait for a parcel"))
        return left

    def _told(self, row: Row, column: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(row.needed(column))
        except CellRefused:
            raise
        except HushangError as error:
            raise CellRefused(column, str(error)) from error


def _compare(row: Row, parcel: Known, carrier: bytes, sscc: str | None, label: str | None) -> None:
    """`ParcelDiffers` where the parcel is another one than the row's."""
    lines = _lines(row)
    for column, differs, what in (
        ("sscc", sscc is not None and parcel["sscc"] != sscc, said("SSCC")),
        ("tracking", label is not None and parcel["label_commitment"] != label, said("number")),
        ("carrier", parcel["carrier"] != encode_account(carrier), said("carrier")),
        ("lines", bool(lines) and lines != _lines_of(parcel), said("content")),
    ):
        if differs:
            words = said("parcel {id} has another {what}", id=parcel["parcel_id"], what=what)
            raise ParcelDiffers(column, words)


def _sscc(row: Row) -> str | None:
    text = row.text("sscc")
    if text and not _SSCC.fullmatch(text):
        raise CellRefused("sscc", said("{text} is no SSCC: 18 digits", text=quoted(text)))
    return text or None


def _lines(row: Row) -> Lines:
    """`0:2 1:1`: two units of line 0, one of line 1; empty: all that is unshipped."""
    found = []
    for word in row.text("lines").split():
        match = _LINE.fullmatch(word)
        if match is None:
            words = said("{word} is not LINE:UNITS, as in 0:2 1:1", word=quoted(word))
            raise CellRefused("lines", words)
        found.append((int(match[1]), int(match[2])))
    return tuple(sorted(found))


def _lines_of(parcel: Known) -> Lines:
    return tuple(sorted((line["line"], line["quantity"]) for line in parcel["lines"]))
