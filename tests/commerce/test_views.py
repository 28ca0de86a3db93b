"""What the API shows of the trade, and that it follows the trade."""

from dataclasses import replace

import pytest

from commerce.errors import ListingUnknown, OrderUnknown, ParcelUnknown, ProductUnknown
from commerce.listings import ListingUpdate
from commerce.order_views import order_view, parcel_view
from commerce.shanghai import DAY_MS
from commerce.views import listing_view, product_view
from tests.commerce.shop import TEA, TERMS, Shop
from tests.commerce.world import account


def test_a_listing_shows_its_newest_version_and_what_is_left() -> None:
    shop = Shop()
    cheaper = replace(TERMS, price_minor=900, ship_within_ms=2 * DAY_MS)
    shop.done("merchant", ("listing.update", ListingUpdate(shop.tea, 1, -5, cheaper)))
    shop.done("merchant", ("listing.update", ListingUpdate(shop.tea, 2, 1, None)))
    view = listing_view(shop.state, shop.tea)
    assert (view.version, view.price_minor, view.stock) == (2, 900, 96)
    assert (view.title, view.decimals, view.ship_within_ms) == (f"goods {TEA}", 2, 2 * DAY_MS)


def test_a_product_shows_its_registration() -> None:
    view = product_view(Shop().state, TEA)
    assert (view.gtin, view.holder, view.version) == (TEA, account("merchant"), 1)


def test_what_does_not_exist_is_refused_by_name() -> None:
    state = Shop().state
    with pytest.raises(ProductUnknown):
        product_view(state, "0" * 14)
    with pytest.raises(ListingUnknown):
        listing_view(state, bytes(32))
    with pytest.raises(OrderUnknown):
        order_view(state, bytes(32))
    with pytest.raises(ParcelUnknown):
        parcel_view(state, bytes(32))
