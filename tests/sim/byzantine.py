"""Members that lie: what they send is made, withheld or altered here, signed with their own key.

A liar's node is honest code; its lies happen between it and the network (`tamper`), in what it
proposes (`Distorter`), or by running twice (a twin: two copies of one member, one key, two disks).
No liar can sign for another. Behaviours are named in `tests.sim.profile`; what liars say is in
`tests.sim.lies`.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from random import Random

from chain.account import SignatureEntry
from chain.block import Block, Certificate
from chain.codec import decode, encode
from chain.committee import Committee
from chain.transaction import (
    ReceivedTransaction,
    SignedTransaction,
    Transaction,
    body_hash,
)
from chain.transaction import signing_bytes as transaction_signing_bytes
from chain.votes import PreparedCertificate, ViewChange
from consensus.input import Proposal
from consensus.messages import Message, encode_message
from consensus.signing import signing_bytes
from p2p import messages as wire
from p2p.frames import Channel
from tests.sim.cast import Signer, node_name
from tests.sim.disk import Disk
from tests.sim.lies import LIES
from tests.sim.node import SimNode
from tests.sim.shared import Setting
from tests.sim.teller import invented
from tests.sim.world import MS

REMEMBERED_MAX = 200
# From so many heights it remembers what was prepared first.
OLDEST_MAX = 16
NOBODY = -1


class Liar:
    """One lying member: turns what its copy sends to a place into what it sends there."""

    def __init__(
        self, setting: Setting, node: SimNode, behaviours: tuple[str, ...], signer: Signer
    ) -> None:
        self.setting = setting
        self.node = node
        self.behaviours = behaviours
        self.signer = signer
        self.chance: Random = setting.world.stream(f"liar {node.member}")
        self.genesis_hash = setting.genesis.hash()
        # The fields of `tests.sim.teller.Teller`.
        self.seen: deque[Message] = deque(maxlen=REMEMBERED_MAX)
        self.heard: deque[Message] = deque(maxlen=REMEMBERED_MAX)
        self.oldest: dict[int, PreparedCertificate] = {}
        self.wishes: dict[tuple[int, int], int] = {}
        others = [number for number in range(len(setting.keys)) if number != node.member]
        # Whom a selective one keeps in the dark.
        self.shunned = frozenset(others[: self.chance.randint(0, len(others))])
        self.fooled = frozenset(self.chance.sample(others, len(others) // 2))

    @property
    def committee(self) -> Committee:
        """Who decides the next height."""
        if not self.node.has_started:
            return self.setting.genesis.committee()
        return self.node.ledger.chain.committee

    @property
    def member(self) -> int:
        """Its index there; -1, which is nobody's, without a seat."""
        index = self.committee.index_of(self.setting.keys[self.node.member])
        return NOBODY if index is None else index

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
        self.seen.append(message)
        self._note_prepared(message)
        return (payload,) if message.member != self.member else self._told(target, message)

    def hear(self, channel: Channel, payload: bytes) -> None:
        """What others send it."""
        if channel is Channel.CONSENSUS:
            message = self.setting.reader.message(payload)
            self.heard.append(message)
            self._note_prepared(message)

    def _note_prepared(self, message: Message) -> None:
        prepared = message.prepared if isinstance(message, ViewChange) else None
        if prepared is None:
            return
        known = self.oldest.get(prepared.height)
        if known is None or prepared.view < known.view:
            self.oldest[prepared.height] = prepared
        if len(self.oldest) > OLDEST_MAX:
            del self.oldest[min(self.oldest)]

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

    def sign(self, message: Message) -> Message:
        """The message with its own, right signature."""
        signed = signing_bytes(message, self.genesis_hash, self.committee.epoch)
        return replace(message, signature=self.signer.sign(signed))

    # Whoever catches up is answered falsely.

    def _sync(self, payload: bytes) -> Iterable[bytes]:
        if "liar" not in self.behaviours or self.chance.random() < 0.3:
            return (payload,)
        message = wire.read_message(Channel.SYNC, payload)
        match message:
            case wire.Blocks():
                false: wire.Message = self._other_blocks(message)
            case wire.Bodies() if message.raws:
                false = self._other_bodies(message)
            case wire.Proposed():
                false = wire.Proposed(self._flipped(message.block))
            case _:
                return (payload,)
        self.setting.world.count("lies")
        return (wire.write_message(false)[1],)

    def _other_blocks(self, message: wire.Blocks) -> wire.Blocks:
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
        altered = wire.CertifiedBlock(self._flipped(first.block), first.certificate)
        return wire.Blocks(start, (altered,))

    def _other_bodies(self, message: wire.Bodies) -> wire.Bodies:
        """Fewer than it has, or altered ones."""
        if self.chance.random() < 0.5:
            return wire.Bodies(message.raws[1:])
        return wire.Bodies(tuple(self._flipped(raw) for raw in message.raws))

    def _flipped(self, data: bytes) -> bytes:
        altered = bytearray(data)
        altered[self.chance.randrange(len(altered))] ^= 1 << self.chance.randrange(8)
        return bytes(altered)

    def _invented(self, known: wire.CertifiedBlock) -> wire.CertifiedBlock:
        """A block that nobody decided, under a certificate that nobody signed."""
        block = decode(Block, known.block)
        header = replace(block.header, time_ms=block.header.time_ms + 1)
        certificate = invented(self, decode(Certificate, known.certificate), header.digest())
        return wire.CertifiedBlock(encode(replace(block, header=header)), encode(certificate))


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
        """An untimely or an invalid block now and then."""
        liar = self._liar
        if "untimely" in liar.behaviours and liar.chance.random() < 0.7:
            liar.setting.world.count("lies")
            proposal = self._untimely(proposal)
        if "invalid" in liar.behaviours and liar.chance.random() < 0.7:
            liar.setting.world.count("lies")
            bodies = (*proposal.bodies, self._bad_body(proposal))
            hashes = tuple(body_hash(raw) for raw in bodies)
            proposal = replace(proposal, bodies=bodies, body_hashes=hashes, results=None)
        return proposal

    def _untimely(self, proposal: Proposal) -> Proposal:
        """Of a time just within, or just or far beyond what the others' clocks allow."""
        chance, node = self._liar.chance, self._liar.node
        drift_ms = node.setting.genesis.consensus.clock_drift_max_ms
        off_ms = chance.choice((drift_ms - 200, drift_ms + 200, 3_600_000)) * chance.choice((1, -1))
        least_ms = node.ledger.tip.header.time_ms + 1
        return replace(proposal, time_ms=max(least_ms, proposal.time_ms + off_ms), results=None)

    def _bad_body(self, proposal: Proposal) -> bytes:
        """A repeated, a forged or a garbage transaction."""
        node, chance = self._liar.node, self._liar.chance
        ledger = node.ledger
        # From before its last start: who restarted with it may have forgotten, if it could.
        old = ledger.block(chance.randint(1, node.start_height)) if node.start_height else None
        if old is not None and old.bodies and chance.random() < 0.5:
            return chance.choice(old.bodies)
        decided = ledger.block(chance.randint(0, ledger.tip.height))
        known = [*proposal.bodies, *(decided.bodies if decided else ())]
        if not known or chance.random() < 0.2:
            return b"no transaction at all"
        raw = chance.choice(known)
        draw = chance.random()
        if draw < 0.4:
            return self._forged(raw)
        # A last byte of a signature altered, or the same transaction again.
        return raw if draw < 0.7 else raw[:-1] + bytes([raw[-1] ^ 1])

    def _forged(self, raw: bytes) -> bytes:
        """Another transaction of the same sender, well signed, but with the liar's own key."""
        signed = decode(SignedTransaction, raw)
        transaction = decode(Transaction, signed.content)
        content = encode(replace(transaction, nonce=transaction.nonce ^ (1 << 60)))
        signer = self._liar.signer
        signature = signer.sign(transaction_signing_bytes(content))
        entry = SignatureEntry(transaction.sender, signer.public_key, signature)
        return encode(SignedTransaction(content, (entry,)))


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
        if place in liars:
            liars[place].hear(channel, payload)
        liar = liars.get(source)
        if liar is None:
            return (payload,)
        return liar.tamper(nodes[place].member, channel, payload)

    if liars:
        setting.network.tamper = tamper
