"""The rules of licences, pledges, coupons and amended orders that can be broken.

In the order of commerce/errors.py: format, sender and role, object exists, state, time, rights,
money, limits.
"""

from chain.errors import LedgerError

# Format.


class GtinsUnsorted(LedgerError):
    """The GTINs of a list are sorted and distinct."""

    hint = "sort the GTINs and name each once; the command line does"


class ListingsUnsorted(LedgerError):
    """The listings of a list are sorted and distinct."""

    hint = (
        "sort the ids of the listings by their bytes and name each once; hushang coupon issue does"
    )


class TerritoryMalformed(LedgerError):
    """Territories are sorted and distinct codes of GB/T 2260: six digits that begin a province."""

    hint = "leave the list empty for a licence that holds everywhere"


class PledgeUnknown(LedgerError):
    """No pledge of this kind exists."""

    hint = "pledge authentic, late or lost: hushang listing publish --pledge KIND=PERMILLE"


class PledgesUnsorted(LedgerError):
    """The pledges of an offer are sorted by their kinds, each kind once."""

    hint = "sort the pledges by kind and name each kind once: hushang listing publish --pledge does"


class DiscountMissing(LedgerError):
    """A coupon takes off an amount, a share in per mille, or a share up to an amount."""

    hint = (
        "name amount_minor, permille, or both: an amount alone, a share, a share up to the amount"
    )


class CouponNeverValid(LedgerError):
    """A coupon's time ends after it begins, and its budget pays for one use at least."""

    hint = "set valid_until_ms after valid_from_ms, and budget_minor to one use at least"


class CouponRepeated(LedgerError):
    """An order names one coupon twice."""

    hint = "name each coupon once in the order"


# Sender and role.


class NotTheFunder(LedgerError):
    """Only the coupon's funder may do this."""

    hint = "sign with the funder's account: hushang coupon show COUPON"


# Object exists (or doesn't).


class LicenceUnknown(LedgerError):
    """The merchant has no licence for one of these GTINs."""

    hint = "name only GTINs that the merchant is licensed for: hushang licence sellers GTIN"


class CouponUnknown(LedgerError):
    """No coupon has this id."""

    hint = "hushang coupon list shows an account's coupons; check that all of the id was copied"


# State.


class ProductVersionStale(LedgerError):
    """The product has a newer version than the one named."""

    hint = "load the product again and name its newest version"


class CouponWithdrawn(LedgerError):
    """The funder withdrew the coupon: no new order takes it."""

    hint = "order without it, or ask the seller for another one"


# Time.


class CouponNotInTime(LedgerError):
    """The coupon isn't valid yet, or not any more."""

    hint = "the coupon's view tells when it is valid"


# Rights.


class LicenceMissing(LedgerError):
    """The brand sells this product through licensed merchants only, and the seller is none."""

    hint = "the holder of the GTIN's prefix licenses merchants: licence.grant"


class ExemptionUnlawful(LedgerError):
    """An offer without the return in seven days needs a product of an exempt class.

    消费者权益保护法 art. 25: fresh, custom-made and digital goods, newspapers, and what by its
    nature can't be returned; for all else the right can't be given up.
    """

    hint = "the holder of the GTIN's prefix says whether the product's class is exempt"


class CouponIneligible(LedgerError):
    """No line of the order is one that the coupon is for, or it would take nothing off them."""

    hint = "the coupon's view tells asset, seller, listings and GTINs that it is for"


# Money.


class CouponMinimumMissed(LedgerError):
    """What is left to pay of the eligible lines is less than the coupon's minimum."""

    hint = "coupons count in the given order, each on what those before it left"


class CouponUnfunded(LedgerError):
    """The coupon's funder doesn't have the money that it would pay for this order."""

    hint = "nothing happened: cancel the order and place it again without the coupon"


class PriceNotLowered(LedgerError):
    """A new price of an order line is lower than the one before."""

    hint = "name a lower price; to ask more, cancel the order and have the buyer order anew"


# Limits.


class CouponExhausted(LedgerError):
    """What is left of the coupon's budget is less than it would pay for this order."""

    hint = "order without it, or ask its funder to issue another: a budget isn't topped up"


class CouponUsedUp(LedgerError):
    """The buyer has used the coupon as often as one buyer may."""

    hint = "order without it: hushang coupon show COUPON tells how often a buyer may use it"
