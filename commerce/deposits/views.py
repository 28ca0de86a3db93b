"""What the API shows of deposits, debts, the fund and claims: pure reads of the agreed state."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from chain.codec import Hash
from chain.state import StateReader
from commerce.deposits.claim import Claim, ClaimLine, load_claim
from commerce.deposits.debts import DEBTORS, DEBTS, Debt, owed_by
from commerce.deposits.fund import fund_minor
from commerce.deposits.holding import Deposit, deposit_of, leaves_ms
from commerce.money import ASSETS, Asset, load_asset, symbol_of

# The oldest of an account's debts, and the assets of a chain: more than these are not listed.
DEBTS_SHOWN_MAX = 100
ASSETS_SHOWN_MAX = 1_000
_ACCOUNT_WIDTH = 32
_NUMBER_WIDTH = 8


@dataclass(frozen=True, slots=True)
class DepositView:
    """A merchant's deposit in an asset; held = reserved + free + the larger of leaving and claimed.

    `reserved_minor` stands for running orders, `claimed_minor` for claims that are being judged,
    also of what was asked back. `leaving_minor` was asked back and can be paid out
    from `leaves_ms` on; both times None while nothing was. `owed_minor` are all debts in the asset,
    of which `owed_to_fund_minor` to the mutual fund; at `due_ms` what is free pays them.
    """

    symbol: str
    decimals: int
    held_minor: int
    reserved_minor: int
    claimed_minor: int
    leaving_minor: int
    free_minor: int
    asked_ms: int | None
    leaves_ms: int | None
    obligation_ms: int | None
    due_ms: int | None
    owed_minor: int
    owed_to_fund_minor: int


@dataclass(frozen=True, slots=True)
class DebtView:
    """A debt; `creditor` None is the mutual fund, `receipt_id` finds what left it."""

    debtor: Hash
    creditor: Hash | None
    symbol: str
    decimals: int
    amount_minor: int
    since_ms: int
    receipt_id: Hash


@dataclass(frozen=True, slots=True)
class StandingView:
    """What stands behind an account: deposits by asset, and its debts, of each asset the oldest
    first; `debts_count` is how many there are.
    """

    account: Hash
    deposits: tuple[DepositView, ...]
    debts_count: int
    debts: tuple[DebtView, ...]


@dataclass(frozen=True, slots=True)
class FundView:
    """The mutual fund of an asset."""

    symbol: str
    decimals: int
    held_minor: int


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim. FILED: the dispute under its id decides, and `kept_minor` of the seller's deposit is
    kept for it; ENDED: awarded = paid + owed.
    """

    claim_id: Hash
    order_id: Hash
    kind: str
    state: str
    buyer: Hash
    seller: Hash
    symbol: str
    decimals: int
    lines: tuple[ClaimLine, ...]
    asked_minor: int
    awarded_minor: int
    paid_minor: int
    owed_minor: int
    kept_minor: int
    loss_minor: int
    evidence: Hash | None
    filed_ms: int


def standing_view(state: StateReader, account: bytes) -> StandingView:
    """Deposits and debts of an account; empty for whoever has none."""
    debtor = DEBTORS.load(state, account)
    assets = islice(ASSETS.items(state), ASSETS_SHOWN_MAX)
    deposits = (_deposit_view(state, deposit_of(state, account, a.symbol), a) for _, a in assets)
    debts = islice(DEBTS.items(state, account), DEBTS_SHOWN_MAX)
    return StandingView(
        account=account,
        deposits=tuple([entry for entry in deposits if entry.held_minor or entry.owed_minor]),
        debts_count=0 if debtor is None else debtor.debts,
        debts=tuple([_debt_view(state, key, debt) for key, debt in debts]),
    )


def debt_view(state: StateReader, key: bytes) -> DebtView | None:
    """A debt by its key (the index keeps those of repaid ones), or None."""
    debt = DEBTS.load(state, key)
    return None if debt is None else _debt_view(state, key, debt)


def fund_view(state: StateReader, symbol: str) -> FundView:
    """The fund of an asset, or `AssetUnknown`."""
    return FundView(symbol, load_asset(state, symbol).decimals, fund_minor(state, symbol))


def fund_views(state: StateReader) -> Iterator[FundView]:
    """The funds of all assets."""
    for _, asset in islice(ASSETS.items(state), ASSETS_SHOWN_MAX):
        yield FundView(asset.symbol, asset.decimals, fund_minor(state, asset.symbol))


def claim_view(state: StateReader, claim_id: bytes) -> ClaimView:
    """A claim, or `ClaimUnknown`."""
    claim: Claim = load_claim(state, claim_id)
    return ClaimView(
        claim_id=claim_id,
        order_id=claim.order_id,
        kind=claim.kind,
        state=claim.state,
        buyer=claim.buyer,
        seller=claim.seller,
        symbol=claim.symbol,
        decimals=load_asset(state, claim.symbol).decimals,
        lines=claim.lines,
        asked_minor=claim.asked_minor,
        awarded_minor=claim.awarded_minor,
        paid_minor=claim.paid_minor,
        owed_minor=claim.owed_minor,
        kept_minor=claim.kept_minor,
        loss_minor=claim.loss_minor,
        evidence=claim.evidence,
        filed_ms=claim.filed_ms,
    )


def _deposit_view(state: StateReader, deposit: Deposit, asset: Asset) -> DepositView:
    owed = owed_by(state, deposit.owner, asset.symbol)
    return DepositView(
        symbol=asset.symbol,
        decimals=asset.decimals,
        held_minor=deposit.held_minor,
        reserved_minor=deposit.reserved_minor,
        claimed_minor=deposit.claimed_minor,
        leaving_minor=deposit.leaving_minor,
        free_minor=deposit.free_minor,
        asked_ms=deposit.asked_ms,
        leaves_ms=leaves_ms(state, deposit),
        obligation_ms=deposit.obligation_ms,
        due_ms=deposit.due_ms,
        owed_minor=owed.total_minor,
        owed_to_fund_minor=owed.fund_minor,
    )


def _debt_view(state: StateReader, key: bytes, debt: Debt) -> DebtView:
    symbol = symbol_of(key[_ACCOUNT_WIDTH:-_NUMBER_WIDTH])
    return DebtView(
        debtor=key[:_ACCOUNT_WIDTH],
        creditor=debt.creditor,
        symbol=symbol,
        decimals=load_asset(state, symbol).decimals,
        amount_minor=debt.amount_minor,
        since_ms=debt.since_ms,
        receipt_id=debt.receipt_id,
    )
