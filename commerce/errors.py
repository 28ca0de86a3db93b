"""The rules of commerce that can be broken, each a noun phrase; see `chain.errors`.

In order of precedence inside a handler: format, sender and role, object exists, state, time,
rights, money, limits (docs/transactions.md). What is here is what a failed receipt can say.
"""

from chain.errors import LedgerError

# Format: what the payload's types don't say.


class SymbolMalformed(LedgerError):
    """An asset's symbol is 1 to 12 of A-Z and 0-9."""


class RoleUnknown(LedgerError):
    """No role of this chain has this name."""


class ScopeMalformed(LedgerError):
    """A role's scope is empty, `gcp:` and a company prefix, or `gln:` and a location's GLN."""


class KeysUnsorted(LedgerError):
    """Keys of a list are sorted and distinct."""


class TypesUnsorted(LedgerError):
    """The transaction types of a delegation are sorted and distinct."""


class IdentifierMalformed(LedgerError):
    """A GS1 key has the wrong length or check digit, or a URI is no well-formed identifier."""


class LineRepeated(LedgerError):
    """An order or parcel names one listing or line twice."""


class ItemRepeated(LedgerError):
    """A parcel names one item twice, in the same spelling or another."""


class UpdateEmpty(LedgerError):
    """The update or change leaves everything as it is."""


# Sender and role.


class RoleMissing(LedgerError):
    """The sender (or a co-signer) lacks the role that this operation needs."""

    hint = "a quorum of the members grants roles: role.grant"


class NotAMember(LedgerError):
    """Only a member organisation may do this."""

    hint = "ask the member that sponsors the account"


class DelegationForbidden(LedgerError):
    """A delegated key can never do this: delegate, act as a member, or change who is who."""

    hint = "sign with the account's own keys"


class NotTheIssuer(LedgerError):
    """Only the asset's issuer may do this."""


class NotTheSeller(LedgerError):
    """Only the seller may do this."""


class NotTheBuyer(LedgerError):
    """Only the buyer may do this."""


class NotTheCarrier(LedgerError):
    """Only the parcel's carrier may do this."""


class NotAParty(LedgerError):
    """Only a party to it may do this: buyer, seller, or whom the rule names."""


# Object exists (or doesn't yet).


class AccountUnknown(LedgerError):
    """The named account does not exist."""

    hint = "a member opens accounts: account.open"


class AccountExists(LedgerError):
    """The key policy already opened an account."""


class MemberExists(LedgerError):
    """The account, the organisation's name or a node key is a member's already."""


class GrantUnknown(LedgerError):
    """The account does not hold this role in this scope."""


class GrantExists(LedgerError):
    """The account holds this role in this scope already."""


class PrefixHeld(LedgerError):
    """The company prefix, or one that begins with it or that it begins with, has a holder."""


class LocationHeld(LedgerError):
    """The location's GLN has a holder."""


class DelegationUnknown(LedgerError):
    """The sender has not delegated to this key."""


class AssetUnknown(LedgerError):
    """No asset has this symbol."""

    hint = "symbols are upper case; a quorum and an issuer create assets"


class AssetExists(LedgerError):
    """An asset with this symbol exists."""


class ReferenceUsed(LedgerError):
    """The external or client reference was used before."""

    hint = "the same reference means the same thing: look up what it did before"


class ProductUnknown(LedgerError):
    """No product has this GTIN."""

    hint = "register the product first: product.register"


class ProductExists(LedgerError):
    """A product with this GTIN exists."""


class ListingUnknown(LedgerError):
    """No listing has this id."""


class OrderUnknown(LedgerError):
    """No order has this id."""


class LineUnknown(LedgerError):
    """The order, or the parcel, has no line of this index."""


class ParcelUnknown(LedgerError):
    """No parcel has this id."""

    hint = "hushang order show ORDER lists the parcels of an order with their ids"


# State.


class ListingWithdrawn(LedgerError):
    """The listing was withdrawn."""


class ListingVersionStale(LedgerError):
    """The listing has a newer version than the one named."""

    hint = "load the listing again and name its newest version"


class StateForbids(LedgerError):
    """The escrow automaton has no such edge from the state that the order or parcel is in."""

    hint = "the order's view tells what may happen next, and who can do it"


# Time.


class ExpiryPassed(LedgerError):
    """The expiry is not in the future."""


class ShipWithinOutOfRange(LedgerError):
    """A promise to ship lies between one hour and 45 days (presale)."""

    hint = "leave it out for the default of the chain"


# Rights.


class PrefixNotHeld(LedgerError):
    """The GTIN's company prefix is not held by the sender."""

    hint = "a regulator or inspector records who holds a prefix: gcp.grant"


class SharedController(LedgerError):
    """Two parties that must be independent are one account or share a key."""

    hint = "trade between independent accounts"


class MixedOrder(LedgerError):
    """All lines of an order have one seller and one asset."""

    hint = "place one order per seller and asset"


class ExemptionNotOffered(LedgerError):
    """The buyer gives up the return in seven days, but offer and product's class don't ask it."""


class DeliveryProofMissing(LedgerError):
    """A delivery needs the recipient's code, or a coarse cell of an independent carrier."""

    hint = "ask the recipient for the code; without one the buyer's confirmation ends the trade"


class RecipientCodeWrong(LedgerError):
    """The recipient's code doesn't match the commitment in the order."""

    hint = "the code is that of this order, byte for byte"


class RecipientCodeUsed(LedgerError):
    """The recipient's code proved an earlier parcel of the order, and everybody can read it now."""

    hint = "the buyer's confirmation ends this parcel; an independent carrier can name the place"


class ItemInParcel(LedgerError):
    """An item is in another parcel of the order, one that wasn't lost."""


class ItemNotInParcel(LedgerError):
    """An EPC's GTIN is not that of any line in the parcel."""


# Money.


class InsufficientFunds(LedgerError):
    """The available balance is smaller than the amount."""

    hint = "the account's view tells what is available; frozen money can't be spent"


class AmountTooLarge(LedgerError):
    """The amount, or a sum with it, leaves the range of amounts."""


class AmountMismatch(LedgerError):
    """The payment is not exactly the order's total."""

    hint = "pay the order's total_minor exactly"


class SelfPayment(LedgerError):
    """Sender and recipient are one account."""


class DelegationExceeded(LedgerError):
    """The delegated key's remaining amount is smaller than what it pays, issues or releases."""

    hint = "the owner can delegate to the key anew"


# Limits.


class StockInsufficient(LedgerError):
    """The listing has fewer units in stock."""

    hint = "order fewer units, or wait until unpaid orders close"


class StockTooLarge(LedgerError):
    """The listing's stock would leave the range of quantities."""


class QuantityExceeded(LedgerError):
    """More units than are left in this line."""


class TooManyUnpaidOrders(LedgerError):
    """The buyer has three unpaid orders of this listing."""

    hint = "pay or cancel one of them first"


class TooManyItems(LedgerError):
    """The parcel names more items of a GTIN than it has units of it."""


class TooManyParcels(LedgerError):
    """The order has as many parcels as it may have."""


class TooManyDelegations(LedgerError):
    """The account has as many delegated keys as it may have."""


class TooManyMembers(LedgerError):
    """The chain has as many members as it may have."""
