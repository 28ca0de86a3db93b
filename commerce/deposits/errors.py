"""The rules of deposits, the mutual fund, debts and claims that can be broken.

In the order of commerce/errors.py: format, sender and role, object exists, state, time, rights,
money, limits.
"""

from chain.errors import LedgerError

# Format.


class ClaimKindUnknown(LedgerError):
    """Claims are of the kinds late, lost, authentic, fraud and food."""

    hint = "file it as one of these: hushang claim file ORDER KIND"


class LossNotClaimable(LedgerError):
    """Only a claim for food has a loss: three times it counts, if that is more than ten prices."""

    hint = "leave loss_minor (--loss) out, or file the claim as food"


class EvidenceMissing(LedgerError):
    """A claim that a panel judges comes with the hash of what shows it."""

    hint = "name a file that shows it (hushang claim file --file FILE) and keep it for the panel"


# Object exists (or doesn't yet).


class DepositUnknown(LedgerError):
    """The sender has no deposit in this asset."""

    hint = "make one first: deposit.add"


class LiabilityUnknown(LedgerError):
    """Nobody owes anything for this parcel or case, or it was collected."""

    hint = "a parcel, or a return's case, that its carrier insured and lost"


class NotTheCreditor(LedgerError):
    """Only the seller collects what it is owed for its goods."""

    hint = "sign with the seller's account"


class ClaimUnknown(LedgerError):
    """No claim has this id."""

    hint = "hushang claim list shows those of an account"


class ClaimExists(LedgerError):
    """The line has a claim of this kind already."""

    hint = "one claim per order line and kind; the first one's view tells what came of it"


class NothingOwed(LedgerError):
    """The sender owes nothing in this asset."""

    hint = "nothing to do: hushang recourse list shows debts, each in its asset"


# State.


class WithdrawalMissing(LedgerError):
    """No withdrawal of this deposit was asked for, or claims have taken all of it."""

    hint = "ask first: deposit.withdraw.request"


class MerchantInDebt(LedgerError):
    """A merchant that owes money gets no deposit back, no new listing and no new order."""

    hint = "the merchant pays its debts by recourse.repay, the oldest first"


class OrderUnpaid(LedgerError):
    """Nobody has paid the order: there is nothing to claim."""

    hint = "cancel the order instead, if it is not wanted: hushang order cancel ORDER"


# Time.


class DepositLocked(LedgerError):
    """A deposit leaves 90 days after the request, and 15 days after the last obligation's end."""

    hint = "the deposit's view tells from when it can be paid out"


class ClaimTooLate(LedgerError):
    """Claims are filed within three years of the sale (民法典 art. 188)."""

    hint = "nothing on the chain helps any more; ask the seller, or a court"


# Rights.


class PledgeMissing(LedgerError):
    """The offer that was ordered pledges nothing of this kind."""

    hint = "what an offer pledges stands in the version that the order names"


# Money.


class DepositReserved(LedgerError):
    """More than the part of the deposit that is kept for no order and no claim."""

    hint = "orders give back their part when their windows are over, claims when they have ended"


class DepositTooSmall(LedgerError):
    """The seller's deposit is below the minimum of the product's class."""

    hint = "the seller adds to its deposit in the listing's asset: deposit.add"


class RepaymentTooLarge(LedgerError):
    """More than the sender owes in this asset."""

    hint = "repay at most what hushang recourse list tells"


class NothingClaimable(LedgerError):
    """The order's records show nothing that this claim could be for."""

    hint = "a late or lost unit, or a purchase that earlier claims haven't counted"


# Limits.


class TooManyDebts(LedgerError):
    """One repayment settles so many debts and no more."""

    hint = "repay in several transactions"
