"""Draws: which secrets they reserve, when they can't, and that none is used twice."""

import pytest

from chain.committee import fault_limit
from commerce.beacon import draws
from commerce.beacon.draws import is_drawing
from commerce.beacon.records import DRAWS, Reserved
from tests.commerce.beacon.ring import DRAW, Ring, beacon_rows, member
from tests.commerce.world import account

OTHER = bytes([8]) * 32


def reserved(ring: Ring, draw_id: bytes = DRAW) -> tuple[Reserved, ...]:
    draw = DRAWS.load(ring.world.state, draw_id)
    assert draw is not None
    return draw.secrets


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_a_draw_needs_secrets_of_f_plus_one_dealers(n: int) -> None:
    ring = Ring(n)
    f = fault_limit(n)
    ring.stock(range(f))
    before = beacon_rows(ring.world)
    assert not ring.start()
    assert beacon_rows(ring.world) == before
    ring.stock([f])
    assert ring.start()
    assert [secret.dealer for secret in reserved(ring)] == [
        account(member(seat)) for seat in range(f + 1)
    ]


def test_secrets_that_too_few_have_acknowledged_are_not_used() -> None:
    ring = Ring()
    for dealer in ring.seats:
        ring.deal(dealer)
        ring.acknowledge((dealer + 1) % 4, dealer)
    assert not ring.start()
    assert ring.acknowledge(2, 0).status == "ok"
    assert not ring.start(), "one dealer alone would know its seed"
    assert ring.acknowledge(3, 1).status == "ok"
    assert ring.start()
    assert len(reserved(ring)) == 2


def test_a_draw_takes_the_oldest_secret_of_every_dealer_that_has_one() -> None:
    ring = Ring()
    ring.stock()
    ring.stock((0, 2), number=1)
    assert ring.start()
    assert [secret.number for secret in reserved(ring)] == [0, 0, 0, 0]
    assert ring.start(OTHER)
    assert reserved(ring, OTHER) == (Reserved(account("m0"), 1), Reserved(account("m2"), 1))
    assert not ring.start(bytes(32)), "the stock is used up"


def test_an_abandoned_draw_leaves_nothing_and_its_secrets_are_spent() -> None:
    ring = Ring()
    ring.stock()
    assert ring.start()
    assert ring.reveal(2).status == "ok"
    ring.abandon()
    assert not is_drawing(ring.world.state, DRAW)
    assert len(beacon_rows(ring.world)) == 4, "only the dealers' own"
    assert not ring.start()
    ring.abandon()
    ring.abandon(OTHER)
    assert ring.deal(0).status == "DealOutOfTurn", "nor is its number used again"
    assert ring.deal(0, 1).status == "ok"


def test_as_many_draws_are_under_way_as_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draws, "DRAWS_MAX", 1)
    ring = Ring()
    ring.stock()
    ring.stock(number=1)
    assert ring.start()
    assert not ring.start(OTHER)
    ring.abandon()
    assert ring.start(OTHER)
