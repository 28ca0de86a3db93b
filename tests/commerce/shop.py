"""A shop with goods and a buyer with money: short names for the steps of a trade.

`lines` are (listing, quantity); every step is one transaction in a block of its own that must
succeed, and returns the id that it made.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.block import Event
from chain.genesis import Genesis
from commerce.aftersale.answers import (
    RefundAcceptCounter,
    RefundAgree,
    RefundCounter,
    RefundReject,
)
from commerce.aftersale.cases import Case, load_case
from commerce.aftersale.exchanges import ExchangeShip
from commerce.aftersale.requests import RefundRequest, RefundWithdraw, RequestedLine
from commerce.aftersale.returns import ReturnDelivered, ReturnReceive, ReturnShip
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
        self.done(payer, ("order.pay", OrderPay(order_id, self.load(order_id).payable_minor)))

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

    def request(
        self, order_id: bytes, kind: str, *units: tuple[int, int], parcel: bytes | None = None
    ) -> bytes:
        """Ask for the whole worth of (line, quantity) units; the case."""
        lines = tuple(RequestedLine(*entry, None) for entry in units or ((0, 1),))
        asked = RefundRequest(order_id, parcel, kind, lines, "because", None)
        return self._made("case_id", self.done("buyer", ("refund.request", asked)))

    def complain(self, parcel: bytes, kind: str, *units: tuple[int, int]) -> bytes:
        """The same for units in a parcel."""
        return self.request(self.parcel(parcel).order_id, kind, *units, parcel=parcel)

    def allowance(
        self, parcel: bytes, amount_minor: int, quantity: int = 1, line: int = 0
    ) -> bytes:
        """Ask for a part of the price; the case."""
        lines = (RequestedLine(line, quantity, amount_minor),)
        order_id = self.parcel(parcel).order_id
        asked = RefundRequest(order_id, parcel, "allowance", lines, "a scratch", None)
        return self._made("case_id", self.done("buyer", ("refund.request", asked)))

    def withdraw(self, case_id: bytes) -> None:
        """The buyer takes its request back."""
        self.done("buyer", ("refund.withdraw", RefundWithdraw(case_id)))

    def agree(self, case_id: bytes) -> None:
        """The seller gives what is asked."""
        self.done("merchant", ("refund.agree", RefundAgree(case_id, None)))

    def reject(self, case_id: bytes) -> None:
        """The seller refuses."""
        self.done("merchant", ("refund.reject", RefundReject(case_id, "it was whole", None)))

    def counter(self, case_id: bytes, *amounts: int, gives_back: bool = False) -> None:
        """The seller offers an amount a line instead."""
        offer = RefundCounter(case_id, amounts, gives_back, None, "half of it")
        self.done("merchant", ("refund.counter", offer))

    def accept(self, case_id: bytes) -> None:
        """The buyer takes the offer."""
        self.done("buyer", ("refund.accept_counter", RefundAcceptCounter(case_id)))

    def send_back(self, case_id: bytes, freight_minor: int = 0, carrier: str = "carrier") -> None:
        """The buyer hands the goods to a carrier."""
        sent = ReturnShip(case_id, account(carrier), freight_minor, None)
        self.done("buyer", ("return.ship", sent), with_=(carrier,))

    def bring_back(self, case_id: bytes, carrier: str = "carrier") -> None:
        """The carrier brings them to the seller."""
        self.done(carrier, ("return.delivered", ReturnDelivered(case_id)))

    def receive(self, case_id: bytes) -> None:
        """The seller has them, as agreed."""
        self.done("merchant", ("return.receive", ReturnReceive(case_id)))

    def sent_back(self, case_id: bytes, freight_minor: int = 0) -> None:
        """All of a return: agreed, sent and brought back."""
        self.agree(case_id)
        self.send_back(case_id, freight_minor)
        self.bring_back(case_id)

    def exchange(self, case_id: bytes, carrier: str = "carrier") -> bytes:
        """Other goods for those of a case; their parcel."""
        sent = ExchangeShip(case_id, account(carrier), None, (), None)
        events = self.done("merchant", ("exchange.ship", sent), with_=(carrier,))
        made = next(told.data["parcel_id"] for told in events if told.type == "shipment.created")
        assert isinstance(made, bytes)
        return made

    def case_of(self, case_id: bytes) -> Case:
        """The case's record."""
        return load_case(self.state, case_id)

    def silence(self, case_id: bytes) -> None:
        """Nobody does anything until the case's clock has acted."""
        clock = self.case_of(case_id).clock()
        assert clock is not None
        self.wait(clock[0] - self.time_ms)

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
