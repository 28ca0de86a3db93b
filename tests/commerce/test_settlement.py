"""Money into escrow and out of it: who gets it, and when a line has ended."""

import pytest

from chain.context import Context
from chain.state import Overlay
from commerce.escrow import Money, State
from commerce.money import balance_of
from commerce.settlement import settle
from tests.commerce.shop import Shop
from tests.commerce.world import FUNDS_MINOR, account


def context_of(shop: Shop) -> Context:
    return Context(Overlay(shop.state), shop.chain, shop.height, shop.time_ms)


@pytest.mark.parametrize(
    ("money", "recipient", "had", "end"),
    [
        (Money.RELEASE, "merchant", 0, State.RELEASED),
        (Money.REFUND, "friend", FUNDS_MINOR - 3_000, State.REFUNDED),
    ],
)
def test_a_line_ends_when_all_its_units_are_settled(
    money: Money, recipient: str, had: int, end: State
) -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 2), (shop.cake, 1))
    shop.pay(order_id, "friend")
    context = context_of(shop)
    order = settle(context, shop.load(order_id), [(0, (0, 500), 0), (1, (0, 1_000), 1)], money)
    assert [line.held_minor for line in order.lines] == [1_500, 0]
    assert [line.state for line in order.lines] == ["HELD", end]
    have = balance_of(context.state, account(recipient), "CNY")
    assert have.available_minor == had + 1_500


def test_a_line_that_was_released_in_part_ends_released() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    context = context_of(shop)
    order = settle(context, shop.load(order_id), [(0, (0, 1), 1)], Money.RELEASE)
    order = settle(context, order, [(0, (1, 2_000), 1)], Money.REFUND)
    (line,) = order.lines
    assert (line.state, line.released_minor, line.refunded_minor) == ("RELEASED", 1, 1_999)
