"""The committee: committee.change, and how the committee of the next epoch comes about.

Whoever has a seat votes on blocks. A change is decided by a quorum of the committee that governs,
stands in the next header and governs from the height after that one (docs/adr/0060). Each new key
has signed that its node follows the chain, so that growing stops nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated

from chain import committees
from chain.block import Event
from chain.codec import U64, Hash, Height, PublicKey, Signature, Size
from chain.committee import COMMITTEE_SIZE_MAX, Committee, Member, fault_limit
from chain.context import Context, event
from chain.errors import CosignerMissing
from commerce.committee_errors import (
    AccountsUnsorted,
    ChangePending,
    CommitteeOutOfSize,
    MemberUnknown,
    NodeKeyUnchanged,
    NodeKeyUnregistered,
    ReadinessForeign,
    ReadinessOutdated,
    ReadinessUnsigned,
    SeatExists,
    SeatUnknown,
    TooManySuspended,
    WrongEpoch,
)
from commerce.errors import UpdateEmpty
from commerce.members import MEMBERS
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat for `node_key`, one of the organisation's. The key has signed that its node has the
    header at `ready_height`, whose digest is `ready_digest`: tag `ready`, genesis hash, the next
    epoch, height, digest (docs/protocol.md § Committee).
    """

    account: Hash
    node_key: PublicKey
    ready_height: Height
    ready_digest: Hash
    ready_signature: Signature


@dataclass(frozen=True, slots=True)
class CommitteeChange:
    """`epoch` is the one that governs; the lists ascend by account. `add` are organisations without
    a seat, `remove` and `replace` such with one; a replaced key ends a suspension. Members that
    stay keep their order, new ones follow in the order of their accounts.
    """

    epoch: U64
    add: Annotated[tuple[Seat, ...], Size(max=COMMITTEE_SIZE_MAX)]
    remove: Annotated[tuple[Hash, ...], Size(max=COMMITTEE_SIZE_MAX)]
    replace: Annotated[tuple[Seat, ...], Size(max=COMMITTEE_SIZE_MAX)]


@refuses(
    AccountsUnsorted,
    UpdateEmpty,
    CosignerMissing,
    WrongEpoch,
    ChangePending,
    SeatUnknown,
    SeatExists,
    MemberUnknown,
    NodeKeyUnregistered,
    NodeKeyUnchanged,
    ReadinessOutdated,
    ReadinessForeign,
    ReadinessUnsigned,
    CommitteeOutOfSize,
    TooManySuspended,
)
def committee_change(op: CommitteeChange, context: Context) -> tuple[Event, ...]:
    """Add, remove and replace seats of the committee, from the second height above this one."""
    added, replaced = ([seat.account for seat in seats] for seats in (op.add, op.replace))
    _check_lists(added, op.remove, replaced)
    context.require_member_quorum()
    committee = context.chain.committee
    if op.epoch != committee.epoch:
        msg = f"the change is for epoch {op.epoch}, {committee.epoch} governs"
        raise WrongEpoch(msg)
    require_settled(context)
    _check_present(committee, added, (*op.remove, *replaced))
    for seat in (*op.add, *op.replace):
        _check_key(seat, context)
    for seat in (*op.add, *op.replace):
        _check_ready(seat, context)
    members = _members_after(op, context)
    _check_size(members)
    changed = {"added": tuple(added), "removed": op.remove, "replaced": tuple(replaced)}
    return (decide_committee(context, members, **changed),)


def _check_lists(*lists: Sequence[bytes]) -> None:
    everyone = [account for accounts in lists for account in accounts]
    if any(a >= b for accounts in lists for a, b in pairwise(accounts)) or (
        len(set(everyone)) != len(everyone)
    ):
        msg = "the accounts of each list ascend, and none stands in two lists"
        raise AccountsUnsorted(msg)
    if not everyone:
        msg = "the change leaves the committee as it is"
        raise UpdateEmpty(msg)


def require_settled(context: Context) -> None:
    """`ChangePending` while a decided change of the committee does not govern yet."""
    newest = committees.newest(context.state)
    if newest is not None and newest.committee.epoch != context.chain.committee.epoch:
        msg = f"epoch {newest.committee.epoch} begins at height {newest.first_height}"
        raise ChangePending(msg)


def _check_present(committee: Committee, added: Sequence[bytes], present: Sequence[bytes]) -> None:
    seated = {member.account for member in committee.members}
    for account in present:
        if account not in seated:
            msg = f"{account.hex()} has no seat in the committee of epoch {committee.epoch}"
            raise SeatUnknown(msg)
    for account in added:
        if account in seated:
            msg = f"{account.hex()} has a seat in the committee of epoch {committee.epoch}"
            raise SeatExists(msg)


def _check_key(seat: Seat, context: Context) -> None:
    record = MEMBERS.load(context.state, seat.account)
    if record is None:
        msg = f"{seat.account.hex()} is no member organisation's account"
        raise MemberUnknown(msg)
    if seat.node_key not in record.node_keys:
        msg = f"{record.organisation} has not registered the node key {seat.node_key.hex()}"
        raise NodeKeyUnregistered(msg)
    if context.chain.committee.index_of(seat.node_key) is not None:
        # No two organisations register one key, and one that is seated can't be dropped.
        msg = f"the seat of {record.organisation} has this key already"
        raise NodeKeyUnchanged(msg)


def _check_ready(seat: Seat, context: Context) -> None:
    digest = context.past_digest(seat.ready_height)
    if digest is None:
        msg = f"ready at height {seat.ready_height}, this block's is {context.height}"
        raise ReadinessOutdated(msg)
    if digest != seat.ready_digest:
        msg = f"the header at height {seat.ready_height} has another digest"
        raise ReadinessForeign(msg)
    chain = context.chain
    epoch = chain.committee.epoch + 1
    signed = committees.ready_bytes(chain.genesis_hash, epoch, seat.ready_height, digest)
    if not chain.verify(seat.node_key, signed, seat.ready_signature):
        msg = f"no signature of {seat.node_key.hex()} for a seat in epoch {epoch}"
        raise ReadinessUnsigned(msg)


def _members_after(op: CommitteeChange, context: Context) -> tuple[Member, ...]:
    keys = {seat.account: seat.node_key for seat in op.replace}
    members = [
        replace(member, node_key=keys[member.account], suspended=False)
        if member.account in keys
        else member
        for member in context.chain.committee.members
        if member.account not in op.remove
    ]
    for seat in op.add:
        record = MEMBERS.load(context.state, seat.account)
        assert record is not None
        members.append(Member(record.organisation, seat.account, seat.node_key))
    return tuple(members)


def _check_size(members: Sequence[Member]) -> None:
    if not 1 <= len(members) <= COMMITTEE_SIZE_MAX:
        msg = f"a committee of {len(members)}, allowed 1 to {COMMITTEE_SIZE_MAX}"
        raise CommitteeOutOfSize(msg)
    # Some members must be left to lead, also beside those that are blamed for being slow.
    suspended = sum(member.suspended for member in members)
    if suspended > fault_limit(len(members)):
        msg = f"{suspended} of {len(members)} members would be suspended"
        raise TooManySuspended(msg)


def decide_committee(
    context: Context,
    members: tuple[Member, ...],
    *,
    added: tuple[bytes, ...] = (),
    removed: tuple[bytes, ...] = (),
    replaced: tuple[bytes, ...] = (),
    suspended: tuple[bytes, ...] = (),
) -> Event:
    """Make `members` the committee of the next epoch; the event that tells. None is pending."""
    committee = Committee(context.chain.committee.epoch + 1, members)
    assert len({member.node_key for member in members}) == len(members)
    founders = context.chain.genesis.committee()
    first_height = committees.change(context.state, founders, committee, context.height)
    return event(
        "committee.changed",
        epoch=committee.epoch,
        first_height=first_height,
        committee=committee.hash(),
        added=added,
        removed=removed,
        replaced=replaced,
        suspended=suspended,
    )
