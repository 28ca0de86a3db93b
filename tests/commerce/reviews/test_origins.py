"""Following a seller's money from hand to hand."""

from itertools import pairwise

import pytest

from commerce.reviews import origins
from commerce.reviews.origins import Origins
from tests.commerce.reviews.bazaar import BANK, YUAN, Bazaar, party


def reached(bazaar: Bazaar, *names: str, seller: str = "shop") -> list[int]:
    """How much of a seller's money these have got, in whole units."""
    found = Origins(bazaar.census().markets["CNY"]).from_seller(party(seller))
    return [found.get(party(name), 0) // YUAN for name in names]


def test_money_is_followed_through_all_hands_in_a_row() -> None:
    bazaar = Bazaar()
    hands = ["shop", *(f"hand {number}" for number in range(200))]
    for giver, taker in pairwise(hands):
        bazaar.pay(giver, taker, 50 * YUAN)
    assert reached(bazaar, hands[1], hands[200]) == [50, 50]


def test_a_hand_passes_on_the_share_that_it_has() -> None:
    bazaar = Bazaar()
    bazaar.pay("shop", "mule", 100 * YUAN)
    bazaar.issue("mule", 300 * YUAN)
    bazaar.pay("mule", "fake", 40 * YUAN)
    assert reached(bazaar, "mule", "fake") == [100, 10]


def test_money_that_comes_home_has_arrived() -> None:
    bazaar = Bazaar()
    bazaar.pay("shop", "fake", 100 * YUAN)
    bazaar.buy("fake", "shop", 100 * YUAN, None)
    bazaar.pay("friend", "shop", 5 * YUAN)
    assert reached(bazaar, "fake", "friend", "shop") == [100, 0, 0]


def test_money_spent_at_another_seller_goes_on_from_there() -> None:
    bazaar = Bazaar()
    bazaar.pay("shop", "fake", 100 * YUAN)
    bazaar.buy("fake", "second shop", 100 * YUAN, None)
    bazaar.pay("second shop", "other fake", 80 * YUAN)
    assert reached(bazaar, "second shop", "other fake") == [100, 80]
    assert reached(bazaar, "other fake", seller="second shop") == [80]


def test_sending_to_and_fro_moves_nothing() -> None:
    bazaar = Bazaar()
    bazaar.pay("shop", "friend", 100 * YUAN)
    bazaar.pay("friend", "shop", 100 * YUAN)
    bazaar.pay("friend", "other", 100 * YUAN)
    assert reached(bazaar, "friend", "other") == [0, 0]
    bazaar.pay("shop", "friend", 30 * YUAN)
    bazaar.issue("friend", 70 * YUAN)
    assert reached(bazaar, "friend", "other") == [30, 30]


def test_what_reaches_an_issuer_is_lost_in_what_it_issues() -> None:
    bazaar = Bazaar()
    bazaar.pay("shop", BANK, 100 * YUAN)
    for number in range(100):
        bazaar.issue(f"saver {number}", 1_000 * YUAN)
    assert reached(bazaar, BANK, "saver 1") == [100, 1]


def test_money_that_goes_round_among_friends_ends_when_it_is_spent() -> None:
    bazaar = Bazaar()
    bazaar.pay("shop", "a", 100 * YUAN)
    for giver, taker in (("a", "b"), ("b", "c"), ("c", "a")):
        bazaar.pay(giver, taker, 5_000 * YUAN)
    bazaar.buy("b", "grocer", 60 * YUAN, None)
    # Each time round a keeps 100 of 5,100 and b spends 60 of 5,060: 38 % is spent in the end.
    assert 34 <= reached(bazaar, "grocer")[0] <= 38


def test_a_limit_of_steps_ends_what_would_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    bazaar = Bazaar()
    hands = ["shop", *(f"hand {number}" for number in range(50))]
    for giver, taker in pairwise(hands):
        bazaar.pay(giver, taker, 50 * YUAN)
    monkeypatch.setattr(origins, "STEPS_MAX", 10)
    assert reached(bazaar, hands[1], hands[50]) == [50, 0]


def test_less_than_a_whole_unit_is_counted_and_followed_no_more() -> None:
    bazaar = Bazaar()
    bazaar.pay("shop", "hand", YUAN - 1)
    bazaar.pay("hand", "next", YUAN - 1)
    found = Origins(bazaar.census().markets["CNY"]).from_seller(party("shop"))
    assert found == {party("hand"): YUAN - 1}
