"""A shop with goods and a buyer with money: short names for the steps of a trade.

`lines` are (listing, quantity); every step is one transaction in a block of its own that must
succeed, and returns the id that it made.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.block import Event
from chain.genesis import Genesis
from commerce.assets import AssetIssue
from commerce.cancellation import OrderCancel
from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.epcis.identifiers import check_digit
from commerce.listings import ListingPublish, Terms
from commerce.money import balance_of
from commerce.orders import Order, load_order
from commerce.parcels import Parcel, load_parcel
from commerce.products import ProductRegister
from commerce.shipments import (
    ShipmentCreate,
    ShipmentDelivered,
    ShippedLine,
    recipient_code_commitment,
)
from tests.commerce.world import FUNDS_MINOR, PREFIX, World, account

CODE = b"the recipient's own code"
SHIP_TO = bytes(range(32))
PRICE_MINOR = 1_000
TERMS = Terms(PRICE_MINOR, 0, None, None)


def gtin(number: int, prefix: str = PREFIX) -> str:
    """A GTIN-14 of a prefix with 7 digits."""
    digits = f"0{prefix}{number:05}"
    return digits + check_digit(digits)


TEA, CAKE, BIKE = gtin(1), gtin(2), gtin(3)


def product(code: str = TEA, *, return_exempt: bool = False) -> ProductRegister:
    """A product registration."""
    return ProductRegister(code, f"goods {code}", "food", return_exempt, "cool and dry", ())


def create(
    *lines: tuple[bytes, int],
    version: int = 1,
    exempt: bool = False,
    reference: str | None = None,
    code: bytes | None = CODE,
) -> OrderCreate:
    """An order of (listing, quantity) lines."""
    wanted = tuple(WantedLine(listing, version, count, exempt) for listing, count in lines)
    commitment = None if code is None else recipient_code_commitment(code)
    return OrderCreate(wanted, SHIP_TO, commitment, reference)


class Shop(World):
    """`buyer` and `friend` have money; on offer: `tea`, `cake` (exempt from returns), `bike`."""

    def __init__(self, founding: Genesis | None = None, stock: int = 100) -> None:
        super().__init__(founding)
        for name in ("buyer", "friend"):
            self.done(
                "issuer", ("asset.issue", AssetIssue("CNY", account(name), FUNDS_MINOR, name))
            )
        for code in (TEA, CAKE, BIKE):
            self.done("merchant", ("product.register", product(code, return_exempt=code == CAKE)))
        self.tea = self.publish(TEA, stock=stock)
        self.cake = self.publish(CAKE, stock=stock, terms=replace(TERMS, exempt=True))
        self.bike = self.publish(BIKE, stock=stock)

    def publish(
        self, code: str, stock: int = 100, seller: str = "merchant", terms: Terms = TERMS
    ) -> bytes:
        """A new listing."""
        offer = ListingPublish(code, "CNY", stock, terms)
        return self._made("listing_id", self.done(seller, ("listing.publish", offer)))

    def promised(self, ship_within_ms: int) -> bytes:
        """A listing of tea that promises to ship within some time."""
        return self.publish(TEA, terms=replace(TERMS, ship_within_ms=ship_within_ms))

    def order(self, *lines: tuple[bytes, int], buyer: str = "buyer", exempt: bool = False) -> bytes:
        """An unpaid order."""
        placed = self.done(buyer, ("order.create", create(*lines, exempt=exempt)))
        return self._made("order_id", placed)

    def pay(self, order_id: bytes, payer: str = "buyer") -> None:
        """Pay it exactly."""
        self.done(payer, ("order.pay", OrderPay(order_id, self.load(order_id).total_minor)))

    def paid(self, *lines: tuple[bytes, int], buyer: str = "buyer", exempt: bool = False) -> bytes:
        """A paid order."""
        order_id = self.order(*lines, buyer=buyer, exempt=exempt)
        self.pay(order_id, buyer)
        return order_id

    def ship(self, order_id: bytes, *units: tuple[int, int], carrier: str = "carrier") -> bytes:
        """A parcel of (line, quantity) units; without any, of all that is unshipped."""
        every = [(i, line.unshipped) for i, line in enumerate(self.load(order_id).lines)]
        taken = units or tuple((i, count) for i, count in every if count)
        lines = tuple(ShippedLine(*entry) for entry in taken)
        shipment = ShipmentCreate(order_id, account(carrier), lines, None, (), None)
        made = self.done("merchant", ("shipment.create", shipment), with_=(carrier,))
        return self._made("parcel_id", made)

    def deliver(self, parcel_id: bytes, carrier: str = "carrier") -> None:
        """The carrier hands it over for the recipient's code, later parcels at a place."""
        self.done(carrier, ("shipment.delivered", self.proof(parcel_id)))

    def proof(self, parcel_id: bytes) -> ShipmentDelivered:
        """A delivery's proof: an order's first parcel takes the code, the others have a place."""
        if self.parcel(parcel_id).number == 0:
            return ShipmentDelivered(parcel_id, CODE, None)
        return ShipmentDelivered(parcel_id, None, "wtw3s")

    def confirm(self, parcel_id: bytes, *units: tuple[int, int], buyer: str = "buyer") -> None:
        """Confirm (line, quantity) units, or all that is open."""
        lines = tuple(ConfirmedLine(*entry) for entry in units)
        self.done(buyer, ("order.confirm", OrderConfirm(parcel_id, lines)))

    def cancel(
        self, order_id: bytes, *lines: int, by: str = "buyer", with_: Sequence[str] = ()
    ) -> None:
        """Cancel lines, or all that is unshipped."""
        self.done(by, ("order.cancel", OrderCancel(order_id, lines, "no more")), with_=with_)

    def load(self, order_id: bytes) -> Order:
        """The order's record."""
        return load_order(self.state, order_id)

    def parcel(self, parcel_id: bytes) -> Parcel:
        """The parcel's record."""
        return load_parcel(self.state, parcel_id)

    def money(self, name: str) -> int:
        """What a party has."""
        return balance_of(self.state, account(name), "CNY").available_minor

    def _made(self, field: str, events: Sequence[Event]) -> bytes:
        made = events[0].data[field]
        assert isinstance(made, bytes)
        return made
