"""Accounts and assets as the API shows them, read from the agreed state and the indexes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from pydantic import BaseModel

from chain.account import ACCOUNTS, DELEGATIONS, Account, KeyPolicy
from chain.codec import Amount, Hash, PublicKey, TimeMs
from chain.crypto import HASH_SIZE
from chain.ledger import Ledger
from chain.state import StateReader
from commerce.indexes import ACCOUNT_ACTIVITY
from commerce.members import MEMBERS
from commerce.money import ASSETS, BALANCES, Asset, asset_part, load_asset
from commerce.roles import HELD_ROLES, HeldRole
from node.api.blocks import find_receipt_view
from node.api.models import ReceiptView, View
from node.api.paging import CURSOR, LIMIT, newest, split_place
from node.api.parameters import account_in_path, text_in_path
from node.api.problems import ObjectNotFound
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

# Assets of a chain, roles and delegations of an account: more than these are not listed.
LISTED_MAX = 1000

ACCOUNT = account_in_path("account", "an account")
SYMBOL = text_in_path("symbol", "[A-Z0-9]{1,12}", "an asset's symbol: 1 to 12 of A-Z and 0-9")


@dataclass(frozen=True, slots=True)
class BalanceView:
    """What an account has of an asset; frozen money can't be spent, `to_freeze_minor` of what comes
    in will be frozen too.
    """

    symbol: str
    decimals: int
    available_minor: Amount
    frozen_minor: Amount
    to_freeze_minor: Amount


@dataclass(frozen=True, slots=True)
class DelegationView:
    """A scoped key of an account."""

    public_key: PublicKey
    types: tuple[str, ...]
    amount_max_minor: Amount
    spent_minor: Amount
    expires_ms: TimeMs


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account: who may speak for it, who sponsors it, what it may do and has.

    `organisation` is the name of the member whose account this is, or null.
    """

    account: Hash
    sponsor: Hash
    organisation: str | None
    identity_commitment: Hash | None
    policy: KeyPolicy
    roles: tuple[HeldRole, ...]
    delegations: tuple[DelegationView, ...]
    balances: tuple[BalanceView, ...]


@dataclass(frozen=True, slots=True)
class BalancesView:
    """An account's balances; assets of which it has nothing are missing."""

    balances: tuple[BalanceView, ...]


@dataclass(frozen=True, slots=True)
class AssetsView:
    """Every asset of the chain."""

    assets: tuple[Asset, ...]


class ActivityView(View):
    """Receipts that concern an account, newest first: what it sent and what moved its balance."""

    transactions: list[ReceiptView]
    next: str | None


ACCOUNT_MODEL: type[BaseModel] = model_of(AccountView)
BALANCES_MODEL: type[BaseModel] = model_of(BalancesView)
ASSETS_MODEL: type[BaseModel] = model_of(AssetsView)
ASSET_MODEL: type[BaseModel] = model_of(Asset)


def read_account(call: Call) -> Reply:
    """GET /v1/accounts/{account}."""
    view = account_view(call.service.ledger.state, call.get(ACCOUNT))
    return json_reply(render_fields(view))


def read_balances(call: Call) -> Reply:
    """GET /v1/accounts/{account}/balances."""
    state, account = call.service.ledger.state, call.get(ACCOUNT)
    _require(state, account)
    return json_reply(render_fields(BalancesView(balances_of(state, account))))


def read_activity(call: Call) -> Reply:
    """GET /v1/accounts/{account}/transactions."""
    ledger, account = call.service.ledger, call.get(ACCOUNT)
    _require(ledger.state, account)
    prefix = ACCOUNT_ACTIVITY + account
    entries, following = newest(ledger, prefix, call.get(CURSOR), call.get(LIMIT))
    receipts = list(_receipts(ledger, [split_place(rest) for rest, _ in entries]))
    if len(receipts) < len(entries):
        # Older ones were pruned, too.
        following = None
    return json_reply(ActivityView(transactions=receipts, next=following))


def read_assets(call: Call) -> Reply:
    """GET /v1/assets."""
    items = islice(ASSETS.items(call.service.ledger.state), LISTED_MAX)
    return json_reply(render_fields(AssetsView(tuple(asset for _, asset in items))))


def read_asset(call: Call) -> Reply:
    """GET /v1/assets/{symbol}."""
    return json_reply(render_fields(load_asset(call.service.ledger.state, call.get(SYMBOL))))


def account_view(state: StateReader, account: bytes) -> AccountView:
    """Everything about an account, or `ObjectNotFound`."""
    known = _require(state, account)
    member = MEMBERS.load(state, account)
    delegations = islice(DELEGATIONS.items(state, account), LISTED_MAX)
    return AccountView(
        account=account,
        sponsor=known.sponsor,
        organisation=None if member is None else member.organisation,
        identity_commitment=known.identity_commitment,
        policy=known.policy,
        roles=tuple(role for _, role in islice(HELD_ROLES.items(state, account), LISTED_MAX)),
        delegations=tuple(
            DelegationView(
                key[HASH_SIZE:],
                entry.types,
                entry.amount_max_minor,
                entry.spent_minor,
                entry.expires_ms,
            )
            for key, entry in delegations
        ),
        balances=balances_of(state, account),
    )


def balances_of(state: StateReader, account: bytes) -> tuple[BalanceView, ...]:
    """What the account has, by symbol."""
    found: list[BalanceView] = []
    for key, balance in islice(BALANCES.items(state, account), LISTED_MAX):
        asset = ASSETS.load(state, key[HASH_SIZE:])
        assert asset is not None, "a balance is of an asset"
        assert key[HASH_SIZE:] == asset_part(asset.symbol)
        amounts = (balance.available_minor, balance.frozen_minor, balance.to_freeze_minor)
        found.append(BalanceView(asset.symbol, asset.decimals, *amounts))
    return tuple(found)


def _require(state: StateReader, account: bytes) -> Account:
    known = ACCOUNTS.load(state, account)
    if known is None:
        msg = "no account of this id on this chain"
        raise ObjectNotFound(msg, "path.account")
    return known


def _receipts(ledger: Ledger, places: Iterable[tuple[int, bytes]]) -> Iterator[ReceiptView]:
    """Newest first, as far as they are kept here."""
    for height, receipt_id in places:
        view = find_receipt_view(ledger, receipt_id)
        if view is None and height < ledger.base.first_block:
            return
        assert view is not None, "an index entry's receipt is in its block's batch"
        yield view
