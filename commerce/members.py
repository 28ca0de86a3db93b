"""Member organisations: member.register, and the question who is one.

A member sponsors accounts and answers for them. Its vote in the committee is another matter
(`committee.change`); Q, a quorum of members, means the committee's.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from chain.account import ACCOUNTS
from chain.block import Event
from chain.codec import Hash, Name, PublicKey, Size, TimeMs
from chain.context import Context, event
from chain.crypto import enrollable
from chain.errors import CosignerMissing, KeyRefused
from chain.state import StateReader, Table
from commerce.errors import AccountUnknown, KeysUnsorted, MemberExists, NotAMember, TooManyMembers
from commerce.refusals import refuses

NODE_KEYS_MAX = 8
MEMBERS_MAX = 256

NodeKeys = Annotated[tuple[PublicKey, ...], Size(min=1, max=NODE_KEYS_MAX)]


@dataclass(frozen=True, slots=True)
class OrganisationRecord:
    """A member: its name and the keys of its nodes, both unlike any other member's."""

    organisation: Name
    node_keys: NodeKeys
    certificate: Hash | None
    registered_ms: TimeMs


@dataclass(frozen=True, slots=True)
class MemberRegister:
    """`node_keys` are Ed25519, sorted; `certificate` is the hash of the organisation's papers."""

    account: Hash
    organisation: Name
    node_keys: NodeKeys
    certificate: Hash | None


MEMBERS: Table[OrganisationRecord] = Table("member", OrganisationRecord)


def is_member(state: StateReader, account: bytes) -> bool:
    """Is this the account of a member organisation?"""
    return MEMBERS.load(state, account) is not None


def require_member(context: Context) -> None:
    """M in docs/transactions.md: `NotAMember` unless the sender is a member's account."""
    if not is_member(context.state, context.sender):
        msg = "only a member's account may do this"
        raise NotAMember(msg)


@refuses(KeysUnsorted, KeyRefused, CosignerMissing, AccountUnknown, MemberExists, TooManyMembers)
def member_register(op: MemberRegister, context: Context) -> tuple[Event, ...]:
    """Make an account a member organisation, its own sponsor, by a quorum of the members."""
    if list(op.node_keys) != sorted(set(op.node_keys)):
        msg = "node keys are sorted and distinct"
        raise KeysUnsorted(msg)
    for key in op.node_keys:
        enrollable(key)
    context.require_member_quorum()
    account = context.account(op.account)
    if account is None:
        msg = "the organisation has no account"
        raise AccountUnknown(msg)
    context.require_consent(op.account, "the new member")
    _require_new(op, context.state)
    member = OrganisationRecord(op.organisation, op.node_keys, op.certificate, context.time_ms)
    MEMBERS.store(context.state, member, op.account)
    ACCOUNTS.store(context.state, replace(account, sponsor=op.account), op.account)
    return (event("member.registered", account=op.account, organisation=op.organisation),)


def _require_new(op: MemberRegister, state: StateReader) -> None:
    members = list(MEMBERS.items(state))
    for account, member in members:
        same_key = any(key in member.node_keys for key in op.node_keys)
        if account == op.account or member.organisation == op.organisation or same_key:
            msg = f"account, name or node key is that of the member {member.organisation}"
            raise MemberExists(msg)
    if len(members) >= MEMBERS_MAX:
        msg = f"at most {MEMBERS_MAX} members"
        raise TooManyMembers(msg)
