"""Orders and cases in plain words, from what the API tells of real ones."""

from typing import Any

from commerce.order_views import order_view
from node import order_words as words
from node.api.render import render_fields
from node.money_text import format_amount
from node.trade_words import Told
from tests.commerce.shop import Shop

H, D = 3_600_000, 86_400_000


def told_at(now_ms: int) -> Told:
    return Told(now_ms, lambda text: f"<{text[:8]}>", amount)


def amount(value: object, symbol: str) -> str:
    return format_amount(int(str(value)), 2, symbol)


def order_lines(shop: Shop, order_id: bytes) -> list[str]:
    record = render_fields(order_view(shop.state, order_id))
    return list(words.order_words(record, told_at(shop.time_ms)))


def test_a_paid_order_tells_who_can_do_what_and_when_the_clock_acts() -> None:
    shop = Shop()
    lines = order_lines(shop, shop.paid((shop.tea, 3)))
    assert lines[1] == "  paid, waits to be shipped (HELD)"
    assert (
        "  total CNY 30.00, paid CNY 30.00: held CNY 30.00, released CNY 0.00, refunded CNY 0.00"
        in lines
    )
    acts = lines[lines.index("what can happen next") + 1 : lines.index("by itself")]
    assert (
        "  seller and carrier together: ship (hushang shipment create), 3 units"
        " → on its way (IN_TRANSIT)" in acts
    )
    assert (
        "  buyer and seller together: cancel (hushang order cancel), 3 units"
        " → the money goes back to who paid (REFUNDED)" in acts
    )
    (clock,) = lines[lines.index("by itself") + 1 :]
    assert clock.endswith("in 3 d, 3 units: paid and late: not shipped in the promised time (LATE)")


def test_parcels_and_cases_have_clocks_of_their_own_earliest_first() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    shop.ship(order_id, (0, 1))
    lines = order_lines(shop, order_id)
    clocks = lines[lines.index("by itself") + 1 :]
    assert ["LATE" in clocks[0], "of parcel" in clocks[1]] == [True, True]
    assert clocks == sorted(clocks)
    assert "in 30 d" in clocks[1]


def test_an_order_that_is_over_says_so() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 1))
    shop.wait(400 * D)
    lines = order_lines(shop, order_id)
    assert lines[-4:] == ["what can happen next", "  nothing more", "by itself", "  nothing"]


def test_what_a_coupon_pays_is_told_with_its_funder() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    record: dict[str, Any] = dict(render_fields(order_view(shop.state, order_id)))
    (line,) = record["lines"]
    funding = {"funder": "hs1funder", "coupon_id": "ab" * 32, "amount_minor": "500"}
    line |= {"funded_minor": "500", "funding": [funding]}
    lines = list(words.order_words(record, told_at(shop.time_ms)))
    assert f"    CNY 5.00 from <hs1funde>, coupon {'ab' * 32}" in lines
    assert "    CNY 15.00 from whoever pays" in lines
