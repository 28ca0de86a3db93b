"""`hushang bank`: money into the chain and out of it, by requests to the issuer."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from chain.bech32m import encode_account
from commerce.assets import AssetRedeem
from commerce.banking.bank_deposits import AssetDepositRequest, AssetDepositSettle
from commerce.banking.errors import RequestUnknown
from commerce.banking.requests import CHANNELS, AssetRequestCancel
from commerce.banking.withdrawals import AssetWithdrawRequest, AssetWithdrawSettle
from commerce.registry import operation
from node.commands.listing import duration
from node.commands.options import AccountArgument, noun, verb
from node.commands.session import Session
from node.json_values import read_hash
from node.private_data import commit

app = noun("Money into the chain and out of it: requests, settlements.")

AMOUNT = Annotated[str, typer.Argument(help='How much: "CNY 500.00".')]
BANK_ACCOUNT = Annotated[str, typer.Option(help="Your bank account or wallet; salted and hashed.")]
CHANNEL = Annotated[str, typer.Option(help=" or ".join(CHANNELS) + ".")]
WITHIN = Annotated[str, typer.Option(help='When it ends by itself, "1 h" to "30 d".')]
REQUEST = Annotated[str, typer.Argument(metavar="REQUEST", help="Its id, 64 hex digits.")]
REFERENCE = Annotated[str, typer.Option(help="The transfer's number at the bank; works once.")]


@verb(
    app,
    "deposit",
    sends=True,
    examples=('hushang bank deposit "CNY 500.00" --account "ICBC 6222 0000 1234" --as buyer',),
)
def deposit(
    session: Session,
    amount: AMOUNT,
    account: BANK_ACCOUNT,
    channel: CHANNEL = CHANNELS[0],
    within: WITHIN = "3 d",
) -> None:
    """Announce a transfer to the issuer; name the printed request in it."""
    _request(session, "deposit", amount, account, channel, within)


@verb(
    app,
    "withdraw",
    sends=True,
    examples=('hushang bank withdraw "CNY 80.00" --account "ICBC 6222 0000 1234" --as buyer',),
)
def withdraw(
    session: Session,
    amount: AMOUNT,
    account: BANK_ACCOUNT,
    channel: CHANNEL = CHANNELS[0],
    within: WITHIN = "3 d",
) -> None:
    """Ask the issuer to pay money out; it is held meanwhile, and comes back if nobody settles."""
    _request(session, "withdraw", amount, account, channel, within)


@verb(
    app,
    "settle",
    sends=True,
    examples=("hushang bank settle $REQUEST --reference icbc-20260304-17 --as issuer",),
)
def settle(session: Session, request: REQUEST, reference: REFERENCE) -> None:
    """Settle a request as the issuer: a deposit that came, a withdrawal before you transfer it."""
    request_id = read_hash(request, "REQUEST")
    if _found(session, request_id)["kind"] == "deposit":
        sent = operation("asset.deposit.settle", AssetDepositSettle(request_id, reference))
    else:
        sent = operation("asset.withdraw.settle", AssetWithdrawSettle(request_id, reference))
    session.send(sent)


@verb(
    app,
    "cancel",
    sends=True,
    examples=('hushang bank cancel $REQUEST --reason "no longer needed" --as buyer',),
)
def cancel(
    session: Session,
    request: REQUEST,
    reason: Annotated[str, typer.Option(help="Why; everybody can read it.")] = "",
) -> None:
    """Take a request back as its holder, or refuse it as the issuer."""
    request_id = read_hash(request, "REQUEST")
    kind = _found(session, request_id)["kind"]
    session.send(operation(f"asset.{kind}.cancel", AssetRequestCancel(request_id, reason)))


@verb(
    app,
    "redeem",
    sends=True,
    examples=('hushang bank redeem "CNY 20.00" --reference icbc-18 --as buyer --cosign issuer',),
)
def redeem(session: Session, amount: AMOUNT, reference: REFERENCE) -> None:
    """End money that the issuer has paid out elsewhere; holder and issuer sign."""
    symbol, amount_minor = session.money(amount)
    session.send(operation("asset.redeem", AssetRedeem(symbol, amount_minor, reference)))


@verb(
    app,
    "list",
    examples=("hushang bank list --as buyer", "hushang bank list issuer -o ndjson"),
)
def list_requests(
    session: Session,
    account: AccountArgument = None,
) -> None:
    """List open requests of a holder or an issuer, newest first."""
    owner = encode_account(session.own_account(account))
    session.show_list(session.pages(f"/v1/accounts/{owner}/requests", "requests"))


_REQUESTS = {"deposit": AssetDepositRequest, "withdraw": AssetWithdrawRequest}


def _request(
    session: Session, kind: str, amount: str, account: str, channel: str, within: str
) -> None:
    symbol, amount_minor = session.money(amount)
    own = commit("bank-account", account)
    asked = _REQUESTS[kind](symbol, amount_minor, channel, own.commitment, duration(within) or 0)
    private = {"account_salt": own.salt.hex()}
    sent = operation(f"asset.{kind}.request", asked)
    brings = (*private, "request_id")
    outcome = session.submit(session.signed(sent), brings=brings, private=private)
    ids: dict[str, Any] = dict(private)
    if outcome.is_decided:
        ids["request_id"] = outcome.event(f"asset.{kind}.requested")["request_id"]
    session.report(outcome, ids)


def _found(session: Session, request_id: bytes) -> Mapping[str, Any]:
    """An open request of the signer, as holder or issuer."""
    owner = encode_account(session.signer.account)
    for entry in session.pages(f"/v1/accounts/{owner}/requests", "requests"):
        if entry["request_id"] == request_id.hex():
            return entry
    raise RequestUnknown(f"the signer has no open request {request_id.hex()}")
