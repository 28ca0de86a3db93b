"""The rules of banking that can be broken, in the order of precedence of commerce/errors.py."""

from chain.errors import LedgerError

# Format.


class ChannelUnknown(LedgerError):
    """Money comes and goes by a bank account (`bank`) or an e-CNY wallet (`ecny`)."""

    hint = "name the channel bank or ecny"


class FaceTooSmall(LedgerError):
    """A prepaid card is worth at least what is paid for it."""

    hint = "the face value is the principal and what the merchant adds to it"


class FeesUnsorted(LedgerError):
    """Fees are sorted by type and symbol, one each."""

    hint = "sort the entries by type, then symbol, and give each pair one price"


class FeeForbidden(LedgerError):
    """What the law or the chain's safety needs is free: votes, freezes, refunds, disputes."""

    hint = "leave the type out of the schedule"


class TimersUnsorted(LedgerError):
    """Changed timers are sorted by name, one each."""

    hint = "sort the timers by name and name each once; hushang parameters change does"


class HolidaysUnsorted(LedgerError):
    """Holidays are ascending days since 1970, each once."""

    hint = "sort the days and name each once; hushang parameters change --holidays FILE does"


class HolidaysTooLong(LedgerError):
    """No more than 15 holidays follow one another."""

    hint = "leave a working day in each run of more than 15 days: terms would not end otherwise"


class TimerUnknown(LedgerError):
    """The chain has no timer of this name."""

    hint = "docs/transactions.md lists the timers"


class TimerOutOfRange(LedgerError):
    """A timer leaves its legal range."""

    hint = "docs/transactions.md lists the ranges; those that a law sets can't be voted away"


class LifeTooLong(LedgerError):
    """By these timers something could live for more than 400 days with everybody silent."""

    hint = "shorten one of the timers"


# Object exists.


class RequestUnknown(LedgerError):
    """No open request has this id; settled, cancelled and expired ones have left the state."""

    hint = "the receipts of the request's transactions tell how it ended"


class FreezeUnknown(LedgerError):
    """No freeze of this account and asset was ordered by this document, or it has ended."""

    hint = "the account's freezes tell the documents"


class FreezeExists(LedgerError):
    """The document has frozen money of this account and asset already."""

    hint = "a renewal comes with a document of its own"


class CardUnknown(LedgerError):
    """No prepaid card has this id; used up, refunded and expired ones have left the state."""

    hint = "hushang card list shows the cards that still hold money; receipts tell how others ended"


# Time.


class NoticeTooShort(LedgerError):
    """A change takes effect after the notice that the chain's parameters demand."""

    hint = "name a later time: at least the parameter notice_ms from now (seven days or more)"


class NoticeTooLong(LedgerError):
    """A change takes effect within 90 days."""

    hint = "name an earlier time: at most 90 days from now"


# Money.


class FreezeExceeded(LedgerError):
    """More than is left of the freeze, or than is frozen for it."""

    hint = "earlier freezes of the same money come first"


class CardTooLarge(LedgerError):
    """The principal of one prepaid card is limited."""

    hint = "单用途商业预付卡管理办法 art. 18: at most ¥5,000 on a named card"


class CardExceeded(LedgerError):
    """More than is left on the prepaid card."""

    hint = "use no more than hushang card show CARD tells, and pay the rest another way"


class ShareTooLarge(LedgerError):
    """The merchant's share is more than the card holds."""

    hint = "name a share up to what hushang card show CARD tells is held"


class FeesEmpty(LedgerError):
    """No fees of this asset wait to be collected."""

    hint = (
        "nothing to do until fees have been paid in this asset: hushang fee show tells what "
        "costs what"
    )


# Limits.


class TooManyRequests(LedgerError):
    """The holder has as many open requests of this kind as it may have."""

    hint = "wait until the issuer settles one, or cancel one"


class TooManyFreezes(LedgerError):
    """The account has as many freezes of this asset as it may have."""

    hint = "lift one that has served first (hushang court unfreeze); an account has 16 of an asset"


class TooManyCards(LedgerError):
    """The consumer has as many prepaid cards as it may have."""

    hint = "use up or refund one first: hushang card refund CARD; a consumer has 64 at most"
