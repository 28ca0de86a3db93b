"""The rules of reviews that can be broken; see `commerce.errors`."""

from chain.errors import LedgerError

# Object exists (or doesn't yet).


class ReviewUnknown(LedgerError):
    """Nobody has reviewed this line of this order."""

    hint = "hushang review list --merchant ACCOUNT names order and line of each review"


class ReviewExists(LedgerError):
    """The line has its review; there is one for each line."""

    hint = "say more with review.append"


# State.


class LineUnsettled(LedgerError):
    """Money of the line is not paid yet, or still in escrow."""

    hint = "confirm what arrived, or wait until the last unit is released or refunded"


class ReviewHidden(LedgerError):
    """The review is hidden by a legal order."""

    hint = "nothing is left to do: it stays hidden, and nothing can be added to it"


class ReviewVoid(LedgerError):
    """The line was refunded in full, and with it the right to review it."""

    hint = "nothing to do: what is refunded in full isn't reviewed"


# Time.


class AppendWindowOver(LedgerError):
    """A review is appended to within 180 days of its posting."""

    hint = "nothing is left to do: the review stands as it is"


# Money.


class NothingPaid(LedgerError):
    """The seller has kept nothing of what was paid for this line, so nobody may review it."""

    hint = "nothing to do: what is refunded in full isn't reviewed"


# Limits.


class TooManyAppends(LedgerError):
    """The review was appended to as often as it may be."""

    hint = "nothing is left to do: a review is appended to three times"


class TooManyReplies(LedgerError):
    """The seller has replied to the review as often as it may."""

    hint = "nothing is left to do: a seller replies three times"
