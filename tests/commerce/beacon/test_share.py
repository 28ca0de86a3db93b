"""Rules of beacon.share: who deals, which number, which points."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest
from nacl.bindings import crypto_core_ed25519_add

from chain.crypto import sha256
from chain.group import NEUTRAL, multiply_base, reduce_scalar
from chain.state import u64
from commerce.beacon import share
from commerce.beacon.dealing import DealName, deal
from commerce.beacon.records import DEALERS, DEALS, Dealer
from commerce.beacon.share import BeaconShare
from commerce.beacon.sharing import evaluate, place_of
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.beacon.ring import Ring, altered, beacon_rows
from tests.commerce.seats import change, node_of, seat
from tests.commerce.world import QUORUM, World, account, private_key

TYPE = "beacon.share"
ORDER_2 = (2**255 - 20).to_bytes(32, "little")


def made(world: World, dealer: str = "m0", number: int = 0) -> BeaconShare:
    """An honest deal of a founder."""
    name = DealName(world.chain.genesis_hash, world.chain.committee.epoch, account(dealer), number)
    return deal(private_key(node_of(dealer)), world.chain.committee, name)


def uneven(world: World) -> BeaconShare:
    honest = made(world)
    return replace(honest, sealed=honest.sealed[1:])


def smaller(world: World) -> BeaconShare:
    honest = made(world)
    return replace(honest, points=honest.points[1:], sealed=honest.sealed[1:])


def of_degree(world: World, degree: int) -> BeaconShare:
    """A polynomial of another degree than the committee's f."""
    coefficients = [reduce_scalar(sha256(bytes([index]))) for index in range(degree + 1)]
    shares = [evaluate(coefficients, place_of(seat)) for seat in range(4)]
    return replace(made(world), points=tuple(multiply_base(one) for one in shares))


def outside(world: World) -> BeaconShare:
    honest = made(world)
    return altered(honest, 3, crypto_core_ed25519_add(honest.points[3], ORDER_2))


M0 = "m0/node of m0"
BIG = 2**64 - 1
# fmt: off
TABLE: list[Row] = [
    #       sender   type  payload                                             with  outcome
    Attempt(M0,      TYPE, uneven,                                             (),   "DealUneven"),
    Attempt("buyer", TYPE, uneven,                                             (),   "DealUneven"),
    Attempt("buyer", TYPE, made,                                               (),   "SeatMissing"),
    Attempt(M0,      TYPE, lambda world: replace(made(world), epoch=1),        (),   "DealOutdated"),
    Attempt(M0,      TYPE, lambda world: replace(made(world), epoch=BIG),      (),   "DealOutdated"),
    Attempt(M0,      TYPE, lambda world: made(world, number=1),                (),   "DealOutOfTurn"),
    Attempt(M0,      TYPE, lambda world: replace(smaller(world), number=BIG),  (),   "DealOutOfTurn"),
    Attempt(M0,      TYPE, smaller,                                            (),   "DealSizeWrong"),
    Attempt(M0,      TYPE, lambda world: altered(made(world), 0, bytes(32)),   (),   "PointRefused"),
    Attempt(M0,      TYPE, lambda world: altered(made(world), 3, NEUTRAL),     (),   "PointRefused"),
    Attempt(M0,      TYPE, outside,                                            (),   "PointRefused"),
    Attempt(M0,      TYPE, lambda world: of_degree(world, 2),                  (),   "DegreeWrong"),
    Attempt(M0,      TYPE, lambda world: altered(made(world), 3, made(world).points[0]), (), "DegreeWrong"),
    Attempt(M0,      TYPE, made,                                               (),   "ok"),
    Attempt(M0,      TYPE, made,                                               (),   "DealOutOfTurn"),
    Attempt("m1",    TYPE, lambda world: made(world, "m1"),                    (),   "ok"),
    *(Attempt(M0,    TYPE, lambda world, number=number: made(world, number=number), (), "ok") for number in range(1, 8)),
    Attempt(M0,      TYPE, lambda world: made(world, number=8),                (),   "DealsInStock"),
]
# fmt: on


def test_a_member_with_a_seat_deals_by_its_node_key_or_its_own() -> None:
    play(World(), TABLE)


def test_the_first_of_a_stock_is_refused_where_nothing_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(share, "STOCK_MAX", 0)
    play(World(), [Attempt(M0, TYPE, made, (), "DealsInStock")])


def test_a_deal_waits_for_the_others() -> None:
    ring = Ring()
    assert [told.type for told in ring.deal(2).events] == ["beacon.shared"]
    dealer = DEALERS.load(ring.world.state, account("m2"))
    assert dealer == Dealer(epoch=0, next_number=1, waiting=(0,), ready=())
    stored = DEALS.load(ring.world.state, account("m2"), u64(0))
    assert stored is not None
    assert stored.acknowledged == (2,), "a dealer has its own share"


def test_the_secret_of_a_member_alone_is_ready_at_once() -> None:
    ring = Ring(1)
    assert [told.type for told in ring.deal(0).events] == ["beacon.shared", "beacon.ready"]
    assert ring.ready(0) == (0,)


def test_a_lower_degree_is_the_dealers_own_loss_and_taken() -> None:
    # Fewer seats could find the secret than f+1; the others' secrets hide the seed all the same.
    world = World()
    play(world, [Attempt(M0, TYPE, lambda world: of_degree(world, 0), (), "ok")])


def test_another_committee_voids_what_is_unused_and_its_rows_go() -> None:
    ring = Ring()
    world = ring.world
    ring.stock(range(4))
    ring.deal(3, 1)
    assert len(beacon_rows(world)) == 4 + 5
    made_change = change(world, remove=["m3"])
    world.done("m0", ("committee.change", made_change), with_=QUORUM)
    world.wait(1_000)
    assert not ring.start(), "secrets of an epoch that is over are never used"
    assert ring.deal(0).status == "ok"
    assert DEALERS.load(world.state, account("m3")) is None
    assert len(beacon_rows(world)) == 2
    assert ring.deal(1).status == "ok"
    assert len(beacon_rows(world)) == 4


def test_a_member_that_comes_back_deals_anew() -> None:
    ring = Ring()
    world = ring.world
    ring.deal(3)
    without = change(world, remove=["m3"])
    world.done("m0", ("committee.change", without), with_=QUORUM)
    world.wait(1_000)
    assert ring.by_node(3, TYPE, replace(ring.made(0), epoch=1)).status == "SeatMissing"
    again = change(world, add=[seat(world, "m3")])
    world.done("m0", ("committee.change", again), with_=QUORUM)
    world.wait(1_000)
    assert ring.deal(3, 1).status == "DealOutOfTurn"
    assert ring.deal(3).status == "ok", "numbers begin anew"
