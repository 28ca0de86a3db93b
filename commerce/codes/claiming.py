"""Claims: code.claim_commit, code.claim_reveal, and the clock that settles them.

A hidden code that is sent openly could be taken by whoever sees it first, above all by the primary
that puts it into a block. So a claimant first commits (a salted hash, from which nobody learns what
it is about), and reveals in a later block:

1. A commitment may be revealed until `claim_ms` of block time after its block (10 minutes; a
   primary that holds the reveal back leads 16 heights at most). These ends never go back: a later
   commitment runs out no earlier than one before it, also when a vote shortens the time.
2. Of the commitments that are revealed with the right code, the earliest leads. One that was made
   after the leading one is refused.
3. The thing becomes the leading claimant's when its own commitment runs out: from then on no
   earlier one can still be revealed (by 1). The clock `sys.code.claim` does it, so that nobody has
   to act.

Who learns the code from a reveal can only commit after it, and so never before the one revealed.
Commitments say nothing of what they are for: nobody can fill up a serial with them, and an account
has so many at a time. What a consumer owns on the chain no code takes away
(commerce/codes/trade.py).
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import Event
from chain.codec import U64, Hash, Height, Size, TimeMs
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.codes.errors import (
    ClaimCodeWrong,
    CodeBatchUnknown,
    CodeClaimed,
    CodeDead,
    CodeInactive,
    CodeUnknown,
    CommitExists,
    CommitExpired,
    CommitTooYoung,
    CommitUnknown,
    EarlierCommit,
    LeafInvalid,
    OwnedByAnother,
    SerialElsewhere,
    SerialMalformed,
    TooManyCommits,
)
from commerce.codes.indexes import index_owner
from commerce.codes.items import (
    CODES,
    Claimed,
    Code,
    Leading,
    Membership,
    require_active,
    save_code,
    shown_code,
)
from commerce.codes.serials import (
    ClaimCode,
    ClaimSeal,
    Serial,
    claim_code_hash,
    code_id,
    link_of,
    seal_of,
)
from commerce.codes.trade import may_claim
from commerce.goods.things import hand_over, owner_of, possessor_of
from commerce.parameters import current_parameters
from commerce.products import Gtin
from commerce.records import altered
from commerce.refusals import refuses

# Of one account, waiting for their reveal.
COMMITS_MAX = 16


@dataclass(frozen=True, slots=True)
class ClaimCommit:
    """`commitment` is H("code-claim", ClaimSeal): commerce/codes/serials.py."""

    commitment: Hash


@dataclass(frozen=True, slots=True)
class ClaimReveal:
    """`code` is the hidden claim code, `salt` as committed to; `member` shows a code that the chain
    doesn't know yet.
    """

    gtin: Gtin
    serial: Serial
    code: ClaimCode
    salt: Hash
    member: Membership | None


@dataclass(frozen=True, slots=True)
class Commit:
    """A commitment, the `made`-th on this chain, in a block; it may be revealed before
    `until_ms`.
    """

    commitment: Hash
    made: U64
    height: Height
    until_ms: TimeMs


@dataclass(frozen=True, slots=True)
class Commits:
    """An account's commitments, oldest first: those that wait, and some that have run out."""

    waiting: Annotated[tuple[Commit, ...], Size(max=COMMITS_MAX)]


@dataclass(frozen=True, slots=True)
class CommitCount:
    """How many commitments were ever made, and when the newest runs out."""

    made: U64
    until_ms: TimeMs


COMMITS: Table[Commits] = Table("code-commits", Commits)
# Under one empty key.
COUNT: Table[CommitCount] = Table("code-commit-count", CommitCount)


@refuses(CommitExists, TooManyCommits)
def claim_commit(op: ClaimCommit, context: Context) -> tuple[Event, ...]:
    """Commit to a claim, without a word about what it is for."""
    waiting = _waiting(context.state, context.sender, context.time_ms)
    if any(known.commitment == op.commitment for known in waiting):
        msg = "the account has made this commitment"
        raise CommitExists(msg)
    if len(waiting) >= COMMITS_MAX:
        msg = f"at most {COMMITS_MAX} commitments of an account wait for their reveal"
        raise TooManyCommits(msg)
    before = COUNT.load(context.state) or CommitCount(0, 0)
    own_ms = context.time_ms + current_parameters(context.state).timers.claim_ms
    after = CommitCount(before.made + 1, max(before.until_ms, own_ms))
    COUNT.store(context.state, after)
    commit = Commit(op.commitment, after.made, context.height, after.until_ms)
    COMMITS.store(context.state, Commits((*waiting, commit)), context.sender)
    told = event(
        "code.committed",
        account=context.sender,
        commitment=op.commitment,
        until_ms=after.until_ms,
    )
    return (told,)


@refuses(
    CommitUnknown,
    SerialMalformed,
    CodeBatchUnknown,
    LeafInvalid,
    SerialElsewhere,
    CodeUnknown,
    CodeClaimed,
    CodeInactive,
    CodeDead,
    CommitTooYoung,
    CommitExpired,
    ClaimCodeWrong,
    OwnedByAnother,
    EarlierCommit,
)
def claim_reveal(op: ClaimReveal, context: Context) -> tuple[Event, ...]:
    """Show what a commitment was for; from now on nobody with a later one claims the thing."""
    seal = seal_of(ClaimSeal(op.gtin, op.serial, op.code, context.sender, op.salt))
    commit = _commit_of(context.state, context.sender, seal)
    code = shown_code(context, op.gtin, op.serial, op.member)
    if code.claimed is not None:
        msg = f"{op.gtin} {op.serial} was claimed"
        raise CodeClaimed(msg)
    require_active(context.state, code)
    if commit.height == context.height:
        msg = "the commitment is of this very block"
        raise CommitTooYoung(msg)
    if context.time_ms >= commit.until_ms:
        msg = "the commitment has run out"
        raise CommitExpired(msg)
    if claim_code_hash(op.code) != code.claim_hash:
        msg = f"not the claim code of {op.gtin} {op.serial}"
        raise ClaimCodeWrong(msg)
    if not may_claim(context.state, context.sender, op.gtin, op.serial):
        msg = f"{op.gtin} {op.serial} is a consumer's own"
        raise OwnedByAnother(msg)
    if code.leading is not None and code.leading.made < commit.made:
        msg = "an earlier commitment was revealed"
        raise EarlierCommit(msg)
    waiting = _waiting(context.state, context.sender, context.time_ms)
    _keep(context, [known for known in waiting if known.made != commit.made])
    leading = Leading(context.sender, commit.made, commit.until_ms)
    save_code(context, code, altered(code, leading=leading))
    told = event(
        "code.revealed",
        code_id=code_id(op.gtin, op.serial),
        gtin=op.gtin,
        serial=op.serial,
        account=context.sender,
        former=None if code.leading is None else code.leading.account,
        until_ms=commit.until_ms,
    )
    return (told,)


def claim_settled(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.code.claim: no earlier commitment can come any more, so the thing is claimed."""
    code = CODES.load(context.state, deadline.object_id)
    assert code is not None
    assert code.leading is not None
    account = code.leading.account
    # Its entry in the index was taken out when it fired.
    waited = altered(code, leading=None)
    if not may_claim(context.state, account, code.gtin, code.serial):
        save_code(context, waited, waited)
        return (_lapsed(deadline.object_id, code, account),)
    claimed = Claimed(account, deadline.time_ms, None)
    save_code(context, waited, altered(waited, claimed=claimed))
    become_owner(context, code, account)
    told = event(
        "code.claimed",
        code_id=deadline.object_id,
        gtin=code.gtin,
        serial=code.serial,
        account=account,
        claimed_ms=deadline.time_ms,
    )
    return (told,)


def _lapsed(known_id: bytes, code: Code, account: bytes) -> Event:
    """While the claim waited an order brought the thing to its buyer."""
    return event(
        "code.claim_lapsed",
        code_id=known_id,
        gtin=code.gtin,
        serial=code.serial,
        account=account,
    )


def become_owner(context: Context, code: Code, account: bytes) -> None:
    """The thing is in this account's hands, and its own."""
    thing = link_of(code.gtin, code.serial)
    owner, possessor = owner_of(context.state, thing), possessor_of(context.state, thing)
    if owner is not None:
        hand_over(context, owner, (thing,), owner=account)
    if possessor is not None:
        hand_over(context, possessor, (thing,), possessor=account)
    index_owner(context, account, code_id(code.gtin, code.serial))


def waiting_commits(state: StateReader, account: bytes) -> tuple[Commit, ...]:
    """An account's commitments as they stand in the state, also some that have run out."""
    known = COMMITS.load(state, account)
    return () if known is None else known.waiting


def _waiting(state: StateReader, account: bytes, time_ms: int) -> list[Commit]:
    return [known for known in waiting_commits(state, account) if time_ms < known.until_ms]


def _commit_of(state: StateReader, account: bytes, commitment: bytes) -> Commit:
    for known in waiting_commits(state, account):
        if known.commitment == commitment:
            return known
    msg = "no commitment of the sender is to this code and salt"
    raise CommitUnknown(msg)


def _keep(context: Context, waiting: list[Commit]) -> None:
    if waiting:
        COMMITS.store(context.state, Commits(tuple(waiting)), context.sender)
    else:
        COMMITS.remove(context.state, context.sender)
