"""Rules of beacon.reveal, and what nobody can do to a seed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, permutations

import pytest

from chain.block import Event
from chain.committee import fault_limit
from chain.context import Context
from chain.group import ORDER
from commerce.beacon import reveal
from commerce.beacon.draws import is_drawing, seed_of
from commerce.beacon.reveal import BeaconReveal
from commerce.beacon.sharing import recover
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.beacon.ring import DRAW, Ring, beacon_rows, seed_in
from tests.commerce.seats import change
from tests.commerce.world import QUORUM, World

TYPE = "beacon.reveal"
Shares = tuple[bytes | None, ...]


def begun(n: int = 4, dealers: Sequence[int] | None = None) -> Ring:
    """A draw has begun with a secret of each of these dealers."""
    ring = Ring(n)
    ring.stock(dealers)
    assert ring.start()
    return ring


def revealing(ring: Ring) -> list[Row]:
    """The rows of the rule table; the draw has four secrets."""

    def told(seat: int, *alter: tuple[int, bytes | None]) -> Callable[[World], BeaconReveal]:
        def payload(_world: World) -> BeaconReveal:
            shares = list(ring.shares(seat))
            for index, share in alter:
                shares[index] = share
            return BeaconReveal(DRAW, tuple(shares))

        return payload

    def above(seat: int) -> Callable[[World], BeaconReveal]:
        def payload(world: World) -> BeaconReveal:
            honest = told(seat)(world)
            share = honest.shares[0]
            assert share is not None
            more = (int.from_bytes(share, "little") + ORDER).to_bytes(32, "little")
            return replace(honest, shares=(more, *honest.shares[1:]))

        return payload

    def others(_world: World) -> BeaconReveal:
        return BeaconReveal(DRAW, ring.shares(2))

    empty, unknown = BeaconReveal(DRAW, (None,) * 4), BeaconReveal(bytes(32), (bytes(32),))
    m1 = "m1/node of m1"
    # fmt: off
    return [
        #       sender   type  payload                                  with  outcome
        Attempt("buyer", TYPE, empty,                                   (),   "RevealEmpty"),
        Attempt("buyer", TYPE, unknown,                                 (),   "DrawUnknown"),
        Attempt("buyer", TYPE, others,                                  (),   "SeatMissing"),
        Attempt(m1,      TYPE, BeaconReveal(DRAW, (bytes(32),) * 3),    (),   "RevealSizeWrong"),
        Attempt(m1,      TYPE, BeaconReveal(DRAW, (bytes(32),) * 128),  (),   "RevealSizeWrong"),
        Attempt(m1,      TYPE, others,                                  (),   "ShareWrong"),
        Attempt(m1,      TYPE, told(1, (3, bytes(32))),                 (),   "ShareWrong"),
        Attempt(m1,      TYPE, told(1, (0, ORDER.to_bytes(32, "little"))), (), "ShareWrong"),
        Attempt(m1,      TYPE, above(1),                                (),   "ShareWrong"),
        Attempt(m1,      TYPE, told(1, (2, None)),                      (),   "ok"),
        Attempt(m1,      TYPE, told(1),                                 (),   "SharesRevealed"),
        Attempt("m2",    TYPE, told(2),                                 (),   "ok"),
        Do(_is_open),
        Attempt("m3",    TYPE, told(3),                                 (),   "ok"),
        Attempt("m0",    TYPE, BeaconReveal(DRAW, (bytes(32),) * 4),    (),   "DrawUnknown"),
    ]
    # fmt: on


def _is_open(world: World) -> None:
    assert is_drawing(world.state, DRAW), "one secret has one share only"


def test_each_seat_reveals_its_valid_shares_once() -> None:
    ring = begun()
    play(ring.world, revealing(ring))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_f_plus_one_reveals_make_the_seed_and_nothing_stays(n: int) -> None:
    ring = begun(n)
    seats = range(fault_limit(n) + 1)
    assert ring.seed(seats[:-1]) is None
    assert ring.seed(seats[-1:]) is not None
    assert not is_drawing(ring.world.state, DRAW)
    assert len(beacon_rows(ring.world)) == n, "only the dealers' own"


@pytest.mark.parametrize("n", [4, 7])
def test_the_seed_is_the_same_whoever_stays_silent(n: int) -> None:
    # f members withhold: that neither blocks the draw nor changes it.
    f = fault_limit(n)
    seeds = set()
    for silent in list(combinations(range(n), f))[:12]:
        seats = [seat for seat in range(n) if seat not in silent]
        seeds.add(begun(n).seed(seats))
    assert len(seeds) == 1
    assert None not in seeds


def test_the_seed_is_the_same_in_any_order() -> None:
    seeds = {begun().seed(order[:2]) for order in permutations(range(4), 4)}
    assert len(seeds) == 1


def test_the_seed_is_the_hash_of_the_draw_and_its_secrets_in_the_order_of_seats() -> None:
    ring = begun()
    by_seat = {seat: ring.shares(seat) for seat in (1, 3)}
    secrets = [
        recover(
            {seat: int.from_bytes(told[index] or b"", "little") for seat, told in by_seat.items()}
        )
        for index in range(4)
    ]
    assert ring.seed((0, 2)) == seed_of(DRAW, secrets)
    assert seed_of(DRAW, secrets) != seed_of(bytes(32), secrets)
    assert seed_of(DRAW, secrets) != seed_of(DRAW, secrets[::-1])


def test_a_dealer_can_change_no_seed_once_it_is_reserved() -> None:
    # Dealing on, revealing late, little or never: the bias attempts of a member that sees all.
    ring, other = begun(), begun()
    ring.deal(3, 1)
    assert ring.reveal(3, (*ring.shares(3)[:3], None)).status == "ok"
    assert ring.seed((0, 1)) == other.seed((1, 2))


def test_f_members_know_too_little_of_an_honest_secret() -> None:
    # m3 sees its own share of m0's secret: any other secret would fit it as well.
    ring = begun(dealers=(0, 3))
    share = ring.shares(3)[0]
    assert share is not None
    assert recover({3: int.from_bytes(share, "little")}) == int.from_bytes(share, "little")
    assert seed_of(DRAW, [int.from_bytes(share, "little")]) != ring.seed((0, 1))


def test_a_share_of_one_draw_is_of_no_use_in_another() -> None:
    ring = Ring()
    ring.stock()
    ring.stock(number=1)
    other = bytes([8]) * 32
    assert ring.start()
    assert ring.start(other)
    told = ring.shares(1)
    assert ring.reveal(1, told, other).status == "ShareWrong"
    assert ring.seed((1, 2)) != ring.seed((1, 2), other)


def test_a_seat_that_was_cheated_reveals_the_rest() -> None:
    ring = Ring()
    honest = ring.made(0)
    sealed = (*honest.sealed[:2], bytes(32), honest.sealed[3])
    assert ring.by_node(0, "beacon.share", replace(honest, sealed=sealed)).status == "ok"
    for seat in (1, 3):
        ring.acknowledge(seat, 0)
    ring.stock((1, 2, 3))
    assert ring.start()
    told = ring.shares(2)
    assert told[0] is None
    assert ring.seed((2, 3)) is None, "one secret lacks a share"
    assert ring.seed((1,)) is not None


def test_a_draw_goes_on_with_the_seats_that_it_began_with() -> None:
    ring = begun()
    world = ring.world
    world.done("m0", ("committee.change", change(world, remove=["m3"])), with_=QUORUM)
    world.wait(1_000)
    assert ring.epoch == 1
    assert ring.seed((3, 0)) is not None, "also by who has left"


def test_whoever_waits_is_told_the_seed_in_the_same_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def panel_drawn(context: Context, draw_id: bytes, seed: bytes) -> tuple[Event, ...]:
        assert not is_drawing(context.state, draw_id)
        return (Event("panel", {"draw": draw_id, "seed": seed}),)

    monkeypatch.setattr(reveal, "panel_drawn", panel_drawn)
    ring = begun()
    ring.reveal(0)
    events = ring.reveal(1).events
    assert [told.type for told in events] == ["beacon.revealed", "beacon.seed", "panel"]
    assert events[-1].data == {"draw": DRAW, "seed": seed_in(events)}
