"""Out of the chain: asset.withdraw.request, settle, cancel.

The holder's money lies in its request, where neither of the two can use it, until the issuer
redeems it or it goes back to the holder: by a cancellation or by the clock. Silence of the issuer
costs the holder nothing but time.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, Name, PositiveAmount
from chain.context import Context
from chain.deadlines import Deadline
from commerce.assets import redeem, unused_payout
from commerce.banking.errors import ChannelUnknown, RequestUnknown, TooManyRequests
from commerce.banking.requests import (
    WITHDRAWALS,
    AssetRequestCancel,
    BankRequest,
    RequestTime,
    require_channel,
)
from commerce.errors import (
    AssetUnknown,
    DelegationExceeded,
    InsufficientFunds,
    NotAParty,
    NotTheIssuer,
    ReferenceUsed,
)
from commerce.money import Symbol, asset_part, credit, debit, load_asset, spend_delegation
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class AssetWithdrawRequest:
    """The sender wants the amount paid out to a bank account or e-CNY wallet (`channel` bank or
    ecny), of which `account_commitment` is a salted hash. The money comes back after `within_ms`
    (commercial time, an hour to 30 days).
    """

    symbol: Symbol
    amount_minor: PositiveAmount
    channel: Name
    account_commitment: Hash
    within_ms: RequestTime


@dataclass(frozen=True, slots=True)
class AssetWithdrawSettle:
    """`reference` names the transfer that the issuer makes, unique per asset (asset.redeem)."""

    request_id: Hash
    reference: Name


@refuses(ChannelUnknown, AssetUnknown, InsufficientFunds, DelegationExceeded, TooManyRequests)
def withdraw_request(op: AssetWithdrawRequest, context: Context) -> tuple[Event, ...]:
    """Hold the sender's money for the issuer to pay it out."""
    require_channel(op.channel)
    load_asset(context.state, op.symbol)
    debit(context, context.sender, op.symbol, op.amount_minor)
    WITHDRAWALS.require_room(context)
    request = BankRequest(
        holder=context.sender,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        channel=op.channel,
        account_commitment=op.account_commitment,
        due_ms=context.time_ms + context.chain.genesis.scaled_ms(op.within_ms),
    )
    return (WITHDRAWALS.open(context, request),)


@refuses(RequestUnknown, NotTheIssuer, ReferenceUsed, DelegationExceeded)
def withdraw_settle(op: AssetWithdrawSettle, context: Context) -> tuple[Event, ...]:
    """End the money that is held, and owe the transfer named; an issuer without the role pays out
    what it issued all the same.
    """
    request = WITHDRAWALS.load(context.state, op.request_id)
    asset = load_asset(context.state, request.symbol)
    if context.sender != asset.issuer:
        msg = f"{request.symbol} is issued by another account"
        raise NotTheIssuer(msg)
    key = unused_payout(context, request.symbol, op.reference)
    # The issuer pays at its bank: a delegated key's cap counts it.
    spend_delegation(context, request.amount_minor)
    ended = WITHDRAWALS.end(context, op.request_id, request, "settled", reference=op.reference)
    holder, amount_minor = request.holder, request.amount_minor
    return (redeem(context, asset, holder, amount_minor, op.reference, key), ended)


@refuses(RequestUnknown, NotAParty)
def withdraw_cancel(op: AssetRequestCancel, context: Context) -> tuple[Event, ...]:
    """Give the money back: the holder takes its request back, or the issuer refuses it."""
    request = WITHDRAWALS.load(context.state, op.request_id)
    WITHDRAWALS.require_party(context, request)
    said = {"by": context.sender, "reason": op.reason}
    return (_give_back(context, op.request_id, request, "cancelled", **said),)


def withdraw_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """Nothing was settled: the money goes back to the holder."""
    request = WITHDRAWALS.load(context.state, deadline.object_id)
    return (_give_back(context, deadline.object_id, request, "expired"),)


def held_for_withdrawal(_part: bytes, request: BankRequest) -> tuple[bytes, int]:
    """What a request counts as (commerce/invariants.py)."""
    return asset_part(request.symbol), request.amount_minor


def _give_back(
    context: Context, request_id: bytes, request: BankRequest, how: str, **more: object
) -> Event:
    ended = WITHDRAWALS.end(context, request_id, request, how, **more)
    credit(context, request.holder, request.symbol, request.amount_minor)
    return ended
