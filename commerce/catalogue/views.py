"""What the API shows of the catalogue's rights and coupons: pure reads of the agreed state.

Like commerce/views.py: ids and accounts are bytes, times UTC milliseconds, amounts integers in
`…_minor` fields. What holds now depends on the time that is asked for: `time_ms` is that of the
newest block.
"""

from dataclasses import dataclass
from itertools import islice

from chain.codec import Hash
from chain.state import StateReader
from commerce.catalogue.coupons import buyer_uses, load_coupon, use_of
from commerce.catalogue.licences import LICENCES, is_authorised, licences_of
from commerce.catalogue.pledges import Pledge
from commerce.errors import ListingUnknown
from commerce.listings import OFFERS, version_part
from commerce.money import load_asset
from commerce.products import load_product, load_version
from commerce.rights import gtin_holder
from commerce.views import ProductView, view_of_product


@dataclass(frozen=True, slots=True)
class LicenceView:
    """That a brand lets a merchant sell a GTIN; `holds`: at the time that was asked for."""

    gtin: str
    merchant: Hash
    brand: Hash
    territories: tuple[str, ...]
    expires_ms: int
    document: Hash | None
    granted_ms: int
    holds: bool


@dataclass(frozen=True, slots=True)
class SellersView:
    """Who may sell a GTIN: its brand, and licensed merchants. `licence_required` False: anybody."""

    gtin: str
    brand: Hash | None
    licence_required: bool
    licences: tuple[LicenceView, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list, and as of when: up to `limit` entries after the one of this account."""

    time_ms: int
    after: bytes = b""
    limit: int = 100


@dataclass(frozen=True, slots=True)
class OfferView:
    """One version of a listing, as it was and stays."""

    listing_id: Hash
    version: int
    price_minor: int
    freight_minor: int
    ship_within_ms: int | None
    document: Hash | None
    pledges: tuple[Pledge, ...]
    exempt: bool
    product_version: int
    published_ms: int


@dataclass(frozen=True, slots=True)
class CouponView:
    """A coupon; `open`: a new order may take it at the time that was asked for.

    What is left of the budget is `budget_minor` - `spent_minor`; whether the funder has that much
    is told by its balance.
    """

    coupon_id: Hash
    funder: Hash
    symbol: str
    decimals: int
    amount_minor: int | None
    permille: int | None
    minimum_minor: int
    seller: Hash | None
    buyer: Hash | None
    listings: tuple[Hash, ...]
    gtins: tuple[str, ...]
    valid_from_ms: int
    valid_until_ms: int
    budget_minor: int
    spent_minor: int
    orders: int
    uses_per_buyer: int
    issued_ms: int
    withdrawn: bool
    open: bool


def product_version_view(state: StateReader, gtin: str, version: int) -> ProductView:
    """One version of a product, or `ProductUnknown`."""
    return view_of_product(gtin, load_version(state, gtin, version))


def offer_view(state: StateReader, listing_id: bytes, version: int) -> OfferView:
    """One version of a listing, or `ListingUnknown`."""
    offer = OFFERS.load(state, listing_id, version_part(version))
    if offer is None:
        msg = f"no version {version} of listing {listing_id.hex()}"
        raise ListingUnknown(msg)
    return OfferView(
        listing_id=listing_id,
        version=version,
        price_minor=offer.terms.price_minor,
        freight_minor=offer.terms.freight_minor,
        ship_within_ms=offer.terms.ship_within_ms,
        document=offer.terms.document,
        pledges=offer.terms.pledges,
        exempt=offer.terms.exempt,
        product_version=offer.product_version,
        published_ms=offer.published_ms,
    )


def sellers_view(state: StateReader, gtin: str, page: Page) -> SellersView:
    """The brand of a product and whom it licensed, a page by merchant, or `ProductUnknown`."""
    product = load_product(state, gtin)
    found = list(islice(licences_of(state, gtin, page.after), page.limit + 1))
    shown = [merchant for merchant, _ in found[: page.limit]]
    return SellersView(
        gtin=gtin,
        brand=gtin_holder(state, gtin),
        licence_required=product.licence_required,
        licences=tuple([_licence_view(state, gtin, m, page.time_ms) for m in shown]),
        next=shown[-1].hex() if len(found) > page.limit else None,
    )


def licence_view(
    state: StateReader, gtin: str, merchant: bytes, time_ms: int
) -> LicenceView | None:
    """A merchant's licence for a GTIN, or None (the index keeps those that were revoked)."""
    known = LICENCES.load(state, gtin.encode(), merchant)
    return None if known is None else _licence_view(state, gtin, merchant, time_ms)


def coupon_view(state: StateReader, coupon_id: bytes, time_ms: int) -> CouponView:
    """A coupon with what was drawn from it, or `CouponUnknown`."""
    coupon = load_coupon(state, coupon_id)
    terms, use = coupon.terms, use_of(state, coupon_id)
    in_time = terms.valid_from_ms <= time_ms <= terms.valid_until_ms
    return CouponView(
        coupon_id=coupon_id,
        funder=coupon.funder,
        symbol=terms.symbol,
        decimals=load_asset(state, terms.symbol).decimals,
        amount_minor=terms.amount_minor,
        permille=terms.permille,
        minimum_minor=terms.minimum_minor,
        seller=terms.seller,
        buyer=terms.buyer,
        listings=terms.listings,
        gtins=terms.gtins,
        valid_from_ms=terms.valid_from_ms,
        valid_until_ms=terms.valid_until_ms,
        budget_minor=terms.budget_minor,
        spent_minor=use.spent_minor,
        orders=use.orders,
        uses_per_buyer=terms.uses_per_buyer,
        issued_ms=coupon.issued_ms,
        withdrawn=coupon.withdrawn,
        open=in_time and not coupon.withdrawn and use.spent_minor < terms.budget_minor,
    )


def uses_left(state: StateReader, coupon_id: bytes, buyer: bytes) -> int:
    """How many more orders of a buyer may take the coupon, or `CouponUnknown`."""
    allowed = load_coupon(state, coupon_id).terms.uses_per_buyer
    return max(0, allowed - buyer_uses(state, coupon_id, buyer))


def _licence_view(state: StateReader, gtin: str, merchant: bytes, time_ms: int) -> LicenceView:
    licence = LICENCES.load(state, gtin.encode(), merchant)
    assert licence is not None
    return LicenceView(
        gtin=gtin,
        merchant=merchant,
        brand=licence.brand,
        territories=licence.territories,
        expires_ms=licence.expires_ms,
        document=licence.document,
        granted_ms=licence.granted_ms,
        holds=is_authorised(state, gtin, merchant, time_ms),
    )
