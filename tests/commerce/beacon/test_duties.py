"""What a node owes the beacon in each state, and that it owes nothing where nobody can be drawn."""

from collections.abc import Iterable

import pytest

from commerce.beacon import duties
from commerce.beacon.duties import (
    STOCK_WANTED,
    Looked,
    acknowledging_due,
    deal_due,
    reveal,
    reveals_due,
)
from commerce.beacon.records import STOCK_MAX
from commerce.beacon.share import BeaconShare
from tests.commerce.beacon.ring import DRAW, Ring, member
from tests.commerce.seats import change, node_of
from tests.commerce.world import QUORUM, account, private_key


@pytest.fixture(autouse=True)
def arbiters(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those that could be drawn; a test may take them away."""
    bonded = ["an arbiter"]
    monkeypatch.setattr(duties, "has_arbiters", lambda _state: bool(bonded))
    return bonded


def looked(ring: Ring, seat: int) -> Looked:
    return Looked(ring.world.state, ring.world.chain, private_key(node_of(member(seat))))


def do_all(ring: Ring, seats: Iterable[int]) -> int:
    """Each node does what it owes but for reveals, until nothing is owed; how many operations."""
    done = 0
    while True:
        before = done
        for seat in seats:
            made = deal_due(looked(ring, seat))
            if made is not None:
                assert made[0] == account(member(seat))
                assert ring.by_node(seat, "beacon.share", made[1]).status == "ok"
                done += 1
            due = acknowledging_due(looked(ring, seat), ())
            if due is not None and due.payload is not None:
                assert ring.by_node(seat, "beacon.acknowledge", due.payload).status == "ok"
                done += 1
        if done == before:
            return done


def test_where_nobody_could_be_drawn_nothing_is_dealt(arbiters: list[str]) -> None:
    arbiters.clear()
    assert do_all(Ring(), range(4)) == 0


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_a_small_stock_is_dealt_and_then_it_is_quiet(n: int) -> None:
    ring = Ring(n)
    do_all(ring, ring.seats)
    assert all(len(ring.ready(seat)) == STOCK_WANTED for seat in ring.seats)
    assert STOCK_WANTED <= STOCK_MAX
    assert do_all(ring, ring.seats) == 0


def test_what_a_draw_used_is_dealt_anew() -> None:
    ring = Ring()
    do_all(ring, ring.seats)
    assert ring.start()
    assert [len(ring.ready(seat)) for seat in ring.seats] == [STOCK_WANTED - 1] * 4
    do_all(ring, ring.seats)
    assert [len(ring.ready(seat)) for seat in ring.seats] == [STOCK_WANTED] * 4


def test_without_a_quorum_no_node_deals_for_ever() -> None:
    ring = Ring()
    assert do_all(ring, (0, 1)) < 20
    assert all(ring.ready(seat) == () for seat in (0, 1))


def test_a_deal_that_opens_to_nothing_is_named_once() -> None:
    ring = Ring()
    honest = ring.made(0)
    lied = BeaconShare(0, 0, honest.points, honest.ephemeral, (bytes(32),) * 4)
    assert ring.by_node(0, "beacon.share", lied).status == "ok"
    ring.deal(1)
    due = acknowledging_due(looked(ring, 2), ())
    assert due is not None
    assert due.wrong == (ring.name(0),)
    assert due.payload is not None
    assert [one.dealer for one in due.payload.deals] == [account("m1")]
    ring.by_node(2, "beacon.acknowledge", due.payload)
    assert acknowledging_due(looked(ring, 2), {ring.name(0)}) is None


def test_a_ready_secret_needs_nobody_more() -> None:
    ring = Ring()
    ring.deal(0)
    for seat in (1, 2):
        ring.acknowledge(seat, 0)
    assert acknowledging_due(looked(ring, 3), ()) is None


@pytest.mark.parametrize("first", [0, 1, 2, 250])
def test_f_plus_one_seats_reveal_at_once_and_the_others_in_turn(first: int) -> None:
    ring = Ring()
    ring.stock()
    draw_id = bytes(7) + bytes([first]) + bytes(24)
    assert ring.start(draw_id)
    turns = [reveals_due(looked(ring, seat))[0].turn for seat in ring.seats]
    assert sorted(turns) == [0, 0, 1, 2]
    assert turns[first % 4] == turns[(first + 1) % 4] == 0


def test_a_node_reveals_what_it_can_open_once() -> None:
    ring = Ring()
    ring.stock()
    assert ring.start()
    assert [due.draw_id for due in reveals_due(looked(ring, 1))] == [DRAW]
    made = reveal(looked(ring, 1), DRAW)
    assert made is not None
    assert ring.by_node(1, "beacon.reveal", made[1]).status == "ok"
    assert reveals_due(looked(ring, 1)) == ()
    assert reveals_due(looked(ring, 2)) != ()


def test_a_key_without_a_seat_owes_nothing() -> None:
    ring = Ring()
    ring.stock()
    assert ring.start()
    stranger = Looked(ring.world.state, ring.world.chain, private_key("node of nobody"))
    assert deal_due(stranger) is None
    assert acknowledging_due(stranger, ()) is None
    assert reveals_due(stranger) == ()


def test_who_has_left_still_reveals_and_new_seats_deal_anew() -> None:
    ring = Ring()
    ring.stock()
    assert ring.start()
    world = ring.world
    without = change(world, remove=["m3"])
    world.done("m0", ("committee.change", without), with_=QUORUM)
    world.wait(1_000)
    assert reveals_due(looked(ring, 3)) != ()
    assert deal_due(looked(ring, 3)) is None
    made = deal_due(looked(ring, 0))
    assert made is not None
    assert (made[1].epoch, made[1].number, len(made[1].points)) == (1, 0, 3)
