"""A chain with very many accounts and orders, grown through the ledger's own execution and write.

Accounts are opened by thousands in an operation that only this chain knows; orders are made and
paid by the real ones. Signatures are blank: whether they hold is asked at the door, not in a block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from chain.account import ACCOUNTS, Account, SignatureEntry, single_key_policy
from chain.block import OK, Event, Receipt
from chain.codec import U32, encode
from chain.context import Context
from chain.crypto import sha256
from chain.store_contract import KVStore
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    ReceivedTransaction,
    SignedTransaction,
    Transaction,
    read_transaction,
)
from commerce.checkout import OrderPay
from commerce.confirmation import OrderConfirm
from commerce.listings import ListingPublish
from commerce.money import ASSETS, BALANCES, Balance, asset_part
from commerce.payments import PayTransfer
from commerce.registry import TYPES, Registry, TransactionType, operation
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShippedLine
from tests.bench.stages_of_commerce import genesis_with_prefix
from tests.chain.world import World, account, key
from tests.commerce.shop import CODE, PRICE_MINOR, TEA, TERMS, create, product

SYMBOL: Final = "CNY"
FUNDS_MINOR: Final = 1_000_000
STOCK: Final = 1_000_000
OPENED_PER_BLOCK: Final = 5_000
LISTINGS: Final = 33
# As many as may stay unpaid of each listing; together nearly the operations of one transaction.
ORDERS_PER_LISTING: Final = 3
ORDERS_PER_BUYER: Final = LISTINGS * ORDERS_PER_LISTING
BUYERS_PER_BLOCK: Final = 20
BLOCK_MS: Final = 1
LIFETIME_MS: Final = 500_000


@dataclass(frozen=True, slots=True)
class OpenMany:
    """Open the accounts of these numbers, with money that is issued for them."""

    first: U32
    number: U32


def public_key(number: int) -> bytes:
    """The key of an account; nobody holds its private half."""
    return sha256(b"a key of the grown chain" + number.to_bytes(8))


def account_of(number: int) -> bytes:
    """The id of an account."""
    return single_key_policy(public_key(number)).account_id()


def _open_many(op: OpenMany, context: Context) -> Sequence[Event]:
    state, part = context.state, asset_part(SYMBOL)
    for number in range(op.first, op.first + op.number):
        policy = single_key_policy(public_key(number))
        account_id = policy.account_id()
        ACCOUNTS.store(state, Account(policy, context.sender, None), account_id)
        BALANCES.store(state, Balance(FUNDS_MINOR, 0), account_id, part)
    asset = ASSETS.load(state, part)
    assert asset is not None
    issued_minor = asset.issued_minor + op.number * FUNDS_MINOR
    ASSETS.store(state, replace(asset, issued_minor=issued_minor), part)
    return ()


def rules() -> Registry:
    """The real types, and the one that opens many accounts."""
    return Registry((*TYPES, TransactionType("bench.open", OpenMany, _open_many, "any")))


@dataclass(slots=True)
class Grown:
    """What a chain has: so many accounts, and paid orders (buyer, id); enough to go on with it."""

    accounts: int = 0
    orders: list[tuple[int, bytes]] = field(default_factory=list)
    listings: list[bytes] = field(default_factory=list)
    next_nonce: int = 1
    next_buyer: int = 0


class GrownChain:
    """One chain in a store; `grown` is what was made of it before."""

    def __init__(self, store: KVStore, grown: Grown) -> None:
        self.world = World(store=store, rules=rules(), made=genesis_with_prefix())
        self.grown = grown

    # Growing.

    def open_accounts(self, wanted: int) -> None:
        """Open accounts until there are so many."""
        while self.grown.accounts < wanted:
            number = min(OPENED_PER_BLOCK, wanted - self.grown.accounts)
            opened = operation("bench.open", OpenMany(self.grown.accounts, number))
            self.decide([self.sent("m0", opened)])
            self.grown.accounts += number

    def place_orders(self, wanted: int) -> None:
        """Have orders made and paid until there are so many."""
        if not self.grown.listings:
            self._offer()
        # A transaction is as full as may be: what one order costs is not asked here.
        while len(self.grown.orders) < wanted:
            left = -(-(wanted - len(self.grown.orders)) // ORDERS_PER_BUYER)
            first = self.grown.next_buyer
            buyers = range(first, first + min(left, BUYERS_PER_BLOCK))
            self.grown.next_buyer = buyers.stop
            made = self.decide([self.sent(buyer, *self._basket()) for buyer in buyers])
            placed = [_ids(receipt, "order_id") for receipt in made]
            self.decide(
                [
                    self.sent(buyer, *(_payment(order_id) for order_id in ids))
                    for buyer, ids in zip(buyers, placed, strict=True)
                ]
            )
            self.grown.orders += [
                (buyer, order_id)
                for buyer, ids in zip(buyers, placed, strict=True)
                for order_id in ids
            ]

    def _offer(self) -> None:
        offer = ListingPublish(TEA, SYMBOL, STOCK, TERMS)
        self.decide([self.sent("merchant", operation("product.register", product()))])
        offers = (operation("listing.publish", offer) for _ in range(LISTINGS))
        (receipt,) = self.decide([self.sent("merchant", *offers)])
        self.grown.listings = _ids(receipt, "listing_id")

    def _basket(self) -> Iterator[Operation]:
        for listing in self.grown.listings:
            for _ in range(ORDERS_PER_LISTING):
                yield operation("order.create", create((listing, 1)))

    # What is measured.

    def transfers(self, chance: Random, number: int, among: int) -> list[ReceivedTransaction]:
        """Payments between accounts drawn from the first `among`."""
        made = []
        for _ in range(number):
            payer, payee = chance.sample(range(among), 2)
            pay = PayTransfer(account_of(payee), SYMBOL, 1, None)
            made.append(self.sent(payer, operation("pay.transfer", pay)))
        return made

    def draw_orders(self, chance: Random, number: int) -> list[tuple[int, bytes]]:
        """Take so many live orders out."""
        drawn = []
        for _ in range(number):
            at = chance.randrange(len(self.grown.orders))
            self.grown.orders[at], self.grown.orders[-1] = (
                self.grown.orders[-1],
                self.grown.orders[at],
            )
            drawn.append(self.grown.orders.pop())
        return drawn

    def shipments(self, orders: Sequence[tuple[int, bytes]]) -> list[ReceivedTransaction]:
        """A parcel of all of each order."""
        lines, carrier = (ShippedLine(0, 1),), account("carrier")
        ships = (ShipmentCreate(order_id, carrier, lines, None, (), None) for _, order_id in orders)
        return [
            self.sent("merchant", operation("shipment.create", ship), also="carrier")
            for ship in ships
        ]

    def deliveries(self, parcels: Sequence[bytes]) -> list[ReceivedTransaction]:
        """Each is handed over for the recipient's code."""
        return [
            self.sent(
                "carrier", operation("shipment.delivered", ShipmentDelivered(parcel, CODE, None))
            )
            for parcel in parcels
        ]

    def confirmations(
        self, orders: Sequence[tuple[int, bytes]], parcels: Sequence[bytes]
    ) -> list[ReceivedTransaction]:
        """The buyers have all of it."""
        return [
            self.sent(buyer, operation("order.confirm", OrderConfirm(parcel, ())))
            for (buyer, _), parcel in zip(orders, parcels, strict=True)
        ]

    def decide(self, received: Sequence[ReceivedTransaction]) -> tuple[Receipt, ...]:
        """Execute and write a block; every transaction must succeed."""
        world = self.world
        header = world.header(received, world.ledger.tip.header.time_ms + BLOCK_MS)
        executed = world.ledger.execute(header, received)
        world.ledger.write(executed, world.certify(header))
        receipts = executed.result.receipts
        failed = [receipt.status for receipt in receipts if receipt.status != OK]
        assert not failed, failed[:3]
        return receipts

    def sent(
        self, sender: int | str, *operations: Operation, also: str = ""
    ) -> ReceivedTransaction:
        """A transaction of a numbered account or a role, as the door would have let it in."""
        self.grown.next_nonce += 1
        keys = dict([_party(sender)])
        if also:
            keys |= dict([_party(also)])
        content = Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=self.world.ledger.chain.genesis_hash,
            sender=_party(sender)[0],
            nonce=self.grown.next_nonce,
            valid_until_ms=self.world.genesis.time_ms + LIFETIME_MS,
            operations=operations,
            memo=None,
        )
        entries = tuple(SignatureEntry(*pair, bytes(64)) for pair in sorted(keys.items()))
        raw = encode(SignedTransaction(encode(content), entries))
        return read_transaction(raw, self.world.rules)


def _party(name: int | str) -> tuple[bytes, bytes]:
    """Account id and public key."""
    if isinstance(name, str):
        return account(name), key(name).public_key
    return account_of(name), public_key(name)


def _payment(order_id: bytes) -> Operation:
    return operation("order.pay", OrderPay(order_id, PRICE_MINOR))


def _ids(receipt: Receipt, name: str) -> list[bytes]:
    """What a receipt's events say under this name."""
    found = (event.data.get(name) for event in receipt.events)
    return [value for value in found if isinstance(value, bytes)]


def parcels_in(receipts: Sequence[Receipt]) -> list[bytes]:
    """The parcels that a block of shipments made."""
    return [_ids(receipt, "parcel_id")[0] for receipt in receipts]
