"""Accounts: account.open, and who is independent of whom."""

from dataclasses import dataclass

from chain.account import ACCOUNTS, Account, KeyPolicy, check_policy
from chain.block import Event
from chain.codec import Hash
from chain.context import Context, event
from chain.errors import CosignerMissing, KeyRefused, PolicyMalformed
from chain.state import StateReader
from commerce.errors import AccountExists, AccountUnknown, NotAMember
from commerce.indexes import index_account
from commerce.members import require_member
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class AccountOpen:
    """`policy` becomes the account's id; `identity_commitment` is a salted hash of who it is."""

    policy: KeyPolicy
    identity_commitment: Hash | None


@refuses(PolicyMalformed, KeyRefused, NotAMember, CosignerMissing, AccountExists)
def account_open(op: AccountOpen, context: Context) -> tuple[Event, ...]:
    """Open an account that the sending member sponsors; the new keys sign too."""
    check_policy(op.policy)
    require_member(context)
    account = op.policy.account_id()
    if not context.consents_by(account, op.policy):
        msg = "the new account's keys must sign too"
        raise CosignerMissing(msg)
    if context.account(account) is not None:
        msg = "this key policy opened an account before"
        raise AccountExists(msg)
    opened = Account(op.policy, context.sender, op.identity_commitment)
    ACCOUNTS.store(context.state, opened, account)
    index_account(context, context.sender, account)
    return (event("account.opened", account=account, sponsor=context.sender),)


def require_account(context: Context, account: bytes, who: str) -> Account:
    """The account, or `AccountUnknown`; `who` names its part ("the recipient")."""
    found = context.account(account)
    if found is None:
        msg = f"{who} has no account"
        raise AccountUnknown(msg)
    return found


def share_controller(state: StateReader, first: bytes, second: bytes) -> bool:
    """Are two accounts one, or does one key stand in both their policies?"""
    if first == second:
        return True
    one, other = ACCOUNTS.load(state, first), ACCOUNTS.load(state, second)
    if one is None or other is None:
        return False
    keys = [entry.public_key for entry in one.policy.keys]
    return any(entry.public_key in keys for entry in other.policy.keys)
