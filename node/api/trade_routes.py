"""Rows of the route table: accounts, money, trade and provenance."""

from commerce import errors
from node.api import accounts, order_lists, paging, provenance, trade
from node.api.problems import ObjectNotFound
from node.api.routing import Route

PAGE = (paging.CURSOR, paging.LIMIT)
WHICH = (order_lists.PART, order_lists.STATE, order_lists.DUE_BEFORE)

ACCOUNTS: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/accounts/{account}",
        "An account: keys, sponsor, roles, delegations, balances",
        {200: accounts.ACCOUNT_MODEL},
        read=accounts.read_account,
        parameters=(accounts.ACCOUNT,),
        problems=(ObjectNotFound,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/balances",
        "An account's balances",
        {200: accounts.BALANCES_MODEL},
        read=accounts.read_balances,
        parameters=(accounts.ACCOUNT,),
        problems=(ObjectNotFound,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/transactions",
        "Receipts that concern an account, newest first",
        {200: accounts.ActivityView},
        read=accounts.read_activity,
        parameters=(accounts.ACCOUNT, *PAGE),
        problems=(ObjectNotFound,),
    ),
    Route(
        "GET",
        "/v1/accounts/{account}/orders",
        "An account's orders, newest first, or by deadline",
        {200: order_lists.ORDERS_MODEL},
        read=order_lists.read_orders_of,
        parameters=(order_lists.PARTY, *WHICH, *PAGE),
    ),
    Route(
        "GET",
        "/v1/assets",
        "Every asset",
        {200: accounts.ASSETS_MODEL},
        read=accounts.read_assets,
    ),
    Route(
        "GET",
        "/v1/assets/{symbol}",
        "An asset",
        {200: accounts.ASSET_MODEL},
        read=accounts.read_asset,
        parameters=(accounts.SYMBOL,),
        problems=(errors.AssetUnknown,),
    ),
)

TRADE: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/products",
        "Products of a holder",
        {200: trade.PRODUCTS_MODEL},
        read=trade.read_products,
        parameters=(trade.HOLDER, *PAGE),
    ),
    Route(
        "GET",
        "/v1/products/{gtin}",
        "A product",
        {200: trade.PRODUCT_MODEL},
        read=trade.read_product,
        parameters=(trade.GTIN,),
        problems=(errors.ProductUnknown,),
    ),
    Route(
        "GET",
        "/v1/listings",
        "Listings of a seller or of a product, newest first",
        {200: trade.LISTINGS_MODEL},
        read=trade.read_listings,
        parameters=(trade.SELLER, trade.OF_GTIN, *PAGE),
    ),
    Route(
        "GET",
        "/v1/listings/{id}",
        "A listing at its newest version",
        {200: trade.LISTING_MODEL},
        read=trade.read_listing,
        parameters=(trade.LISTING_ID,),
        problems=(errors.ListingUnknown,),
    ),
    Route(
        "GET",
        "/v1/orders",
        "Orders of an account, newest first, or what is due, earliest first",
        {200: order_lists.ORDERS_MODEL},
        read=order_lists.read_orders,
        parameters=(order_lists.OF_ACCOUNT, *WHICH, *PAGE),
    ),
    Route(
        "GET",
        "/v1/orders/{id}",
        "An order: lines, parcels, money, what may happen next",
        {200: trade.ORDER_MODEL},
        read=trade.read_order,
        parameters=(trade.ORDER_ID,),
        problems=(errors.OrderUnknown,),
    ),
    Route(
        "GET",
        "/v1/parcels",
        "Parcels of a carrier, newest first",
        {200: trade.PARCELS_MODEL},
        read=trade.read_parcels,
        parameters=(trade.CARRIER, *PAGE),
    ),
    Route(
        "GET",
        "/v1/parcels/{id}",
        "A parcel",
        {200: trade.PARCEL_MODEL},
        read=trade.read_parcel,
        parameters=(trade.PARCEL_ID,),
        problems=(errors.ParcelUnknown,),
    ),
)

PROVENANCE: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/epcis/documents/{id}/{operation}",
        "A captured document, byte for byte",
        {200: "application/ld+json"},
        read=provenance.read_document_bytes,
        parameters=(provenance.TRANSACTION, provenance.OPERATION),
        problems=(ObjectNotFound,),
    ),
)
