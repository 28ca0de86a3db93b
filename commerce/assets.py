"""Kinds of money, how it comes to be and ends: asset.create, asset.issue, asset.redeem."""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Name, PositiveAmount, Range
from chain.context import Context, event
from chain.errors import CosignerMissing
from chain.genesis import ASSET_DECIMALS_MAX
from commerce.accounts import require_account
from commerce.errors import (
    AccountUnknown,
    AmountTooLarge,
    AssetExists,
    AssetUnknown,
    DelegationExceeded,
    InsufficientFunds,
    NotTheIssuer,
    ReferenceUsed,
    RoleMissing,
    SymbolMalformed,
)
from commerce.money import (
    ASSETS,
    Asset,
    Symbol,
    add_amounts,
    asset_part,
    credit,
    debit,
    is_symbol,
    load_asset,
    spend_delegation,
)
from commerce.records import altered
from commerce.references import reference_key, require_unused, use
from commerce.refusals import refuses
from commerce.reviews.indexes import index_flow
from commerce.roles import require_role


@dataclass(frozen=True, slots=True)
class AssetCreate:
    """`symbol` is unique on the chain; `decimals` says how many minor units make one."""

    symbol: Symbol
    decimals: Annotated[int, Range(0, ASSET_DECIMALS_MAX)]
    issuer: Hash


@dataclass(frozen=True, slots=True)
class AssetIssue:
    """`reference` names the deposit outside the chain (a bank transfer), unique per asset."""

    symbol: Symbol
    to: Hash
    amount_minor: PositiveAmount
    reference: Name


@dataclass(frozen=True, slots=True)
class AssetRedeem:
    """`reference` names the payment outside the chain (a bank transfer), unique per asset."""

    symbol: Symbol
    amount_minor: PositiveAmount
    reference: Name


@refuses(SymbolMalformed, CosignerMissing, AccountUnknown, RoleMissing, AssetExists)
def asset_create(op: AssetCreate, context: Context) -> tuple[Event, ...]:
    """Add a kind of money with nothing issued, by a quorum of the members and its issuer."""
    if not is_symbol(op.symbol):
        msg = f"{op.symbol!r} is no symbol"
        raise SymbolMalformed(msg)
    context.require_member_quorum()
    require_account(context, op.issuer, "the issuer")
    context.require_consent(op.issuer, "the issuer")
    require_role(context.state, op.issuer, "issuer", "the issuer")
    if ASSETS.load(context.state, asset_part(op.symbol)) is not None:
        msg = f"asset {op.symbol} exists"
        raise AssetExists(msg)
    created = Asset(op.symbol, op.decimals, op.issuer, 0, 0)
    ASSETS.store(context.state, created, asset_part(op.symbol))
    return (event("asset.created", symbol=op.symbol, decimals=op.decimals, issuer=op.issuer),)


@refuses(
    AssetUnknown,
    NotTheIssuer,
    RoleMissing,
    AccountUnknown,
    ReferenceUsed,
    DelegationExceeded,
    AmountTooLarge,
)
def asset_issue(op: AssetIssue, context: Context) -> tuple[Event, ...]:
    """Only the issuer creates money, once per external reference, while it has the role."""
    asset = load_asset(context.state, op.symbol)
    if context.sender != asset.issuer:
        msg = f"{op.symbol} is issued by another account"
        raise NotTheIssuer(msg)
    # A quorum that revoked the role has ended its issuing; what it issued stays good.
    require_role(context.state, context.sender, "issuer")
    require_account(context, op.to, "the recipient")
    return (issue(context, asset, op.to, op.amount_minor, op.reference),)


@refuses(AssetUnknown, CosignerMissing, ReferenceUsed, InsufficientFunds, DelegationExceeded)
def asset_redeem(op: AssetRedeem, context: Context) -> tuple[Event, ...]:
    """The sender's money ends, since the issuer has paid it out elsewhere; both sign."""
    asset = load_asset(context.state, op.symbol)
    context.require_consent(asset.issuer, "the issuer")
    reference = unused_payout(context, op.symbol, op.reference)
    debit(context, context.sender, op.symbol, op.amount_minor)
    return (redeem(context, asset, context.sender, op.amount_minor, op.reference, reference),)


def issue(context: Context, asset: Asset, to: bytes, amount_minor: int, reference: str) -> Event:
    """New money for a deposit elsewhere: `ReferenceUsed`, `DelegationExceeded`, `AmountTooLarge`.

    The sender is the issuer, which has the role. What is issued in all is an amount, so that no
    sum of what exists is too large.
    """
    part = asset_part(asset.symbol)
    key = reference_key("issue", part, reference)
    require_unused(context, key)
    # New money leaves the issuer's hands like its own: a delegated key's cap counts it.
    spend_delegation(context, amount_minor)
    issued = add_amounts(asset.issued_minor, amount_minor)
    ASSETS.store(context.state, altered(asset, issued_minor=issued), part)
    use(context, key)
    credit(context, to, asset.symbol, amount_minor)
    index_flow(context, asset.issuer, to, asset.symbol, amount_minor)
    return event(
        "asset.issued", symbol=asset.symbol, to=to, amount_minor=amount_minor, reference=reference
    )


def unused_payout(context: Context, symbol: str, reference: str) -> bytes:
    """The key of a payment outside the chain, or `ReferenceUsed`: it redeems once."""
    key = reference_key("redeem", asset_part(symbol), reference)
    require_unused(context, key)
    return key


def redeem(  # a redemption is all of these
    context: Context, asset: Asset, holder: bytes, amount_minor: int, reference: str, key: bytes
) -> Event:
    """End money that was taken from where it was; `key` is that of the unused reference."""
    redeemed = asset.redeemed_minor + amount_minor
    assert redeemed <= asset.issued_minor
    ASSETS.store(context.state, altered(asset, redeemed_minor=redeemed), asset_part(asset.symbol))
    use(context, key)
    return event(
        "asset.redeemed",
        symbol=asset.symbol,
        holder=holder,
        amount_minor=amount_minor,
        reference=reference,
    )
