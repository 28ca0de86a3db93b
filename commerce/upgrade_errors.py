"""The rules of protocol upgrades, in order of precedence; see `commerce.errors`."""

from chain.errors import LedgerError


class VersionGone(LedgerError):
    """A chain never goes back to an earlier protocol version."""

    hint = "what governs: hushang upgrade show"


class UpgradeTooSoon(LedgerError):
    """A protocol version is announced some heights before it governs."""

    hint = "name a later height"


class UpgradeTooFar(LedgerError):
    """A protocol version is not announced for a height that far away."""

    hint = "name an earlier height; it can be put off later"
