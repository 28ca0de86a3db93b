"""Refusals of extensions, named as the broken rule."""

from chain.errors import LedgerError


class ExtensionDaysForbidden(LedgerError):
    """A seller extends by 3, 5, 7 or 10 days, a buyer by 1 to 3."""

    hint = "choose another number of days"


class ExtendedOnce(LedgerError):
    """The buyer has extended the time of this parcel before."""

    hint = "a refund request stops the clock, too: hushang refund request"


class ExtensionTooLong(LedgerError):
    """The time of a parcel is extended by 20 days in all at most."""

    hint = "hushang order show ORDER tells what is left"
