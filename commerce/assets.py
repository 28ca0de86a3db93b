"""Kinds of money and how they come to be: asset.create, asset.issue."""

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
    is_symbol,
    load_asset,
    spend_delegation,
)
from commerce.references import reference_key, require_unused, use
from commerce.refusals import refuses
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
    reference = reference_key("issue", asset_part(op.symbol), op.reference)
    require_unused(context, reference)
    # New money leaves the issuer's hands like its own: a delegated key's cap counts it.
    spend_delegation(context, op.amount_minor)
    issued = add_amounts(asset.issued_minor, op.amount_minor)
    raised = Asset(asset.symbol, asset.decimals, asset.issuer, issued, asset.redeemed_minor)
    ASSETS.store(context.state, raised, asset_part(op.symbol))
    use(context, reference)
    credit(context, op.to, op.symbol, op.amount_minor)
    issuing = event(
        "asset.issued",
        symbol=op.symbol,
        to=op.to,
        amount_minor=op.amount_minor,
        reference=op.reference,
    )
    return (issuing,)
