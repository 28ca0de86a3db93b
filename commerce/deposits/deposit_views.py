"""What the API shows of deposits, debts, the fund and claims: pure reads, one record per view."""

from dataclasses import dataclass
from itertools import islice

from chain.codec import Hash
from chain.genesis import Genesis
from chain.state import StateReader
from commerce.deposits.claim import load_claim
from commerce.deposits.debts import DEBTS, OWED, owed_by
from commerce.deposits.fund import FUNDS
from commerce.deposits.holding import deposit_of, leaves_ms
from commerce.deposits.limits import fund_debt_max_minor
from commerce.money import ASSETS, load_asset, symbol_of

DEBTS_SHOWN_MAX = 100
_ACCOUNT_SIZE = 32
_NUMBER_SIZE = 8


@dataclass(frozen=True, slots=True)
class DepositView:
    """An account's deposit and debts in one asset.

    held = free + reserved + the larger of leaving and claimed: `reserved_minor` is for orders,
    `claimed_minor` for claims that are being judged, also of what was asked back. `leaves_ms`: from
    when `leaving_minor` can be paid out, unless an obligation ends meanwhile. `fund_credit_minor`:
    what the fund would still lend. `owed_minor` are its debts in all, of which
    `owed_to_fund_minor` to the fund.
    """

    symbol: str
    decimals: int
    held_minor: int
    free_minor: int
    reserved_minor: int
    claimed_minor: int
    leaving_minor: int
    leaves_ms: int | None
    owed_minor: int
    owed_to_fund_minor: int
    fund_credit_minor: int


@dataclass(frozen=True, slots=True)
class DebtView:
    """One debt. `creditor` None is the mutual fund; the receipt tells what left it."""

    debtor: Hash
    symbol: str
    number: int
    creditor: Hash | None
    amount_minor: int
    since_ms: int
    receipt_id: Hash


@dataclass(frozen=True, slots=True)
class FundView:
    """What the mutual fund of an asset has."""

    symbol: str
    decimals: int
    held_minor: int


@dataclass(frozen=True, slots=True)
class ClaimLineView:
    """An order line in a claim."""

    line: int
    price_minor: int
    asked_minor: int
    awarded_minor: int


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim. While it is FILED, the dispute of the same id decides, and `kept_minor` of the
    seller's deposit is kept for it.
    """

    claim_id: Hash
    order_id: Hash
    kind: str
    state: str
    buyer: Hash
    seller: Hash
    symbol: str
    decimals: int
    asked_minor: int
    awarded_minor: int
    paid_minor: int
    owed_minor: int
    kept_minor: int
    loss_minor: int
    evidence: Hash | None
    filed_ms: int
    lines: tuple[ClaimLineView, ...]


def deposit_view(state: StateReader, genesis: Genesis, account: bytes) -> tuple[DepositView, ...]:
    """The account's deposits and debts, by symbol; assets in which it has neither are left out."""
    views = [
        _deposit_view(state, genesis, account, asset.symbol) for _, asset in ASSETS.items(state)
    ]
    return tuple([view for view in views if view.held_minor or view.owed_minor])


def debts_view(
    state: StateReader, debtor: bytes, count_max: int = DEBTS_SHOWN_MAX
) -> tuple[DebtView, ...]:
    """What an account owes, by asset, the oldest first; so many at most."""
    found = islice(DEBTS.items(state, debtor), count_max)
    return tuple([debt_view(state, key) for key, _ in found])


def debt_view(state: StateReader, key: bytes) -> DebtView:
    """The debt of a key, which is known to exist (also what the index of creditors names)."""
    debt = DEBTS.load(state, key)
    assert debt is not None
    return DebtView(
        debtor=key[:_ACCOUNT_SIZE],
        symbol=symbol_of(key[_ACCOUNT_SIZE:-_NUMBER_SIZE]),
        number=int.from_bytes(key[-_NUMBER_SIZE:], "big"),
        creditor=debt.creditor,
        amount_minor=debt.amount_minor,
        since_ms=debt.since_ms,
        receipt_id=debt.receipt_id,
    )


def is_debt(state: StateReader, key: bytes) -> bool:
    """Does this debt still exist? (The index of creditors keeps repaid ones.)"""
    return DEBTS.load(state, key) is not None


def is_in_debt(state: StateReader, account: bytes) -> bool:
    """Does the account owe anything, in any asset?"""
    return next(OWED.items(state, account), None) is not None


def funds_view(state: StateReader) -> tuple[FundView, ...]:
    """The mutual funds, by symbol."""
    found = [(symbol_of(key), fund.held_minor) for key, fund in FUNDS.items(state)]
    return tuple([FundView(name, load_asset(state, name).decimals, held) for name, held in found])


def claim_view(state: StateReader, claim_id: bytes) -> ClaimView:
    """A claim, or `ClaimUnknown`."""
    claim = load_claim(state, claim_id)
    return ClaimView(
        claim_id=claim_id,
        order_id=claim.order_id,
        kind=claim.kind,
        state=claim.state,
        buyer=claim.buyer,
        seller=claim.seller,
        symbol=claim.symbol,
        decimals=load_asset(state, claim.symbol).decimals,
        asked_minor=claim.asked_minor,
        awarded_minor=claim.awarded_minor,
        paid_minor=claim.paid_minor,
        owed_minor=claim.owed_minor,
        kept_minor=claim.kept_minor,
        loss_minor=claim.loss_minor,
        evidence=claim.evidence,
        filed_ms=claim.filed_ms,
        lines=tuple(
            [
                ClaimLineView(entry.line, entry.price_minor, entry.asked_minor, entry.awarded_minor)
                for entry in claim.lines
            ]
        ),
    )


def _deposit_view(state: StateReader, genesis: Genesis, account: bytes, symbol: str) -> DepositView:
    deposit, owed = deposit_of(state, account, symbol), owed_by(state, account, symbol)
    return DepositView(
        symbol=symbol,
        decimals=load_asset(state, symbol).decimals,
        held_minor=deposit.held_minor,
        free_minor=deposit.free_minor,
        reserved_minor=deposit.reserved_minor,
        claimed_minor=deposit.claimed_minor,
        leaving_minor=deposit.leaving_minor,
        leaves_ms=leaves_ms(state, deposit),
        owed_minor=owed.total_minor,
        owed_to_fund_minor=owed.fund_minor,
        fund_credit_minor=max(0, fund_debt_max_minor(genesis) - owed.fund_minor),
    )
