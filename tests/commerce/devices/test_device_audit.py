"""The whole-state check sees what no transaction may leave behind."""

from collections.abc import Callable

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.devices.device import DEVICE_NAMES, DEVICES
from commerce.devices.device_audit import check_devices
from commerce.devices.judging import WatchedLine
from commerce.devices.penalty import PENALTIES, PenaltyLine, penalty_id
from commerce.devices.watch import WATCHES, Watch
from commerce.records import altered
from tests.commerce.devices.cold import WARM, Chain


def without_account(chain: Chain, state: Overlay) -> None:
    device = chain.device()
    DEVICES.store(state, device, bytes(32))


def without_name(_chain: Chain, state: Overlay) -> None:
    for key, _ in list(DEVICE_NAMES.items(state)):
        DEVICE_NAMES.remove(state, key)


def with_more_asked(chain: Chain, state: Overlay) -> None:
    known = chain.penalty()
    PENALTIES.store(
        state,
        altered(known, lines=(PenaltyLine(0, 501),)),
        penalty_id(chain.parcel_id, 0),
    )


def with_more_paid(chain: Chain, state: Overlay) -> None:
    known = altered(chain.penalty(), charged_minor=501)
    PENALTIES.store(state, known, penalty_id(chain.parcel_id, 0))


def with_more_refunded(chain: Chain, state: Overlay) -> None:
    known = altered(chain.penalty(), refunded_minor=400, owed_minor=101)
    PENALTIES.store(state, known, penalty_id(chain.parcel_id, 0))


def disputed_by_nobody(chain: Chain, state: Overlay) -> None:
    known = altered(chain.penalty(), state="DISPUTED", due_ms=None)
    PENALTIES.store(state, known, penalty_id(chain.parcel_id, 0))


def without_clock(chain: Chain, state: Overlay) -> None:
    known = altered(chain.penalty(), due_ms=None)
    PENALTIES.store(state, known, penalty_id(chain.parcel_id, 0))


def elsewhere(chain: Chain, state: Overlay) -> None:
    PENALTIES.store(state, chain.penalty(), bytes(32))


def uncounted(chain: Chain, state: Overlay) -> None:
    store(chain, state, altered(chain.watch, penalties=2))


def unpending(chain: Chain, state: Overlay) -> None:
    store(chain, state, altered(chain.watch, pending=0))


def unreserved(chain: Chain, state: Overlay) -> None:
    custodies = [altered(custody, reserved_minor=9_999) for custody in chain.watch.custodies]
    store(chain, state, altered(chain.watch, custodies=tuple(custodies)))


def overcharged(chain: Chain, state: Overlay) -> None:
    custodies = [altered(custody, charged_minor=1) for custody in chain.watch.custodies]
    store(chain, state, altered(chain.watch, custodies=tuple(custodies)))


def too_light(chain: Chain, state: Overlay) -> None:
    store(chain, state, altered(chain.watch, lines=(WatchedLine(0, 10_000, 0, 0),)))


def unwatched(chain: Chain, state: Overlay) -> None:
    WATCHES.remove(state, chain.watch_id)


def of_another_parcel(chain: Chain, state: Overlay) -> None:
    WATCHES.store(state, altered(chain.watch, parcel_id=bytes(32)), chain.watch_id)


def store(chain: Chain, state: Overlay, watch: Watch) -> None:
    WATCHES.store(state, watch, chain.watch_id)


@pytest.mark.parametrize(
    "harm",
    [
        *(without_account, without_name, with_more_asked, with_more_paid, with_more_refunded),
        *(disputed_by_nobody, without_clock, elsewhere, uncounted, unpending, unreserved),
        *(overcharged, too_light, unwatched, of_another_parcel),
    ],
)
def test_what_is_not_so_is_a_breach(harm: Callable[[Chain, Overlay], None]) -> None:
    chain = Chain()
    chain.report(0, 90, WARM)
    state = Overlay(chain.shop.state)
    check_devices(state)
    harm(chain, state)
    with pytest.raises(InvariantBreach):
        check_devices(state)


def test_a_watch_that_is_through_keeps_nothing() -> None:
    chain = Chain()
    chain.report(0, 60)
    chain.arrive(60)
    chain.settle()
    state = Overlay(chain.shop.state)
    check_devices(state)
    unreserved(chain, state)
    with pytest.raises(InvariantBreach, match="keeps nothing"):
        check_devices(state)
