"""What liars say instead of the truth: each lie turns one message for one target into others.

What a liar changes it signs with its own key; what it repeats of others keeps their signatures,
which then are old or wrong. `tests.sim.byzantine` says who lies how.
"""

from dataclasses import replace

from chain.block import CommitSignature, Header
from chain.votes import PreparedCertificate, ViewChange
from consensus.messages import (
    RECOVERY_VOTES_MAX,
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from tests.sim.teller import Lie, Teller, invented


def other_digest(liar: Teller, message: Message) -> bytes:
    """Some digest that this member has voted for, or nonsense."""
    known = [
        entry.digest
        for entry in list(liar.seen)[-20:]
        if isinstance(entry, Prepare | Commit) and entry != message
    ]
    return liar.chance.choice(known) if known else bytes(32)


def altered(liar: Teller, header: Header) -> Header:
    """A header that differs, in most ways inadmissibly."""
    draw = liar.chance.randrange(10)
    if draw == 0:
        return replace(header, time_ms=header.time_ms + liar.chance.choice((1, 2, 3)))
    if draw == 1:
        return replace(header, time_ms=header.time_ms + 3_600_000)
    if draw in (2, 8):
        return replace(header, state_root=bytes(32))
    if draw in (3, 9):
        return replace(header, receipts_root=bytes(32))
    if draw == 4:
        return replace(header, parent_hash=bytes(32))
    if draw == 5:
        return replace(header, transactions_count=header.transactions_count + 1)
    if draw == 6:
        return replace(header, next_committee_hash=bytes([1]) * 32)
    return replace(header, proposer=(header.proposer + 1) % liar.committee.n)


def equivocate(liar: Teller, target: int, message: Message) -> list[Message]:
    """Two stories: half of the others hear another block, and votes for it; none is shown later."""
    if isinstance(message, ViewChange):
        return [liar.sign(replace(message, prepared=None))]
    if target not in liar.fooled:
        return [message]
    if isinstance(message, PrePrepare):
        header = replace(message.header, time_ms=message.header.time_ms + 1)
        return [liar.sign(replace(message, header=header))]
    if isinstance(message, Prepare | Commit):
        return [message, liar.sign(replace(message, digest=other_digest(liar, message)))]
    return [message]


def mutate(liar: Teller, _target: int, message: Message) -> list[Message]:
    """Often something else than the truth, signed; at times in another's name."""
    draw = liar.chance.random()
    if draw < 0.5:
        return [message]
    if draw < 0.6:
        other = (message.member + 1) % liar.committee.n
        return [message, liar.sign(replace(message, member=other))]
    return [liar.sign(_other(liar, message))]


def _other(liar: Teller, message: Message) -> Message:  # noqa: C901 - one branch per kind
    match message:
        case PrePrepare():
            return _other_proposal(liar, message)
        case Prepare() | Commit():
            return _other_vote(liar, message)
        case ViewChange():
            return _other_change(liar, message)
        case NewView():
            return _other_new_view(liar, message)
        case Complaint():
            return replace(message, view=message.view + liar.chance.choice((1, 5, 2**32)))
        case Status():
            return _other_status(liar, message)
        case RecoveryQuery():
            return replace(message, height=message.height + liar.chance.choice((1, 5, 2**32)))
        case RecoveryReply():
            return replace(message, votes=(), view_change=None)


def _other_proposal(liar: Teller, message: PrePrepare) -> PrePrepare:
    draw = liar.chance.randrange(6)
    if draw == 0:
        return replace(message, view=message.view + 1)
    if draw == 1:
        digest = message.certificate.digest
        return replace(message, certificate=invented(liar, message.certificate, digest))
    if draw == 2:
        return replace(message, body_hashes=message.body_hashes[::-1])
    return replace(message, header=altered(liar, message.header))


def _other_vote(liar: Teller, message: Prepare | Commit) -> Prepare | Commit:
    draw = liar.chance.randrange(3)
    if draw == 0:
        return replace(message, digest=other_digest(liar, message))
    if draw == 1:
        return replace(message, view=message.view + liar.chance.choice((1, 3)))
    return replace(message, height=message.height + 1)


def _other_change(liar: Teller, message: ViewChange) -> ViewChange:
    draw = liar.chance.randrange(4)
    if draw == 0:
        return replace(message, prepared=None)
    if draw == 1:
        return replace(message, view=message.view + liar.chance.choice((1, 2, 2**32)))
    if draw == 2:
        known = message.certificate
        return replace(message, certificate=invented(liar, known, known.digest))
    if message.prepared is None:
        return message
    prepares = tuple(
        CommitSignature(entry.member, bytes(64)) for entry in message.prepared.prepares
    )
    return replace(message, prepared=replace(message.prepared, prepares=prepares))


def _other_new_view(liar: Teller, message: NewView) -> NewView:
    """Without one ViewChange, with one twice, with one of another view, or with an own one that
    hides what was prepared.
    """
    changes, chance = list(message.view_changes), liar.chance
    draw = chance.random()
    if draw < 0.4:
        del changes[chance.randrange(len(changes))]
    elif draw < 0.5:
        changes.append(changes[-1])
    elif draw < 0.6:
        at = chance.randrange(len(changes))
        old = [entry for entry in liar.heard if isinstance(entry, ViewChange)]
        same = [entry for entry in old if entry.member == changes[at].member]
        changes[at] = chance.choice(same) if same else changes[at]
    else:
        changes = [_hidden(liar, entry) for entry in changes]
    return replace(message, view_changes=tuple(changes))


def _hidden(liar: Teller, change: ViewChange) -> ViewChange:
    if change.member != liar.member:
        return change
    hidden = liar.sign(replace(change, prepared=_lower(liar, change)))
    assert isinstance(hidden, ViewChange)
    return hidden


def _lower(liar: Teller, change: ViewChange) -> PreparedCertificate | None:
    """What was prepared in a lower view than the one that it should show, or nothing."""
    known = liar.oldest.get(change.height)
    if known is None or change.prepared is None or liar.chance.random() < 0.5:
        return None
    return known if known.view < change.prepared.view else None


def _other_status(liar: Teller, message: Status) -> Status:
    draw = liar.chance.random()
    if draw < 0.3:
        return replace(message, started=not message.started)
    if draw < 0.6:
        known = message.certificate
        higher = liar.chance.choice((1, 2, 10**9))
        return replace(message, certificate=invented(liar, known, bytes(32), higher=higher))
    return replace(message, view=message.view + liar.chance.choice((1, 4, 2**40)))


def hide(liar: Teller, _target: int, message: Message) -> list[Message]:
    """Never shows what was prepared last; as primary of a view leaves out who shows it."""
    if isinstance(message, ViewChange):
        return [_hidden(liar, message)]
    if isinstance(message, NewView):
        changes = [_hidden(liar, entry) for entry in message.view_changes]
        kept = [entry for entry in changes if entry.prepared is None]
        if len(kept) >= liar.committee.quorum:
            changes = kept
        return [liar.sign(replace(message, view_changes=tuple(changes)))]
    return [message]


def spam(liar: Teller, _target: int, message: Message) -> list[Message]:
    """Repeats old messages and adds Complaints and far views to everything it says."""
    told = [message]
    if liar.seen and liar.chance.random() < 0.5:
        told.append(liar.chance.choice(liar.seen))
    if liar.chance.random() < 0.3:
        view = message.view + liar.chance.choice((0, 0, 0, 1, 3))
        told.append(liar.sign(Complaint(view, message.height, liar.member, bytes(64))))
    return told


def parrot(liar: Teller, _target: int, message: Message) -> list[Message]:
    """Adds what others said, later, or as if they had said it of something else."""
    told = [message]
    for _ in range(liar.chance.choice((0, 1, 2, 3))):
        # Some of all that it remembers, or of what is still of use.
        heard = list(liar.heard)[liar.chance.choice((0, -20, -20)) :]
        if heard:
            old = liar.chance.choice(heard)
            told.append(old if liar.chance.random() < 0.3 else _relabelled(liar, old))
    return told


def _relabelled(liar: Teller, old: Message) -> Message:
    """Another's signature under another height, view or type."""
    draw = liar.chance.randrange(3)
    match old:
        case Prepare() | Commit() if draw == 0:
            kind = Commit if isinstance(old, Prepare) else Prepare
            return kind(old.view, old.height, old.digest, old.member, old.signature)
        case Prepare() | Commit() | Complaint() if draw == 1:
            return replace(old, height=old.height + liar.chance.choice((-1, 1, 1)))
        case _:
            return replace(old, view=old.view + liar.chance.choice((1, 1, 2)))


def idle(_liar: Teller, _target: int, message: Message) -> list[Message]:
    """Votes, but never leads."""
    return [] if isinstance(message, PrePrepare | NewView) else [message]


def usurp(liar: Teller, _target: int, message: Message) -> list[Message]:
    """Leads without being asked to: no NewView, and a new block where an old one is owed."""
    match message:
        case NewView():
            return []
        case ViewChange():
            # Before anybody has begun the view.
            return [message, *_wished(liar, message.view)]
        case PrePrepare() if message.view > 0:
            return _wished(liar, message.view) or [message]
        case _:
            return [message]


def _wished(liar: Teller, view: int) -> list[Message]:
    """A block of its own choice for a view that it would lead, and its Commit to it."""
    state = liar.node.replica._state
    height, certificate = state.slot.height, state.tip.certificate
    known = next((held for held in state.slot.blocks.values() if held.bodies is not None), None)
    if known is None or state.roster.primary(view, height) != liar.member:
        return []
    time_ms = liar.wishes.setdefault((view, height), liar.node.clock_ms())
    header = replace(
        known.header,
        view=view,
        parent_view=certificate.view,
        proposer=liar.member,
        time_ms=max(time_ms, state.tip.header.time_ms + 1),
    )
    hashes = known.body_hashes
    wished = PrePrepare(view, liar.member, header, hashes, certificate, bytes(64))
    commit = Commit(view, height, header.digest(), liar.member, bytes(64))
    return [liar.sign(wished), liar.sign(commit)]


def forge(liar: Teller, _target: int, message: Message) -> list[Message]:
    """Shows a block of its own as prepared by a quorum that never saw it, and leads by it."""
    match message:
        case ViewChange():
            return [_with_forged(liar, message)]
        case NewView():
            changes = tuple(
                _with_forged(liar, entry) if entry.member == liar.member else entry
                for entry in message.view_changes
            )
            return [liar.sign(replace(message, view_changes=changes))]
        case PrePrepare() if message.view > 0:
            header = _forged_header(liar, message.view - 1, message.height)
            if header is None or header.transactions_count != len(message.body_hashes):
                return [message]
            forged = replace(message, header=header)
            commit = Commit(message.view, message.height, header.digest(), liar.member, bytes(64))
            return [liar.sign(forged), liar.sign(commit)]
        case _:
            return [message]


def _with_forged(liar: Teller, change: ViewChange) -> ViewChange:
    view = change.view - 1
    header = _forged_header(liar, view, change.height)
    primary = liar.node.replica._state.roster.primary(view, change.height)
    if header is None or primary is None:
        return change
    others = [member for member in range(liar.committee.n) if member != primary]
    names = others[: liar.committee.quorum - 1]
    prepares = tuple(CommitSignature(member, bytes(64)) for member in names)
    prepared = PreparedCertificate(view, header, primary, bytes(64), prepares)
    forged = liar.sign(replace(change, prepared=prepared))
    assert isinstance(forged, ViewChange)
    return forged


def _forged_header(liar: Teller, view: int, height: int) -> Header | None:
    """A block that nobody proposed, the same whenever it is asked for."""
    state = liar.node.replica._state
    proposer = state.roster.primary(view, height)
    known = next((held for held in state.slot.blocks.values() if held.bodies is not None), None)
    if known is None or proposer is None or height != state.slot.height:
        return None
    certificate = state.tip.certificate
    time_ms = liar.wishes.setdefault((view, height), known.header.time_ms + 1)
    return replace(
        known.header, view=view, parent_view=certificate.view, proposer=proposer, time_ms=time_ms
    )


def misremember(liar: Teller, _target: int, message: Message) -> list[Message]:
    """Answers who asks for its own votes with less, more or other ones, or with an old answer."""
    if not isinstance(message, RecoveryReply):
        return [message]
    draw = liar.chance.randrange(5)
    if draw == 0:
        return []
    if draw == 1:
        return [liar.sign(replace(message, votes=(), view_change=None))]
    if draw == 2:
        known = [entry for entry in liar.seen if isinstance(entry, RecoveryReply)]
        return [liar.chance.choice(known)] if known else []
    if draw == 3:
        certificate = invented(liar, message.certificate, bytes(32), higher=10**9)
        return [liar.sign(replace(message, certificate=certificate))]
    votes = [replace(vote, height=vote.height + 1) for vote in message.votes]
    return [liar.sign(replace(message, votes=(*message.votes, *votes)[:RECOVERY_VOTES_MAX]))]


LIES: dict[str, Lie] = {
    "usurper": usurp,
    "equivocator": equivocate,
    "mutant": mutate,
    "hiding": hide,
    "spammer": spam,
    "parrot": parrot,
    "idle": idle,
    "forger": forge,
    "amnesiac": misremember,
}
