"""Versions, authorised sellers, licences and coupons as the API shows them."""

from dataclasses import dataclass

from pydantic import BaseModel

from commerce import indexes
from commerce.catalogue.views import (
    CouponView,
    LicenceView,
    OfferView,
    Page,
    SellersView,
    coupon_view,
    licence_view,
    offer_view,
    product_version_view,
    sellers_view,
)
from node.api.paging import CURSOR, LIMIT, newest, split_place
from node.api.parameters import Parameter, account_in_query, hash_in_path, text_in_path, whole
from node.api.problems import ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

VERSION_MAX = 2**32 - 1

GTIN = text_in_path("gtin", "[0-9]{14}", "a GTIN of 14 digits")
LISTING_ID = hash_in_path("id", "id of a listing")
COUPON_ID = hash_in_path("id", "id of a coupon")
VERSION: Parameter[int] = Parameter(
    "version",
    "path",
    whole(1, VERSION_MAX),
    {"type": "integer", "minimum": 1, "maximum": VERSION_MAX},
    "which version, from 1",
    0,
)
FUNDER = account_in_query("funder", "coupons that this account funds")
MERCHANT = account_in_query("merchant", "licences of this merchant")


@dataclass(frozen=True, slots=True)
class CouponsView:
    """Coupons of a funder, newest first."""

    coupons: tuple[CouponView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class LicencesView:
    """Licences that a merchant has, by GTIN, the highest first."""

    licences: tuple[LicenceView, ...]
    next: str | None


SELLERS_MODEL: type[BaseModel] = model_of(SellersView)
OFFER_MODEL: type[BaseModel] = model_of(OfferView)
COUPON_MODEL: type[BaseModel] = model_of(CouponView)
COUPONS_MODEL: type[BaseModel] = model_of(CouponsView)
LICENCES_MODEL: type[BaseModel] = model_of(LicencesView)


def read_product_version(call: Call) -> Reply:
    """GET /v1/products/{gtin}/versions/{version}."""
    state = call.service.ledger.state
    view = product_version_view(state, call.get(GTIN), call.get(VERSION))
    return json_reply(render_fields(view))


def read_offer(call: Call) -> Reply:
    """GET /v1/listings/{id}/versions/{version}."""
    state = call.service.ledger.state
    return json_reply(render_fields(offer_view(state, call.get(LISTING_ID), call.get(VERSION))))


def read_sellers(call: Call) -> Reply:
    """GET /v1/products/{gtin}/sellers."""
    page = Page(call.block_time_ms, call.get(CURSOR) or b"", call.get(LIMIT))
    view = sellers_view(call.service.ledger.state, call.get(GTIN), page)
    return json_reply(render_fields(view))


def read_licences(call: Call) -> Reply:
    """GET /v1/licences?merchant=."""
    merchant = call.get(MERCHANT)
    if merchant is None:
        msg = "merchant is needed"
        raise ParameterInvalid(msg, "query.merchant")
    ledger, time_ms = call.service.ledger, call.block_time_ms
    prefix = indexes.MERCHANT_LICENCE + merchant
    found, following = newest(ledger, prefix, call.get(CURSOR), call.get(LIMIT))
    known = [licence_view(ledger.state, gtin.decode(), merchant, time_ms) for gtin, _ in found]
    # The index remembers those that were revoked.
    licences = tuple(view for view in known if view is not None)
    return json_reply(render_fields(LicencesView(licences, following)))


def read_coupon(call: Call) -> Reply:
    """GET /v1/coupons/{id}."""
    view = coupon_view(call.service.ledger.state, call.get(COUPON_ID), call.block_time_ms)
    return json_reply(render_fields(view))


def read_coupons(call: Call) -> Reply:
    """GET /v1/coupons?funder=."""
    funder = call.get(FUNDER)
    if funder is None:
        msg = "funder is needed"
        raise ParameterInvalid(msg, "query.funder")
    ledger, time_ms = call.service.ledger, call.block_time_ms
    prefix = indexes.FUNDER_COUPON + funder
    found, following = newest(ledger, prefix, call.get(CURSOR), call.get(LIMIT))
    ids = [split_place(rest)[1] for rest, _ in found]
    coupons = tuple(coupon_view(ledger.state, known, time_ms) for known in ids)
    return json_reply(render_fields(CouponsView(coupons, following)))
