"""The full check notices what an incremental one can't see."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain import committees, deadlines
from chain.committee import Committee
from chain.committees import COMMITTEES, CommitteeRecord
from chain.deadlines import DEADLINES, Deadline
from chain.errors import InvariantBreach
from chain.state import Overlay, u64
from commerce.audit import full_check
from commerce.checkout import UNPAID, UnpaidOrders
from commerce.evidence import EVIDENCE
from commerce.members import MEMBERS
from commerce.orders import ORDERS, order_deadline
from commerce.parcels import PARCELS, parcel_deadline
from commerce.units import Span
from tests.commerce.seats import change, equivocation, hidden_commit
from tests.commerce.shop import Shop
from tests.commerce.world import QUORUM, World, account, key

Slip = Callable[[Shop, Overlay, bytes, bytes], None]


def lost_deadline(shop: Shop, overlay: Overlay, order_id: bytes, _parcel_id: bytes) -> None:
    deadline = order_deadline(order_id, shop.load(order_id))
    assert deadline is not None
    deadlines.cancel(overlay, deadline)


def second_deadline(_shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    later = Deadline(2**50, parcel_id, "sys.order.lost")
    DEADLINES.store(overlay, later, later.time_ms.to_bytes(8, "big"), parcel_id)


def deadline_of_nothing(_shop: Shop, overlay: Overlay, _order: bytes, _parcel: bytes) -> None:
    later = Deadline(2**50, bytes(32), "sys.order.lost")
    DEADLINES.store(overlay, later, later.time_ms.to_bytes(8, "big"), bytes(32))


def parcel_without_clock(shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    deadline = parcel_deadline(shop.parcel(parcel_id))
    assert deadline is not None
    deadlines.cancel(overlay, deadline)
    PARCELS.store(overlay, replace(shop.parcel(parcel_id), due_ms=None), parcel_id)


def units_forgotten(shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    parcel = shop.parcel(parcel_id)
    fewer = replace(parcel.lines[0], quantity=1)
    PARCELS.store(overlay, replace(parcel, lines=(fewer,)), parcel_id)


def units_settled_unpaid(shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    parcel = shop.parcel(parcel_id)
    settled = replace(parcel.lines[0], open=(Span(0, 1, 0, 0),))
    PARCELS.store(overlay, replace(parcel, lines=(settled,)), parcel_id)


def parcel_of_another_id(shop: Shop, overlay: Overlay, _order_id: bytes, parcel_id: bytes) -> None:
    PARCELS.store(overlay, shop.parcel(parcel_id), bytes(32))


def state_too_far(shop: Shop, overlay: Overlay, order_id: bytes, _parcel_id: bytes) -> None:
    order = shop.load(order_id)
    line = replace(order.lines[0], state="RELEASED")
    ORDERS.store(overlay, order.replaced(0, line), order_id)


def unpaid_miscounted(shop: Shop, overlay: Overlay, _order_id: bytes, _parcel_id: bytes) -> None:
    UNPAID.store(overlay, UnpaidOrders(1), shop.tea, account("buyer"))


SLIPS = [
    *(lost_deadline, second_deadline, deadline_of_nothing, parcel_without_clock),
    *(units_forgotten, units_settled_unpaid, parcel_of_another_id, state_too_far),
    unpaid_miscounted,
]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_a_slip_that_moves_no_money_is_noticed_too(slip: Slip) -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel_id = shop.ship(order_id, (0, 2))
    full_check(shop.state)
    overlay = Overlay(shop.state)
    slip(shop, overlay, order_id, parcel_id)
    with pytest.raises(InvariantBreach):
        full_check(overlay)


# Committees.


def row(epoch: int) -> bytes:
    """The part of a committee's key."""
    return u64(2**64 - 1 - epoch)


def settled() -> tuple[World, Overlay, CommitteeRecord]:
    """m3 suspended by epoch 1, m2 convicted in it, m3 removed by epoch 2."""
    world = World()
    world.done("buyer", ("evidence.submit", equivocation(world, "node of m3")))
    world.wait(1_000)
    world.done("buyer", ("evidence.submit", hidden_commit(world, "node of m2")))
    world.done("m0", ("committee.change", change(world, remove=["m3"])), with_=QUORUM)
    newest = committees.newest(world.state)
    assert newest is not None
    assert newest.committee.epoch == 2
    full_check(world.state)
    return world, Overlay(world.state), newest


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"first_height": 3}, "waits until the last one governs"),
        ({"epoch": 3}, "key is its epoch's"),
        ({"members": "twice"}, "one seat an account"),
        ({"members": "one key"}, "one seat a node key"),
        ({"members": "suspended"}, "no more are suspended"),
        ({"members": "stranger"}, "is a member organisation"),
        ({"members": "other key"}, "one of its organisation's"),
    ],
)
def test_a_committee_that_no_change_makes_is_noticed(changed: dict[str, object], rule: str) -> None:
    _, overlay, newest = settled()
    first, second, third = newest.committee.members
    members = {
        "twice": (first, second, replace(third, account=first.account)),
        "one key": (first, second, replace(third, node_key=first.node_key)),
        "suspended": (replace(first, suspended=True), second, third),
        "stranger": (first, second, replace(third, account=account("buyer"))),
        "other key": (first, second, replace(third, node_key=key("spare"))),
    }.get(str(changed.get("members")), newest.committee.members)
    epoch = 3 if "epoch" in changed else 2
    first_height = 3 if "first_height" in changed else newest.first_height
    made = CommitteeRecord(Committee(epoch, members), first_height)
    COMMITTEES.store(overlay, made, row(2))
    with pytest.raises(InvariantBreach, match=rule):
        full_check(overlay)


def test_a_missing_epoch_is_noticed() -> None:
    _, overlay, newest = settled()
    later = replace(newest.committee, epoch=4)
    COMMITTEES.store(overlay, CommitteeRecord(later, newest.first_height + 9), row(4))
    with pytest.raises(InvariantBreach, match="contiguous"):
        full_check(overlay)
    _, overlay, _ = settled()
    COMMITTEES.remove(overlay, row(1))
    with pytest.raises(InvariantBreach, match="followed by epoch 1"):
        full_check(overlay)


def test_a_change_before_the_first_block_is_noticed() -> None:
    _, overlay, newest = settled()
    COMMITTEES.remove(overlay, row(2))
    early = CommitteeRecord(replace(newest.committee, epoch=1), 2)
    COMMITTEES.store(overlay, early, row(1))
    with pytest.raises(InvariantBreach, match="the founders decide"):
        full_check(overlay)


def test_a_seat_without_its_organisation_is_noticed() -> None:
    _, overlay, _ = settled()
    MEMBERS.remove(overlay, account("m0"))
    with pytest.raises(InvariantBreach, match="is a member organisation"):
        full_check(overlay)


def test_evidence_against_nobody_of_its_epoch_is_noticed() -> None:
    _, overlay, _ = settled()
    known = EVIDENCE.load(overlay, account("m2"), u64(1))
    assert known is not None
    EVIDENCE.store(overlay, known, account("m0"), u64(1))
    with pytest.raises(InvariantBreach, match="a member is convicted"):
        full_check(overlay)
    _, overlay, _ = settled()
    EVIDENCE.store(overlay, replace(known, node_key=key("spare")), account("m2"), u64(1))
    with pytest.raises(InvariantBreach, match="a member is convicted"):
        full_check(overlay)
    _, overlay, _ = settled()
    EVIDENCE.store(overlay, known, account("m2"), u64(7))
    with pytest.raises(InvariantBreach, match="of an epoch that began"):
        full_check(overlay)
