"""What the weights of reviews are computed from: purchases, flows of money, and who controls whom.

One market for each asset, since amounts of two assets can't be compared. Amounts are in units of a
hundredth of the asset's whole one (fen, for CNY). Accounts that one key alone can sign for are one
party: the least of their ids stands for all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chain.account import ACCOUNTS, Account
from chain.state import StateReader
from commerce.money import load_asset
from commerce.orders import ORDERS, Order, OrderLine
from commerce.reviews.indexes import Flow, IndexReader, flows
from commerce.reviews.records import REVIEWS, Review, Scores, net_paid_minor, reviewed_line

WHOLE_UNITS = 100

Pairs = dict[bytes, dict[bytes, int]]


@dataclass(frozen=True, slots=True)
class Rated:
    """A review that counts. `merchant` is the seller's account; `buyer` and `seller` are the
    parties that control the accounts.
    """

    symbol: str
    merchant: bytes
    buyer: bytes
    seller: bytes
    paid: int
    scores: Scores


@dataclass(slots=True)
class Market:
    """Who spent how much where, and who gave whom how much, all in units of one asset.

    `spent[buyer][seller]` is what sellers have kept, `given[giver][taker]` what went otherwise:
    transfers, issues, and what somebody else paid of a buyer's order. Nobody gives to itself.
    """

    spent: Pairs = field(default_factory=lambda: defaultdict(dict))
    given: Pairs = field(default_factory=lambda: defaultdict(dict))

    def spend(self, buyer: bytes, seller: bytes, units: int) -> None:
        """A purchase; one of one's own goods is none."""
        if units and buyer != seller:
            of_buyer = self.spent[buyer]
            of_buyer[seller] = of_buyer.get(seller, 0) + units

    def give(self, giver: bytes, taker: bytes, units: int) -> None:
        """A gift, a payment, an issue."""
        if units and giver != taker:
            of_giver = self.given[giver]
            of_giver[taker] = of_giver.get(taker, 0) + units

    def settle_accounts(self) -> None:
        """Between two parties only the difference was given: sending to and fro moves nothing."""
        for giver, takers in self.given.items():
            for taker, units in list(takers.items()):
                back = self.given[taker].get(giver, 0) if taker in self.given else 0
                # Of two the smaller goes here, the larger keeps the rest, unless that is nothing.
                if back >= units:
                    del takers[taker]
                    if back:
                        self.given[taker][giver] = back - units


@dataclass(slots=True)
class Census:
    """Everything that was read: the markets, the reviews that count, and those that don't."""

    markets: dict[str, Market]
    rated: list[Rated]
    # Reviews by merchant that a refund made void, and that a legal order hid.
    void: dict[bytes, int]
    hidden: dict[bytes, int]


def take_census(state: StateReader, index: IndexReader) -> Census:
    """Read the state and the flows once."""
    # Reviews first: whatever is decided meanwhile, the order of each is found.
    reviews = list(REVIEWS.items(state))
    orders = dict(ORDERS.items(state))
    moved = list(flows(index))
    named = {review.buyer for _, review in reviews} | {review.seller for _, review in reviews}
    named.update(account for order in orders.values() for account in _parties(order))
    named.update(account for flow in moved for account in (flow.giver, flow.taker))
    accounts = {known: ACCOUNTS.load(state, known) for known in named}
    census = _Census(state, controllers(accounts))
    for order in orders.values():
        census.add_order(order)
    for key, review in reviews:
        reviewed = reviewed_line(key)
        census.add_review(review, orders.get(reviewed.order_id), reviewed.line)
    census.add_flows(moved)
    return census.taken


def controllers(accounts: Mapping[bytes, Account | None]) -> dict[bytes, bytes]:
    """The party behind each account: those that one key alone speaks for are one.

    A key that only signs along, as a custodian's in many policies, makes nobody one.
    """
    party: dict[bytes, bytes] = {account: account for account in accounts}
    of_key: dict[bytes, bytes] = {}
    for account in sorted(accounts):
        found = accounts[account]
        for entry in () if found is None else found.policy.keys:
            if found is not None and entry.weight >= found.policy.threshold:
                other = of_key.setdefault(entry.public_key, account)
                first, second = sorted((_root(party, account), _root(party, other)))
                party[second] = first
    return {account: _root(party, account) for account in party}


def own_minor(line: OrderLine) -> int:
    """What the seller has of a line, without the part of it that coupons paid."""
    return net_paid_minor(line) * (line.total_minor - line.funded_minor) // line.total_minor


class _Census:
    """A census as it is taken."""

    def __init__(self, state: StateReader, party: Mapping[bytes, bytes]) -> None:
        self._state = state
        self._party = party
        self._scales: dict[str, int] = {}
        self.taken = Census({}, [], {}, {})

    def add_order(self, order: Order) -> None:
        """What its seller has kept, and who gave the buyer the money."""
        units = sum([self._units(order.symbol, own_minor(line)) for line in order.lines])
        if not units:
            return
        buyer, seller = self._party[order.buyer], self._party[order.seller]
        market = self._market(order.symbol)
        market.spend(buyer, seller, units)
        if order.payer is not None:
            market.give(self._party[order.payer], buyer, units)

    def add_review(self, review: Review, order: Order | None, line: int) -> None:
        """A review, by what its line is worth now."""
        counts = self.taken.void if review.void_ms is not None else self.taken.hidden
        if review.void_ms is not None or review.scores is None:
            counts[review.seller] = counts.get(review.seller, 0) + 1
            return
        buyer, seller = self._party[review.buyer], self._party[review.seller]
        if order is not None:
            paid = self._units(review.symbol, own_minor(order.lines[line]))
        else:
            # Its order has left the state: what was kept then is all that is known.
            paid = self._units(review.symbol, review.paid_minor)
            self._market(review.symbol).spend(buyer, seller, paid)
        rated = Rated(review.symbol, review.seller, buyer, seller, paid, review.scores)
        self.taken.rated.append(rated)

    def add_flows(self, moved: Iterable[Flow]) -> None:
        """Transfers and issues; then each market's accounts are settled."""
        for flow in moved:
            units = self._units(flow.symbol, flow.amount_minor)
            giver, taker = self._party[flow.giver], self._party[flow.taker]
            self._market(flow.symbol).give(giver, taker, units)
        for market in self.taken.markets.values():
            market.settle_accounts()

    def _market(self, symbol: str) -> Market:
        return self.taken.markets.setdefault(symbol, Market())

    def _units(self, symbol: str, amount_minor: int) -> int:
        whole = self._scales.get(symbol)
        if whole is None:
            whole = self._scales[symbol] = 10 ** load_asset(self._state, symbol).decimals
        return amount_minor * WHOLE_UNITS // whole


def _parties(order: Order) -> tuple[bytes, ...]:
    both = (order.buyer, order.seller)
    return both if order.payer is None else (*both, order.payer)


def _root(party: dict[bytes, bytes], account: bytes) -> bytes:
    while party[account] != account:
        party[account] = party[party[account]]
        account = party[account]
    return account
