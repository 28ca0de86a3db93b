"""Rules of beacon.acknowledge, and when a secret is ready."""

from dataclasses import replace

import pytest

from chain.committee import fault_limit, quorum_size
from chain.state import u64
from commerce.beacon.acknowledge import BeaconAcknowledge
from commerce.beacon.records import DEALERS, DEALS, Reserved
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.beacon.ring import Ring
from tests.commerce.beacon.test_share import made
from tests.commerce.world import World, account

TYPE = "beacon.acknowledge"
M1 = "m1/node of m1"
DEALT = Attempt("m0/node of m0", "beacon.share", made, (), "ok")


def deals(*named: tuple[str, int], epoch: int = 0) -> BeaconAcknowledge:
    """These deals, in order."""
    found = sorted((account(name), number) for name, number in named)
    return BeaconAcknowledge(epoch, tuple(Reserved(*name) for name in found))


def backwards(*named: tuple[str, int]) -> BeaconAcknowledge:
    return BeaconAcknowledge(0, deals(*named).deals[::-1])


# fmt: off
TABLE: list[Row] = [
    DEALT,
    #       sender        type  payload                                   with  outcome
    Attempt("buyer",      TYPE, backwards(("m0", 0), ("m0", 1)),          (),   "DealsUnsorted"),
    Attempt(M1,           TYPE, deals(("m0", 0), ("m0", 0)),              (),   "DealsUnsorted"),
    Attempt("buyer",      TYPE, deals(("m0", 0), epoch=1),                (),   "SeatMissing"),
    Attempt(M1,           TYPE, deals(("m9", 0), epoch=1),                (),   "DealOutdated"),
    Attempt(M1,           TYPE, deals(("m9", 0)),                         (),   "DealsUnknown"),
    Attempt(M1,           TYPE, deals(("m0", 1), ("m3", 2**64 - 1)),      (),   "DealsUnknown"),
    Attempt("m0",         TYPE, deals(("m0", 0)),                         (),   "DealsUnknown"),
    Attempt(M1,           TYPE, deals(("m0", 0), ("m9", 0)),              (),   "ok"),
    Attempt(M1,           TYPE, deals(("m0", 0)),                         (),   "DealsUnknown"),
    Attempt("m2",         TYPE, deals(("m0", 0)),                         (),   "ok"),
    Attempt("m3",         TYPE, deals(("m0", 0)),                         (),   "ok"),
]
# fmt: on


def test_seats_acknowledge_what_is_in_stock_once() -> None:
    play(World(), TABLE)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7])
def test_a_secret_is_ready_with_a_quorum_of_seats_its_dealer_among_them(n: int) -> None:
    ring = Ring(n)
    ring.deal(0)
    had = 1
    while had < quorum_size(n):
        assert ring.ready(0) == (), f"{had} of {n} seats have it"
        told = [entry.type for entry in ring.acknowledge(had, 0).events]
        had += 1
        assert ("beacon.ready" in told) == (had == quorum_size(n))
    assert ring.ready(0) == (0,)
    # Whoever lies among them, f+1 have told the truth.
    assert had - fault_limit(n) >= fault_limit(n) + 1


def test_a_late_acknowledgement_is_noted_and_changes_nothing() -> None:
    ring = Ring()
    ring.deal(0)
    for seat in (1, 2):
        ring.acknowledge(seat, 0)
    before = DEALERS.load(ring.world.state, account("m0"))
    assert ring.acknowledge(3, 0).status == "ok"
    assert DEALERS.load(ring.world.state, account("m0")) == before
    deal = DEALS.load(ring.world.state, account("m0"), u64(0))
    assert deal is not None
    assert deal.acknowledged == (0, 1, 2, 3)


def test_one_transaction_acknowledges_what_several_have_dealt() -> None:
    ring = Ring()
    for dealer in (0, 1, 2):
        ring.deal(dealer)
    told = ring.acknowledge(3, 0, 1, 2).events[0]
    assert told.data == {
        "account": account("m3"),
        "deals": tuple(
            {"dealer": name, "number": 0} for name in sorted(map(account, ("m0", "m1", "m2")))
        ),
        "epoch": 0,
    }


def test_secrets_are_used_as_they_became_ready() -> None:
    ring = Ring()
    for number in (0, 1, 2):
        ring.deal(0, number)
    for number in (2, 0):
        for seat in (1, 2):
            ring.acknowledge(seat, 0, number=number)
    dealer = DEALERS.load(ring.world.state, account("m0"))
    assert dealer is not None
    assert (dealer.waiting, dealer.ready) == ((1,), (2, 0))


def test_a_wrong_share_for_one_seat_leaves_the_others() -> None:
    ring = Ring()
    honest = ring.made(0)
    sealed = (*honest.sealed[:2], bytes(32), honest.sealed[3])
    assert ring.by_node(0, "beacon.share", replace(honest, sealed=sealed)).status == "ok"
    assert [ring.opened(seat, 0) is None for seat in ring.seats] == [False, False, True, False]
    for seat in (1, 3):
        ring.acknowledge(seat, 0)
    assert ring.ready(0) == (0,), "without the one that was cheated"
