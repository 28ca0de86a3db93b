"""The whole trade in one sitting: from listing to merchant paid, and the money at each step."""

from chain.block import OK
from chain.deadlines import DEADLINES
from commerce.escrow import State
from tests.commerce.shop import Shop
from tests.commerce.world import FUNDS_MINOR


def test_a_trade_pays_the_merchant_in_the_block_of_the_confirmation() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 2))
    assert shop.load(order_id).state is State.UNFUNDED
    assert shop.money("buyer") == FUNDS_MINOR
    shop.pay(order_id)
    assert shop.load(order_id).state is State.HELD
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 2_000, 0)
    parcel_id = shop.ship(order_id)
    assert shop.load(order_id).state is State.IN_TRANSIT
    shop.deliver(parcel_id)
    assert shop.parcel(parcel_id).state == State.DELIVERED
    assert shop.money("merchant") == 0
    shop.confirm(parcel_id)
    assert shop.load(order_id).state is State.RELEASED
    assert shop.parcel(parcel_id).state == State.RELEASED
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 2_000, 2_000)
    ((_, left),) = DEADLINES.items(shop.state)
    assert (left.object_id, left.kind) == (parcel_id, "sys.order.close")
    shop.wait(left.time_ms - shop.time_ms)
    assert shop.parcel(parcel_id).state == State.CLOSED
    assert list(DEADLINES.items(shop.state)) == []
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 2_000, 2_000)
    assert {receipt.status for receipt in shop.receipts} == {OK}
