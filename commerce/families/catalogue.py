"""The catalogue: products, who may sell them, offers, and coupons."""

from commerce.catalogue.issuing import (
    CouponIssue,
    CouponWithdraw,
    coupon_issue,
    coupon_withdraw,
)
from commerce.catalogue.licences import (
    LicenceGrant,
    LicenceRevoke,
    licence_grant,
    licence_revoke,
)
from commerce.listings import (
    ListingPublish,
    ListingUpdate,
    ListingWithdraw,
    listing_publish,
    listing_update,
    listing_withdraw,
)
from commerce.products import (
    ProductRegister,
    ProductUpdate,
    product_register,
    product_update,
)
from commerce.transaction_types import SystemTransition, TransactionType

TYPES = (
    TransactionType("product.register", ProductRegister, product_register, "prefix holder"),
    TransactionType("product.update", ProductUpdate, product_update, "prefix holder"),
    TransactionType("licence.grant", LicenceGrant, licence_grant, "prefix holder"),
    TransactionType("licence.revoke", LicenceRevoke, licence_revoke, "prefix holder"),
    TransactionType("listing.publish", ListingPublish, listing_publish, "S"),
    TransactionType("listing.update", ListingUpdate, listing_update, "S"),
    TransactionType("listing.withdraw", ListingWithdraw, listing_withdraw, "S"),
    TransactionType("coupon.issue", CouponIssue, coupon_issue, "funder"),
    TransactionType("coupon.withdraw", CouponWithdraw, coupon_withdraw, "funder"),
)

TRANSITIONS: tuple[SystemTransition, ...] = ()
