"""Every way through a request, from every state that it can be made in, to the fen.

Three teas for 10.00 yuan in all: 3.33, 3.33, 3.34. The request is for the first two, 6.66; the
third goes its own way in the meantime, and everybody is silent at last.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from commerce.escrow import EDGES, State, Trigger
from tests.commerce.disputes.court import Court
from tests.commerce.shop import TEA, TERMS, Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS

ORIGINS = (State.HELD, State.LATE, State.IN_TRANSIT, State.DELIVERED, State.RELEASED)
ARRIVED = (State.DELIVERED, State.RELEASED)
TOTAL_MINOR, ASKED_MINOR = 1_000, 666
# Longer than any clock of one order.
FOREVER_MS = 400 * DAY_MS

Step = Callable[[Shop, bytes], object]


def begun(shop: Shop, origin: State) -> tuple[bytes, bytes | None]:
    """An order whose units are in `origin`, and their parcel."""
    listing = shop.publish(TEA, terms=replace(TERMS, price_minor=333, freight_minor=1))
    order_id = shop.paid((listing, 3))
    if origin is State.LATE:
        shop.wait(72 * HOUR_MS)
    if origin in (State.HELD, State.LATE):
        return order_id, None
    parcel = shop.ship(order_id)
    if origin in ARRIVED:
        shop.deliver(parcel)
    if origin is State.RELEASED:
        shop.confirm(parcel)
    return order_id, parcel


def asked(shop: Shop, origin: State, kind: str = "") -> bytes:
    """A request for two units: of this kind, or the one that leaves the goods where they are."""
    order_id, parcel = begun(shop, origin)
    keeps = {State.IN_TRANSIT: "not_received", State.DELIVERED: "allowance"}
    keeps[State.RELEASED] = "allowance"
    case_id = shop.request(order_id, kind or keeps.get(origin, "unshipped"), (0, 2), parcel=parcel)
    case = shop.case_of(case_id)
    assert (case.origin, case.asked_minor) == (origin, ASKED_MINOR)
    return case_id


def play(shop: Shop, case_id: bytes, steps: Sequence[Step]) -> None:
    for step in steps:
        step(shop, case_id)


def money(shop: Shop) -> tuple[int, int]:
    """What the buyer has spent, and the seller got."""
    return FUNDS_MINOR - shop.money("buyer"), shop.money("merchant")


def silent_end(origin: State, minor: int) -> int:
    """What the buyer spends of an amount when nobody does anything any more."""
    return minor if origin in ARRIVED else 0


def offer(*, minor: int = 100, gives_back: bool = False) -> Step:
    return lambda shop, case_id: shop.counter(case_id, minor, gives_back=gives_back)


silence: Step = lambda shop, case_id: shop.silence(case_id)  # noqa: E731 (one of a list of steps)

CLOSED: dict[str, tuple[Step, ...]] = {
    "withdrawn": (Shop.withdraw,),
    "rejected": (Shop.reject, silence),
    "rejected and withdrawn": (Shop.reject, Shop.withdraw),
    "countered": (offer(), silence),
    "countered and withdrawn": (offer(), Shop.withdraw),
    "an offer of nothing": (offer(minor=0), Shop.accept),
}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", CLOSED)
def test_a_closed_request_changes_nothing_but_the_tries(path: str, origin: State) -> None:
    shop = Shop()
    case_id = asked(shop, origin)
    play(shop, case_id, CLOSED[path])
    assert shop.case_of(case_id).state == State.CLOSED
    shop.wait(FOREVER_MS)
    spent = silent_end(origin, TOTAL_MINOR)
    assert money(shop) == (spent, spent)


REFUNDED: dict[str, tuple[int, tuple[Step, ...]]] = {
    "agreed": (ASKED_MINOR, (Shop.agree,)),
    "silence": (ASKED_MINOR, (silence,)),
    "offer taken": (100, (offer(), Shop.accept)),
}


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("path", REFUNDED)
def test_what_is_agreed_goes_back_and_the_rest_goes_on(path: str, origin: State) -> None:
    shop = Shop()
    case_id = asked(shop, origin)
    refunded_minor, steps = REFUNDED[path]
    before = money(shop)
    play(shop, case_id, steps)
    assert shop.case_of(case_id).state == State.REFUNDED
    paid_out = refunded_minor if origin is State.RELEASED else 0
    assert money(shop) == (before[0] - refunded_minor, before[1] - paid_out)
    shop.wait(FOREVER_MS)
    spent = silent_end(origin, TOTAL_MINOR - refunded_minor)
    assert money(shop) == (spent, spent)


SENT = (Shop.agree, Shop.send_back)
RETURNED: dict[str, tuple[Step, ...]] = {
    "received": (*SENT, Shop.bring_back, Shop.receive),
    "agreed by silence, received": (silence, Shop.send_back, Shop.bring_back, Shop.receive),
    "received before the carrier tells": (*SENT, Shop.receive),
    "silence at the seller's": (*SENT, Shop.bring_back, silence),
    "lost on the way back": (*SENT, silence),
    "offered all, and the goods": (offer(minor=ASKED_MINOR), Shop.accept),
}


@pytest.mark.parametrize("origin", ARRIVED)
@pytest.mark.parametrize("path", RETURNED)
def test_goods_that_went_back_are_refunded(path: str, origin: State) -> None:
    shop = Shop()
    case_id = asked(shop, origin, "quality")
    play(shop, case_id, RETURNED[path])
    assert shop.case_of(case_id).state == State.REFUNDED
    shop.wait(FOREVER_MS)
    assert money(shop) == (334, 334)


@pytest.mark.parametrize("origin", ARRIVED)
@pytest.mark.parametrize("kind", ["no_reason", "quality", "exchange"])
@pytest.mark.parametrize("end", [silence, Shop.withdraw])
def test_goods_that_were_never_sent_back_are_paid_for(end: Step, kind: str, origin: State) -> None:
    shop = Shop()
    case_id = asked(shop, origin, kind)
    play(shop, case_id, (Shop.agree, end))
    assert shop.case_of(case_id).state == State.CLOSED
    shop.wait(FOREVER_MS)
    assert money(shop) == (TOTAL_MINOR, TOTAL_MINOR)


@pytest.mark.parametrize("origin", ARRIVED)
def test_an_offer_for_the_goods_is_paid_once_they_are_back(origin: State) -> None:
    shop = Shop()
    case_id = asked(shop, origin)
    play(shop, case_id, (offer(minor=500, gives_back=True), Shop.accept))
    assert shop.case_of(case_id).state == State.RETURNING
    play(shop, case_id, (Shop.send_back, Shop.bring_back, Shop.receive))
    # 1.66 of the 6.66 stay the seller's.
    assert money(shop) == (500, 166 if origin is State.DELIVERED else 500)
    shop.wait(FOREVER_MS)
    assert money(shop) == (500, 500)


AGAIN: dict[str, tuple[Step, ...]] = {
    "received": (*SENT, Shop.bring_back, Shop.receive),
    "silence at the seller's": (*SENT, Shop.bring_back, silence),
    "received before the carrier tells": (*SENT, Shop.receive),
}


@pytest.mark.parametrize("origin", ARRIVED)
@pytest.mark.parametrize("path", AGAIN)
@pytest.mark.parametrize("end", ["sent", "silence", "lost", "returned"])
def test_goods_that_are_exchanged_are_paid_once(end: str, path: str, origin: State) -> None:
    shop = Shop()
    case_id = asked(shop, origin, "exchange")
    play(shop, case_id, AGAIN[path])
    assert shop.case_of(case_id).state == State.EXCHANGING
    if end != "silence":
        parcel = shop.exchange(case_id)
        assert shop.load(shop.case_of(case_id).order_id).lines[0].held_minor >= ASKED_MINOR
        if end in ("sent", "returned"):
            shop.deliver(parcel)
        if end == "returned":
            second = shop.complain(parcel, "no_reason", (0, 2))
            play(shop, second, (Shop.agree, Shop.send_back, Shop.bring_back, Shop.receive))
    shop.wait(FOREVER_MS)
    spent = TOTAL_MINOR if end == "sent" else 334
    assert money(shop) == (spent, spent)


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("refusal", [Shop.reject, offer()])
def test_a_dispute_splits_what_was_asked_about(refusal: Step, origin: State) -> None:
    court = Court(0, arbiters=0)
    had = court.money("merchant")
    case_id = asked(court, origin)
    refusal(court, case_id)
    court.take(case_id, 1_000)
    assert court.case_of(case_id).state == State.DISPUTED
    court.settle(case_id, 250)
    assert court.case_of(case_id).state == State.SPLIT
    court.wait(FOREVER_MS)
    # 166 of 666 to the buyer, 500 to the seller.
    spent = 500 + silent_end(origin, 334)
    assert (FUNDS_MINOR - court.money("buyer"), court.money("merchant") - had) == (spent, spent)


@pytest.mark.parametrize("origin", ORIGINS)
def test_a_dispute_without_arbiters_gives_the_money_to_who_lacks_the_goods(origin: State) -> None:
    court = Court(0, arbiters=0)
    had = court.money("merchant")
    case_id = asked(court, origin)
    court.reject(case_id)
    court.take(case_id, 1_000)
    court.wait(FOREVER_MS)
    assert court.case_of(case_id).state == State.SPLIT
    spent = silent_end(origin, TOTAL_MINOR)
    assert (FUNDS_MINOR - court.money("buyer"), court.money("merchant") - had) == (spent, spent)


def test_what_was_ruled_is_final() -> None:
    court = Court(0, arbiters=0)
    order_id, parcel = begun(court, State.DELIVERED)
    case_id = court.request(order_id, "quality", (0, 3), parcel=parcel)
    court.reject(case_id)
    court.take(case_id, 1_000)
    court.settle(case_id, 1)
    with pytest.raises(AssertionError, match="UnitsTriedOut"):
        court.complain(parcel or b"", "no_reason")


def test_what_is_played_here_are_all_the_triggers_of_requests() -> None:
    """Panels, contested returns and recalls have tests of their own."""
    names = ("refund.", "sys.refund.", "return.", "sys.return.", "exchange.", "sys.exchange.")
    of_requests = {edge.trigger for edge in EDGES if edge.trigger.value.startswith(names)}
    assert of_requests - {Trigger.CONTEST} == {
        *(Trigger.REQUEST, Trigger.WITHDRAW, Trigger.AGREE, Trigger.REJECT, Trigger.COUNTER),
        *(Trigger.ACCEPT_COUNTER, Trigger.ANSWER_TIMEOUT, Trigger.COUNTER_TIMEOUT),
        *(Trigger.RETURN_SHIP, Trigger.RETURN_SHIP_TIMEOUT, Trigger.RETURN_DELIVER),
        *(Trigger.RETURN_LOST_TIMEOUT, Trigger.RECEIVE, Trigger.RECEIVE_TIMEOUT),
        *(Trigger.EXCHANGE_SHIP, Trigger.EXCHANGE_TIMEOUT),
    }
    assert {edge.source for edge in EDGES if edge.trigger is Trigger.REQUEST} == set(ORIGINS)
