"""Prepaid cards as records: what is paid, consumed and held, and the clock that every card has."""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.codec import U8, Amount, Hash, PositiveAmount, TimeMs
from chain.context import Context
from chain.deadlines import Deadline
from chain.errors import InvariantBreach
from chain.state import StateReader, Table
from commerce.banking.errors import CardUnknown, TooManyCards
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.money import Symbol, asset_part

EXPIRE = "sys.prepaid.expire"
CARDS_MAX = 64


@dataclass(frozen=True, slots=True)
class PrepaidCard:
    """`consumed_minor` <= `face_minor` counts at face value, `principal_minor` <= `face_minor` is
    what was paid. `free_until_ms`: until then the consumer gets all back; `due_ms`: the card's end.
    """

    consumer: Hash
    merchant: Hash
    symbol: Symbol
    principal_minor: PositiveAmount
    face_minor: PositiveAmount
    consumed_minor: Amount
    rules: Hash
    free_until_ms: TimeMs
    due_ms: TimeMs

    @property
    def held_minor(self) -> int:
        """The money on the card."""
        return self.principal_minor - self.cost_minor(self.consumed_minor)

    @property
    def own_refund_minor(self) -> int:
        """What the consumer gets back for a reason of its own."""
        return max(0, self.principal_minor - self.consumed_minor)

    def cost_minor(self, consumed_minor: int) -> int:
        """What consumption of so much in all has cost."""
        return self.principal_minor * consumed_minor // self.face_minor

    def clock(self) -> Clock:
        """When the card ends by itself."""
        return self.due_ms, EXPIRE


@dataclass(frozen=True, slots=True)
class OpenCards:
    """How many cards a consumer has."""

    count: U8


CARDS: Table[PrepaidCard] = Table("prepaid", PrepaidCard)
CARD_COUNTS: Table[OpenCards] = Table("prepaid-count", OpenCards)


def load_card(state: StateReader, card_id: bytes) -> PrepaidCard:
    """The card, or `CardUnknown`."""
    card = CARDS.load(state, card_id)
    if card is None:
        msg = f"no prepaid card {card_id.hex()}"
        raise CardUnknown(msg)
    return card


def card_clocks(state: StateReader, card_id: bytes) -> list[tuple[bytes, Clock]]:
    """The card's id and clock, if there is one."""
    card = CARDS.load(state, card_id)
    return [] if card is None else [(card_id, card.clock())]


def card_deadlines(state: StateReader) -> Iterator[Deadline]:
    """The deadlines of all cards."""
    for card_id, card in CARDS.items(state):
        yield deadline_of(card_id, card.clock())


def held_on_card(_part: bytes, card: PrepaidCard) -> tuple[bytes, int]:
    """What a card counts as (commerce/invariants.py)."""
    return asset_part(card.symbol), card.held_minor


def check_cards(state: StateReader) -> None:
    """`InvariantBreach` unless cards are counted and hold something."""
    counted: dict[bytes, int] = {}
    for card_id, card in CARDS.items(state):
        counted[card.consumer] = counted.get(card.consumer, 0) + 1
        if not 0 < card.held_minor <= card.principal_minor <= card.face_minor:
            msg = f"not so: a card holds a part of its principal ({card_id.hex()})"
            raise InvariantBreach(msg)
    if counted != {consumer: found.count for consumer, found in CARD_COUNTS.items(state)}:
        msg = "not so: prepaid cards are counted"
        raise InvariantBreach(msg)


def open_card(context: Context, card: PrepaidCard) -> bytes:
    """Enter a card with its clock, or `TooManyCards`; its id."""
    count = _count(context.state, card.consumer)
    if count >= CARDS_MAX:
        msg = f"at most {CARDS_MAX} cards"
        raise TooManyCards(msg)
    _set_count(context, card.consumer, count + 1)
    card_id = context.new_id("prepaid")
    CARDS.store(context.state, card, card_id)
    move_deadline(context, card_id, None, card.clock())
    return card_id


def end_card(context: Context, card_id: bytes, card: PrepaidCard, *, fired: bool) -> None:
    """Remove a card and its clock, unless that has just fired."""
    if not fired:
        move_deadline(context, card_id, card.clock(), None)
    CARDS.remove(context.state, card_id)
    _set_count(context, card.consumer, _count(context.state, card.consumer) - 1)


def _count(state: StateReader, consumer: bytes) -> int:
    found = CARD_COUNTS.load(state, consumer)
    return 0 if found is None else found.count


def _set_count(context: Context, consumer: bytes, count: int) -> None:
    if count:
        CARD_COUNTS.store(context.state, OpenCards(count), consumer)
    else:
        CARD_COUNTS.remove(context.state, consumer)
