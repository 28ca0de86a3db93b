"""Into the chain: asset.deposit.request, settle, cancel.

A request holds no money: it announces a transfer to the issuer, which issues when that has come.
"""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, Name, PositiveAmount
from chain.context import Context
from chain.deadlines import Deadline
from commerce.assets import issue
from commerce.banking.errors import ChannelUnknown, RequestUnknown, TooManyRequests
from commerce.banking.requests import (
    DEPOSITS,
    AssetRequestCancel,
    BankRequest,
    RequestTime,
    require_channel,
)
from commerce.errors import (
    AmountTooLarge,
    AssetUnknown,
    DelegationExceeded,
    NotAParty,
    NotTheIssuer,
    ReferenceUsed,
    RoleMissing,
)
from commerce.money import Symbol, load_asset
from commerce.refusals import refuses
from commerce.roles import require_role


@dataclass(frozen=True, slots=True)
class AssetDepositRequest:
    """The sender will transfer the amount from a bank account or e-CNY wallet (`channel` bank or
    ecny), of which `account_commitment` is a salted hash, naming the request's id. The request ends
    after `within_ms` (commercial time, an hour to 30 days).
    """

    symbol: Symbol
    amount_minor: PositiveAmount
    channel: Name
    account_commitment: Hash
    within_ms: RequestTime


@dataclass(frozen=True, slots=True)
class AssetDepositSettle:
    """`reference` names the transfer that came in: as in asset.issue, unique per asset."""

    request_id: Hash
    reference: Name


@refuses(ChannelUnknown, AssetUnknown, TooManyRequests)
def deposit_request(op: AssetDepositRequest, context: Context) -> tuple[Event, ...]:
    """Announce a transfer to the issuer."""
    require_channel(op.channel)
    load_asset(context.state, op.symbol)
    DEPOSITS.require_room(context)
    request = BankRequest(
        holder=context.sender,
        symbol=op.symbol,
        amount_minor=op.amount_minor,
        channel=op.channel,
        account_commitment=op.account_commitment,
        due_ms=context.time_ms + context.chain.genesis.scaled_ms(op.within_ms),
    )
    return (DEPOSITS.open(context, request),)


@refuses(
    RequestUnknown, NotTheIssuer, RoleMissing, ReferenceUsed, DelegationExceeded, AmountTooLarge
)
def deposit_settle(op: AssetDepositSettle, context: Context) -> tuple[Event, ...]:
    """The transfer came: issue its amount to the holder, once per reference and request."""
    request = DEPOSITS.load(context.state, op.request_id)
    asset = load_asset(context.state, request.symbol)
    if context.sender != asset.issuer:
        msg = f"{request.symbol} is issued by another account"
        raise NotTheIssuer(msg)
    require_role(context.state, context.sender, "issuer")
    issued = issue(context, asset, request.holder, request.amount_minor, op.reference)
    return (
        issued,
        DEPOSITS.end(context, op.request_id, request, "settled", reference=op.reference),
    )


@refuses(RequestUnknown, NotAParty)
def deposit_cancel(op: AssetRequestCancel, context: Context) -> tuple[Event, ...]:
    """Take the announcement back, or refuse it; what was transferred all the same, the issuer sends
    back or issues by asset.issue.
    """
    request = DEPOSITS.load(context.state, op.request_id)
    DEPOSITS.require_party(context, request)
    said = {"by": context.sender, "reason": op.reason}
    return (DEPOSITS.end(context, op.request_id, request, "cancelled", **said),)


def deposit_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """Nothing was settled: the request ends."""
    request = DEPOSITS.load(context.state, deadline.object_id)
    return (DEPOSITS.end(context, deadline.object_id, request, "expired"),)
