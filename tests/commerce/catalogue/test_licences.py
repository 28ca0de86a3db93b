"""Rules of licence.grant and licence.revoke, and who may sell a brand's goods."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

from chain.block import OK
from commerce.catalogue.licences import (
    LicenceGrant,
    LicenceRevoke,
    is_authorised,
    licences_of,
)
from commerce.listings import ListingPublish, ListingUpdate
from commerce.products import ProductUpdate
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.shop import BIKE, CAKE, TEA, TERMS, Shop, create, gtin
from tests.commerce.world import DAY_MS, GENESIS_MS, World, account

GRANT, REVOKE, PUBLISH = "licence.grant", "licence.revoke", "listing.publish"
EVERYTHING = tuple(sorted((TEA, CAKE, BIKE)))
END_MS = GENESIS_MS + 30 * DAY_MS
LICENCE = LicenceGrant(account("rival"), (TEA,), ("310000", "320500"), END_MS, bytes(32))
NOBODY = bytes(32)
RENEWED = replace(LICENCE, expires_ms=END_MS + DAY_MS)
UNSORTED = EVERYTHING[::-1]
ALL = replace(LICENCE, gtins=EVERYTHING)
END = LicenceRevoke(account("rival"), (TEA,), "sold copies")

# fmt: off
TABLE: list[Row] = [
    #       sender      type    payload                                            outcome
    Attempt("merchant", GRANT,  replace(LICENCE, gtins=UNSORTED),              (), "GtinsUnsorted"),
    Attempt("merchant", GRANT,  replace(LICENCE, gtins=(TEA, TEA)),            (), "GtinsUnsorted"),
    Attempt("merchant", GRANT,  replace(LICENCE, territories=("990000",)),     (), "TerritoryMalformed"),
    Attempt("merchant", GRANT,  replace(LICENCE, merchant=NOBODY),             (), "AccountUnknown"),
    Attempt("merchant", GRANT,  replace(LICENCE, gtins=(gtin(9),)),            (), "ProductUnknown"),
    Attempt("rival",    GRANT,  replace(LICENCE, expires_ms=GENESIS_MS),       (), "ExpiryPassed"),
    Attempt("rival",    GRANT,  LICENCE,                                       (), "PrefixNotHeld"),
    Attempt("merchant", GRANT,  LICENCE,                                       (), "ok"),
    Attempt("merchant", GRANT,  RENEWED,                                       (), "ok"),
    Attempt("merchant", REVOKE, replace(END, gtins=UNSORTED),                  (), "GtinsUnsorted"),
    Attempt("merchant", REVOKE, replace(END, gtins=EVERYTHING),                (), "LicenceUnknown"),
    Attempt("merchant", REVOKE, replace(END, merchant=account("friend")),      (), "LicenceUnknown"),
    Attempt("rival",    REVOKE, END,                                           (), "PrefixNotHeld"),
    Attempt("merchant", REVOKE, END,                                           (), "ok"),
    Attempt("merchant", REVOKE, END,                                           (), "LicenceUnknown"),
    Attempt("merchant", GRANT,  ALL,                                           (), "ok"),
    Attempt("merchant", REVOKE, replace(END, gtins=EVERYTHING),                (), "ok"),
]
# fmt: on


def required(version: int = 1) -> ProductUpdate:
    """Tea for licensed merchants only."""
    return ProductUpdate(TEA, version, "tea", "food", False, "dry", (), True)  # noqa: FBT003


def offers(shop: Shop, rivals: bytes) -> list[Row]:
    """The rival sells tea without a licence when the brand begins to ask for one."""
    offer = ListingPublish(TEA, "CNY", 5, TERMS)
    anew = ListingUpdate(rivals, 1, 0, replace(TERMS, price_minor=900))
    return [
        Attempt("merchant", "product.update", required(), (), "ok"),
        Attempt("rival", PUBLISH, offer, (), "LicenceMissing"),
        Attempt("rival", "listing.update", anew, (), "LicenceMissing"),
        # A count is no new offer.
        Attempt("rival", "listing.update", replace(anew, terms=None, stock_delta=1), (), "ok"),
        Attempt("buyer", "order.create", create((rivals, 1)), (), "LicenceMissing"),
        Attempt("merchant", PUBLISH, offer, (), "ok"),
        Attempt("buyer", "order.create", create((shop.tea, 1)), (), "ok"),
        Attempt("merchant", GRANT, LICENCE, (), "ok"),
        Attempt("rival", PUBLISH, offer, (), "ok"),
        Attempt("rival", "listing.update", anew, (), "ok"),
        Attempt("buyer", "order.create", create((rivals, 1), version=2), (), "ok"),
        Wait(30 * DAY_MS),
        Attempt("buyer", "order.create", create((rivals, 1), version=2), (), "ok"),
        Wait(1),
        Attempt("buyer", "order.create", create((rivals, 1), version=2), (), "LicenceMissing"),
        Attempt("rival", PUBLISH, offer, (), "LicenceMissing"),
    ]


def test_a_brand_licenses_its_own_goods_for_a_time() -> None:
    play(Shop(), TABLE)


def test_only_the_brand_and_its_licensees_offer_and_sell_goods_that_need_a_licence() -> None:
    shop = Shop()
    play(shop, offers(shop, shop.publish(TEA, seller="rival")))


def test_an_order_that_exists_goes_on_when_the_licence_is_revoked() -> None:
    shop = Shop()
    rivals = shop.publish(TEA, seller="rival")
    shop.done("merchant", ("product.update", required()))
    shop.done("merchant", (GRANT, LICENCE))
    order_id = shop.order((rivals, 1))
    shop.done("merchant", (REVOKE, END))
    shop.pay(order_id)
    assert shop.load(order_id).state == "HELD"
    receipt = shop.send("buyer", ("order.create", create((rivals, 1))))
    assert receipt.status == "LicenceMissing"


def test_goods_that_need_no_licence_are_sold_by_anyone() -> None:
    shop = Shop()
    rivals = shop.publish(TEA, seller="rival")
    assert shop.send("buyer", ("order.create", create((rivals, 1)))).status == OK


def test_authorised_are_the_brand_and_whom_it_licensed_until_the_last_moment() -> None:
    shop = Shop()
    shop.done("merchant", (GRANT, LICENCE))
    assert [merchant for merchant, _ in licences_of(shop.state, TEA)] == [account("rival")]

    def authorised(name: str, time_ms: int) -> bool:
        return is_authorised(shop.state, TEA, account(name), time_ms)

    assert authorised("merchant", END_MS + 1)
    assert authorised("rival", END_MS)
    assert not authorised("rival", END_MS + 1)
    assert not authorised("friend", GENESIS_MS)
    assert not is_authorised(World().state, gtin(1, "6900009"), account("rival"), GENESIS_MS)
