"""Rules of prepaid.open, consume, refund and close; amounts by hand."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.assets import AssetIssue
from commerce.banking import cards
from commerce.banking.cards import CARDS, PrepaidCard, check_cards, load_card
from commerce.banking.freezes import AssetFreeze
from commerce.banking.prepaid import (
    PrepaidClose,
    PrepaidConsume,
    PrepaidOpen,
    PrepaidRefund,
)
from commerce.delegations import Delegate
from commerce.money import Balance, balance_of
from commerce.parameters import store_parameters
from commerce.shanghai import day_of, return_window_end_ms
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.world import DAY_MS, GENESIS_MS, World, account, genesis, key

BUYER, SHOP, FRIEND, NOBODY = (account(n) for n in ("buyer", "merchant", "friend", "nobody"))
OPEN, CONSUME, REFUND, CLOSE = "prepaid.open", "prepaid.consume", "prepaid.refund", "prepaid.close"
TERMS = bytes([9]) * 32
YUAN = 100
FUNDS = 10_000 * YUAN
END_MS = GENESIS_MS + DAY_MS
# After the seven days in which the consumer gets everything back.
LATER_MS = 9 * DAY_MS


def opening(
    principal: int, face: int | None = None, merchant: bytes = SHOP, symbol: str = "CNY"
) -> PrepaidOpen:
    return PrepaidOpen(merchant, symbol, principal, face or principal, TERMS, 365 * DAY_MS)


def use(card_id: bytes, minor: int) -> PrepaidConsume:
    return PrepaidConsume(card_id, minor, None)


def funded() -> World:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, FUNDS, "r")))
    return world


def opened(world: World, principal: int, face: int | None = None) -> bytes:
    made = world.done("buyer", (OPEN, opening(principal, face)))[0].data["card_id"]
    assert isinstance(made, bytes)
    return made


def consume(world: World, card_id: bytes, minor: int) -> None:
    world.done("merchant", (CONSUME, use(card_id, minor)), with_=("buyer",))


def money(world: World) -> tuple[int, int]:
    """What consumer and merchant have."""
    found = [balance_of(world.state, party, "CNY").available_minor for party in (BUYER, SHOP)]
    return found[0], found[1]


# fmt: off
OPENING: list[Row] = [
    #       sender      type  payload                             with  outcome
    Attempt("issuer", "asset.issue", AssetIssue("CNY", BUYER, FUNDS, "r"), (), "ok"),
    Attempt("buyer",    OPEN, opening(100, 99),                   (),   "FaceTooSmall"),
    Attempt("buyer",    OPEN, opening(100, symbol="EUR"),         (),   "AssetUnknown"),
    Attempt("buyer",    OPEN, opening(100, merchant=NOBODY),      (),   "AccountUnknown"),
    Attempt("buyer",    OPEN, opening(100, merchant=FRIEND),      (),   "RoleMissing"),
    Attempt("merchant", OPEN, opening(100),                       (),   "SharedController"),
    Attempt("buyer",    OPEN, opening(5_000 * YUAN + 1),          (),   "CardTooLarge"),
    Attempt("friend",   OPEN, opening(100),                       (),   "InsufficientFunds"),
    Attempt("buyer",    "delegate", Delegate(key("erp"), (OPEN,), 99, END_MS), (), "ok"),
    Attempt("buyer/erp", OPEN, opening(100),                      (),   "DelegationExceeded"),
    Attempt("buyer",    OPEN, opening(5_000 * YUAN, 6_000 * YUAN), (),  "ok"),
    Attempt("buyer",    OPEN, opening(100),                       (),   "ok"),
    Attempt("buyer",    OPEN, opening(100),                       (),   "TooManyCards"),
]
# fmt: on


def using(world: World) -> list[Row]:
    """Cards of 100 (worth 125), 100 and 100, of which 200 is out of the 7 days."""
    first, second, third, fourth = (opened(world, *pair) for pair in CARDS_OPENED)
    key_erp = Delegate(key("erp"), (CLOSE, CONSUME, REFUND), 9, END_MS + LATER_MS)
    world.done("buyer", (CONSUME, use(third, 50)), with_=("merchant",))
    both = ("merchant",)
    world.wait(LATER_MS)
    # fmt: off
    return [
        #       sender      type     payload                  with        outcome
        Attempt("merchant", CONSUME, use(NOBODY, 10),         ("buyer",), "CardUnknown"),
        Attempt("friend",   CONSUME, use(first, 10),          both,       "NotAParty"),
        Attempt("merchant", CONSUME, use(first, 10),          (),         "CosignerMissing"),
        Attempt("buyer",    CONSUME, use(first, 10),          (),         "CosignerMissing"),
        Attempt("merchant", CONSUME, use(first, 126),         ("buyer",), "CardExceeded"),
        Attempt("buyer",    "delegate", key_erp,              (),         "ok"),
        Attempt("buyer/erp", CONSUME, use(first, 13),         both,       "DelegationExceeded"),
        Attempt("merchant", CONSUME, use(first, 125),         ("buyer",), "ok"),
        # A card that is used up has ended.
        Attempt("merchant", CONSUME, use(first, 1),           ("buyer",), "CardUnknown"),
        Attempt("buyer",    REFUND,  PrepaidRefund(first),    (),         "CardUnknown"),
        Attempt("merchant", REFUND,  PrepaidRefund(second),   (),         "NotTheBuyer"),
        Attempt("buyer",    REFUND,  PrepaidRefund(second),   (),         "ok"),
        # Neither consumed nor closed after its refund.
        Attempt("merchant", CONSUME, use(second, 1),          ("buyer",), "CardUnknown"),
        Attempt("merchant", CLOSE,   PrepaidClose(second, 0), (),         "CardUnknown"),
        Attempt("friend",   CLOSE,   PrepaidClose(third, 0),  both,       "NotAParty"),
        Attempt("buyer",    CLOSE,   PrepaidClose(third, 0),  (),         "CosignerMissing"),
        Attempt("merchant", CLOSE,   PrepaidClose(third, 1),  (),         "CosignerMissing"),
        Attempt("merchant", CLOSE,   PrepaidClose(third, 61), ("buyer",), "ShareTooLarge"),
        Attempt("buyer/erp", CLOSE,  PrepaidClose(third, 10), both,       "DelegationExceeded"),
        # 100 - 50 at face value; the 10 that the discount was are the merchant's.
        Attempt("buyer/erp", REFUND, PrepaidRefund(third),    (),         "DelegationExceeded"),
        Attempt("buyer",    CLOSE,   PrepaidClose(third, 20), both,       "ok"),
        Attempt("merchant", CLOSE,   PrepaidClose(fourth, 0), (),         "ok"),
    ]
    # fmt: on


CARDS_OPENED = ((100, 125), (100, 100), (100, 125), (7, 7))


def test_a_card_is_paid_for_by_its_consumer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "CARDS_MAX", 2)
    play(World(), OPENING)


def test_a_card_is_used_and_ended_by_whom_it_concerns() -> None:
    world = funded()
    play(world, using(world))
    # First: 100 to the merchant. Second: all back. Third: 40 consumed, then 20. Fourth: all back.
    assert money(world) == (FUNDS - 100 - 60, 160)


def test_in_seven_days_everything_that_is_left_comes_back_whatever_was_given_away() -> None:
    world = funded()
    card_id = opened(world, 1_000, 1_200)
    consume(world, card_id, 600)
    world.time_ms = load_card(world.state, card_id).free_until_ms - 1
    world.done("buyer", (REFUND, PrepaidRefund(card_id)))
    assert money(world) == (FUNDS - 500, 500)


def test_after_seven_days_the_discount_is_the_merchants() -> None:
    world = funded()
    card_id = opened(world, 1_000, 1_200)
    consume(world, card_id, 600)
    world.time_ms = load_card(world.state, card_id).free_until_ms
    world.done("buyer", (REFUND, PrepaidRefund(card_id)))
    # 1,000 less 600 at prices before the discount.
    assert money(world) == (FUNDS - 600, 600)


def test_who_consumed_more_than_it_paid_gets_nothing_back_and_owes_nothing() -> None:
    world = funded()
    card_id = opened(world, 1_000, 1_200)
    consume(world, card_id, 1_100)
    world.wait(LATER_MS)
    world.done("buyer", (REFUND, PrepaidRefund(card_id)))
    assert money(world) == (FUNDS - 1_000, 1_000)


def test_a_merchant_that_closes_gives_all_back_with_the_discount() -> None:
    world = funded()
    card_id = opened(world, 1_000, 1_200)
    consume(world, card_id, 600)
    world.wait(LATER_MS)
    world.done("merchant", (CLOSE, PrepaidClose(card_id, 0)))
    assert money(world) == (FUNDS - 500, 500)


def test_a_merchant_that_vanishes_takes_nothing_along() -> None:
    world = funded()
    card_id = opened(world, 1_000, 1_200)
    consume(world, card_id, 600)
    (receipt,) = world.wait(365 * DAY_MS)
    assert receipt.events[0].data["card_id"] == card_id
    assert money(world) == (FUNDS - 500, 500)
    assert list(CARDS.items(world.state)) == []


def test_nobody_consumes_on_a_card_that_is_overdue() -> None:
    world = funded()
    card_id = opened(world, 1_000)
    world.limit_deadlines(0)
    world.wait(365 * DAY_MS)
    assert (
        world.send("merchant", (CONSUME, use(card_id, 1)), with_=("buyer",)).status == "CardUnknown"
    )
    assert money(world) == (FUNDS, 0)


def test_steps_of_one_fen_cost_as_much_as_one_step() -> None:
    world = funded()
    card_id = opened(world, 10, 12)
    paid = []
    for _ in range(12):
        before = money(world)[1]
        consume(world, card_id, 1)
        paid.append(money(world)[1] - before)
    assert paid == [0, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1]
    assert money(world) == (FUNDS - 10, 10)


def test_money_of_a_card_for_a_frozen_consumer_is_frozen() -> None:
    world = funded()
    card_id = opened(world, 1_000)
    freeze = AssetFreeze(BUYER, "CNY", FUNDS, TERMS, 365 * DAY_MS, None)
    world.done("regulator", ("asset.freeze", freeze), with_=("issuer",))
    # What is on the card was paid before and may still be consumed: the merchant's side of it.
    consume(world, card_id, 300)
    world.done("buyer", (REFUND, PrepaidRefund(card_id)))
    assert balance_of(world.state, BUYER, "CNY") == Balance(0, FUNDS - 300, 300)


def test_the_seven_days_end_after_a_holiday() -> None:
    world = funded()
    seventh = day_of(world.time_ms, 1) + 7
    overlay = Overlay(world.state)
    store_parameters(world.genesis, overlay, 1, world.time_ms, {}, (seventh, seventh + 1))
    world.state.write(overlay.changes)
    card = load_card(world.state, opened(world, 1_000))
    drift_ms = world.genesis.consensus.clock_drift_max_ms
    plain = return_window_end_ms(world.time_ms, 1, drift_ms)
    assert card.free_until_ms == plain + 2 * DAY_MS


def test_a_genesis_sets_how_much_a_card_may_be_worth() -> None:
    world = World(genesis(limits={"prepaid_units_max": 1}))
    assert world.send("buyer", (OPEN, opening(101))).status == "CardTooLarge"
    assert world.send("buyer", (OPEN, opening(100))).status == "InsufficientFunds"


def test_the_whole_check_notices_a_card_that_is_not_counted_or_holds_nothing() -> None:
    world = funded()
    card_id = opened(world, 1_000)
    card = load_card(world.state, card_id)
    for changed in (replace(card, consumed_minor=1_000), replace(card, consumer=FRIEND)):
        overlay = Overlay(world.state)
        CARDS.store(overlay, changed, card_id)
        with pytest.raises(InvariantBreach):
            check_cards(overlay)


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.data())
def test_what_is_held_covers_every_refund(principal: int, bonus: int, data: st.DataObject) -> None:
    face = principal + bonus
    consumed = data.draw(st.integers(0, face - 1))
    card = PrepaidCard(BUYER, SHOP, "CNY", principal, face, consumed, TERMS, 0, 0)
    assert 0 < card.held_minor <= principal
    assert 0 <= card.own_refund_minor <= card.held_minor
    assert card.cost_minor(face) == principal
