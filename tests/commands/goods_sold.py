"""Goods on offer and sold on the shared test network: short words for tests of what comes after."""

from commerce.epcis.identifiers import check_digit
from tests.commands.conftest import Shop

PRICE_MINOR = 2_000


def offer(shop: Shop, number: int, *terms: str, price: str = "CNY 20.00") -> str:
    """A new listing of a new product; tests number their products from different ends."""
    digits = f"069012347{number:04}"
    gtin = digits + check_digit(digits)
    product = ("product", "register", gtin, "--title", "Soap", "--class", "soap")
    shop.ok(*product, "--as", "merchant")
    words = ("listing", "publish", gtin, "--price", price, "--stock", "500", *terms)
    found: str = shop.ok(*words, "--as", "merchant").json["listing_id"]
    return found


def paid(shop: Shop, listing: str, units: int = 2) -> str:
    """A paid order."""
    words = ("order", "create", f"{listing}:{units}", "--ship-to", "Century Avenue 1")
    made: str = shop.ok(*words, "--no-code", "--as", "buyer").json["order_id"]
    shop.ok("order", "pay", made, "--as", "buyer")
    return made


def shipped(shop: Shop, order: str) -> str:
    """All of an order in a parcel."""
    words = ("shipment", "create", order, "--carrier", "carrier", "--as", "merchant")
    found: str = shop.ok(*words, "--cosign", "carrier").json["parcel_id"]
    return found


def delivered(shop: Shop, order: str) -> str:
    """The same, brought to the door."""
    parcel = shipped(shop, order)
    shop.ok("shipment", "delivered", parcel, "--cell", "wtw3sj", "--as", "carrier")
    return parcel


def asked(shop: Shop, order: str, parcel: str, kind: str, *more: str) -> str:
    """A buyer's request for delivered goods; the case."""
    words = ("refund", "request", order, "--parcel", parcel, "--kind", kind, *more)
    found: str = shop.ok(*words, "--reason", "broken", "--as", "buyer").json["case_id"]
    return found
