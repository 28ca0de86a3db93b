"""What the API shows of accounts and assets: pure reads of the agreed state.

Keys and accounts are bytes, times UTC milliseconds, amounts integers in `…_minor` fields; the API
renders them. A missing object raises the refusal that a transaction would get.
"""

from dataclasses import dataclass

from chain.account import ACCOUNTS, DELEGATIONS, KeyPolicy
from chain.codec import Hash, PublicKey
from chain.state import StateReader
from commerce.errors import AccountUnknown
from commerce.members import MEMBERS
from commerce.money import BALANCES, Balance, load_asset, symbol_of
from commerce.roles import HELD_ROLES

_ACCOUNT_WIDTH = 32


@dataclass(frozen=True, slots=True)
class RoleView:
    """A role and its scope; empty: everywhere."""

    role: str
    scope: str
    certificate: Hash | None
    granted_ms: int


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What an account has of one asset; frozen money is its own and can't be spent.

    `to_freeze_minor`: how much of what comes in will be frozen.
    """

    symbol: str
    decimals: int
    available_minor: int
    frozen_minor: int
    to_freeze_minor: int


@dataclass(frozen=True, slots=True)
class DelegationView:
    """A key that speaks for the account within types, an amount and a time."""

    public_key: PublicKey
    types: tuple[str, ...]
    amount_max_minor: int
    spent_minor: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account with its roles and money; `organisation` is set if it is a member's."""

    account: Hash
    sponsor: Hash
    organisation: str | None
    policy: KeyPolicy
    identity_commitment: Hash | None
    roles: tuple[RoleView, ...]
    balances: tuple[BalanceView, ...]
    delegations: tuple[DelegationView, ...]


@dataclass(frozen=True, slots=True)
class AssetView:
    """A kind of money; issued - redeemed is what exists of it."""

    symbol: str
    decimals: int
    issuer: Hash
    issued_minor: int
    redeemed_minor: int


def account_view(state: StateReader, account: bytes) -> AccountView:
    """Everything that the state says of an account, or `AccountUnknown`."""
    found = ACCOUNTS.load(state, account)
    if found is None:
        msg = "no such account"
        raise AccountUnknown(msg)
    member = MEMBERS.load(state, account)
    return AccountView(
        account=account,
        sponsor=found.sponsor,
        organisation=None if member is None else member.organisation,
        policy=found.policy,
        identity_commitment=found.identity_commitment,
        roles=tuple(
            RoleView(held.role, held.scope, held.certificate, held.granted_ms)
            for _, held in HELD_ROLES.items(state, account)
        ),
        balances=tuple(
            _balance_view(state, key, balance) for key, balance in BALANCES.items(state, account)
        ),
        delegations=tuple(
            DelegationView(
                key[_ACCOUNT_WIDTH:],
                scope.types,
                scope.amount_max_minor,
                scope.spent_minor,
                scope.expires_ms,
            )
            for key, scope in DELEGATIONS.items(state, account)
        ),
    )


def asset_view(state: StateReader, symbol: str) -> AssetView:
    """An asset, or `AssetUnknown`."""
    asset = load_asset(state, symbol)
    return AssetView(
        asset.symbol, asset.decimals, asset.issuer, asset.issued_minor, asset.redeemed_minor
    )


def _balance_view(state: StateReader, key: bytes, balance: Balance) -> BalanceView:
    symbol = symbol_of(key[_ACCOUNT_WIDTH:])
    decimals = load_asset(state, symbol).decimals
    amounts = (balance.available_minor, balance.frozen_minor, balance.to_freeze_minor)
    return BalanceView(symbol, decimals, *amounts)
