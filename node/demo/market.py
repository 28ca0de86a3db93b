"""A small market for one story: parties with accounts of their own, and the steps of a trade.

Each story opens its accounts, so that it begins with known money and any number of them can be
played on one network. All parties of a market have one sponsor, so that the arbiters of all other
members are independent of them.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain.account import single_key_policy
from chain.bech32m import encode_account
from chain.crypto import sha256
from chain.transaction import Operation
from commerce.accounts import AccountOpen
from commerce.assets import AssetIssue
from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.deposits.deposits import DepositAdd
from commerce.epcis.identifiers import check_digit
from commerce.listings import ListingPublish, Terms
from commerce.products import ProductRegister
from commerce.registry import operation
from commerce.rights import GcpGrant
from commerce.roles import RoleGrant
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShippedLine
from node.client import NodeFailed, Outcome
from node.demo.chronicle import Chronicle, Placed
from node.demo.pacing import Pacing
from node.demo.purse import Purse, balances_claims
from node.demo.stage import SYMBOL, Party, Stage, cny, new_party
from node.demo.story import Claim
from node.private_data import code_commitment, commit, new_recipient_code

SELLER: Final = "seller"
BUYER: Final = "buyer"
CARRIER: Final = "carrier"
PLATFORM: Final = "platform"
NEIGHBOUR: Final = "neighbour"
HAULIER: Final = "haulier"
MAKER: Final = "maker"
ROLES: Final[Mapping[str, str]] = {
    SELLER: "merchant",
    CARRIER: "carrier",
    HAULIER: "carrier",
    MAKER: "device_maker",
}
# Where a parcel is handed over: a geohash of about five kilometres in Shanghai.
CELL: Final = "wtw3s"
ADDRESS: Final = "上海市徐汇区衡山路2号"
STOCK: Final = 10
# A machine that is busy may take longer to pay than the clock allows: then once more.
CHECKOUT_TRIES: Final = 5
# The example's merchant holds it.
PREFIX_TAKEN: Final = "6901234"


@dataclass(frozen=True, slots=True)
class Offer:
    """A product on sale."""

    title: str
    gtin: str
    listing_id: str
    price_minor: int


@dataclass(frozen=True, slots=True)
class Bought:
    """A paid order, and the code that the recipient tells the carrier."""

    order_id: str
    code: str
    created: Outcome
    paid: Outcome
    payable_minor: int

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/v1/orders/{self.order_id}"


# The events that stories tell.
_FAMILIES: Final = (
    *("order", "shipment", "parcel", "refund", "return", "dispute", "arbiter"),
    *("penalty", "code", "item"),
)


class Market:
    """The parties of one story with their purses, on one stage. `open_market` makes it."""

    def __init__(self, stage: Stage, parties: Mapping[str, Party], prefix: str) -> None:
        self.stage = stage
        self.parties = parties
        self.prefix = prefix
        self.purses = {name: Purse(party) for name, party in parties.items()}
        self.pacing = Pacing.of(stage)
        self.offers: list[Offer] = []
        begin = f"{stage.height(stage.witness)}.0.0"
        self.chronicle = Chronicle(lambda: stage.client, begin, *_FAMILIES)

    def party(self, name: str) -> Party:
        """One of the story."""
        return self.parties[name]

    def purse(self, name: str) -> Purse:
        """Its money."""
        return self.purses[name]

    @property
    def funded(self) -> list[Purse]:
        """The purses that ever had money."""
        return [purse for purse in self.purses.values() if purse.entries]

    # Goods.

    def offer(self, *goods: tuple[str, str, int]) -> list[Offer]:
        """Register and offer (title, class, price) goods, told in one step."""
        numbers = range(len(self.offers), len(self.offers) + len(goods))
        gtins = [self._gtin(number) for number in numbers]
        operations: list[Operation] = []
        for gtin, (title, product_class, price_minor) in zip(gtins, goods, strict=True):
            product = ProductRegister(gtin, title, product_class, False, "dry", ())  # noqa: FBT003
            listing = ListingPublish(gtin, SYMBOL, STOCK, Terms(price_minor, 0, None, None))
            operations.append(operation("product.register", product))
            operations.append(operation("listing.publish", listing))
        outcome = self.stage.send_all(self.party(SELLER), operations)
        listed = [e["data"] for e in outcome.events if e["type"] == "listing.published"]
        made = [
            Offer(title, gtin, str(event["listing_id"]), price_minor)
            for gtin, event, (title, _, price_minor) in zip(gtins, listed, goods, strict=True)
        ]
        self.offers += made
        words = ", ".join(f"{offer.title} for {cny(offer.price_minor)}" for offer in made)
        claims = [
            claim
            for offer in made
            for claim in (
                Claim(f"/v1/listings/{offer.listing_id}", "/price_minor", str(offer.price_minor)),
                Claim(f"/v1/listings/{offer.listing_id}", "/listing_id", offer.listing_id),
            )
        ]
        facts = {offer.title: offer.listing_id for offer in made}
        self.stage.tell(f"The seller offers {words}.", outcome, facts, claims)
        return made

    def put_deposit(self, amount_minor: int) -> None:
        """The seller puts money behind its trade."""
        purse = self.purse(SELLER)
        outcome = self.stage.send(purse.party, "deposit.add", DepositAdd(SYMBOL, amount_minor))
        purse.move(-amount_minor, "put up as a deposit")
        purse.deposit_minor += amount_minor
        self.check()
        self.stage.tell(
            f"The seller puts up a deposit of {cny(amount_minor)}, which stands behind its orders.",
            outcome,
            {"deposit": cny(amount_minor)},
            self.stage.event_claims(outcome, 0, "amount_minor", "merchant"),
        )

    # A trade. Each returns what the story tells about.

    def order_of(
        self, lines: Sequence[tuple[Offer, int]], coupons: Sequence[str] = ()
    ) -> tuple[OrderCreate, str]:
        """An order of (offer, quantity) lines as it is signed, and its code."""
        code = new_recipient_code()
        wanted = OrderCreate(
            lines=tuple(
                WantedLine(bytes.fromhex(offer.listing_id), 1, quantity, exemption_confirmed=False)
                for offer, quantity in lines
            ),
            ship_to_commitment=commit("ship-to", ADDRESS).commitment,
            code_commitment=code_commitment(code),
            client_reference=None,
            coupons=tuple(map(bytes.fromhex, coupons)),
        )
        return wanted, code

    def create(
        self, buyer: str, lines: Sequence[tuple[Offer, int]], coupons: Sequence[str] = ()
    ) -> tuple[Outcome, str]:
        """An order that isn't paid yet, and its code."""
        wanted, code = self.order_of(lines, coupons)
        return self.stage.send(self.party(buyer), "order.create", wanted), code

    def buy(
        self, buyer: str, lines: Sequence[tuple[Offer, int]], coupons: Sequence[str] = ()
    ) -> Bought:
        """An order, and its money in escrow; the purse of the buyer knows."""
        for left in reversed(range(CHECKOUT_TRIES)):
            created, code = self.create(buyer, lines, coupons)
            order_id = str(created.event("order.created")["order_id"])
            payable_minor = int(self.stage.client.get(f"/v1/orders/{order_id}")["payable_minor"])
            payment = OrderPay(bytes.fromhex(order_id), payable_minor)
            paid = self.stage.decide(self.party(buyer), [operation("order.pay", payment)])
            if paid.status == "ok":
                self.purse(buyer).move(-payable_minor, "paid into escrow")
                return Bought(order_id, code, created, paid, payable_minor)
            if paid.status != "StateForbids" or not left:
                raise NodeFailed(f"{buyer}: order.pay was refused: {paid.status}")
        raise AssertionError

    def tell_bought(self, words: str, bought: Bought) -> None:
        """Tell of an order and its payment; what it holds is asked of the witness first."""
        self.check()
        outcome, total = bought.paid, cny(bought.payable_minor)
        self.stage.tell(
            f"{words} and pays {total} into escrow: no longer the buyer's, not yet the seller's.",
            outcome,
            {"order": bought.order_id, "paid": total},
            self.stage.event_claims(outcome, 0, "order_id", "payer", "seller", "amount_minor"),
        )

    def shipment(self, bought: Bought, *units: tuple[int, int]) -> ShipmentCreate:
        """A parcel of (line, quantity) units."""
        lines = tuple(ShippedLine(*entry) for entry in units)
        order_id, carrier = bytes.fromhex(bought.order_id), self.party(CARRIER).account
        return ShipmentCreate(order_id, carrier, lines, None, (), None)

    def ship(self, bought: Bought, *units: tuple[int, int]) -> str:
        """Send a parcel, signed by seller and carrier; its id."""
        shipment = self.shipment(bought, *units)
        carrier = [self.party(CARRIER)]
        outcome = self.stage.send(self.party(SELLER), "shipment.create", shipment, carrier)
        return str(outcome.event("shipment.created")["parcel_id"])

    def deliver(self, parcel_id: str, code: str | None = None) -> Outcome:
        """The carrier hands a parcel over, for the recipient's code or at a place."""
        told = None if code is None else code.encode()
        place = None if code is not None else CELL
        delivery = ShipmentDelivered(bytes.fromhex(parcel_id), told, place)
        return self.stage.send(self.party(CARRIER), "shipment.delivered", delivery)

    def confirm(self, buyer: str, parcel_id: str, *units: tuple[int, int]) -> Outcome:
        """The buyer confirms (line, quantity) units, or all; the seller's purse knows."""
        lines = tuple(ConfirmedLine(*entry) for entry in units)
        confirmation = OrderConfirm(bytes.fromhex(parcel_id), lines)
        outcome = self.stage.send(self.party(buyer), "order.confirm", confirmation)
        paid_minor = int(outcome.event("order.released")["amount_minor"])
        self.purse(SELLER).move(paid_minor, "paid by the escrow")
        return outcome

    # What is so.

    def check(self) -> None:
        """Ask the witness whether everybody has what was counted by hand; not told."""
        self.stage.holds_now(balances_claims(self.funded))

    def await_clock(self, timers: Sequence[str], type_: str, **data: Any) -> Placed:
        """An event that a clock brings after these timers."""
        return self.chronicle.wait(self.pacing.patience_s(timers), type_, **data)

    def settle(
        self, words: str, claims: Sequence[Claim], others: Mapping[str, str] | None = None
    ) -> None:
        """The end: what each had, got and has, counted by hand and asked of another node."""
        told = [*claims, *balances_claims(self.funded)]
        facts = {name: purse.words() for name, purse in self.purses.items() if purse.entries}
        for name, purse in self.purses.items():
            if purse.deposit_minor:
                facts[f"{name}'s deposit"] = cny(purse.deposit_minor)
        self.stage.tell_of(words, {**facts, **(others or {})}, told)

    def _gtin(self, number: int) -> str:
        digits = f"0{self.prefix}{number:0{12 - len(self.prefix)}}"
        return digits + check_digit(digits)


def open_market(stage: Stage, funds: Mapping[str, int]) -> Market:
    """New accounts with this money and their roles, told in one step."""
    parties = {name: new_party(name) for name in funds}
    members = [
        stage.party(place.name) for place in stage.testnet.accounts if place.role == "member"
    ]
    market = Market(stage, parties, new_prefix())
    opening = [
        operation("account.open", AccountOpen(single_key_policy(party.key.public_key), None))
        for party in parties.values()
    ]
    granting = [
        operation("role.grant", RoleGrant(parties[name].account, role, "", None))
        for name, role in ROLES.items()
        if name in parties
    ]
    cosigners = [*members[1:], *parties.values()]
    stage.send_all(members[0], [*opening, *granting], cosigners)
    grant = GcpGrant(market.prefix, parties[SELLER].account, None)
    stage.send(stage.party("regulator"), "gcp.grant", grant, [parties[SELLER]])
    _fund(market, funds)
    return market


def new_prefix() -> str:
    """A company prefix of nine digits that nobody is likely to have."""
    while True:
        prefix = f"690{secrets.randbelow(10**6):06}"
        if not prefix.startswith(PREFIX_TAKEN):
            return prefix


def document(words: str) -> bytes:
    """The hash of a piece of paper that stays off the chain."""
    return sha256(words.encode())


def _fund(market: Market, funds: Mapping[str, int]) -> None:
    stage, token = market.stage, secrets.token_hex(8)
    given = {name: amount_minor for name, amount_minor in funds.items() if amount_minor}
    issues = [
        AssetIssue(SYMBOL, market.party(name).account, amount_minor, f"story-{token}-{name}")
        for name, amount_minor in given.items()
    ]
    issuing = [operation("asset.issue", issue) for issue in issues]
    outcome = stage.send_all(stage.party("issuer"), issuing)
    for name, amount_minor in given.items():
        market.purse(name).move(amount_minor, "had")
    market.check()
    claims = [
        claim
        for index in range(len(issues))
        for claim in stage.event_claims(outcome, index, "to", "amount_minor")
    ]
    facts = {
        name: f"{cny(funds[name])}  {encode_account(party.account)}"
        for name, party in market.parties.items()
    }
    others = f"{', '.join(list(facts)[:-1])} and {list(facts)[-1]}"
    words = f"The parties: {others}, each with a new account and the money it begins with."
    stage.tell(words, outcome, facts, claims)
