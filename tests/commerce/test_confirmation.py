"""Rules of order.confirm, partial confirmation, and what silence after a delivery means."""

from dataclasses import replace

from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.delegations import Delegate
from commerce.escrow import State
from commerce.shanghai import return_window_end_ms
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import TEA, TERMS, Shop, create
from tests.commerce.world import DAY_MS, FUNDS_MINOR, GENESIS_MS, key

CONFIRM = "order.confirm"
NOWHERE = bytes(32)


def confirming(shop: Shop) -> list[Row]:
    """A parcel in transit with 3 of 5 tea and a cake, the rest unshipped; a lost parcel."""
    parcel = shop.ship(shop.paid((shop.tea, 5), (shop.cake, 1), (shop.bike, 1)), (0, 3), (1, 1))
    erp = Delegate(key("erp"), (CONFIRM,), 1_999, GENESIS_MS + DAY_MS)
    asked = shop.ship(shop.paid((shop.tea, 1)))
    shop.complain(asked, "not_received")
    nothing = replace(erp, key=key("idle"), amount_max_minor=0)

    def confirm(*units: tuple[int, int], parcel_id: bytes = parcel) -> OrderConfirm:
        return OrderConfirm(parcel_id, tuple(ConfirmedLine(*entry) for entry in units))

    # fmt: off
    return [
        #       sender      type     payload                              outcome
        Attempt("buyer",    CONFIRM, confirm((0, 1), (0, 1)),         (), "LineRepeated"),
        Attempt("buyer",    CONFIRM, confirm(parcel_id=NOWHERE),      (), "ParcelUnknown"),
        Attempt("merchant", CONFIRM, confirm(),                       (), "NotTheBuyer"),
        Attempt("friend",   CONFIRM, confirm(),                       (), "NotTheBuyer"),
        Attempt("buyer",    CONFIRM, confirm((9, 1), parcel_id=asked), (), "UnitsInCase"),
        Attempt("buyer",    CONFIRM, confirm((2, 1)),                 (), "LineUnknown"),
        Attempt("buyer",    CONFIRM, confirm((0, 4)),                 (), "QuantityExceeded"),
        Attempt("buyer",    "delegate", erp,                          (), "ok"),
        Attempt("buyer",    "delegate", nothing,                      (), "ok"),
        Attempt("buyer/idle", CONFIRM, confirm((0, 1)),               (), "DelegationExceeded"),
        Attempt("buyer/erp", CONFIRM, confirm((0, 2)),                (), "DelegationExceeded"),
        Attempt("buyer/erp", CONFIRM, confirm((0, 1)),                (), "ok"),
        Attempt("buyer/erp", CONFIRM, confirm((0, 1)),                (), "DelegationExceeded"),
        Attempt("buyer",    CONFIRM, confirm((0, 1)),                 (), "ok"),
        Attempt("buyer",    CONFIRM, confirm((0, 2)),                 (), "QuantityExceeded"),
        Attempt("buyer",    CONFIRM, confirm((0, 1), (1, 1)),         (), "ok"),
        Attempt("buyer",    CONFIRM, confirm(),                       (), "StateForbids"),
    ]
    # fmt: on


def test_the_buyer_confirms_units_of_a_parcel_once() -> None:
    shop = Shop()
    play(shop, confirming(shop))
    assert shop.money("merchant") == 4_000


def test_partial_steps_of_an_odd_total_never_drift() -> None:
    shop = Shop()
    listing = shop.publish(TEA, terms=replace(TERMS, price_minor=33, freight_minor=1))
    order_id = shop.paid((listing, 3))
    assert shop.load(order_id).total_minor == 100
    first = shop.ship(order_id, (0, 2))
    last = shop.ship(order_id, (0, 1))
    shop.confirm(last)
    assert shop.money("merchant") == 34
    shop.confirm(first, (0, 1))
    assert shop.money("merchant") == 34 + 33
    shop.confirm(first)
    assert shop.money("merchant") == 100
    assert shop.load(order_id).state is State.RELEASED


def test_silence_after_the_delivery_pays_when_the_longest_window_ends() -> None:
    shop = Shop()
    parcel_id = shop.ship(shop.paid((shop.tea, 1)))
    shipped_ms = shop.time_ms
    shop.time_ms += DAY_MS
    shop.deliver(parcel_id)
    due_ms = shop.parcel(parcel_id).due_ms
    drift_ms = shop.genesis.consensus.clock_drift_max_ms
    assert due_ms == max(
        shipped_ms + 10 * DAY_MS,
        shop.time_ms + 3 * DAY_MS,
        return_window_end_ms(shop.time_ms, 1, drift_ms),
    )
    assert shop.wait(due_ms - shop.time_ms - 1) == ()
    (receipt,) = shop.wait(1)
    assert receipt.events[0].data["reason"] == "sys.order.confirm"
    assert shop.money("merchant") == 1_000


def test_the_statutory_window_holds_the_money_unless_the_buyer_gave_it_up() -> None:
    due = []
    for exempt in (True, False):
        shop = Shop()
        parcel_id = shop.ship(shop.paid((shop.cake, 1), exempt=exempt))
        shop.time_ms += 9 * DAY_MS
        shop.deliver(parcel_id)
        due.append((shop.parcel(parcel_id).due_ms or 0) - shop.time_ms)
    exempted_ms, normal_ms = due
    assert exempted_ms == 3 * DAY_MS
    assert 7 * DAY_MS < normal_ms <= 8 * DAY_MS + 10_000


def test_one_line_that_can_be_returned_keeps_the_window_open_for_its_parcel() -> None:
    shop = Shop()
    cake, tea = create((shop.cake, 1), exempt=True), create((shop.tea, 1))
    both = replace(cake, lines=(*cake.lines, *tea.lines))
    (created,) = shop.done("buyer", ("order.create", both))
    order_id = created.data["order_id"]
    shop.pay(order_id)
    parcel_id = shop.ship(order_id)
    shop.time_ms += 9 * DAY_MS
    shop.deliver(parcel_id)
    assert (shop.parcel(parcel_id).due_ms or 0) > shop.time_ms + 7 * DAY_MS


def test_a_partly_confirmed_parcel_that_is_lost_refunds_the_rest() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel_id = shop.ship(order_id)
    shop.confirm(parcel_id, (0, 1))
    shop.wait(30 * DAY_MS)
    assert (shop.money("merchant"), shop.money("buyer")) == (1_000, FUNDS_MINOR - 1_000)
    assert shop.load(order_id).state is State.RELEASED
    # The confirmed unit's windows have been over for long.
    assert shop.parcel(parcel_id).state == State.CLOSED
