"""The chain's side of a run: the same steps as transactions, and what its records say then."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from typing_extensions import override

from chain.block import OK, Receipt
from chain.deadlines import DEADLINES
from chain.execution import BlockResult
from chain.genesis import GenesisAccount, GenesisRole
from commerce.aftersale.cases import case_id_of
from commerce.assets import AssetIssue
from commerce.catalogue.coupons import CouponTerms
from commerce.catalogue.issuing import CouponIssue
from commerce.deposits.debts import oldest_debts, owed_by
from commerce.deposits.deposits import DepositAdd
from commerce.deposits.holding import deposit_id, deposit_of
from commerce.listings import ListingPublish, load_listing
from commerce.money import balance_of
from commerce.orders import ORDERS
from commerce.parcels import parcel_id
from commerce.registry import operation
from tests.commerce.double_entry.goods import Coupon, Trade
from tests.commerce.double_entry.ledger import MINT, Deposit, Ledger
from tests.commerce.double_entry.market import DAY_MS, Market, Offer
from tests.commerce.double_entry.payloads import Ids, payload
from tests.commerce.double_entry.steps import Step
from tests.commerce.shop import BIKE, CAKE, TEA, TERMS, product
from tests.commerce.world import GENESIS_MS, ROLES, Sent, World, account, genesis, policy

BUYERS = ("buyer", "friend", "aunt")
SELLERS = ("merchant", "rival")
FUNDERS = ("brand", "merchant")
PARTIES = (*BUYERS, *SELLERS, "brand", "issuer", "carrier", "regulator")
FUNDS = {"buyer": 200_000, "friend": 200_000, "aunt": 20_000, "brand": 30_000, "merchant": 30_000}
DEPOSIT = 20_000
HOURS_MS = 3_600_000

# Odd prices, so that hardly anything divides evenly.
OFFERS: Mapping[str, Offer] = {
    "tea": Offer("merchant", TEA, 333, 1, 72 * HOURS_MS, exempt=False, stock=60),
    "cake": Offer("merchant", CAKE, 250, 0, 20 * DAY_MS, exempt=True, stock=60),
    "bike": Offer("merchant", BIKE, 1_999, 777, 72 * HOURS_MS, exempt=False, stock=60),
    "leaf": Offer("rival", TEA, 101, 3, 24 * HOURS_MS, exempt=False, stock=60),
    "wheel": Offer("rival", BIKE, 7, 0, 72 * HOURS_MS, exempt=False, stock=60),
}
COUPONS: Mapping[str, Coupon] = {
    "tenth": Coupon("brand", 300, 100, 200, frozenset(), 20_000, 1_000),
    "thirty": Coupon("brand", 30, None, 100, frozenset({"tea", "cake", "leaf"}), 3_000, 20),
    "own": Coupon("merchant", None, 333, 0, frozenset({"bike", "tea"}), 30_000, 1_000),
}


@cache
def address(name: str) -> bytes:
    """An account's id."""
    return account(name)


class Bazaar(World):
    """A world without what slows many operations down; who writes looks after the checks."""

    def __init__(self, scale: int) -> None:
        named = {**ROLES, "aunt": (), "brand": ()}
        parties = tuple(
            GenesisAccount(name, policy(name), "m0", tuple(GenesisRole(*role) for role in roles))
            for name, roles in named.items()
        )
        super().__init__(genesis(time_scale=scale, accounts=parties))
        self.audited = False
        self.result: BlockResult | None = None

    @override
    def _write(self, result: BlockResult) -> None:
        self.height += 1
        self.state.write(result.changes)
        self.receipts.extend(result.receipts)


class ChainSide:
    """A bazaar and the ids of what is in it, by the names that the books use."""

    def __init__(self, scale: int) -> None:
        self.world = world = Bazaar(scale)
        self.ids = Ids()
        for name, amount in FUNDS.items():
            world.done("issuer", ("asset.issue", AssetIssue("CNY", address(name), amount, name)))
        world.done("merchant", ("deposit.add", DepositAdd("CNY", DEPOSIT)))
        for gtin in (TEA, CAKE, BIKE):
            exempt = gtin == CAKE
            world.done("merchant", ("product.register", product(gtin, return_exempt=exempt)))
        for name, offer in OFFERS.items():
            terms = replace(
                TERMS,
                price_minor=offer.price,
                freight_minor=offer.freight,
                ship_within_ms=offer.promise_ms,
                exempt=offer.exempt,
            )
            published = ListingPublish(offer.gtin, "CNY", offer.stock, terms)
            events = world.done(offer.seller, ("listing.publish", published))
            self.ids.listings[name] = _id(events[0].data["listing_id"])
        for name, coupon in COUPONS.items():
            events = world.done(coupon.funder, ("coupon.issue", CouponIssue(self._terms(coupon))))
            self.ids.coupons[name] = _id(events[0].data["coupon_id"])

    def _terms(self, coupon: Coupon) -> CouponTerms:
        listings = tuple(sorted(self.ids.listings[name] for name in coupon.listings))
        bounds = (GENESIS_MS, 2 * GENESIS_MS, coupon.budget, coupon.uses)
        takes = (coupon.amount, coupon.permille, coupon.minimum)
        return CouponTerms("CNY", *takes, None, None, listings, (), *bounds)

    def books(self) -> Market:
        """The independent books, as the bazaar opens."""
        world = self.world
        drift_ms = world.genesis.consensus.clock_drift_max_ms
        market = Market(world.time_ms, world.genesis.time_scale, drift_ms)
        market.offers = {name: replace(offer) for name, offer in OFFERS.items()}
        market.coupons = {name: replace(coupon, used={}) for name, coupon in COUPONS.items()}
        for name, amount in FUNDS.items():
            market.ledger.post(MINT, name, amount)
        market.ledger.deposits = {
            name: Deposit(id=deposit_id(address(name), "CNY")) for name in PARTIES
        }
        market.ledger.post("merchant", ("deposit", "merchant"), DEPOSIT)
        return market

    def execute(self, wait_ms: int, steps: tuple[Step, ...]) -> list[Receipt]:
        """A block of these steps; the receipt of each, and all of the block stay in the world."""
        world = self.world
        world.time_ms += wait_ms
        received = []
        for step in steps:
            sent = Sent(step.sender, (operation(step.type, payload(step, self.ids)),), step.with_)
            received.append(world.transaction(sent))
        world.receipts.clear()
        world.result = world.block(*received)
        found = {receipt.id: receipt for receipt in world.receipts}
        asked = [found.pop(transaction.id) for transaction in received]
        broken = [receipt for receipt in found.values() if receipt.status != OK]
        assert not broken, f"a clock failed: {broken}"
        return asked

    def learn(self, step: Step, receipt: Receipt) -> None:
        """Remember the id of what a step made."""
        data = receipt.events[0].data if receipt.events else {}
        if step.type == "order.create":
            self.ids.orders[step.trade] = _id(data["order_id"])
        elif step.type == "recall.open":
            self.ids.recalls[step.data[0]] = _id(data["recall_id"])
        elif step.type == "asset.withdraw.request":
            self.ids.withdrawals[step.trade] = _id(data["request_id"])

    def changed_orders(self) -> list[bytes]:
        """Orders whose record the last block wrote."""
        assert self.world.result is not None
        prefix = ORDERS.prefix
        changes = self.world.result.changes
        return [key[len(prefix) :] for key in changes if key.startswith(prefix)]

    def check_parties(self, market: Market) -> None:
        """Everybody's balance, deposit and debts, and the stock of all offers."""
        state, ledger = self.world.state, market.ledger
        for name in PARTIES:
            found = balance_of(state, address(name), "CNY").available_minor
            assert found == ledger.accounts[name], (name, found, ledger.accounts[name])
        for name in SELLERS:
            deposit, known = deposit_of(state, address(name), "CNY"), ledger.deposits[name]
            told = (deposit.held_minor, deposit.reserved_minor, deposit.leaving_minor)
            held = ledger.accounts["deposit", name]
            assert told == (held, known.reserved, known.leaving), (name, told, held, known)
            owed = owed_by(state, address(name), "CNY").total_minor
            assert owed == ledger.owed(name), (name, owed, ledger.owed(name))
            if owed:
                self._check_debts(name, ledger)
        for name, offer in market.offers.items():
            stock = load_listing(state, self.ids.listings[name]).stock
            assert stock == offer.stock, (name, stock, offer.stock)

    def _check_debts(self, debtor: str, ledger: Ledger) -> None:
        """To whom, and in which order."""
        known = [(address(str(to)), amount) for to, amount in ledger.debts[debtor]]
        listed = oldest_debts(self.world.state, address(debtor), "CNY", len(known) + 1)
        found = [(debt.creditor, debt.amount_minor) for _, debt in listed]
        assert found == known, (debtor, found, known)

    def check_trade(self, market: Market, trade: Trade) -> None:
        """An order's money, line by line."""
        order = ORDERS.load(self.world.state, trade.id)
        assert order is not None
        assert order.reserved_minor == trade.reserved, (order.reserved_minor, trade.reserved)
        for line, known in zip(order.lines, trade.lines, strict=True):
            held = market.ledger.accounts["escrow", trade.label, known.index]
            assert held == sum(unit.worth for unit in known.units if unit.held)
            assert known.paid == held + known.released + known.refunded, known
            told = (line.paid_minor, line.held_minor, line.released_minor, line.refunded_minor)
            assert told == (known.paid, held, known.released, known.refunded), (trade.label, told)
            assert line.unshipped == len(known.waiting()), (trade.label, line, len(known.waiting()))

    def check_clocks(self, known: set[tuple[int, bytes]]) -> None:
        """Every deadline, to the millisecond."""
        found = {(e.time_ms, e.object_id) for _, e in DEADLINES.items(self.world.state)}
        assert found == known, (sorted(found - known), sorted(known - found))


def name_parts(trade: Trade, order_id: bytes) -> None:
    """Give an order, its parcels and its cases their ids."""
    trade.id = order_id
    for parcel in trade.parcels:
        parcel.id = parcel.id or parcel_id(order_id, parcel.number)
    for case in trade.cases:
        case.id = case.id or case_id_of(order_id, case.number)


def _id(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
