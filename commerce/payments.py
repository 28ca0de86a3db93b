"""Direct payments without commission: pay.transfer."""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, PositiveAmount
from chain.context import Context, event
from commerce.accounts import require_account
from commerce.errors import (
    AccountUnknown,
    AssetUnknown,
    DelegationExceeded,
    InsufficientFunds,
    SelfPayment,
)
from commerce.money import Symbol, credit, debit, load_asset
from commerce.refusals import refuses
from commerce.reviews.indexes import index_flow


@dataclass(frozen=True, slots=True)
class PayTransfer:
    """Money from the sender to `to`; `memo_commitment` is a salted hash of a private memo."""

    to: Hash
    symbol: Symbol
    amount_minor: PositiveAmount
    memo_commitment: Hash | None


@refuses(SelfPayment, AssetUnknown, AccountUnknown, InsufficientFunds, DelegationExceeded)
def pay_transfer(op: PayTransfer, context: Context) -> tuple[Event, ...]:
    """Pay from the sender's available balance into the recipient's."""
    if op.to == context.sender:
        msg = "sender and recipient are one account"
        raise SelfPayment(msg)
    load_asset(context.state, op.symbol)
    require_account(context, op.to, "the recipient")
    debit(context, context.sender, op.symbol, op.amount_minor)
    credit(context, op.to, op.symbol, op.amount_minor)
    index_flow(context, context.sender, op.to, op.symbol, op.amount_minor)
    paid = event(
        "pay.transferred",
        sender=context.sender,
        to=op.to,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
    )
    return (paid,)
