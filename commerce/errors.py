"""The rules of commerce that can be broken, each a noun phrase; see `chain.errors`.

In order of precedence inside a handler: format, sender and role, object exists, state, time,
rights, money, limits (docs/transactions.md). What is here is what a failed receipt can say.
"""

from chain.errors import LedgerError

# Format: what the payload's types don't say.


class SymbolMalformed(LedgerError):
    """An asset's symbol is 1 to 12 of A-Z and 0-9."""

    hint = "write it like CNY or POINTS1: upper case, no spaces"


class RoleUnknown(LedgerError):
    """No role of this chain has this name."""

    hint = "name merchant, carrier, inspector, arbiter, issuer, regulator, device_maker or gateway"


class ScopeMalformed(LedgerError):
    """A role's scope is empty, `gcp:` and a company prefix, or `gln:` and a location's GLN."""

    hint = "leave it empty for everywhere, or write gcp:6901234 or gln:6901234000078"


class KeysUnsorted(LedgerError):
    """Keys of a list are sorted and distinct."""

    hint = "sort the keys by their bytes and name each once; hushang member register does"


class TypesUnsorted(LedgerError):
    """The transaction types of a delegation are sorted and distinct."""

    hint = "sort the types by name and name each once; hushang delegate add does"


class IdentifierMalformed(LedgerError):
    """A GS1 key has the wrong length or check digit, or a URI is no well-formed identifier."""

    hint = "check length and last digit: hushang epcis link IDENTIFIER reads GS1 keys and URIs"


class LineRepeated(LedgerError):
    """An order or parcel names one listing or line twice."""

    hint = "name each line or listing once, with all its units"


class ItemRepeated(LedgerError):
    """A parcel names one item twice, in the same spelling or another."""

    hint = "name each item once; a Digital Link and an EPC URI may mean the same one"


class UpdateEmpty(LedgerError):
    """The update or change leaves everything as it is."""

    hint = "nothing to do; or name what is to change"


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

    hint = "sign with the issuer's account: hushang asset show SYMBOL"


class NotTheSeller(LedgerError):
    """Only the seller may do this."""

    hint = "sign with the seller's account: hushang order show, or hushang listing show, names it"


class NotTheBuyer(LedgerError):
    """Only the buyer may do this."""

    hint = "sign with the buyer's account: hushang order show ORDER names it"


class NotTheCarrier(LedgerError):
    """Only the parcel's carrier may do this."""

    hint = "sign with the carrier's account: hushang shipment show PARCEL names it"


class NotAParty(LedgerError):
    """Only a party to it may do this: buyer, seller, or whom the rule names."""

    hint = "sign with the account of a party: the order, case, card or request names them"


# Object exists (or doesn't yet).


class AccountUnknown(LedgerError):
    """The named account does not exist."""

    hint = "a member opens accounts: account.open"


class AccountExists(LedgerError):
    """The key policy already opened an account."""

    hint = "use the account: hushang account show ACCOUNT; its id follows from its key policy"


class MemberExists(LedgerError):
    """The account, the organisation's name or a node key is a member's already."""

    hint = "hushang member list names it; another key of a member: hushang member keys"


class GrantUnknown(LedgerError):
    """The account does not hold this role in this scope."""

    hint = "name the scope of the grant, too: hushang account show ACCOUNT lists the roles"


class GrantExists(LedgerError):
    """The account holds this role in this scope already."""

    hint = "nothing to do: hushang account show ACCOUNT lists the roles"


class PrefixHeld(LedgerError):
    """The company prefix, or one that begins with it or that it begins with, has a holder."""

    hint = "a granted prefix stays with its holder: hushang prefix show DIGITS names it"


class LocationHeld(LedgerError):
    """The location's GLN has a holder."""

    hint = "a registered location stays with its holder: hushang location show GLN names it"


class DelegationUnknown(LedgerError):
    """The sender has not delegated to this key."""

    hint = "nothing to revoke: hushang account show ACCOUNT lists the delegated keys"


class AssetUnknown(LedgerError):
    """No asset has this symbol."""

    hint = "symbols are upper case; a quorum and an issuer create assets"


class AssetExists(LedgerError):
    """An asset with this symbol exists."""

    hint = "use the asset, or choose another symbol: hushang asset list"


class ReferenceUsed(LedgerError):
    """The external or client reference was used before."""

    hint = "the same reference means the same thing: look up what it did before"


class ProductUnknown(LedgerError):
    """No product has this GTIN."""

    hint = "register the product first: hushang product register"


class ProductExists(LedgerError):
    """A product with this GTIN exists."""

    hint = "change it instead: hushang product update GTIN"


class ListingUnknown(LedgerError):
    """No listing has this id."""

    hint = "GET /v1/listings lists what is on offer; check that all of the id was copied"


class OrderUnknown(LedgerError):
    """No order has this id."""

    hint = "hushang order list shows yours"


class LineUnknown(LedgerError):
    """The order, or the parcel, has no line of this index."""

    hint = "lines are counted from 0: hushang order show ORDER lists them"


class ParcelUnknown(LedgerError):
    """No parcel has this id."""

    hint = "hushang order show ORDER lists the parcels of an order with their ids"


# State.


class ListingWithdrawn(LedgerError):
    """The listing was withdrawn."""

    hint = "choose another offer of these goods, or publish a new one: hushang listing publish"


class ListingVersionStale(LedgerError):
    """The listing has a newer version than the one named."""

    hint = "load the listing again and name its newest version"


class StateForbids(LedgerError):
    """The order or parcel is in a state in which this can't be done."""

    hint = "the order's view tells what may happen next, and who can do it"


# Time.


class ExpiryPassed(LedgerError):
    """The expiry is not in the future."""

    hint = "name a time in the future, in ms since 1970; is this machine's clock right?"


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

    hint = "leave exemption_confirmed (--confirm-exempt) out: these goods can be returned"


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

    hint = "take it out of this parcel; hushang shipment show PARCEL lists what each one holds"


class ItemNotInParcel(LedgerError):
    """An EPC's GTIN is not that of any line in the parcel."""

    hint = "name only items of what is shipped: hushang order show ORDER tells its GTINs"


# Money.


class InsufficientFunds(LedgerError):
    """The available balance is smaller than the amount."""

    hint = "the account's view tells what is available; frozen money can't be spent"


class AmountTooLarge(LedgerError):
    """The amount, or a sum with it, leaves the range of amounts."""

    hint = "split it: amounts, balances and what an asset has issued stay below 2**63 minor units"


class AmountMismatch(LedgerError):
    """The payment is not exactly the order's total."""

    hint = "pay the order's total_minor exactly"


class SelfPayment(LedgerError):
    """Sender and recipient are one account."""

    hint = "name another account as the recipient"


class DelegationExceeded(LedgerError):
    """The delegated key's remaining amount is smaller than what it pays, issues or releases."""

    hint = "the owner can delegate to the key anew"


# Limits.


class StockInsufficient(LedgerError):
    """The listing has fewer units in stock."""

    hint = "order fewer units, or wait until unpaid orders close"


class StockTooLarge(LedgerError):
    """The listing's stock would leave the range of quantities."""

    hint = "add less: a listing has at most 2,147,483,647 units"


class QuantityExceeded(LedgerError):
    """More units than are left in this line."""

    hint = "name at most what hushang order show ORDER tells is left of the line"


class TooManyUnpaidOrders(LedgerError):
    """The buyer has three unpaid orders of this listing."""

    hint = "pay or cancel one of them first"


class TooManyItems(LedgerError):
    """The parcel names more items of a GTIN than it has units of it."""

    hint = "name each item once, or ship more units of its GTIN"


class TooManyParcels(LedgerError):
    """The order has as many parcels as it may have."""

    hint = "put more into one parcel: an order has at most 100"


class TooManyDelegations(LedgerError):
    """The account has as many delegated keys as it may have."""

    hint = "revoke one that isn't used: hushang delegate revoke; an account has 64 at most"


class TooManyMembers(LedgerError):
    """The chain has as many members as it may have."""

    hint = "an organisation can trade without being a member: by an account that a member opens"
