"""The audit of the beacon finds every row that contradicts another."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.errors import InvariantBreach
from chain.group import write_scalar
from chain.state import Overlay, u64
from commerce.beacon.beacon_audit import check_beacon
from commerce.beacon.records import DEALERS, DEALS, DRAWS, RESERVED, REVEALS, Reveal, place
from tests.commerce.beacon.ring import DRAW, Ring
from tests.commerce.world import account

M0 = account("m0")
Spoil = Callable[[Overlay], None]


def busy() -> Ring:
    """Deals that wait and that are ready, and a draw with one reveal."""
    ring = Ring()
    ring.stock()
    ring.stock((0, 1), number=1)
    ring.deal(0, 2)
    assert ring.start()
    assert ring.reveal(1).status == "ok"
    return ring


def dealer(**changes: object) -> Spoil:
    def spoil(state: Overlay) -> None:
        known = DEALERS.load(state, M0)
        assert known is not None
        DEALERS.store(state, replace(known, **changes), M0)  # type: ignore[arg-type]

    return spoil


def deal(number: int, **changes: object) -> Spoil:
    def spoil(state: Overlay) -> None:
        known = DEALS.load(state, M0, u64(number))
        assert known is not None
        DEALS.store(state, replace(known, **changes), M0, u64(number))  # type: ignore[arg-type]

    return spoil


def draw(**changes: object) -> Spoil:
    def spoil(state: Overlay) -> None:
        known = DRAWS.load(state, DRAW)
        assert known is not None
        DRAWS.store(state, replace(known, **changes), DRAW)  # type: ignore[arg-type]

    return spoil


def no_deal(state: Overlay) -> None:
    DEALS.remove(state, M0, u64(1))


def no_dealer(state: Overlay) -> None:
    DEALERS.remove(state, M0)


def no_draw(state: Overlay) -> None:
    DRAWS.remove(state, DRAW)


def no_reserved(state: Overlay) -> None:
    RESERVED.remove(state, DRAW, place(2))


def other_share(state: Overlay) -> None:
    reveal = REVEALS.load(state, DRAW, place(1))
    assert reveal is not None
    REVEALS.store(state, Reveal((write_scalar(5), *reveal.shares[1:])), DRAW, place(1))


def shares_of_nothing(state: Overlay) -> None:
    REVEALS.store(state, Reveal((None,)), bytes(32), place(0))


def one_secret_of_two(state: Overlay) -> None:
    known = DRAWS.load(state, DRAW)
    assert known is not None
    twice = (known.secrets[0], known.secrets[0], *known.secrets[2:])
    DRAWS.store(state, replace(known, secrets=twice), DRAW)


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (no_deal, "what is in stock or reserved is there"),
        (no_dealer, "a deal is in its dealer's stock"),
        (dealer(ready=(1, 1)), "a deal is in stock once"),
        (dealer(next_number=2), "a dealer's numbers ascend"),
        (dealer(ready=(1, 2), waiting=()), "a quorum makes a secret ready"),
        (deal(2, acknowledged=(0, 1, 2, 3)), "a quorum makes a secret ready"),
        (deal(1, acknowledged=(2, 1, 0)), "a seat acknowledges once"),
        (deal(1, acknowledged=(0, 1, 4)), "seats of the committee acknowledge"),
        (deal(1, sealed=(bytes(32),)), "a deal has a share for each point"),
        (no_draw, "a draw uses what is reserved"),
        (no_reserved, "what is in stock or reserved is there"),
        (one_secret_of_two, "a draw has one secret of a dealer"),
        (draw(counts=(1, 1, 1, 0)), "revealed shares are counted"),
        (other_share, "a revealed share is the one that was dealt"),
        (shares_of_nothing, "shares are revealed for a draw"),
    ],
)
def test_a_contradiction_is_named(spoil: Spoil, rule: str) -> None:
    state = Overlay(busy().world.state)
    check_beacon(state)
    spoil(state)
    with pytest.raises(InvariantBreach, match=rule):
        check_beacon(state)
