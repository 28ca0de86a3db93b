"""What the API shows of a cold chain follows it."""

import pytest

from commerce.clocks import deadline_of
from commerce.devices.errors import DeviceUnknown, WatchUnknown
from commerce.devices.penalty import penalty_id
from commerce.devices.views import device_view, penalty_view, slas_view, watch_view
from commerce.errors import OrderUnknown
from commerce.order_views import order_of_deadline
from tests.commerce.devices.cold import CAP_MINOR, WARM, Chain, distrust
from tests.commerce.world import DAY_MS, account


def test_a_device_is_shown_with_its_binding_and_whether_its_maker_is_trusted() -> None:
    chain = Chain()
    shown = device_view(chain.shop.state, account("logger"))
    assert (shown.device_id, shown.trusted, shown.sequence) == (account("logger"), True, 0)
    assert shown.binding is not None
    assert shown.binding.parcel_id == chain.parcel_id
    distrust(chain.shop)
    assert not device_view(chain.shop.state, account("logger")).trusted


def test_a_watch_is_shown_with_its_penalties_until_it_has_ended() -> None:
    chain = Chain()
    chain.report(0, 90, WARM)
    shown = watch_view(chain.shop.state, chain.parcel_id)
    assert [(line.worth_minor, line.accrued_minor) for line in shown.lines] == [(10_000, 500)]
    assert shown.custodies[-1].reserved_minor == CAP_MINOR
    assert [penalty.amount_minor for penalty in shown.penalties] == [500]
    chain.arrive(90)
    chain.shop.wait(2 * DAY_MS)
    chain.settle()
    ended = watch_view(chain.shop.state, chain.parcel_id)
    assert (ended.ended, ended.penalties[0].state) == (True, "SETTLED")


def test_promises_and_penalties_name_their_order() -> None:
    chain = Chain()
    (promise,) = slas_view(chain.shop.state, chain.order_id).slas
    assert promise.cap_permille == 600
    chain.report(0, 90, WARM)
    shown = penalty_view(chain.shop.state, penalty_id(chain.parcel_id, 0))
    assert (shown.order_id, shown.custodian) == (chain.order_id, account("carrier"))
    assert shown.due_ms == chain.at(90) + 2 * DAY_MS


def test_the_deadline_of_a_penalty_is_its_orders() -> None:
    chain = Chain()
    chain.report(0, 90, WARM)
    known_id = penalty_id(chain.parcel_id, 0)
    clock = chain.penalty().clock()
    assert clock is not None
    assert order_of_deadline(chain.shop.state, deadline_of(known_id, clock)) == chain.order_id


def test_what_isnt_there_is_told() -> None:
    chain = Chain(named=False)
    with pytest.raises(DeviceUnknown):
        device_view(chain.shop.state, bytes(32))
    with pytest.raises(WatchUnknown):
        watch_view(chain.shop.state, chain.parcel_id)
    with pytest.raises(OrderUnknown):
        slas_view(chain.shop.state, bytes(32))
