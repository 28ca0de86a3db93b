"""A second opinion on banking: plain books, written from the specification and not from handlers.

What an account has is one number; what of it is frozen follows: as much as courts have ordered, or
all if that is more. So it makes no difference in which order clocks fire or money comes in.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol, TypeVar

DAY_MS = 24 * 3_600_000
REQUEST_MS = DAY_MS
CARD_MS = 30 * DAY_MS
FREEZE_MS = 3 * DAY_MS
# Open requests of a kind of one holder, freezes of one account.
LIMIT = 16
SHANGHAI = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clocked(Protocol):
    """What ends by itself."""

    @property
    def due_ms(self) -> int:
        """When."""
        ...


T = TypeVar("T", bound=Clocked)


@dataclass
class Order:
    """What a court has ordered: so much of this account's money, until then."""

    account: str
    amount: int
    due_ms: int
    place: int


@dataclass
class Request:
    """A transfer announced or wanted."""

    holder: str
    amount: int
    due_ms: int


@dataclass
class Card:
    """A prepaid card."""

    consumer: str
    principal: int
    face: int
    consumed: int
    free_until_ms: int
    due_ms: int

    @property
    def held(self) -> int:
        """What is left of the principal."""
        return self.principal - self.principal * self.consumed // self.face


@dataclass
class Books:
    """All that there is."""

    supply: int = 0
    pool: int = 0
    has: dict[str, int] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    incoming: dict[int, Request] = field(default_factory=dict)
    outgoing: dict[int, Request] = field(default_factory=dict)
    cards: dict[int, Card] = field(default_factory=dict)

    def ordered(self, account: str) -> int:
        """What courts want of an account."""
        return sum(order.amount for order in self.orders.values() if order.account == account)

    def open_requests(self, requests: dict[int, Request], holder: str) -> int:
        """How many of a kind a holder has."""
        return sum(request.holder == holder for request in requests.values())

    def available(self, account: str) -> int:
        """What an account can spend."""
        return max(0, self.has.get(account, 0) - self.ordered(account))

    def give(self, account: str, amount: int) -> None:
        """So much more."""
        self.has[account] = self.has.get(account, 0) + amount

    def take(self, account: str, amount: int) -> bool:
        """So much less, if it is there to be spent."""
        if self.available(account) < amount:
            return False
        self.give(account, -amount)
        return True

    def kept(self) -> int:
        """Where money lies, in all."""
        held = sum(request.amount for request in self.outgoing.values())
        held += sum(card.held for card in self.cards.values())
        return sum(self.has.values()) + held + self.pool


class Bank:
    """Operations by name; each tells whether the specification allows it. Ids are the caller's."""

    def __init__(self, now_ms: int, drift_ms: int, fees: dict[str, int], fees_from_ms: int) -> None:
        self.now_ms = now_ms
        self.drift_ms = drift_ms
        self.fees = fees
        self.fees_from_ms = fees_from_ms
        self.books = Books()

    def attempt(self, sender: str, name: str, act: Callable[[Books], bool]) -> bool:
        """All of an operation and its fee, or nothing."""
        before = copy.deepcopy(self.books)
        fee = self.fees.get(name, 0) if self.now_ms >= self.fees_from_ms else 0
        if act(self.books) and self.books.take(sender, fee):
            self.books.pool += fee
            return True
        self.books = before
        return False

    def wait(self, duration_ms: int) -> None:
        """What is due ends."""
        self.now_ms += duration_ms
        books = self.books
        self._ended(books.incoming)
        self._ended(books.orders)
        for request in self._ended(books.outgoing):
            books.give(request.holder, request.amount)
        for card in self._ended(books.cards):
            books.give(card.consumer, card.held)

    def _ended(self, running: dict[int, T]) -> list[T]:
        over = [number for number, entry in running.items() if entry.due_ms <= self.now_ms]
        return [running.pop(number) for number in over]

    def issue(self, to: str, amount: int) -> Callable[[Books], bool]:
        """New money."""

        def act(books: Books) -> bool:
            books.supply += amount
            books.give(to, amount)
            return True

        return act

    def pay(self, payer: str, to: str, amount: int) -> Callable[[Books], bool]:
        """From one to another."""

        def act(books: Books) -> bool:
            if payer == to or not books.take(payer, amount):
                return False
            books.give(to, amount)
            return True

        return act

    def redeem(self, holder: str, amount: int) -> Callable[[Books], bool]:
        """Money that ends."""

        def act(books: Books) -> bool:
            books.supply -= amount
            return books.take(holder, amount)

        return act

    def ask_in(self, number: int, holder: str, amount: int) -> Callable[[Books], bool]:
        """A transfer is announced."""

        def act(books: Books) -> bool:
            books.incoming[number] = Request(holder, amount, self.now_ms + REQUEST_MS)
            return books.open_requests(books.incoming, holder) <= LIMIT

        return act

    def settle_in(self, number: int) -> Callable[[Books], bool]:
        """It came."""

        def act(books: Books) -> bool:
            request = books.incoming.pop(number, None)
            return request is not None and self.issue(request.holder, request.amount)(books)

        return act

    def ask_out(self, number: int, holder: str, amount: int) -> Callable[[Books], bool]:
        """A transfer is wanted."""

        def act(books: Books) -> bool:
            books.outgoing[number] = Request(holder, amount, self.now_ms + REQUEST_MS)
            within = books.open_requests(books.outgoing, holder) <= LIMIT
            return within and books.take(holder, amount)

        return act

    def settle_out(self, number: int) -> Callable[[Books], bool]:
        """It is made."""

        def act(books: Books) -> bool:
            request = books.outgoing.pop(number, None)
            books.supply -= 0 if request is None else request.amount
            return request is not None

        return act

    def cancel(self, number: int, by: str) -> Callable[[Books], bool]:
        """Either kind of request, by its holder or the issuer."""

        def act(books: Books) -> bool:
            request = books.incoming.pop(number, None) or books.outgoing.get(number)
            if request is None or by not in (request.holder, "issuer"):
                return False
            if books.outgoing.pop(number, None) is not None:
                books.give(request.holder, request.amount)
            return True

        return act

    def freeze(self, number: int, account: str, amount: int) -> Callable[[Books], bool]:
        """A court's order."""

        def act(books: Books) -> bool:
            books.orders[number] = Order(account, amount, self.now_ms + FREEZE_MS, number)
            return sum(order.account == account for order in books.orders.values()) <= LIMIT

        return act

    def renew(self, old: int, number: int, amount: int) -> Callable[[Books], bool]:
        """A court's order that goes on in its place, for as much or less."""

        def act(books: Books) -> bool:
            order = books.orders.pop(old, None)
            if order is None or order.amount < amount:
                return False
            due_ms = self.now_ms + FREEZE_MS
            books.orders[number] = Order(order.account, amount, due_ms, order.place)
            return True

        return act

    def lift(self, number: int, amount: int) -> Callable[[Books], bool]:
        """Less of it."""

        def act(books: Books) -> bool:
            order = books.orders.get(number)
            if order is None or order.amount < amount:
                return False
            self._less(books, number, amount)
            return True

        return act

    def claw(self, number: int, to: str, amount: int) -> Callable[[Books], bool]:
        """What is frozen for this order, behind earlier ones, goes to somebody."""

        def act(books: Books) -> bool:
            order = books.orders.get(number)
            if order is None or order.account == to:
                return False
            earlier = sum(
                other.amount
                for other in books.orders.values()
                if other.place < order.place and other.account == order.account
            )
            if amount > min(order.amount, books.has.get(order.account, 0) - earlier):
                return False
            self._less(books, number, amount)
            books.has[order.account] -= amount
            books.give(to, amount)
            return True

        return act

    def _less(self, books: Books, number: int, amount: int) -> None:
        books.orders[number].amount -= amount
        if not books.orders[number].amount:
            del books.orders[number]

    def open(
        self, number: int, consumer: str, principal: int, bonus: int
    ) -> Callable[[Books], bool]:
        """A card of the merchant's."""
        local = (EPOCH + timedelta(milliseconds=self.now_ms)).astimezone(SHANGHAI)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=8)
        free_until_ms = (midnight - EPOCH) // timedelta(milliseconds=1) + 2 * self.drift_ms

        def act(books: Books) -> bool:
            due_ms = self.now_ms + CARD_MS
            card = Card(consumer, principal, principal + bonus, 0, free_until_ms, due_ms)
            books.cards[number] = card
            return books.take(consumer, principal)

        return act

    def consume(self, number: int, amount: int) -> Callable[[Books], bool]:
        """At face value."""

        def act(books: Books) -> bool:
            card = books.cards.get(number)
            if card is None or card.consumed + amount > card.face:
                return False
            before = card.held
            card.consumed += amount
            books.give("merchant", before - card.held)
            if not card.held:
                del books.cards[number]
            return True

        return act

    def refund(self, number: int, by: str) -> Callable[[Books], bool]:
        """The consumer's own wish."""

        def act(books: Books) -> bool:
            card = books.cards.pop(number, None)
            if card is None or by != card.consumer:
                return False
            own = max(0, card.principal - card.consumed)
            back = card.held if self.now_ms < card.free_until_ms else own
            books.give(card.consumer, back)
            books.give("merchant", card.held - back)
            return True

        return act

    def close(self, number: int) -> Callable[[Books], bool]:
        """The merchant gives all back."""

        def act(books: Books) -> bool:
            card = books.cards.pop(number, None)
            if card is None:
                return False
            books.give(card.consumer, card.held)
            return True

        return act
