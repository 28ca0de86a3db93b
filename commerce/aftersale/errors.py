"""Refusals of after-sale operations, named as the broken rule."""

from chain.errors import LedgerError


class CaseUnknown(LedgerError):
    """No case with this id."""

    hint = "list an order's cases with hushang order show ORDER"


class RequestKindUnknown(LedgerError):
    """No kind of request has this name, or not for a request."""

    hint = "the kinds are unshipped, not_received, no_reason, quality, allowance, exchange"


class RequestKindForbidden(LedgerError):
    """This kind of request isn't for goods in this state."""

    hint = "hushang order show ORDER tells the state; unshipped and in transit have their own kinds"


class ReturnExempt(LedgerError):
    """These goods can't be returned without a reason: the buyer confirmed their exemption."""

    hint = "a quality request is possible for them too"


class WindowClosed(LedgerError):
    """The time for such a request is over."""

    hint = "claims under the law are possible for three years: hushang claim file"


class UnitsInCase(LedgerError):
    """The units are under a request."""

    hint = "decide or withdraw the open request first"


class UnitsTriedOut(LedgerError):
    """Two requests for these units were closed already."""

    hint = "what is left is a claim: hushang claim file"


class AmountTooHigh(LedgerError):
    """More is asked or offered than the units are worth, or than was asked."""

    hint = "hushang order show ORDER tells what is left of each line"


class AmountPartial(LedgerError):
    """A request of this kind is for the whole worth of its units."""

    hint = "leave the amount out; allowance asks for a part and keeps the goods"


class OfferUnchanged(LedgerError):
    """The counter-offer is what was asked."""

    hint = "agree instead: hushang refund agree"


class LinesMismatch(LedgerError):
    """Amounts are given for other lines than the case has."""

    hint = "one amount for each line of the case, in its order"


class ReturnRightProtected(LedgerError):
    """A return without a reason in its seven days can't be rejected (消费者权益保护法 art. 25)."""

    hint = "agree; if the goods come back damaged, contest the return"


class TooManyCases(LedgerError):
    """The order has had as many cases as it may have."""

    hint = "ask for several lines at once"


class RefundPending(LedgerError):
    """These units wait for the answer to a refund request and can't be shipped."""

    hint = "agree to the refund, or reject it and ship what is not requested"


class KeepForbidden(LedgerError):
    """Recalled goods of class I, or goods that were sent back, can't be kept."""

    hint = "take the refund: hushang order keep --refund"


class ExchangedOnce(LedgerError):
    """Goods that came by an exchange are not exchanged again."""

    hint = "ask for a return or an allowance"
