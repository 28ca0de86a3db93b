"""Member organisations: member.register, member.update, and the question who is one.

A member sponsors accounts and answers for them. Its vote in the committee is another matter
(`committee.change`); Q, a quorum of members, means the committee's.
"""

from dataclasses import dataclass, replace
from typing import Annotated

from chain import committees
from chain.account import ACCOUNTS
from chain.block import Event
from chain.codec import Hash, Name, PublicKey, Size, TimeMs
from chain.context import Context, event
from chain.crypto import enrollable
from chain.errors import CosignerMissing, KeyRefused
from chain.state import StateReader, Table
from commerce.beacon.authority import delegate_to_nodes
from commerce.committee_errors import NodeKeySeated
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
    """`node_keys` are Ed25519, sorted; `certificate` is the hash of the organisation's papers. Each
    node key may sign the `beacon.` types for the account from now on: a delegation, which the owner
    can revoke.
    """

    account: Hash
    organisation: Name
    node_keys: NodeKeys
    certificate: Hash | None


@dataclass(frozen=True, slots=True)
class MemberUpdate:
    """Both replace what the sender has registered: all its `node_keys`, sorted, and the hash of its
    papers. Those of them with a seat in the committee stay among them. The `beacon.` types are
    delegated to each that has no delegation, and no longer to those that are dropped.
    """

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
    _check_keys(op.node_keys)
    context.require_member_quorum()
    account = context.account(op.account)
    if account is None:
        msg = "the organisation has no account"
        raise AccountUnknown(msg)
    context.require_consent(op.account, "the new member")
    _require_new(op, context.state)
    member = OrganisationRecord(op.organisation, op.node_keys, op.certificate, context.time_ms)
    MEMBERS.store(context.state, member, op.account)
    delegate_to_nodes(context.state, op.account, op.node_keys)
    ACCOUNTS.store(context.state, replace(account, sponsor=op.account), op.account)
    return (event("member.registered", account=op.account, organisation=op.organisation),)


def _check_keys(node_keys: tuple[bytes, ...]) -> None:
    if list(node_keys) != sorted(set(node_keys)):
        msg = "node keys are sorted and distinct"
        raise KeysUnsorted(msg)
    for key in node_keys:
        enrollable(key)


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


@refuses(KeysUnsorted, KeyRefused, NotAMember, MemberExists, NodeKeySeated)
def member_update(op: MemberUpdate, context: Context) -> tuple[Event, ...]:
    """Change the node keys and papers of the sending member organisation."""
    _check_keys(op.node_keys)
    require_member(context)
    for account, member in MEMBERS.items(context.state):
        if account != context.sender and any(key in member.node_keys for key in op.node_keys):
            msg = f"a node key is that of the member {member.organisation}"
            raise MemberExists(msg)
    for key in _seated_keys(context):
        if key not in op.node_keys:
            msg = f"the node key {key.hex()} has a seat in the committee"
            raise NodeKeySeated(msg)
    known = MEMBERS.load(context.state, context.sender)
    assert known is not None
    updated = replace(known, node_keys=op.node_keys, certificate=op.certificate)
    MEMBERS.store(context.state, updated, context.sender)
    dropped = [key for key in known.node_keys if key not in op.node_keys]
    delegate_to_nodes(context.state, context.sender, op.node_keys, dropped)
    return (
        event(
            "member.updated",
            account=context.sender,
            node_keys=op.node_keys,
            certificate=op.certificate,
        ),
    )


def _seated_keys(context: Context) -> tuple[bytes, ...]:
    """The sender's keys in the committee that governs and in the one that is about to."""
    newest = committees.newest(context.state)
    committee = context.chain.committee
    members = committee.members if newest is None else committee.members + newest.committee.members
    return tuple(member.node_key for member in members if member.account == context.sender)
