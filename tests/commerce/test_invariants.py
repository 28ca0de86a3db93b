"""Money that a handler's slip would create or destroy is noticed from the written bytes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.block import OK
from chain.context import Context
from chain.deadlines import DEADLINES
from chain.errors import InvariantBreach
from chain.execution import Rank
from chain.state import Overlay
from commerce.invariants import check_all_money, check_conservation
from commerce.money import ASSETS, BALANCES, Asset, Balance, asset_part, balance_of
from commerce.orders import ORDERS, Order
from commerce.payments import PayTransfer
from commerce.registry import TRANSITIONS, TYPES, Registry, SystemTransition, TransactionType
from tests.commerce.shop import Shop
from tests.commerce.world import HOUR_MS, account

CNY = asset_part("CNY")
Slip = Callable[[Shop, Overlay, bytes], None]


def balance_off(shop: Shop, overlay: Overlay, _order_id: bytes) -> None:
    have = balance_of(shop.state, account("buyer"), "CNY")
    more = Balance(have.available_minor + 1, have.frozen_minor)
    BALANCES.store(overlay, more, account("buyer"), CNY)


def balance_gone(_shop: Shop, overlay: Overlay, _order_id: bytes) -> None:
    BALANCES.remove(overlay, account("friend"), CNY)


def issued_off(shop: Shop, overlay: Overlay, _order_id: bytes) -> None:
    asset = ASSETS.load(shop.state, CNY)
    assert isinstance(asset, Asset)
    ASSETS.store(overlay, replace(asset, issued_minor=asset.issued_minor + 1), CNY)


def held_off(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    changed(shop, overlay, order_id, held_minor=999, released_minor=1)


def line_off(shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    changed(shop, overlay, order_id, refunded_minor=1)


def order_gone(_shop: Shop, overlay: Overlay, order_id: bytes) -> None:
    ORDERS.remove(overlay, order_id)


def changed(shop: Shop, overlay: Overlay, order_id: bytes, **fields: int) -> None:
    order: Order = shop.load(order_id)
    line = replace(order.lines[0], **fields)  # type: ignore[arg-type]  # integers all
    ORDERS.store(overlay, order.replaced(0, line), order_id)


SLIPS = [balance_off, balance_gone, issued_off, held_off, line_off, order_gone]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_both_checks_notice_a_slip(slip: Slip) -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 1))
    overlay = Overlay(shop.state)
    check_all_money(overlay)
    check_conservation(shop.state, overlay)
    slip(shop, overlay, order_id)
    with pytest.raises(InvariantBreach):
        check_conservation(shop.state, overlay)
    with pytest.raises(InvariantBreach):
        check_all_money(overlay)


def test_a_transaction_that_makes_money_is_undone_and_told() -> None:
    def generous(op: PayTransfer, context: Context) -> tuple[()]:
        BALANCES.store(context.state, Balance(op.amount_minor, 0), op.to, CNY)
        return ()

    shop = Shop()
    others = [entry for entry in TYPES if entry.name != "pay.transfer"]
    generous_type = TransactionType("pay.transfer", PayTransfer, generous, "owner", Rank.OTHER)
    shop.rules = Registry((*others, generous_type))
    before = shop.money("friend")
    receipt = shop.send("buyer", ("pay.transfer", PayTransfer(account("friend"), "CNY", 9, None)))
    assert receipt.status == "InvariantBreach"
    assert shop.money("friend") == before


def test_a_transition_that_makes_money_is_undone_once_and_the_chain_goes_on() -> None:
    def broken(_deadline: object, context: Context) -> tuple[()]:
        BALANCES.store(context.state, Balance(1, 0), account("carrier"), CNY)
        return ()

    shop = Shop()
    order_id = shop.order((shop.tea, 1))
    others = [entry for entry in TRANSITIONS if entry.kind != "sys.order.pay"]
    shop.rules = Registry(TYPES, (*others, SystemTransition("sys.order.pay", broken)))
    shop.audited = False
    assert [receipt.status for receipt in shop.wait(2 * HOUR_MS)] == ["InvariantBreach"]
    assert shop.money("carrier") == 0
    assert list(DEADLINES.items(shop.state)) == []
    # The order kept its record and can still be cancelled: nothing loops on the lost deadline.
    shop.cancel(order_id)
    assert shop.wait(HOUR_MS) == ()
    assert shop.receipts[-1].status == OK
