"""Rows of reviews and of flows of money in the secondary index."""

from chain.crypto import HASH_SIZE
from chain.state import u64
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.reviews import indexes
from commerce.reviews.indexes import Flow, flows, split_review_place
from tests.commerce.reviews.reviewing import Rows, bought, posted
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import FUNDS_MINOR, account


def test_a_review_is_found_by_listing_product_seller_and_buyer() -> None:
    shop = Shop()
    order_id = posted(shop)
    tail = u64(shop.height) + order_id + b"\x00"
    for table, of in (
        (indexes.LISTING_REVIEW, shop.tea),
        (indexes.GTIN_REVIEW, TEA.encode()),
        (indexes.SELLER_REVIEW, account("merchant")),
        (indexes.BUYER_REVIEW, account("buyer")),
    ):
        (row,) = Rows(shop).rows(table)
        assert row == (table + of + tail, b"")
        assert split_review_place(row[0][len(table + of) :]) == (order_id, 0)


def test_transfers_and_issues_are_flows_and_orders_are_none() -> None:
    shop = Shop()
    bought(shop)
    issuer, buyer, friend = (account(name) for name in ("issuer", "buyer", "friend"))
    two = [("pay.transfer", PayTransfer(friend, "CNY", units, None)) for units in (7, 7)]
    shop.done("buyer", *two)
    shop.done("issuer", ("asset.issue", AssetIssue("CNY", friend, 2**60, "big")))
    found = list(flows(Rows(shop)))
    expected = [
        *(Flow(issuer, buyer, "CNY", FUNDS_MINOR), Flow(issuer, friend, "CNY", FUNDS_MINOR)),
        *(Flow(buyer, friend, "CNY", 7), Flow(buyer, friend, "CNY", 7)),
        Flow(issuer, friend, "CNY", 2**60),
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)
    takers = [flow.taker for flow in found]
    assert takers == sorted(takers), "by taker"


def test_a_refused_payment_leaves_no_flow() -> None:
    shop = Shop()
    before = list(flows(Rows(shop)))
    too_much = PayTransfer(account("friend"), "CNY", 10**15, None)
    assert shop.send("buyer", ("pay.transfer", too_much)).status == "InsufficientFunds"
    assert list(flows(Rows(shop))) == before


def test_a_row_fits_into_what_a_page_takes_as_its_cursor() -> None:
    shop = Shop()
    posted(shop)
    ((key, _),) = Rows(shop).rows(indexes.SELLER_REVIEW)
    assert len(key) - len(indexes.SELLER_REVIEW) - HASH_SIZE <= 64
