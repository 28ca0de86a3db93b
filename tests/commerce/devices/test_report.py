"""Reports: in a row, in time, exact in any unit, and what counts of them."""

from dataclasses import replace
from fractions import Fraction

import pytest

from chain.codec import decode
from chain.state import u64
from commerce.devices.binding import DeviceBind
from commerce.devices.measures import in_unit, value_of
from commerce.devices.report import ReportRow
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.devices.cold import (
    FINE,
    HOT,
    OTHER_SSCC,
    REPORT,
    WARM,
    Chain,
    distrust,
    registration,
    thing,
)
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, HOUR_MS, account

DRIFT_MS = 10_000


def reporting(shop: Shop) -> list[Row]:
    """Attempts to report, an hour after the parcel left."""
    chain = Chain(shop)
    chain.until(60)
    plain = chain.readings(0, 60, FINE, sequence=7)
    later = chain.readings(60, 60, FINE, sequence=8, end_ms=chain.at(60) + 1)
    ahead_ms = shop.time_ms + shop.genesis.consensus.clock_drift_max_ms
    old_ms = shop.time_ms - DAY_MS
    return [
        Attempt("friend", REPORT, replace(plain, least="3.0"), (), "ReadingMalformed"),
        Attempt("friend", REPORT, replace(plain, mean="8"), (), "ReadingsInconsistent"),
        Attempt("friend", REPORT, replace(plain, end_ms=plain.start_ms), (), "PeriodEmpty"),
        Attempt("friend", REPORT, plain, (), "DeviceUnknown"),
        Attempt("logger", REPORT, replace(plain, unit="MTR"), (), "UnitUnsuitable"),
        Attempt("logger", REPORT, replace(plain, end_ms=ahead_ms + 1), (), "ReportAhead"),
        Attempt("logger", REPORT, replace(plain, start_ms=old_ms - 1), (), "ReportTooOld"),
        Attempt("logger", REPORT, plain, (), "ok"),
        # A replay, with the signature of the device or without.
        Attempt("logger", REPORT, plain, (), "SequenceStale"),
        Attempt("logger", REPORT, replace(later, sequence=6), (), "SequenceStale"),
        Attempt("logger", REPORT, replace(later, start_ms=chain.at(60) - 1), (), "ReportOverlaps"),
        Attempt("logger", REPORT, replace(later, end_ms=ahead_ms), (), "ok"),
    ]


def test_attempts_to_report() -> None:
    shop = Shop()
    play(shop, reporting(shop))


@pytest.mark.parametrize(
    ("least", "largest", "unit", "costs"),
    [
        ("2", "8", "CEL", False),
        ("2", "800000000000000000000000000000001e-32", "CEL", True),
        ("356e-1", "464e-1", "FAH", False),
        ("356e-1", "46400000000000000000001e-21", "FAH", True),
        ("27515e-2", "28115e-2", "KEL", False),
        ("27514999999999999999999e-20", "28115e-2", "KEL", True),
        ("49527e-2", "50607e-2", "A48", False),
    ],
)
def test_a_report_in_another_unit_is_judged_exactly_at_the_limits(
    least: str, largest: str, unit: str, *, costs: bool
) -> None:
    chain = Chain()
    chain.report(0, 120, FINE, least=least, largest=largest, mean=largest, unit=unit)
    assert chain.amounts() == ([("carrier", 750)] if costs else [])


def test_a_degree_more_in_another_unit_is_the_same_step() -> None:
    assert in_unit("554e-1", "FAH", "CEL") == 13
    assert in_unit("28615e-2", "KEL", "CEL") == 13
    assert value_of("185e-1") == Fraction(37, 2)
    chain = Chain()
    chain.report(0, 90, FINE, largest="554e-1", least="464e-1", mean="47", unit="FAH")
    assert chain.amounts() == [("carrier", 2_000)]


def test_reports_of_a_device_in_another_unit_than_its_own_are_welcome() -> None:
    chain = Chain(device=registration(unit="KEL"))
    chain.report(0, 60, FINE, least="39", largest="42", mean="41", unit="FAH")
    assert chain.amounts() == []


def test_a_report_of_another_device_for_the_same_parcel_doesnt_count_and_is_told() -> None:
    chain = Chain()
    chain.register("spare", registration("spare", 2))
    chain.bind("spare", None)
    (told,) = chain.told(0, 60, HOT, device="spare")
    assert told.data["verdict"] == "swapped"
    assert chain.amounts() == []


def test_a_device_that_is_bound_elsewhere_meanwhile_leaves_a_gap() -> None:
    chain = Chain()
    chain.report(0, 10)
    assert chain.unbind("logger", "carrier").status == "ok"
    chain.bind("logger", thing(OTHER_SSCC))
    (told,) = chain.told(10, 70, FINE)
    assert told.data["verdict"] == "unwatched"
    assert chain.unbind().status == "ok"
    chain.bind("logger", None, watches=True, with_=("carrier",))
    chain.report(70, 80)
    assert chain.amounts() == [("carrier", 250)]


def test_reports_about_a_time_before_the_binding_dont_count() -> None:
    chain = Chain(named=False)
    chain.until(60)
    chain.bind("logger", None, watches=True)
    (told,) = chain.told(0, 60, HOT)
    assert told.data["verdict"] == "unbound"
    assert chain.amounts() == []


def test_after_its_calibration_a_device_is_heard_but_leaves_a_gap() -> None:
    device = registration(calibrated_until_ms=1_767_225_600_000 + HOUR_MS)
    chain = Chain(device=device)
    assert chain.start_ms == 1_767_225_600_000
    chain.report(0, 60)
    (told,) = chain.told(60, 120, FINE)
    assert told.data["verdict"] == "uncalibrated"
    assert chain.device().sequence == chain.sequence
    chain.arrive(120)
    chain.shop.wait(2 * DAY_MS)
    assert chain.amounts() == [("carrier", 250)]


def test_a_hole_inside_a_report_is_a_gap() -> None:
    """A reading every ten minutes, seven an hour with both ends; two intervals may be missing."""
    chain = Chain()
    chain.report(0, 60, count=5)
    (told,) = chain.told(60, 120, FINE, count=4)
    assert told.data["verdict"] == "sparse"
    # What nobody measured is judged when more is known: 30 minutes at 50 per mille an hour.
    _, breached = chain.report(120, 180, count=7)
    assert (breached.data["reason"], chain.amounts()) == ("gap", [("carrier", 250)])


def test_a_logger_that_was_off_for_a_day_hides_nothing_in_one_report() -> None:
    chain = Chain()
    (told,) = chain.told(0, 17 * 60, FINE, count=2)
    assert told.data["verdict"] == "sparse"


def test_what_a_maker_without_its_role_made_costs_nobody_anything() -> None:
    chain = Chain()
    chain.report(0, 60)
    distrust(chain.shop)
    (told,) = chain.told(60, 120, HOT)
    assert told.data["verdict"] == "untrusted"
    chain.arrive(120)
    chain.shop.wait(2 * DAY_MS)
    assert chain.amounts() == []


def test_a_report_is_found_by_its_device_with_what_it_was_worth() -> None:
    chain = Chain()
    chain.report(0, 60, event_key=bytes([7]) * 32)
    key = b"device-report/" + account("logger") + u64(1)
    row = decode(ReportRow, chain.shop.indexes[key])
    assert (row.verdict, row.parcel_id, row.event_key) == (
        "counts",
        chain.parcel_id,
        bytes([7]) * 32,
    )
    assert row.largest == "7"


def test_a_stranger_binds_its_device_to_a_parcel_and_changes_nothing() -> None:
    chain = Chain()
    chain.register("spy", registration("spy", 2, owner=account("rival")))
    attached = DeviceBind(account("spy"), None, chain.parcel_id, watches=False)
    chain.shop.done("rival", ("device.bind", attached))
    (told,) = chain.told(0, 60, HOT, device="spy")
    assert told.data["verdict"] == "swapped"
    assert WARM != HOT
