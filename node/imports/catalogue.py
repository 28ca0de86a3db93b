"""A catalogue: one row for each product and its offer.

A product that the importer has registered already, word for word, is left alone, and so is an offer
of it at the same terms; the stock is what there is at first, and no row changes it later.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from chain.errors import HushangError
from chain.transaction import Operation
from commerce.epcis.identifiers import is_key
from commerce.listings import STOCK_MAX, ListingPublish, Terms
from commerce.products import ProductRegister
from commerce.registry import operation
from node.durations import parse_duration
from node.imports.columns import Column
from node.imports.plan import ImportDiffers, RowRepeated
from node.imports.sheet import CellRefused, Row, quoted
from node.words import said

COLUMNS: Final = (
    Column("gtin", ("商品条码", "条码"), "06901234100013", is_needed=True),
    Column("title", ("商品名称", "名称", "品名"), "Longjing tea", "龙井茶"),
    Column("class", ("类别", "品类"), "tea"),
    Column("storage", ("储存条件", "储存"), "cool and dry", "阴凉干燥"),
    Column("return_exempt", ("可不支持退货",), "no", "否"),
    Column("licence_required", ("需要授权", "需授权"), "no", "否"),
    Column("price", ("价格", "单价", "售价"), "CNY 129.00"),
    Column("stock", ("库存", "数量"), "100"),
    Column("freight", ("运费",), "CNY 10.00"),
    Column("ship_within", ("发货时限",), "48 h"),
    Column("exempt", ("不支持退货",), "no", "否"),
)
PRODUCT: Final = ("title", "class", "storage", "return_exempt", "licence_required")
GTIN_DIGITS: Final = 14
_COLUMNS_OF_RULES: Final = {
    **dict.fromkeys(("PrefixNotHeld", "ProductExists", "ProductUnknown", "LicenceMissing"), "gtin"),
    **dict.fromkeys(("AssetUnknown",), "price"),
    "ShipWithinOutOfRange": "ship_within",
    "ExemptionUnlawful": "exempt",
}
# Symbol and minor units of a text, as `node.commands.session.Session.money`.
Money = Callable[[str], tuple[str, int]]
Known = Mapping[str, Any]


class Catalogue:
    """Plans rows of a catalogue beside what the importer has on the chain."""

    columns: Sequence[Column] = COLUMNS

    def __init__(self, money: Money, products: Sequence[Known], listings: Sequence[Known]) -> None:
        """`products` and `listings` are all of the importer's, as the API tells them."""
        self._money = money
        self._products = {str(entry["gtin"]): entry for entry in products}
        self._offers = {
            (str(entry["gtin"]), str(entry["symbol"])): entry
            for entry in reversed(listings)
            if not entry["withdrawn"]
        }
        self._seen: dict[str, int] = {}

    def plan(self, row: Row) -> tuple[Operation, ...]:
        """Register and publish what isn't there."""
        gtin = _gtin(row)
        if gtin in self._seen:
            other = self._seen[gtin]
            raise RowRepeated("gtin", said("row {row} is about {thing} too", row=other, thing=gtin))
        self._seen[gtin] = row.number
        planned = []
        product = _product(row, gtin)
        if product is not None and not self._has_product(product):
            planned.append(operation("product.register", product))
        if row.text("price"):
            offer = self._offer(row, gtin)
            if not self._has_offer(offer):
                planned.append(operation("listing.publish", offer))
        elif product is None:
            raise CellRefused(
                "title", said("a row has a title, for a product, or a price, for an offer")
            )
        return tuple(planned)

    def column_of(self, code: str) -> str:
        """The column that a rule is about."""
        return _COLUMNS_OF_RULES.get(code, "")

    def _has_product(self, made: ProductRegister) -> bool:
        known = self._products.get(made.gtin)
        if known is None:
            return False
        for column in PRODUCT:
            name = "product_class" if column == "class" else column
            if known[name] != getattr(made, name):
                told = quoted(str(known[name]))
                raise ImportDiffers(column, said("it is registered with {value}", value=told))
        return True

    def _has_offer(self, made: ListingPublish) -> bool:
        known = self._offers.get((made.gtin, made.symbol))
        if known is None:
            return False
        for column, told, own in (
            ("price", int(known["price_minor"]), made.terms.price_minor),
            ("freight", int(known["freight_minor"]), made.terms.freight_minor),
            ("ship_within", known["ship_within_ms"], made.terms.ship_within_ms),
            ("exempt", known["exempt"], made.terms.exempt),
        ):
            if told != own:
                words = said(
                    "offer {id} has {told}, the row {own}",
                    id=known["listing_id"],
                    told=told,
                    own=own,
                )
                raise ImportDiffers(column, words)
        return True

    def _offer(self, row: Row, gtin: str) -> ListingPublish:
        symbol, price_minor = self._amount(row, "price")
        freight_minor = 0
        if row.text("freight"):
            freight_symbol, freight_minor = self._amount(row, "freight")
            if freight_symbol != symbol:
                words = said(
                    "is in {freight}, the price in {price}", freight=freight_symbol, price=symbol
                )
                raise CellRefused("freight", words)
        terms = Terms(
            price_minor=price_minor,
            freight_minor=freight_minor,
            ship_within_ms=_duration(row, "ship_within"),
            document=None,
            exempt=row.flag("exempt"),
        )
        return ListingPublish(gtin, symbol, row.whole("stock", STOCK_MAX), terms)

    def _amount(self, row: Row, column: str) -> tuple[str, int]:
        try:
            return self._money(row.needed(column))
        except CellRefused:
            raise
        except HushangError as error:
            raise CellRefused(column, str(error)) from error


def _gtin(row: Row) -> str:
    """14 digits; spreadsheets drop the zeros in front."""
    digits = row.needed("gtin")
    gtin = digits.rjust(GTIN_DIGITS, "0")
    if not (digits.isascii() and digits.isdigit() and len(gtin) == GTIN_DIGITS and is_key(gtin)):
        words = said(
            "{text} is no GTIN: up to 14 digits, the last one a check digit", text=quoted(digits)
        )
        raise CellRefused("gtin", words)
    return gtin


def _product(row: Row, gtin: str) -> ProductRegister | None:
    if not row.text("title"):
        return None
    return ProductRegister(
        gtin=gtin,
        title=row.text("title"),
        product_class=row.needed("class"),
        return_exempt=row.flag("return_exempt"),
        storage=row.text("storage"),
        documents=(),
        licence_required=row.flag("licence_required"),
    )


def _duration(row: Row, column: str) -> int | None:
    text = row.text(column)
    try:
        found = parse_duration(text) if text else None
    except ValueError as error:
        raise CellRefused(column, str(error)) from error
    return found if isinstance(found, int) else None
