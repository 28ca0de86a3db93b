"""The rules of the beacon that can be broken, each a noun phrase; see `commerce.errors`.

In order of precedence inside a handler, like there.
"""

from chain.errors import LedgerError

# Format: what the payload's types don't say.


class DealUneven(LedgerError):
    """A deal has one point and one encrypted share for each seat."""

    hint = "make one point and one sealed share for each seat; the beacon agent of a node does"


class DealsUnsorted(LedgerError):
    """The deals of a list ascend by dealer, then number, and none stands twice."""

    hint = "name the deals by dealer, then number, ascending, each once; a node's beacon agent does"


class RevealEmpty(LedgerError):
    """A reveal holds one share at least."""

    hint = "send it when there is a share to reveal; a seat that has none sends nothing"


# Sender and role.


class SeatMissing(LedgerError):
    """The sender has no seat in the committee of that epoch."""

    hint = "who has a seat: hushang committee show"


# Object exists.


class DrawUnknown(LedgerError):
    """No draw of this id is under way."""

    hint = "it has ended: nothing is left to do"


class DealsUnknown(LedgerError):
    """None of the deals is in stock and without the sender's acknowledgement."""

    hint = "they were acknowledged, used or voided before: nothing is left to do"


# State.


class DealOutdated(LedgerError):
    """The deal is of an epoch other than the one that governs."""

    hint = "the committee has changed: deal for its present seats"


class DealOutOfTurn(LedgerError):
    """A dealer numbers its deals of an epoch from 0 in a row, and this isn't the next number."""

    hint = "the deal of this number was decided before, or one below it is missing"


class DealSizeWrong(LedgerError):
    """The deal is for another number of seats than the committee has."""

    hint = "deal anew for the seats that hushang committee show lists now"


class SharesRevealed(LedgerError):
    """The seat has revealed its shares for this draw."""

    hint = "nothing is left to do: one reveal of a seat counts"


class RevealSizeWrong(LedgerError):
    """A reveal has one share, or nil, for each secret of the draw, in their order."""

    hint = (
        "give one share or nil for each secret of the draw, in their order; a node's beacon "
        "agent does"
    )


# Rights.


class DegreeWrong(LedgerError):
    """The points of a deal don't lie on one polynomial of the committee's degree f."""

    hint = "every f+1 shares must lead to the same secret"


class ShareWrong(LedgerError):
    """A share is not the one that its dealer committed to for this seat."""

    hint = "leave the share out: nil in its place"


# Limits.


class DealsInStock(LedgerError):
    """The dealer has as many unused deals as it may have."""

    hint = "a draw must use one of them first"
