"""Rows of the route table: versions, authorised sellers, licences and coupons."""

from commerce.catalogue.errors import CouponUnknown
from commerce.errors import ListingUnknown, ProductUnknown
from node.api import catalogue, paging, trade
from node.api.routing import Route

CATALOGUE: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/products/{gtin}/versions/{version}",
        "A product as it was described in one version",
        {200: trade.PRODUCT_MODEL},
        read=catalogue.read_product_version,
        parameters=(catalogue.GTIN, catalogue.VERSION),
        problems=(ProductUnknown,),
    ),
    Route(
        "GET",
        "/v1/products/{gtin}/sellers",
        "A product's brand and the merchants that it licensed",
        {200: catalogue.SELLERS_MODEL},
        read=catalogue.read_sellers,
        parameters=(catalogue.GTIN, paging.CURSOR, paging.LIMIT),
        problems=(ProductUnknown,),
    ),
    Route(
        "GET",
        "/v1/listings/{id}/versions/{version}",
        "The offer that one version of a listing is",
        {200: catalogue.OFFER_MODEL},
        read=catalogue.read_offer,
        parameters=(catalogue.LISTING_ID, catalogue.VERSION),
        problems=(ListingUnknown,),
    ),
    Route(
        "GET",
        "/v1/licences",
        "Licences of a merchant",
        {200: catalogue.LICENCES_MODEL},
        read=catalogue.read_licences,
        parameters=(catalogue.MERCHANT, paging.CURSOR, paging.LIMIT),
    ),
    Route(
        "GET",
        "/v1/coupons",
        "Coupons of a funder, newest first",
        {200: catalogue.COUPONS_MODEL},
        read=catalogue.read_coupons,
        parameters=(catalogue.FUNDER, paging.CURSOR, paging.LIMIT),
    ),
    Route(
        "GET",
        "/v1/coupons/{id}",
        "A coupon and what was drawn from it",
        {200: catalogue.COUPON_MODEL},
        read=catalogue.read_coupon,
        parameters=(catalogue.COUPON_ID,),
        problems=(CouponUnknown,),
    ),
)
