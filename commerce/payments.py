"""Issuing and paying: asset.issue, pay.transfer."""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, Name, PositiveAmount
from chain.context import Context, event
from chain.crypto import tagged_hash
from chain.state import Table
from commerce.errors import AccountUnknown, NotTheIssuer, ReferenceUsed, SelfPayment
from commerce.money import (
    ASSETS,
    Asset,
    Symbol,
    add_amounts,
    asset_part,
    credit,
    debit,
    load_asset,
)


@dataclass(frozen=True, slots=True)
class AssetIssue:
    """`reference` names the deposit outside the chain (a bank transfer), unique per asset."""

    symbol: Symbol
    to: Hash
    amount_minor: PositiveAmount
    reference: Name


@dataclass(frozen=True, slots=True)
class PayTransfer:
    """Money from the sender to `to`; `memo_commitment` is a salted hash of a private memo."""

    to: Hash
    symbol: Symbol
    amount_minor: PositiveAmount
    memo_commitment: Hash | None


@dataclass(frozen=True, slots=True)
class UsedReference:
    """A reference that can't be used again, and the transaction that used it."""

    transaction_id: Hash


ISSUE_REFERENCES: Table[UsedReference] = Table("issue-reference", UsedReference)


def asset_issue(op: AssetIssue, context: Context) -> tuple[Event, ...]:
    """Only the issuer creates money, once per external reference."""
    asset = load_asset(context.state, op.symbol)
    if context.sender != asset.issuer:
        msg = f"{op.symbol} is issued by another account"
        raise NotTheIssuer(msg)
    if context.account(op.to) is None:
        msg = "the recipient has no account"
        raise AccountUnknown(msg)
    reference = tagged_hash("issue-reference", asset_part(op.symbol) + op.reference.encode())
    if ISSUE_REFERENCES.load(context.state, reference) is not None:
        msg = f"reference {op.reference} was issued before"
        raise ReferenceUsed(msg)
    issued = add_amounts(asset.issued_minor, op.amount_minor)
    raised = Asset(asset.symbol, asset.decimals, asset.issuer, issued, asset.redeemed_minor)
    ASSETS.store(context.state, raised, asset_part(op.symbol))
    ISSUE_REFERENCES.store(context.state, UsedReference(context.transaction_id), reference)
    credit(context, op.to, op.symbol, op.amount_minor)
    return (event("asset.issued", symbol=op.symbol, to=op.to, amount_minor=op.amount_minor),)


def pay_transfer(op: PayTransfer, context: Context) -> tuple[Event, ...]:
    """Direct payment without commission."""
    load_asset(context.state, op.symbol)
    if context.account(op.to) is None:
        msg = "the recipient has no account"
        raise AccountUnknown(msg)
    if op.to == context.sender:
        msg = "sender and recipient are one account"
        raise SelfPayment(msg)
    debit(context, context.sender, op.symbol, op.amount_minor)
    credit(context, op.to, op.symbol, op.amount_minor)
    paid = event(
        "pay.transferred",
        sender=context.sender,
        to=op.to,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
    )
    return (paid,)
