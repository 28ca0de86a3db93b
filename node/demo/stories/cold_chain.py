"""A cold chain: who answers for which minute, and what it costs, to the fen.

Salmon for 1,000.00 is to be kept between 2 and 8 °C. Half an hour outside is tolerated; then an
hour costs 50 ‰ of the price, and 200 ‰ where it is 5 degrees beyond. So the carrier pays
(1 h − 30 min + 1 h) · 50 ‰ = 75 ‰, 75.00, and the haulier 2 h · 50 ‰ + 1 h · 200 ‰ = 300 ‰, 300.00.
"""

from collections.abc import Sequence
from typing import Final

from commerce.deposits.deposits import DepositAdd
from commerce.devices.binding import DeviceBind
from commerce.devices.report import SensorReport
from commerce.devices.sla import PenaltyStep, SlaAttach
from commerce.epcis.identifiers import check_digit
from commerce.goods.offers import CustodyAccept, CustodyOffer
from commerce.registry import operation
from commerce.shipments import ShipmentCreate, ShippedLine
from commerce.timers import DAY_MS, HOUR_MS, MINUTE_MS
from node.client import Outcome
from node.clock import now_ms
from node.demo.chronicle import placed_claims
from node.demo.market import (
    BUYER,
    CARRIER,
    HAULIER,
    MAKER,
    SELLER,
    Bought,
    Market,
    document,
    open_market,
)
from node.demo.pacing import PaceUnfit
from node.demo.stage import SYMBOL, Party, Stage, cny
from node.demo.story import Claim
from node.demo.thermometers import READINGS, Trip, register

FUNDS: Final = {SELLER: 0, BUYER: 150_000, CARRIER: 80_000, HAULIER: 80_000, MAKER: 0}
PRICE_MINOR: Final = 20_000
UNITS: Final = 5
TOTAL_MINOR: Final = UNITS * PRICE_MINOR
DEPOSIT_MINOR: Final = 70_000
CAP_MINOR: Final = 60_000
# An hour's gap less the half that is tolerated, then an hour at 9 °C.
CARRIER_MINOR: Final = 7_500
# Two hours' gap, then an hour at 13.5 °C.
HAULIER_MINOR: Final = 30_000
STEPS: Final = (PenaltyStep("0", 50), PenaltyStep("5", 200))
# Decimals as the chain writes them: 374e-1 is 37.4.
FINE_FAH: Final = ("374e-1", "446e-1")  # 3 to 7 °C
WARM_FAH: Final = ("419e-1", "482e-1")  # 5.5 to 9 °C
FINE_KEL: Final = ("27615e-2", "28015e-2")  # 3 to 7 °C
HOT_KEL: Final = ("28115e-2", "28665e-2")  # 8 to 13.5 °C
OVEN_CEL: Final = ("2e1", "2e1")

WAITS: Final = ("penalty_ms",)
WINDOWS: Final = ("pay_ms", "report_ms")


def play(stage: Stage) -> None:
    """The whole story."""
    market = open_market(stage, FUNDS)
    if HOUR_MS % market.pacing.time_scale:
        raise PaceUnfit("an hour is no whole number of milliseconds at this pace")
    put_deposits(market)
    (salmon,) = market.offer(("a box of salmon", "food", PRICE_MINOR))
    logger, spare = register(market)
    bought = market.buy(BUYER, [(salmon, UNITS)])
    market.tell_bought("The buyer orders five boxes of salmon", bought)
    promise(market, bought)
    trip = ship(market, bought, logger)
    first_leg(trip, logger)
    handed_ms = hand_over(trip, logger)
    silent_until_ms = second_leg(trip, logger, handed_ms)
    swap(trip, spare)
    arrive(trip, logger, silent_until_ms)
    settle(trip)
    finish(trip)


def put_deposits(market: Market) -> None:
    """Both carriers have something to lose."""
    stage = market.stage
    for name in (CARRIER, HAULIER):
        stage.send(market.party(name), "deposit.add", DepositAdd(SYMBOL, DEPOSIT_MINOR))
        purse = market.purse(name)
        purse.move(-DEPOSIT_MINOR, "put up as a deposit")
        purse.deposit_minor += DEPOSIT_MINOR
    market.check()


def promise(market: Market, bought: Bought) -> None:
    """How the goods are to be kept."""
    stage = market.stage
    attach = SlaAttach(
        bytes.fromhex(bought.order_id),
        0,
        "Temperature",
        "CEL",
        "2",
        "8",
        30 * MINUTE_MS,
        STEPS,
        600,
    )
    outcome = stage.send(market.party(SELLER), "sla.attach", attach)
    stage.tell(
        "The seller promises 2 to 8 °C: half an hour outside costs nothing, then each hour 50 ‰ of"
        " the price, 200 ‰ where it is 5 degrees beyond, 600 ‰ at most.",
        outcome,
        {"order": bought.order_id},
        [
            *stage.event_claims(outcome, 0, "order_id", "low", "high", "unit", "cap_permille"),
            Claim(f"/v1/orders/{bought.order_id}/slas", "/slas/0/high", "8"),
        ],
    )


def ship(market: Market, bought: Bought, logger: Party) -> Trip:
    """The carrier signs for the device, and its deposit is reserved."""
    stage, seller, carrier = market.stage, market.party(SELLER), market.party(CARRIER)
    digits = f"0{market.prefix}{1:0{16 - len(market.prefix)}}"
    sscc = digits + check_digit(digits)
    bind = DeviceBind(logger.account, f"https://id.gs1.org/00/{sscc}", None, watches=False)
    stage.send(seller, "device.bind", bind)
    shipment = ShipmentCreate(
        order_id=bytes.fromhex(bought.order_id),
        carrier=carrier.account,
        lines=(ShippedLine(0, UNITS),),
        sscc=sscc,
        epcs=(),
        label_commitment=None,
        device=logger.account,
    )
    outcome = stage.send(seller, "shipment.create", shipment, [carrier])
    parcel_id = str(outcome.event("shipment.created")["parcel_id"])
    start_ms = int(outcome.event("watch.began")["from_ms"])
    index = [entry["type"] for entry in outcome.events].index("watch.began")
    stage.tell(
        f"The thermometer goes into the box, the carrier signs for box and device: {cny(CAP_MINOR)}"
        " of its deposit, the largest penalty, are reserved. From now on each minute is its own.",
        outcome,
        {"parcel": parcel_id, "SSCC": sscc},
        stage.event_claims(outcome, index, "parcel_id", "device_id", "custodian", "reserved_minor"),
    )
    return Trip(market, bought, parcel_id, start_ms)


def first_leg(trip: Trip, logger: Party) -> None:
    """The carrier's four hours: fine, silent, warm."""
    stage = trip.market.stage
    fine = trip.report(trip.at(0), trip.at(2), FINE_FAH, "FAH")
    warm = trip.report(trip.at(3), trip.at(4), WARM_FAH, "FAH")
    reports = [operation("sensor.report", report) for report in (fine, warm)]
    outcome = stage.send_all(logger, reports)
    told = _breaches(outcome)
    stage.tell(
        "Two reports, in Fahrenheit: two hours of 37.4 to 44.6 °F are well; then nothing is heard"
        " for an hour, and the next hour reaches 48.2 °F, 9 °C. A gap counts like a breach: the"
        f" carrier is to pay {cny(CARRIER_MINOR)}, 25 ‰ for the gap and 50 ‰ for the warm hour.",
        outcome,
        {"gap": "2 h to 3 h", "breach": "3 h to 4 h"},
        [
            Claim(told[0].path, f"{told[0].pointer}/reason", "gap"),
            Claim(told[0].path, f"{told[0].pointer}/lines/0/amount_minor", "2500"),
            Claim(told[1].path, f"{told[1].pointer}/reason", "breach"),
            Claim(told[1].path, f"{told[1].pointer}/lines/0/amount_minor", "5000"),
        ],
    )
    replayed = stage.decide(logger, [reports[1]])
    stage.tell(
        f"Somebody sends the warm hour once more: refused ({replayed.status}).",
        replayed,
        {},
    )


def swap(trip: Trip, spare: Party) -> None:
    """Another thermometer says what it likes."""
    market, stage = trip.market, trip.market.stage
    bind = DeviceBind(spare.account, None, bytes.fromhex(trip.parcel_id), watches=False)
    stage.send(market.party(SELLER), "device.bind", bind)
    began_ms = now_ms()
    root = document("an oven")
    oven = SensorReport(
        1, began_ms, began_ms + 1, *OVEN_CEL, OVEN_CEL[0], READINGS, "CEL", root, None
    )
    outcome = stage.decide(spare, [operation("sensor.report", oven)])
    verdict = str(outcome.event("sensor.reported")["verdict"])
    stage.tell(
        "The other thermometer, which nobody signed for, reports 20 °C of the same parcel. It is"
        f" recorded and costs nobody anything: {verdict}.",
        outcome,
        {"verdict": verdict},
        stage.event_claims(outcome, 0, "device_id", "verdict"),
    )


def hand_over(trip: Trip, logger: Party) -> int:
    """The haulier signs for the box and the device; when."""
    market, stage = trip.market, trip.market.stage
    sscc = str(stage.client.get(f"/v1/parcels/{trip.parcel_id}")["sscc"])
    order_id = bytes.fromhex(trip.bought.order_id)
    offer = CustodyOffer(
        (f"https://id.gs1.org/00/{sscc}",),
        "possessing",
        market.party(HAULIER).account,
        order_id,
        logger.account,
        30 * DAY_MS,
    )
    offered = stage.send(market.party(CARRIER), "custody.offer", offer)
    offer_id = str(offered.event("custody.offered")["offer_id"])
    accept = CustodyAccept(bytes.fromhex(offer_id), logger.account)
    outcome = stage.send(market.party(HAULIER), "custody.accept", accept)
    handed_ms = int(outcome.event("watch.custodian")["from_ms"])
    index = [entry["type"] for entry in outcome.events].index("watch.custodian")
    stage.tell(
        "The carrier offers the box to a haulier, who accepts it and names the device: from this"
        " block on it answers, with its own deposit.",
        outcome,
        {"offer": offer_id},
        stage.event_claims(outcome, index, "parcel_id", "custodian", "from_ms"),
    )
    return handed_ms


def second_leg(trip: Trip, logger: Party, handed_ms: int) -> int:
    """The haulier's hours, reported in kelvin, the first report of both carriers' time; until when
    it is reported.
    """
    stage, hour_ms = trip.market.stage, trip.hour_ms
    silent_ms = handed_ms + hour_ms
    fine = trip.report(trip.at(4), silent_ms, FINE_KEL, "KEL")
    hot = trip.report(silent_ms + 2 * hour_ms, silent_ms + 3 * hour_ms, HOT_KEL, "KEL")
    outcome = stage.send_all(logger, [operation("sensor.report", one) for one in (fine, hot)])
    told = _breaches(outcome)
    stage.tell(
        "Two more reports, in kelvin. One hour after the hand-over two hours are missing, and the"
        " next one reaches 286.65 K, 13.5 °C, more than 5 degrees beyond: the haulier is to pay"
        f" {cny(HAULIER_MINOR)}, 100 ‰ for the gap and 200 ‰ for the heat.",
        outcome,
        {"gap": "2 h", "breach": "1 h"},
        [
            Claim(told[0].path, f"{told[0].pointer}/reason", "gap"),
            Claim(told[0].path, f"{told[0].pointer}/lines/0/amount_minor", "10000"),
            Claim(told[1].path, f"{told[1].pointer}/reason", "breach"),
            Claim(told[1].path, f"{told[1].pointer}/lines/0/amount_minor", "20000"),
        ],
    )
    return silent_ms + 3 * hour_ms


def arrive(trip: Trip, logger: Party, reported_ms: int) -> None:
    """The haulier's last hours."""
    market, stage = trip.market, trip.market.stage
    delivered = market.deliver(trip.parcel_id, trip.bought.code)
    arrived_ms = int(stage.client.get(f"/v1/parcels/{trip.parcel_id}")["delivered_ms"])
    last = trip.report(reported_ms, arrived_ms, FINE_KEL, "KEL")
    stage.send(logger, "sensor.report", last)
    stage.tell(
        "The box arrives, and the thermometer reports the rest of the way: cold.",
        delivered,
        {"parcel": trip.parcel_id},
        stage.event_claims(delivered, 0, "parcel_id", "order_id"),
    )


def settle(trip: Trip) -> None:
    """Nobody contests, so the clocks pay: custodian to seller, seller to buyer."""
    market = trip.market
    owed = ((CARRIER, CARRIER_MINOR), (HAULIER, HAULIER_MINOR))
    watch = market.stage.client.get(f"/v1/parcels/{trip.parcel_id}/watch")
    for (name, amount_minor), penalty in zip(owed, watch["penalties"], strict=True):
        known_id = penalty["penalty_id"]
        found = market.await_clock(WAITS, "penalty.settled", penalty_id=known_id)
        market.purse(name).deposit_minor -= amount_minor
        market.purse(SELLER).move(amount_minor, f"from the {name}")
        market.purse(BUYER).move(amount_minor, f"off the price for the {name}'s time")
        facts = {
            "penalty": known_id,
            "clock": f"sys.penalty.settle: {market.pacing.rule('penalty_ms')}",
            "receipt": found["receipt_id"],
            "height": str(found["height"]),
        }
        names = ("penalty_id", "custodian", "charged_minor", "refunded_minor", "by")
        path = f"/v1/penalties/{known_id}"
        market.stage.tell_of(
            f"For 48 hours nobody contests it: the {name} pays {cny(amount_minor)} out of its"
            " reserve to the seller, and as much goes out of the escrow back to the buyer.",
            facts,
            [
                *placed_claims(found, *names),
                Claim(path, "/state", "SETTLED"),
                Claim(path, "/charged_minor", str(amount_minor)),
                Claim(path, "/refunded_minor", str(amount_minor)),
            ],
        )
    market.check()


def finish(trip: Trip) -> None:
    """The buyer confirms what is left of the price."""
    market = trip.market
    market.confirm(BUYER, trip.parcel_id)
    path = trip.bought.path
    refunded_minor = CARRIER_MINOR + HAULIER_MINOR
    market.settle(
        f"The end: the buyer confirms and has paid {cny(TOTAL_MINOR - refunded_minor)} for warm"
        f" salmon, the seller has its {cny(TOTAL_MINOR)}, and each carrier has paid for its own"
        " minutes.",
        [
            Claim(path, "/held_minor", "0"),
            Claim(path, "/refunded_minor", str(refunded_minor)),
            Claim(path, "/released_minor", str(TOTAL_MINOR - refunded_minor)),
            Claim(f"/v1/parcels/{trip.parcel_id}/watch", "/lines/0/accrued_minor", "37500"),
        ],
    )


def _breaches(outcome: Outcome) -> Sequence[Claim]:
    """Where the breaches stand that a transaction told of."""
    return [
        Claim(f"/v1/receipts/{outcome.id}", f"/events/{index}/data", None)
        for index, entry in enumerate(outcome.events)
        if entry["type"] == "sla.breached"
    ]
