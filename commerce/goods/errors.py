"""Refusals about custody, named as the broken rule, in the order of commerce/errors.py."""

from chain.errors import LedgerError


class CustodyUnclear(LedgerError):
    """An offer is of possessing, of owning, or of both."""

    hint = "what is possessing, owning or both"


class TakerIsGiver(LedgerError):
    """Nobody offers goods to itself."""

    hint = "name another account as the taker"


class NotTheTaker(LedgerError):
    """Only whom goods are offered to accepts or rejects them."""

    hint = "sign with the taker's account"


class NotTheGiver(LedgerError):
    """Only who offers goods withdraws the offer."""

    hint = "sign with the account that made the offer"


class OfferUnknown(LedgerError):
    """No custody offer has this id."""

    hint = "GET /v1/accounts/ACCOUNT/custody lists an account's offers"


class OfferEnded(LedgerError):
    """The offer was accepted, rejected or withdrawn, or has expired."""

    hint = "make another offer"


class OfferOfNoOrder(LedgerError):
    """A device is taken over for the storage promises of an order, and the offer names none."""

    hint = "accept without a device, or have the giver name the order"


class ThingOffered(LedgerError):
    """The giver has offered one of these before, and that offer is open."""

    hint = "withdraw the other offer, or wait until it is answered or expires"


class ThingNotPossessed(LedgerError):
    """The giver doesn't have one of these things now."""

    hint = "GET /v1/things?epc= tells who has it"


class ThingNotOwned(LedgerError):
    """The giver doesn't own one of these things now."""

    hint = "GET /v1/things?epc= tells who owns it"


class ContentsChanged(LedgerError):
    """What lies in these things isn't what lay there when they were offered."""

    hint = "the giver withdraws the offer and makes another one"


class TooManyThings(LedgerError):
    """More than 1,000 things would go along in the containers of one offer, or what lies in them
    has too long a history to be told at once.
    """

    hint = "offer the containers one by one, or what lies in them"


class TooManyOffers(LedgerError):
    """The giver has as many open offers as it may have."""

    hint = "wait until some are answered, or withdraw them"
