"""Secondary indexes: what the API finds by account, seller, GTIN, carrier and sponsor."""

from chain.state import u64
from commerce import indexes
from commerce.accounts import AccountOpen
from commerce.payments import PayTransfer
from commerce.registry import operation
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import Sent, account, policy


def test_a_trade_is_found_by_each_of_its_parties() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 1))
    height = u64(shop.height)
    shop.pay(order_id, "friend")
    paid = u64(shop.height)
    parcel_id = shop.ship(order_id)
    shipped = u64(shop.height)
    found = shop.indexes
    assert found[indexes.ACCOUNT_ORDER + account("buyer") + height + order_id] == b"buyer"
    assert found[indexes.ACCOUNT_ORDER + account("merchant") + height + order_id] == b"seller"
    assert found[indexes.ACCOUNT_ORDER + account("friend") + paid + order_id] == b"payer"
    key = indexes.CARRIER_PARCEL + account("carrier") + shipped + parcel_id
    assert found[key] == order_id


def test_goods_are_found_by_seller_gtin_and_holder() -> None:
    shop = Shop()
    tail = u64(shop.height) + shop.bike
    assert indexes.SELLER_LISTING + account("merchant") + tail in shop.indexes
    by_gtin = [key for key in shop.indexes if key.startswith(indexes.GTIN_LISTING + TEA.encode())]
    assert [key[-32:] for key in by_gtin] == [shop.tea]
    assert indexes.HOLDER_PRODUCT + account("merchant") + TEA.encode() in shop.indexes


def test_an_account_finds_the_receipts_of_what_moved_its_money_also_by_the_clock() -> None:
    shop = Shop()
    payment = PayTransfer(account("friend"), "CNY", 5, None)
    receipt = shop.send("buyer", ("pay.transfer", payment))
    for name in ("buyer", "friend"):
        key = indexes.ACCOUNT_ACTIVITY + account(name) + u64(shop.height) + receipt.id
        assert key in shop.indexes
    shop.pay(shop.order((shop.tea, 1)))
    (_, refund) = shop.wait(400 * 86_400_000)
    key = indexes.ACCOUNT_ACTIVITY + account("buyer") + u64(shop.height) + refund.id
    assert key in shop.indexes


def test_a_payment_is_told_once_to_each_of_its_parties() -> None:
    shop = Shop()
    payment = PayTransfer(account("friend"), "CNY", 5, None)
    sent = Sent("buyer", (operation("pay.transfer", payment),))
    result = shop.block(shop.transaction(sent))
    told = [key for key, _ in result.indexes if key.startswith(indexes.ACCOUNT_ACTIVITY)]
    assert len(told) == len(set(told)) == len(("buyer", "friend"))


def test_a_member_finds_the_accounts_that_it_sponsors() -> None:
    shop = Shop()
    opening = AccountOpen(policy("newcomer"), None)
    shop.done("m0", ("account.open", opening), with_=("newcomer",))
    assert indexes.SPONSOR_ACCOUNT + account("m0") + account("newcomer") in shop.indexes


def test_a_refused_transaction_is_in_no_index() -> None:
    shop = Shop()
    before = dict(shop.indexes)
    payment = PayTransfer(account("friend"), "CNY", 10**15, None)
    assert shop.send("buyer", ("pay.transfer", payment)).status == "InsufficientFunds"
    assert shop.indexes == before
