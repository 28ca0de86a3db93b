"""The catalogue: products and offers."""

from commerce.listings import (
    ListingPublish,
    ListingUpdate,
    ListingWithdraw,
    listing_publish,
    listing_update,
    listing_withdraw,
)
from commerce.products import ProductRegister, product_register
from commerce.transaction_types import SystemTransition, TransactionType

TYPES = (
    TransactionType("product.register", ProductRegister, product_register, "prefix holder"),
    TransactionType("listing.publish", ListingPublish, listing_publish, "S"),
    TransactionType("listing.update", ListingUpdate, listing_update, "S"),
    TransactionType("listing.withdraw", ListingWithdraw, listing_withdraw, "S"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
