"""Members that lie: what they send is made, withheld or altered here, signed with their own key.

A liar's node is honest code; its lies happen between it and the network (`tamper`), in what it
proposes, or by running twice (a twin: two copies of one member, one key, two disks). No liar can
sign for another. Behaviours are named in `tests.sim.profile`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from random import Random

from chain.block import Block, Certificate, CommitSignature, Header
from chain.codec import decode, encode
from chain.committee import Committee
from chain.transaction import ReceivedTransaction, body_hash
from chain.votes import ViewChange
from consensus.input import Proposal
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    Status,
    encode_message,
)
from consensus.signing import signing_bytes
from p2p import messages as wire
from p2p.frames import Channel
from tests.sim.cast import Signer, node_name
from tests.sim.disk import Disk
from tests.sim.node import SimNode
from tests.sim.shared import Setting
from tests.sim.world import MS

SENT_MAX = 200
Lie = Callable[["Liar", int, Message], list[Message]]


class Liar:
    """One lying member: turns what its copy sends to a place into what it sends there."""

    def __init__(
        self, setting: Setting, node: SimNode, behaviours: tuple[str, ...], signer: Signer
    ) -> None:
        self.setting = setting
        self.node = node
        member = node.member
        self.member = member
        self.behaviours = behaviours
        self.signer = signer
        self.chance: Random = setting.world.stream(f"liar {member}")
        self.committee: Committee = setting.genesis.committee()
        self.genesis_hash = setting.genesis.hash()
        self.seen: list[Message] = []
        # When it first wished for a block of its own, by view and height.
        self.wishes: dict[tuple[int, int], int] = {}
        # Whom a selective one keeps in the dark.
        others = [index for index in range(self.committee.n) if index != member]
        self.shunned = frozenset(others[: self.chance.randint(0, len(others))])
        # The half that an equivocator tells the other story.
        self.fooled = frozenset(self.chance.sample(others, len(others) // 2))

    def tamper(self, target: int, channel: Channel, payload: bytes) -> Iterable[bytes]:
        """What really goes to a member instead of the payload."""
        if "silent" in self.behaviours:
            return ()
        if "selective" in self.behaviours and self._withholds(target):
            return ()
        if channel is Channel.SYNC:
            return self._sync(payload)
        if channel is not Channel.CONSENSUS:
            return (payload,)
        message = self.setting.reader.message(payload)
        self.seen = [*self.seen[-SENT_MAX:], message]
        return (payload,) if message.member != self.member else self._told(target, message)

    def _told(self, target: int, message: Message) -> Iterable[bytes]:
        told = [message]
        for behaviour in self.behaviours:
            lie = LIES.get(behaviour)
            if lie is not None:
                told = [said for entry in told for said in lie(self, target, entry)]
        if told != [message]:
            self.setting.world.count("lies")
        return [encode_message(entry) for entry in told]

    def _withholds(self, target: int) -> bool:
        return target in self.shunned or self.chance.random() < 0.3

    def _sync(self, payload: bytes) -> Iterable[bytes]:
        if "liar" not in self.behaviours or self.chance.random() < 0.3:
            return (payload,)
        message = wire.read_message(Channel.SYNC, payload)
        if isinstance(message, wire.Blocks):
            self.setting.world.count("lies")
            return (wire.write_message(self._wrong(message))[1],)
        return (payload,)

    def _wrong(self, message: wire.Blocks) -> wire.Blocks:
        """Other blocks than those asked for, cut short, altered, or with another's certificate."""
        blocks, start = message.blocks, message.start_height
        draw = self.chance.random()
        if draw < 0.25 or not blocks:
            return wire.Blocks(start, ())
        if draw < 0.5:
            return wire.Blocks(start + 1, blocks)
        first = blocks[0]
        if draw < 0.65:
            return wire.Blocks(start, (self._invented(first),))
        if draw < 0.8:
            certificate = blocks[-1].certificate
            return wire.Blocks(start, (wire.CertifiedBlock(first.block, certificate),))
        altered = bytearray(first.block)
        altered[self.chance.randrange(len(altered))] ^= 1 << self.chance.randrange(8)
        return wire.Blocks(start, (wire.CertifiedBlock(bytes(altered), first.certificate),))

    def _invented(self, known: wire.CertifiedBlock) -> wire.CertifiedBlock:
        """A block that nobody decided, under a certificate that nobody signed."""
        block = decode(Block, known.block)
        header = replace(block.header, time_ms=block.header.time_ms + 1)
        certificate = self.invented(decode(Certificate, known.certificate), header.digest())
        return wire.CertifiedBlock(encode(replace(block, header=header)), encode(certificate))

    def invented(self, known: Certificate, digest: bytes, *, higher: int = 0) -> Certificate:
        """A certificate with a quorum's names and no true signature."""
        members = range(self.committee.quorum)
        signatures = tuple(CommitSignature(member, bytes(64)) for member in members)
        return Certificate(known.height + higher, known.view, digest, signatures)

    def sign(self, message: Message) -> Message:
        """The message with its own, right signature."""
        signed = signing_bytes(message, self.genesis_hash, self.committee.epoch)
        return replace(message, signature=self.signer.sign(signed))

    def other_digest(self, message: Message) -> bytes:
        """Some digest that this member has seen, or nonsense."""
        known = [
            entry.digest
            for entry in self.seen[-20:]
            if isinstance(entry, Prepare | Commit) and entry != message
        ]
        return self.chance.choice(known) if known else bytes(32)

    def altered(self, header: Header) -> Header:
        """A header that differs, in most ways inadmissibly."""
        draw = self.chance.randrange(7)
        if draw == 0:
            return replace(header, time_ms=header.time_ms + self.chance.choice((1, 2, 3)))
        if draw == 1:
            return replace(header, time_ms=header.time_ms + 3_600_000)
        if draw == 2:
            return replace(header, state_root=bytes(32))
        if draw == 3:
            return replace(header, receipts_root=bytes(32))
        if draw == 4:
            return replace(header, parent_hash=bytes(32))
        if draw == 5:
            return replace(header, transactions_count=header.transactions_count + 1)
        return replace(header, proposer=(header.proposer + 1) % self.committee.n)


def equivocate(liar: Liar, target: int, message: Message) -> list[Message]:
    """Two stories: half of the others hear another block, and votes for it."""
    if target not in liar.fooled:
        return [message]
    if isinstance(message, PrePrepare):
        header = replace(message.header, time_ms=message.header.time_ms + 1)
        return [liar.sign(replace(message, header=header))]
    if isinstance(message, Prepare | Commit):
        return [message, liar.sign(replace(message, digest=liar.other_digest(message)))]
    return [message]


def mutate(liar: Liar, _target: int, message: Message) -> list[Message]:
    """Often something else than the truth, signed; at times in another's name."""
    draw = liar.chance.random()
    if draw < 0.5:
        return [message]
    if draw < 0.6:
        other = (message.member + 1) % liar.committee.n
        return [message, liar.sign(replace(message, member=other))]
    return [liar.sign(_other(liar, message))]


def _other(liar: Liar, message: Message) -> Message:
    match message:
        case PrePrepare():
            return replace(message, header=liar.altered(message.header))
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


def _other_vote(liar: Liar, message: Prepare | Commit) -> Prepare | Commit:
    draw = liar.chance.randrange(3)
    if draw == 0:
        return replace(message, digest=liar.other_digest(message))
    if draw == 1:
        return replace(message, view=message.view + liar.chance.choice((1, 3)))
    return replace(message, height=message.height + 1)


def _other_change(liar: Liar, message: ViewChange) -> ViewChange:
    draw = liar.chance.randrange(3)
    if draw == 0:
        return replace(message, prepared=None)
    if draw == 1:
        return replace(message, view=message.view + liar.chance.choice((1, 2, 2**32)))
    if message.prepared is None:
        return message
    prepares = tuple(
        CommitSignature(entry.member, bytes(64)) for entry in message.prepared.prepares
    )
    return replace(message, prepared=replace(message.prepared, prepares=prepares))


def _other_new_view(liar: Liar, message: NewView) -> NewView:
    """Without one ViewChange, or with the own one changed so that it hides what was prepared."""
    changes = list(message.view_changes)
    if liar.chance.random() < 0.5:
        del changes[liar.chance.randrange(len(changes))]
    else:
        changes = [_hidden(liar, entry) for entry in changes]
    return replace(message, view_changes=tuple(changes))


def _hidden(liar: Liar, change: ViewChange) -> ViewChange:
    if change.member != liar.member:
        return change
    hidden = liar.sign(replace(change, prepared=None))
    assert isinstance(hidden, ViewChange)
    return hidden


def _other_status(liar: Liar, message: Status) -> Status:
    draw = liar.chance.random()
    if draw < 0.3:
        return replace(message, started=not message.started)
    if draw < 0.6:
        known = message.certificate
        higher = liar.chance.choice((1, 2, 10**9))
        return replace(message, certificate=liar.invented(known, bytes(32), higher=higher))
    return replace(message, view=message.view + liar.chance.choice((1, 4, 2**40)))


def hide(liar: Liar, _target: int, message: Message) -> list[Message]:
    """Never shows what was prepared; as primary of a view leaves out who shows it."""
    if isinstance(message, ViewChange):
        return [liar.sign(replace(message, prepared=None))]
    if isinstance(message, NewView):
        changes = [_hidden(liar, entry) for entry in message.view_changes]
        kept = [entry for entry in changes if entry.prepared is None]
        if len(kept) >= liar.committee.quorum:
            changes = kept
        return [liar.sign(replace(message, view_changes=tuple(changes)))]
    return [message]


def spam(liar: Liar, _target: int, message: Message) -> list[Message]:
    """Repeats old messages and adds Complaints and far views to everything it says."""
    told = [message]
    if liar.seen and liar.chance.random() < 0.5:
        told.append(liar.chance.choice(liar.seen))
    if liar.chance.random() < 0.3:
        view = message.view + liar.chance.choice((0, 0, 0, 1, 3))
        told.append(liar.sign(Complaint(view, message.height, liar.member, bytes(64))))
    return told


def usurp(liar: Liar, _target: int, message: Message) -> list[Message]:
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


def _wished(liar: Liar, view: int) -> list[Message]:
    """A block of its own choice for a view that it would lead, and its Commit to it."""
    state = liar.node.replica._state
    height, certificate = state.slot.height, state.tip.certificate
    known = next((held for held in state.slot.blocks.values() if held.bodies is not None), None)
    if known is None or state.roster.primary(view, height) != liar.member:
        return []
    # The same to everybody, whenever it is asked again.
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


LIES: dict[str, Lie] = {
    "usurper": usurp,
    "equivocator": equivocate,
    "mutant": mutate,
    "hiding": hide,
    "spammer": spam,
}


class Distorter:
    """What a lying primary makes of its own pool and of its own proposals."""

    def __init__(self, liar: Liar) -> None:
        self._liar = liar

    def pick(self, candidates: list[ReceivedTransaction]) -> list[ReceivedTransaction]:
        """A censor never takes what has an odd id."""
        if "censor" not in self._liar.behaviours:
            return candidates
        return [received for received in candidates if received.id[0] % 2 == 0]

    def delay_us(self) -> int:
        """A dripper proposes as late as it dares."""
        if "drip" not in self._liar.behaviours:
            return 0
        return self._liar.chance.randint(100, 480) * MS

    def propose(self, proposal: Proposal) -> Proposal:
        """An invalid block now and then: a repeated, a forged or a garbage transaction in it."""
        liar = self._liar
        if "invalid" not in liar.behaviours or liar.chance.random() < 0.3:
            return proposal
        liar.setting.world.count("lies")
        bodies = (*proposal.bodies, self._bad_body(proposal))
        hashes = tuple(body_hash(raw) for raw in bodies)
        return replace(proposal, bodies=bodies, body_hashes=hashes)

    def _bad_body(self, proposal: Proposal) -> bytes:
        node, chance = self._liar.node, self._liar.chance
        ledger = node.ledger
        # From before its last start: who restarted with it may have forgotten, if it could.
        old = ledger.block(chance.randint(1, node.start_height)) if node.start_height else None
        if old is not None and old.bodies and chance.random() < 0.6:
            return chance.choice(old.bodies)
        decided = ledger.block(chance.randint(0, ledger.tip.height))
        known = [*proposal.bodies, *(decided.bodies if decided else ())]
        if not known or chance.random() < 0.2:
            return b"no transaction at all"
        raw = chance.choice(known)
        # A last byte of a signature altered, or the same transaction again.
        return raw if chance.random() < 0.5 else raw[:-1] + bytes([raw[-1] ^ 1])


def corrupt(
    setting: Setting, nodes: list[SimNode], lying: Sequence[tuple[int, tuple[str, ...]]]
) -> None:
    """Make these members lie. A twin gets a second copy, appended to `nodes`."""
    liars: dict[int, Liar] = {}
    for member, behaviours in lying:
        for behaviour in behaviours:
            setting.world.count(f"byzantine_{behaviour}")
        if "twin" in behaviours:
            place = len(nodes)
            nodes.append(SimNode(setting, member, place, Disk(setting.founded)))
            continue
        signer = setting.signatures.signer(node_name(member))
        liar = Liar(setting, nodes[member], behaviours, signer)
        liars[member] = liar
        nodes[member].distorter = Distorter(liar)

    def tamper(source: int, place: int, channel: Channel, payload: bytes) -> Iterable[bytes]:
        liar = liars.get(source)
        if liar is None:
            return (payload,)
        return liar.tamper(nodes[place].member, channel, payload)

    if liars:
        setting.network.tamper = tamper
