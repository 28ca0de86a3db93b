"""A cold chain as makers, sellers, carriers and devices type it, on a running network."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commerce.epcis.identifiers import check_digit
from node.clock import now_ms
from tests.commands.conftest import Shop
from tests.commands.goods_sold import offer, paid

NO_ID = "00" * 32
PREFIX = "6901234"
SSCC = f"1{PREFIX}000000777" + check_digit(f"1{PREFIX}000000777")
QUORUM = ("--as", "pudong", "--cosign", "xuhui", "--cosign", "jingan")
PAPER = ("--content", "ab" * 32)
SOON = ("--cap", "1", "--tolerate", "soon")
LIMITS = ("--min", "2", "--max", "8", "--unit", "CEL")


@dataclass(frozen=True)
class Lorry:
    """A watched parcel."""

    key: Path
    device: str
    order: str
    parcel: str
    readings: Path
    promise: Any


@pytest.fixture(scope="module")
def lorry(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Lorry:
    """The merchant makes a logger, promises 2 to 8 degrees, and ships with it."""
    place = tmp_path_factory.mktemp("lorry")
    key = place / "logger.key"
    shop.ok("keys", "new", str(key), "--plain")
    words: tuple[str, ...] = (
        "device",
        "register",
        str(key),
        "--identity",
        f"urn:epc:id:giai:{PREFIX}.LOG1",
    )
    words += ("--model", "LOG-1", "--unit", "FAH", "--interval", "1 h", "--until", "2099-12-31")
    assert shop.refused(*words, *PAPER, "--as", "merchant") == (7, "RoleMissing")
    shop.ok("role", "grant", "merchant", "device_maker", *QUORUM)
    device = shop.ok(*words, *PAPER, "--as", "merchant").json["device_id"]
    order = paid(shop, offer(shop, 7_001))
    attach = (
        "sla",
        "attach",
        order,
        *LIMITS,
        "--measures",
        "temperature",
        "--step",
        "0:50",
        "--step",
        "5:200",
        "--cap",
        "600",
    )
    shop.ok(*attach, "--tolerate", "30min", "--as", "merchant")
    assert shop.refused(*attach, "--as", "merchant") == (7, "SlaExists")
    promise = shop.ok("sla", "show", order).json
    ship: tuple[str, ...] = ("shipment", "create", order, "--sscc", SSCC, "--device", device)
    ship += ("--carrier", "carrier", "--cosign", "carrier", "--as", "merchant")
    assert shop.refused(*ship) == (7, "DeviceNotBound")
    shop.ok("device", "bind", device, "--thing", SSCC, "--as", "merchant")
    assert shop.refused(*ship) == (7, "PenaltyUnreserved")
    issue = ("asset", "issue", "carrier", "CNY 100.00", "--reference", "for the lorry")
    shop.ok(*issue, "--as", "issuer")
    shop.ok("deposit", "add", "CNY 100.00", "--as", "carrier")
    parcel = shop.ok(*ship).json["parcel_id"]
    return Lorry(key, device, order, parcel, place / "readings.csv", promise)


def test_a_device_a_promise_and_a_watch_are_shown(shop: Shop, lorry: Lorry) -> None:
    shown = shop.ok("device", "show", lorry.device).json
    assert (shown["unit"], shown["interval_ms"], shown["trusted"]) == ("FAH", 3_600_000, True)
    assert shown["binding"]["parcel_id"] == lorry.parcel
    assert shop.ok("device", "show", shown["account"]).json == shown
    assert lorry.device in [
        e["device_id"] for e in shop.ok("device", "list", "--as", "merchant").json
    ]
    (promised,) = lorry.promise["slas"]
    assert (promised["low"], promised["high"], promised["cap_permille"]) == ("2", "8", 600)
    watch = shop.ok("sla", "watch", lorry.parcel).json
    assert watch["custodies"][-1]["custodian"] == shop.network.account("carrier").account
    # 600 of 1000 of two units at 20.00.
    assert watch["custodies"][-1]["reserved_minor"] == "2400"


def test_raw_readings_are_reported_and_checked(shop: Shop, lorry: Lorry) -> None:
    began_ms = shop.ok("sla", "watch", lorry.parcel).json["judged_ms"]
    words = ("sensor", "report", str(lorry.readings), "--unit", "FAH", "--key", str(lorry.key))
    lorry.readings.write_text(f"{began_ms - 7_200_000},37.4\n{began_ms + 1},50\n")
    assert shop.refused(*words) == (2, "ReadingsHoled")
    lines = [f"{began_ms + 1},37.4", f"{began_ms + 2},50", f"{now_ms()},44.60"]
    lorry.readings.write_text("\n".join(lines))
    told = shop.ok(*words).json
    assert (told["sequence"], told["verdict"]) == (1, "counts")
    assert shop.refused(*words, "--sequence", "1") == (7, "SequenceStale")
    (listed,) = shop.ok("sensor", "list", lorry.device).json
    assert (listed["least"], listed["largest"], listed["mean"]) == ("37.4", "50", "44")
    check = ("sensor", "check", str(lorry.readings), lorry.device, "--sequence", "1")
    assert shop.ok(*check).json["same"] is True
    lorry.readings.write_text("\n".join([*lines[:1], f"{began_ms + 2},50.0", *lines[2:]]))
    assert shop.refused(*check) == (8, "ReadingsChanged")
    assert shop.refused(*check[:-1], "9") == (2, "UsageWrong")


def test_what_took_no_time_costs_nothing_and_is_listed_nowhere(shop: Shop, lorry: Lorry) -> None:
    assert shop.ok("penalty", "list", "carrier", "--part", "custodian", "--open").json == []
    assert shop.ok("sla", "watch", lorry.parcel).json["penalties"] == []


def test_a_device_is_taken_off_calibrated_and_handed_on(shop: Shop, lorry: Lorry) -> None:
    off = ("device", "unbind", lorry.device, "--as", "merchant")
    assert shop.refused(*off) == (7, "CosignerMissing")
    shop.ok(*off, "--cosign", "carrier")
    watched = ("device", "bind", lorry.device, "--parcel", lorry.parcel, "--watch")
    shop.ok(*watched, "--as", "merchant", "--cosign", "carrier")
    shop.ok(*off, "--cosign", "carrier")
    words = ("device", "calibrate", lorry.device, "--until", "2099-12-30", *PAPER)
    shop.ok(*words, "--as", "merchant")
    shop.ok("device", "transfer", lorry.device, "buyer", "--as", "merchant", "--cosign", "buyer")
    assert shop.ok("device", "show", lorry.device).json["owner"] == (
        shop.network.account("buyer").account
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("device", "show", NO_ID), (3, "DeviceUnknown")),
        (("device", "show", "xyz"), (3, "AccountUnnamed")),
        (("sensor", "list", NO_ID), (3, "DeviceUnknown")),
        (("sla", "watch", NO_ID), (3, "WatchUnknown")),
        (("sla", "show", NO_ID), (3, "OrderUnknown")),
        (("penalty", "show", NO_ID), (3, "PenaltyUnknown")),
        (
            (
                "penalty",
                "contest",
                NO_ID,
                "--share",
                "0",
                "--bond",
                "CNY 1",
                *PAPER,
                "--as",
                "buyer",
            ),
            (3, "PenaltyUnknown"),
        ),
        (("device", "bind", NO_ID, "--thing", "7", "--as", "buyer"), (2, "UsageWrong")),
        (("device", "bind", NO_ID, "--as", "buyer"), (7, "BindingEmpty")),
        (
            ("sla", "attach", NO_ID, "--unit", "CEL", "--step", "x", "--cap", "1", "--as", "buyer"),
            (2, "UsageWrong"),
        ),
        (
            ("sla", "attach", NO_ID, *LIMITS, "--step", "0:5", *SOON, "--as", "buyer"),
            (2, "UsageWrong"),
        ),
        (
            ("sla", "attach", NO_ID, *LIMITS, "--step", "0:²", *SOON, "--as", "buyer"),
            (2, "UsageWrong"),
        ),
        (
            ("device", "calibrate", NO_ID, "--until", "soon", *PAPER, "--as", "buyer"),
            (2, "UsageWrong"),
        ),
    ],
)
def test_what_is_not_there_or_not_so_is_told(
    shop: Shop, words: tuple[str, ...], code: tuple[int, str]
) -> None:
    assert shop.refused(*words) == code


def test_a_unit_of_something_else_is_refused_in_words(shop: Shop, lorry: Lorry) -> None:
    words: tuple[str, ...] = ("sla", "attach", NO_ID, "--max", "8", "--step", "0:5", "--cap", "1")
    ran = shop.run("-o", "json", *words, "--unit", "KGM", "--as", "merchant")
    assert (ran.code, ran.error["code"]) == (7, "UnitUnsuitable")
    assert ran.error["message"] == "KGM is a unit of mass, not of Temperature"
    ran = shop.run("-o", "json", *words, "--min", "8", "--unit", "CEL", "--as", "merchant")
    assert (ran.code, ran.error["code"]) == (7, "SlaMalformed")
    assert ran.error["message"] == "the lower limit is not below the upper"
    words = ("device", "register", str(lorry.key), "--identity", f"urn:epc:id:giai:{PREFIX}.LOG9")
    words += ("--model", "LOG-1", "--unit", "KGM", "--interval", "1 h", "--until", "2099-12-31")
    assert shop.refused(*words, *PAPER, "--as", "merchant") == (7, "UnitUnsuitable")
    lorry.readings.write_text("1,4\n2,5\n")
    words = ("sensor", "report", str(lorry.readings), "--unit", "KGM", "--key", str(lorry.key))
    assert shop.refused(*words) == (7, "UnitUnsuitable")


def test_readings_that_cant_be_read_are_told_by_their_line(shop: Shop, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("1,4\n2,warm\n")
    assert shop.refused("sensor", "check", str(bad), NO_ID, "--sequence", "1") == (
        2,
        "ReadingsUnreadable",
    )
