"""What the API shows of orders, parcels and cases, and that it follows the trade."""

from commerce.aftersale.answers import RefundCounter
from commerce.aftersale.case_views import case_view, next_deadline
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.order_views import OrderView, order_view, parcel_view
from commerce.parcels import parcel_id
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, HOUR_MS, account


def steps(view: OrderView) -> set[tuple[str, str, int]]:
    return {(step.type, step.who, step.units) for step in view.next_steps}


def test_an_unpaid_order_tells_who_may_do_what_and_when_the_clock_acts() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 2), (shop.cake, 1))
    view = order_view(shop.state, order_id)
    assert (view.state, view.total_minor, view.held_minor) == ("UNFUNDED", 3_000, 0)
    assert (view.buyer, view.seller, view.payer) == (account("buyer"), account("merchant"), None)
    assert steps(view) == {
        ("order.pay", "any", 3),
        ("order.cancel", "B or S", 3),
        ("sys.order.pay", "–", 3),
    }
    assert view.next_steps[-1].type == "sys.order.pay"
    assert view.deadline == view.next_deadline
    assert view.deadline is not None
    assert (view.deadline.kind, view.deadline.time_ms) == (
        "sys.order.pay",
        shop.time_ms + 2 * HOUR_MS,
    )


def test_a_partly_shipped_order_shows_both_clocks_and_both_sets_of_steps() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 5))
    shop.time_ms += HOUR_MS
    known_id = shop.ship(order_id, (0, 2))
    shop.deliver(known_id)
    shop.confirm(known_id, (0, 1))
    view = order_view(shop.state, order_id)
    assert (view.held_minor, view.released_minor) == (4_000, 1_000)
    (line,) = view.lines
    assert (line.state, line.shipped, line.unshipped) == ("HELD", 2, 3)
    (parcel,) = view.parcels
    assert parcel == parcel_view(shop.state, known_id)
    assert parcel.parcel_id == known_id == parcel_id(order_id, 0)
    assert (parcel.state, parcel.lines[0].settled) == ("DELIVERED", 1)
    assert {("shipment.create", "S + C", 3), ("order.confirm", "B", 1)} <= steps(view)
    assert view.next_deadline == view.deadline
    assert view.deadline is not None
    assert view.deadline.time_ms == shop.time_ms - HOUR_MS + 72 * HOUR_MS
    assert next_deadline(shop.state) == view.deadline


def test_an_order_whose_windows_are_over_has_no_step_and_no_clock() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    shop.confirm(shop.ship(order_id))
    view = order_view(shop.state, order_id)
    assert (view.state, view.released_minor) == ("RELEASED", 2_000)
    assert view.deadline is None
    assert steps(view) == {("refund.request", "B", 2), ("sys.order.close", "–", 2)}
    assert view.next_deadline == next_deadline(shop.state)
    shop.wait(15 * DAY_MS)
    closed = order_view(shop.state, order_id)
    assert (closed.next_deadline, closed.next_steps) == (None, ())
    assert next_deadline(shop.state) is None


def test_a_case_shows_what_is_asked_offered_and_possible() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    known_id = shop.ship(order_id)
    shop.deliver(known_id)
    lines = (RequestedLine(0, 2, 500),)
    asked = RefundRequest(order_id, known_id, "allowance", lines, "dented", None)
    case_id = shop.done("buyer", ("refund.request", asked))[0].data["case_id"]
    assert isinstance(case_id, bytes)
    case = case_view(shop.state, case_id)
    assert (case.kind, case.state, case.origin, case.parcel_id) == (
        "allowance",
        "REFUND_PENDING",
        "DELIVERED",
        known_id,
    )
    (line,) = case.lines
    assert (line.quantity, line.worth_minor, line.asked_minor, line.offered_minor) == (
        2,
        2_000,
        500,
        None,
    )
    assert [(step.type, step.target) for step in case.next_steps] == [
        ("refund.agree", "REFUNDED"),
        ("refund.reject", "REJECTED"),
        ("refund.counter", "COUNTERED"),
        ("refund.withdraw", "DELIVERED"),
        ("sys.refund.answer", "REFUNDED"),
    ]
    assert case.deadline is not None
    assert case.deadline.time_ms == shop.time_ms + 5 * DAY_MS
    order = order_view(shop.state, order_id)
    assert order.cases == (case,)
    assert (order.lines[0].in_cases, order.parcels[0].lines[0].in_cases) == (2, 2)
    assert {("order.confirm", "B", 1), ("refund.agree", "S", 2)} <= steps(order)
    offer = RefundCounter(case_id, (100,), gives_back=False, address_commitment=None, reason="")
    shop.done("merchant", ("refund.counter", offer))
    case = case_view(shop.state, case_id)
    assert (case.state, case.lines[0].offered_minor) == ("COUNTERED", 100)
    accept = next(step for step in case.next_steps if step.type == "refund.accept_counter")
    assert (accept.who, accept.target, accept.money) == ("B", "REFUNDED", "escrow → payer")
