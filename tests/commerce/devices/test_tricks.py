"""Tricks with devices that somebody will try, each by its name, and what comes of it."""

from itertools import pairwise

import pytest

from commerce.deposits.holding import deposit_of
from commerce.devices.binding import DeviceBind, DeviceUnbind
from commerce.devices.device import DeviceTransfer
from commerce.devices.errors import DeviceNotBound
from commerce.devices.watch import reserve_for
from tests.commerce.deposits.inside import inside
from tests.commerce.devices.cold import (
    CAP_MINOR,
    DEPOSIT_MINOR,
    FINE,
    HOT,
    OTHER_SSCC,
    REPORT,
    WARM,
    Chain,
    registration,
    sla,
    thing,
)
from tests.commerce.world import DAY_MS, FUNDS_MINOR, MINUTE_MS, account


def held(chain: Chain, name: str) -> int:
    """What is left of a custodian's deposit."""
    return deposit_of(chain.shop.state, account(name), "CNY").held_minor


def test_a_seller_that_binds_a_faulty_device_to_blame_its_carrier_pays_for_it_alone() -> None:
    # The carrier never signed for that device: the price falls, and the loss is the seller's.
    chain = Chain(named=False)
    chain.bind("logger", None, watches=True)
    chain.report(0, 90, HOT)
    chain.settle()
    assert chain.amounts() == [(None, 2_000)]
    assert held(chain, "carrier") == DEPOSIT_MINOR
    assert chain.shop.money("merchant") == 0


def test_a_seller_that_swaps_the_device_its_carrier_signed_for_is_refused() -> None:
    chain = Chain()
    chain.register("faulty", registration("faulty", 2))
    swap = DeviceBind(account("faulty"), None, chain.parcel_id, watches=True)
    assert chain.shop.send("merchant", ("device.bind", swap)).status == "CosignerMissing"


def test_a_seller_that_takes_the_device_away_to_make_a_gap_is_refused() -> None:
    chain = Chain()
    assert chain.unbind().status == "CosignerMissing"


def test_a_seller_that_gives_the_bound_device_to_an_accomplice_is_refused() -> None:
    chain = Chain()
    given = DeviceTransfer(account("logger"), account("friend"))
    refused = chain.shop.send("merchant", ("device.transfer", given), with_=("friend",))
    assert refused.status == "DeviceBound"


def test_a_carrier_that_unbinds_its_own_device_during_its_minutes_needs_the_seller() -> None:
    chain = Chain(device=registration(owner=account("carrier")), named=False)
    bound = DeviceBind(account("logger"), None, chain.parcel_id, watches=True)
    chain.shop.done("carrier", ("device.bind", bound), with_=("merchant",))
    chain.hand_over(0, taker="carrier")
    off = chain.shop.send("carrier", ("device.unbind", DeviceUnbind(account("logger"))))
    assert off.status == "CosignerMissing"
    # Even by both their words a gap is a gap: the buyer's price falls for it.
    chain.report(0, 10)
    done = chain.shop.send(
        "carrier", ("device.unbind", DeviceUnbind(account("logger"))), with_=("merchant",)
    )
    assert done.status == "ok"
    chain.arrive(70)
    chain.settle()
    assert chain.amounts() == [("carrier", 250)]


def test_a_device_that_its_carrier_breaks_is_a_gap_in_its_own_time() -> None:
    chain = Chain()
    chain.report(0, 60)
    chain.hand_over(60)
    chain.arrive(180)
    chain.shop.wait(2 * DAY_MS)
    assert chain.amounts() == [("haulier", 750)]


def test_a_device_of_the_buyers_own_that_falls_silent_costs_nobody_anything() -> None:
    chain = Chain(device=registration(owner=account("buyer")), named=False)
    bound = DeviceBind(account("logger"), None, chain.parcel_id, watches=True)
    chain.shop.done("buyer", ("device.bind", bound), with_=("merchant",))
    chain.arrive(180)
    chain.shop.wait(2 * DAY_MS)
    assert chain.amounts() == []


def test_a_report_that_is_dated_back_behind_one_before_it_is_refused() -> None:
    # An accomplice with the device's key would move the heat into another one's custody.
    chain = Chain()
    chain.report(0, 60, FINE)
    chain.hand_over(60)
    chain.report(60, 90, FINE)
    back = chain.readings(30, 60, HOT)
    assert chain.shop.send("logger", (REPORT, back)).status == "ReportOverlaps"


def test_a_report_from_a_time_that_is_long_over_is_refused() -> None:
    chain = Chain()
    chain.until(24 * 60 + 1)
    late = chain.readings(0, 60, HOT)
    assert chain.shop.send("logger", (REPORT, late)).status == "ReportTooOld"


def test_a_device_whose_clock_is_ahead_is_heard_within_the_drift_and_no_more() -> None:
    chain = Chain()
    chain.until(60)
    drift_ms = chain.shop.genesis.consensus.clock_drift_max_ms
    ahead = chain.readings(0, 60, WARM, end_ms=chain.at(60) + drift_ms + 1)
    assert chain.shop.send("logger", (REPORT, ahead)).status == "ReportAhead"
    chain.sequence -= 1
    chain.told(0, 60, WARM, end_ms=chain.at(60) + drift_ms)
    assert chain.watch.judged_ms == chain.at(60) + drift_ms


def test_custodies_that_begin_in_one_block_overlap_nowhere() -> None:
    chain = Chain()
    chain.hand_over(60)
    chain.hand_over(60, taker="carrier")
    chain.report(0, 120, WARM)
    assert chain.amounts() == [("carrier", 250), ("carrier", 500)]
    assert [entry.from_ms for entry in chain.watch.custodies][-2:] == [chain.at(60)] * 2


def test_a_breach_that_is_reported_after_the_confirmation_still_counts() -> None:
    chain = Chain()
    chain.arrive(90)
    chain.shop.confirm(chain.parcel_id)
    chain.told(0, 90, WARM)
    chain.settle()
    assert chain.shop.money("buyer") == FUNDS_MINOR - 10_000 + 500
    assert chain.shop.money("merchant") == 10_000


def test_what_happens_to_goods_after_their_arrival_is_nobody_elses() -> None:
    chain = Chain()
    chain.report(0, 60)
    chain.arrive(60)
    chain.told(60, 600, HOT)
    chain.shop.wait(3 * DAY_MS)
    assert chain.amounts() == []


def test_two_promises_for_one_line_are_never_two_prices_for_one_minute() -> None:
    chain = Chain()
    second = chain.shop.send("merchant", ("sla.attach", sla(chain.order_id, cap_permille=1)))
    assert second.status == "SlaExists"


def test_two_devices_in_one_parcel_are_never_two_prices_for_one_minute() -> None:
    chain = Chain()
    chain.register("second", registration("second", 2))
    chain.bind("second", None)
    chain.report(0, 90, WARM)
    chain.sequence = 0
    chain.told(0, 90, WARM, device="second")
    assert chain.amounts() == [("carrier", 500)]


@pytest.mark.parametrize("pieces", [1, 3, 7, 90])
def test_a_time_costs_the_same_in_however_many_reports_it_comes(pieces: int) -> None:
    chain = Chain(promise=lambda order_id: sla(order_id, tolerated_ms=MINUTE_MS))
    marks = [90 * piece // pieces for piece in range(pieces + 1)]
    for start, end in pairwise(marks):
        chain.report(start, end, WARM)
    assert chain.amounts() == [("carrier", 10_000 * 89 * 50 // 60_000)]


def test_a_carrier_never_pays_more_than_it_reserved() -> None:
    chain = Chain()
    for start in range(0, 1_200, 300):
        chain.report(start, start + 300, HOT)
        chain.shop.wait(0)
    chain.arrive(1_200)
    chain.settle()
    assert held(chain, "carrier") == DEPOSIT_MINOR - CAP_MINOR
    assert chain.shop.load(chain.order_id).lines[0].refunded_minor == CAP_MINOR


def test_a_device_in_another_parcel_says_nothing_about_this_one() -> None:
    chain = Chain()
    chain.register("spare", registration("spare", 2))
    chain.bind("spare", thing(OTHER_SSCC))
    (told,) = chain.told(0, 60, HOT, device="spare")
    assert told.data["verdict"] == "unwatched"
    assert chain.amounts() == []


def test_a_seller_that_reuses_the_device_before_its_last_report_is_refused() -> None:
    # The end of the way would be a gap in the carrier's time.
    chain = Chain()
    chain.report(0, 60)
    chain.arrive(120)
    assert chain.unbind().status == "ok"
    elsewhere = DeviceBind(account("logger"), thing(OTHER_SSCC), None, watches=False)
    assert chain.shop.send("merchant", ("device.bind", elsewhere)).status == "ReportsOutstanding"
    chain.told(60, 115, FINE)
    assert chain.shop.send("merchant", ("device.bind", elsewhere)).status == "ok"
    chain.shop.wait(3 * DAY_MS)
    assert chain.amounts() == []


def test_a_shell_that_takes_over_something_else_doesnt_relieve_the_carrier() -> None:
    chain = Chain()
    with pytest.raises(DeviceNotBound), inside(chain.shop) as context:
        reserve_for(
            context,
            order_id=chain.order_id,
            device_id=account("logger"),
            things=(thing(OTHER_SSCC),),
            taker=account("haulier"),
        )
    assert chain.watch.custodies[-1].custodian == account("carrier")
