"""What the weights of reviews are computed from: purchases, flows of money, and who controls whom.

One market for each asset, since amounts of two assets can't be compared. Amounts are in units of a
hundredth of the asset's whole one (fen, for CNY). Accounts that one key alone can sign for are one
party: the least of their ids stands for all.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chain.account import ACCOUNTS, Account
from chain.state import StateReader
from commerce.money import load_asset
from commerce.orders import ORDERS, Order, OrderLine
from commerce.records import altered
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

    def accounts(self) -> Iterator[bytes]:
        """All that are in it, some more than once."""
        for pairs in (self.spent, self.given):
            for giver, takers in pairs.items():
                yield giver
                yield from takers

    def of_parties(self, party: Mapping[bytes, bytes]) -> "Market":
        """The market of those who control the accounts.

        Between two parties only the difference was given: sending to and fro moves nothing.
        """
        made = Market()
        for pairs, add in ((self.spent, made.spend), (self.given, made.give)):
            for giver, takers in pairs.items():
                for taker, units in takers.items():
                    add(party[giver], party[taker], units)
        made._settle_accounts()
        return made

    def _settle_accounts(self) -> None:
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
    """Read the state and the flows once, keeping sums and not the records."""
    reading = _Reading(state)
    # Reviews first: whatever is decided meanwhile, the order of each is found.
    reviewed: dict[bytes, list[tuple[int, Review]]] = {}
    for key, review in REVIEWS.items(state):
        of = reviewed_line(key)
        if reading.counts(review):
            reviewed.setdefault(of.order_id, []).append((of.line, review))
    for order_id, order in ORDERS.items(state):
        reading.add_order(order)
        for line, review in reviewed.pop(order_id, ()):
            reading.add_review(review, own_minor(order.lines[line]))
    for reviews in reviewed.values():
        for _, review in reviews:
            reading.add_gone(review)
    for flow in flows(index):
        reading.add_flow(flow)
    return reading.census()


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


class _Reading:
    """What is read, by accounts; `census` puts accounts of one party together."""

    def __init__(self, state: StateReader) -> None:
        self._state = state
        self._scales: dict[str, int] = {}
        self._read = Census({}, [], {}, {})

    def counts(self, review: Review) -> bool:
        """Does the review count? Void and hidden ones are only counted."""
        if review.void_ms is None and review.scores is not None:
            return True
        counted = self._read.hidden if review.void_ms is None else self._read.void
        counted[review.seller] = counted.get(review.seller, 0) + 1
        return False

    def add_order(self, order: Order) -> None:
        """What its seller has kept, and who gave the buyer the money."""
        units = sum([self._units(order.symbol, own_minor(line)) for line in order.lines])
        if units:
            market = self._market(order.symbol)
            market.spend(order.buyer, order.seller, units)
            if order.payer is not None:
                market.give(order.payer, order.buyer, units)

    def add_review(self, review: Review, paid_minor: int) -> None:
        """A review, by what its line is worth now."""
        assert review.scores is not None
        paid = self._units(review.symbol, paid_minor)
        seller = review.seller
        rated = Rated(review.symbol, seller, review.buyer, seller, paid, review.scores)
        self._read.rated.append(rated)

    def add_gone(self, review: Review) -> None:
        """A review whose order has left the state: what was kept then is all that is known."""
        paid = self._units(review.symbol, review.paid_minor)
        self._market(review.symbol).spend(review.buyer, review.seller, paid)
        self.add_review(review, review.paid_minor)

    def add_flow(self, flow: Flow) -> None:
        """A transfer or an issue."""
        units = self._units(flow.symbol, flow.amount_minor)
        self._market(flow.symbol).give(flow.giver, flow.taker, units)

    def census(self) -> Census:
        """The same by parties, their accounts with one another settled."""
        read = self._read
        named = {known for market in read.markets.values() for known in market.accounts()}
        # Of goods that others paid for altogether the market knows nothing.
        named.update(known for rated in read.rated for known in (rated.buyer, rated.seller))
        party = controllers({known: ACCOUNTS.load(self._state, known) for known in named})
        markets = {symbol: market.of_parties(party) for symbol, market in read.markets.items()}
        rated = [
            altered(entry, buyer=party[entry.buyer], seller=party[entry.seller])
            for entry in read.rated
        ]
        return Census(markets, rated, read.void, read.hidden)

    def _market(self, symbol: str) -> Market:
        return self._read.markets.setdefault(symbol, Market())

    def _units(self, symbol: str, amount_minor: int) -> int:
        whole = self._scales.get(symbol)
        if whole is None:
            whole = self._scales[symbol] = 10 ** load_asset(self._state, symbol).decimals
        return amount_minor * WHOLE_UNITS // whole


def _root(party: dict[bytes, bytes], account: bytes) -> bytes:
    while party[account] != account:
        party[account] = party[party[account]]
        account = party[account]
    return account
