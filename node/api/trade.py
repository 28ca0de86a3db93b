"""Products, listings, orders and parcels as the API shows them: commerce's views, by index."""

from dataclasses import dataclass

from pydantic import BaseModel

from chain.state import StateReader
from commerce import indexes, views
from commerce.order_views import OrderView, ParcelView, order_view, parcel_view
from commerce.views import ListingView, ProductView
from node.api.paging import CURSOR, LIMIT, newest, split_place
from node.api.parameters import (
    Parameter,
    account_in_query,
    hash_in_path,
    text_in_path,
    text_in_query,
)
from node.api.problems import ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

GTIN = text_in_path("gtin", "[0-9]{14}", "a GTIN of 14 digits")
LISTING_ID = hash_in_path("id", "id of a listing")
ORDER_ID = hash_in_path("id", "id of an order")
PARCEL_ID = hash_in_path("id", "id of a parcel")
HOLDER = account_in_query("holder", "products that this account registered")
SELLER = account_in_query("seller", "listings of this seller")
OF_GTIN = text_in_query("gtin", "[0-9]{14}", "listings of this product, a GTIN of 14 digits")
CARRIER = account_in_query("carrier", "parcels of this carrier")


@dataclass(frozen=True, slots=True)
class ProductsView:
    """Products of one holder."""

    products: tuple[ProductView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ListingsView:
    """Listings, newest first."""

    listings: tuple[ListingView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ParcelsView:
    """Parcels of a carrier, newest first."""

    parcels: tuple[ParcelView, ...]
    next: str | None


PRODUCT_MODEL: type[BaseModel] = model_of(ProductView)
PRODUCTS_MODEL: type[BaseModel] = model_of(ProductsView)
LISTING_MODEL: type[BaseModel] = model_of(ListingView)
LISTINGS_MODEL: type[BaseModel] = model_of(ListingsView)
ORDER_MODEL: type[BaseModel] = model_of(OrderView)
PARCEL_MODEL: type[BaseModel] = model_of(ParcelView)
PARCELS_MODEL: type[BaseModel] = model_of(ParcelsView)


def read_product(call: Call) -> Reply:
    """GET /v1/products/{gtin}."""
    return json_reply(render_fields(views.product_view(_state(call), call.get(GTIN))))


def read_listing(call: Call) -> Reply:
    """GET /v1/listings/{id}."""
    return json_reply(render_fields(views.listing_view(_state(call), call.get(LISTING_ID))))


def read_order(call: Call) -> Reply:
    """GET /v1/orders/{id}."""
    return json_reply(render_fields(order_view(_state(call), call.get(ORDER_ID))))


def read_parcel(call: Call) -> Reply:
    """GET /v1/parcels/{id}."""
    return json_reply(render_fields(parcel_view(_state(call), call.get(PARCEL_ID))))


def read_products(call: Call) -> Reply:
    """GET /v1/products?holder=."""
    prefix = indexes.HOLDER_PRODUCT + _needed(call, HOLDER)
    found, following = _page(call, prefix)
    gtins = [rest.decode() for rest, _ in found]
    products = tuple(views.product_view(_state(call), gtin) for gtin in gtins)
    return json_reply(render_fields(ProductsView(products, following)))


def read_listings(call: Call) -> Reply:
    """GET /v1/listings?seller= or ?gtin=."""
    seller, gtin = call.get(SELLER), call.get(OF_GTIN)
    if (seller is None) == (gtin is None):
        msg = "give either seller or gtin"
        raise ParameterInvalid(msg, "query.seller")
    prefix = indexes.SELLER_LISTING + seller if seller else b""
    if gtin is not None:
        prefix = indexes.GTIN_LISTING + gtin.encode()
    ids, following = _ids(call, prefix)
    listings = tuple(views.listing_view(_state(call), known) for known in ids)
    return json_reply(render_fields(ListingsView(listings, following)))


def read_parcels(call: Call) -> Reply:
    """GET /v1/parcels?carrier=."""
    ids, following = _ids(call, indexes.CARRIER_PARCEL + _needed(call, CARRIER))
    parcels = tuple(parcel_view(_state(call), known) for known in ids)
    return json_reply(render_fields(ParcelsView(parcels, following)))


def _state(call: Call) -> StateReader:
    return call.service.ledger.state


def _needed(call: Call, parameter: Parameter[bytes | None]) -> bytes:
    value = call.get(parameter)
    if value is None:
        msg = f"{parameter.name} is needed"
        raise ParameterInvalid(msg, f"query.{parameter.name}")
    return value


def _page(call: Call, prefix: bytes) -> tuple[list[tuple[bytes, bytes]], str | None]:
    return newest(call.service.ledger, prefix, call.get(CURSOR), call.get(LIMIT))


def _ids(call: Call, prefix: bytes) -> tuple[list[bytes], str | None]:
    found, following = _page(call, prefix)
    return [split_place(rest)[1] for rest, _ in found], following
