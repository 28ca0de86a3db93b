"""Rules of listing.publish, listing.update and listing.withdraw."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import OperationMalformed
from chain.state import Overlay
from commerce.catalogue.pledges import Pledge
from commerce.checkout import load_offer
from commerce.listings import (
    LISTINGS,
    STOCK_MAX,
    ListingPublish,
    ListingUpdate,
    ListingWithdraw,
    load_listing,
)
from commerce.products import ProductUpdate
from commerce.roles import RoleGrant
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.shop import BIKE, CAKE, TEA, TERMS, Shop, create, gtin
from tests.commerce.world import DAY_MS, HOUR_MS, QUORUM, account

PUBLISH, UPDATE, WITHDRAW = "listing.publish", "listing.update", "listing.withdraw"
OFFER = ListingPublish(TEA, "CNY", 5, TERMS)
SOON = replace(TERMS, ship_within_ms=HOUR_MS - 1)
LATE = replace(TERMS, ship_within_ms=45 * DAY_MS + 1)
CHEAPER = replace(TERMS, price_minor=900, ship_within_ms=HOUR_MS)
NOWHERE = bytes(32)
PLEDGED = replace(TERMS, pledges=(Pledge("late", 50), Pledge("lost", 300)))
UNKNOWN_PLEDGE = replace(TERMS, pledges=(Pledge("happy", 50),))
TWICE = replace(TERMS, pledges=(Pledge("late", 50), Pledge("late", 50)))
EXEMPT = replace(TERMS, exempt=True)
LICENSED = ProductUpdate(BIKE, 1, "bike", "vehicles", False, "dry", (), True)  # noqa: FBT003
OTHER_GOODS = RoleGrant(account("friend"), "merchant", "gcp:6900009", None)

PUBLISHING: list[Row] = [
    Attempt("buyer", PUBLISH, replace(OFFER, terms=UNKNOWN_PLEDGE), (), "PledgeUnknown"),
    Attempt("buyer", PUBLISH, replace(OFFER, terms=TWICE), (), "PledgesUnsorted"),
    Attempt("merchant", PUBLISH, replace(OFFER, terms=SOON), (), "ShipWithinOutOfRange"),
    Attempt("merchant", PUBLISH, replace(OFFER, terms=LATE), (), "ShipWithinOutOfRange"),
    Attempt("buyer", PUBLISH, OFFER, (), "RoleMissing"),
    Attempt("m0", "role.grant", OTHER_GOODS, QUORUM, "ok"),
    Attempt("friend", PUBLISH, OFFER, (), "RoleMissing"),
    Attempt("merchant", PUBLISH, replace(OFFER, gtin=gtin(99)), (), "ProductUnknown"),
    Attempt("merchant", PUBLISH, replace(OFFER, symbol="EUR"), (), "AssetUnknown"),
    Attempt("merchant", "product.update", LICENSED, (), "ok"),
    Attempt("rival", PUBLISH, replace(OFFER, gtin=BIKE, terms=EXEMPT), (), "LicenceMissing"),
    Attempt("merchant", PUBLISH, replace(OFFER, terms=EXEMPT), (), "ExemptionUnlawful"),
    Attempt("merchant", PUBLISH, replace(OFFER, gtin=CAKE, terms=EXEMPT), (), "ok"),
    Attempt("merchant", PUBLISH, replace(OFFER, terms=PLEDGED), (), "ok"),
    Attempt("merchant", PUBLISH, OFFER, (), "ok"),
    Attempt("rival", PUBLISH, OFFER, (), "ok"),
]


def updates(tea: bytes, rivals: bytes) -> list[Row]:
    """The stock begins at 100; `rivals` are bikes of another seller."""
    # fmt: off
    return [
        #       sender      type      payload                                            outcome
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, 0, None),                (), "UpdateEmpty"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, 0, SOON),                (), "ShipWithinOutOfRange"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, 0, UNKNOWN_PLEDGE),      (), "PledgeUnknown"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, 0, TWICE),               (), "PledgesUnsorted"),
        Attempt("merchant", UPDATE,   ListingUpdate(NOWHERE, 1, 1, None),            (), "ListingUnknown"),
        Attempt("rival",    UPDATE,   ListingUpdate(tea, 1, 1, None),                (), "NotTheSeller"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 2, 1, None),                (), "ListingVersionStale"),
        Attempt("merchant", "product.update", LICENSED,                              (), "ok"),
        Attempt("rival",    UPDATE,   ListingUpdate(rivals, 1, 0, EXEMPT),           (), "LicenceMissing"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, -101, EXEMPT),           (), "ExemptionUnlawful"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, -101, None),             (), "StockInsufficient"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, STOCK_MAX - 99, None),   (), "StockTooLarge"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, STOCK_MAX - 100, None),  (), "ok"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, 7 - STOCK_MAX, None),    (), "ok"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, 2, CHEAPER),             (), "ok"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 1, 1, None),                (), "ListingVersionStale"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 2, 1, None),                (), "ok"),
        Attempt("merchant", WITHDRAW, ListingWithdraw(NOWHERE),                      (), "ListingUnknown"),
        Attempt("rival",    WITHDRAW, ListingWithdraw(tea),                          (), "NotTheSeller"),
        Attempt("merchant", WITHDRAW, ListingWithdraw(tea),                          (), "ok"),
        Attempt("merchant", WITHDRAW, ListingWithdraw(tea),                          (), "ListingWithdrawn"),
        Attempt("merchant", UPDATE,   ListingUpdate(tea, 2, 1, None),                (), "ListingWithdrawn"),
    ]
    # fmt: on


def test_a_merchant_publishes_within_the_scope_of_its_role() -> None:
    play(Shop(), PUBLISHING)


def test_stock_changes_by_deltas_and_terms_by_versions() -> None:
    shop = Shop()
    play(shop, updates(shop.tea, shop.publish(BIKE, seller="rival")))
    listing = load_listing(shop.state, shop.tea)
    assert (listing.stock, listing.version, listing.withdrawn) == (10, 2, True)
    assert load_offer(shop.state, shop.tea, 1).terms == TERMS
    assert load_offer(shop.state, shop.tea, 2).terms == CHEAPER


def test_an_offer_names_the_version_of_the_product_that_it_was_made_for() -> None:
    shop = Shop()
    said = ProductUpdate(TEA, 1, "black tea", "food", False, "dry", (), False)  # noqa: FBT003
    shop.done("merchant", ("product.update", said))
    shop.done("merchant", (UPDATE, ListingUpdate(shop.tea, 1, 0, PLEDGED)))
    versions = [load_offer(shop.state, shop.tea, v).product_version for v in (1, 2)]
    assert versions == [1, 2]
    assert load_offer(shop.state, shop.tea, 2).terms.pledges == PLEDGED.pledges


@settings(max_examples=40, deadline=None)
@given(st.none() | st.integers(0, 60 * DAY_MS), st.booleans(), st.booleans())
def test_no_offer_promises_less_than_the_law(
    ship_within_ms: int | None,
    exempt: bool,  # noqa: FBT001 (drawn by hypothesis)
    class_exempt: bool,  # noqa: FBT001
) -> None:
    shop = Shop()
    goods = CAKE if class_exempt else TEA
    terms = replace(TERMS, ship_within_ms=ship_within_ms, exempt=exempt)
    receipt = shop.send("merchant", (PUBLISH, replace(OFFER, gtin=goods, terms=terms)))
    in_range = ship_within_ms is None or HOUR_MS <= ship_within_ms <= 45 * DAY_MS
    lawful = in_range and (class_exempt or not exempt)
    assert (receipt.status == "ok") == lawful


def test_an_exemption_ends_with_that_of_the_class_and_never_begins_afterwards() -> None:
    """The holder may change the class: orders keep what they were sold under."""
    shop = Shop()
    exempt = shop.order((shop.cake, 1), exempt=True)
    kept = shop.order((shop.cake, 1))
    usual = ProductUpdate(CAKE, 1, "cake", "food", False, "dry", (), False)  # noqa: FBT003
    shop.done("merchant", ("product.update", usual))
    refused = shop.send("buyer", ("order.create", create((shop.cake, 1), exempt=True)))
    assert refused.status == "ExemptionNotOffered"
    assert shop.load(exempt).lines[0].return_exempt
    tea = ProductUpdate(TEA, 1, "tea", "food", True, "dry", (), False)  # noqa: FBT003
    shop.done("merchant", ("product.update", tea))
    refused = shop.send("buyer", ("order.create", create((shop.tea, 1), exempt=True)))
    assert refused.status == "ExemptionNotOffered"
    assert not shop.load(kept).lines[0].return_exempt


def test_more_than_300_per_mille_are_not_pledged() -> None:
    shop = Shop()
    greedy = replace(TERMS, pledges=(Pledge("late", 301),))
    with pytest.raises(OperationMalformed):
        shop.send("merchant", (PUBLISH, replace(OFFER, terms=greedy)))


def test_stock_that_returns_to_a_full_listing_never_stops_a_clock() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 2))
    overlay = Overlay(shop.state)
    full = replace(load_listing(shop.state, shop.tea), stock=STOCK_MAX - 1)
    LISTINGS.store(overlay, full, shop.tea)
    shop.state.write(overlay.changes)
    assert [receipt.status for receipt in shop.wait(2 * HOUR_MS)] == ["ok"]
    assert shop.load(order_id).state == "CLOSED"
    assert load_listing(shop.state, shop.tea).stock == STOCK_MAX
