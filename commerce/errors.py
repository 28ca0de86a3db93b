"""The rules of commerce that can be broken, each a noun phrase; see `chain.errors`.

In order of precedence inside a handler: sender and role, object exists, state, time, rights,
money, limits (docs/transactions.md).
"""

from chain.errors import LedgerError


class RoleMissing(LedgerError):
    """The sender (or a co-signer) lacks the role that this operation needs."""


class AccountUnknown(LedgerError):
    """The named account does not exist."""


class AccountExists(LedgerError):
    """The key policy already opened an account."""


class AssetUnknown(LedgerError):
    """No asset has this symbol."""


class AssetExists(LedgerError):
    """An asset with this symbol exists."""


class NotTheIssuer(LedgerError):
    """Only the asset's issuer may do this."""


class ReferenceUsed(LedgerError):
    """The external or client reference was used before."""


class InsufficientFunds(LedgerError):
    """The available balance is smaller than the amount."""


class AmountNotPositive(LedgerError):
    """The amount must be at least one minor unit."""


class AmountTooLarge(LedgerError):
    """The amount, or a sum with it, leaves the range of amounts."""


class SelfPayment(LedgerError):
    """Sender and recipient are one account."""


class DelegationExceeded(LedgerError):
    """The delegated key's remaining amount is smaller than the payment."""
