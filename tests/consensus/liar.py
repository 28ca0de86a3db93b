"""A Byzantine member for random schedules: it sees everything and says whatever its key can sign.

Equivocating proposals, votes for anything, ViewChanges that hide or lie, NewViews of its choice,
replays of what others said.
"""

import random
from dataclasses import replace

from chain.block import (
    Block,
    Certificate,
    CommitSignature,
    Header,
    VoteType,
    transactions_root,
    vote_bytes,
)
from chain.transaction import body_hash
from chain.votes import PreparedCertificate, ViewChange
from consensus.input import FetchedBlock
from consensus.messages import Commit, Complaint, Message, NewView, Prepare, PrePrepare, Status
from consensus.output import FetchBlock
from consensus.signing import signing_bytes
from consensus.state import State
from consensus.view_change import choose
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.stub_chain import GENESIS_HASH, sign_as


class Liar:
    """The Byzantine member: what it has seen, and what it says."""

    def __init__(self, cluster: Cluster, member: int, rng: random.Random) -> None:
        self.cluster = cluster
        self.member = member
        self.rng = rng
        self.proposals: dict[tuple[int, int, bytes], PrePrepare] = {}
        self.votes: dict[tuple[type[Message], int, int, bytes], dict[int, bytes]] = {}
        self.changes: dict[int, dict[int, ViewChange]] = {}
        self.seen: list[Message] = []
        self.blocks: dict[bytes, Block] = {}
        self.bodies = 0

    def hear(self, event: object) -> None:
        """Everything that is sent comes to its ears."""
        match event:
            case PrePrepare():
                digest = event.header.digest()
                self.proposals[event.view, event.height, digest] = event
            case Prepare() | Commit():
                votes = self.votes.setdefault(
                    (type(event), event.view, event.height, event.digest), {}
                )
                votes[event.member] = event.signature
            case ViewChange():
                self.changes.setdefault(event.view, {})[event.member] = event
            case NewView() | Status() | Complaint():
                pass
            case _:
                return
        self.seen.append(event)

    def act(self) -> None:
        """One lie, or one truth told to some."""
        what = self.rng.random()
        if what < 0.25:
            self._propose()
        elif what < 0.5:
            self._vote()
        elif what < 0.7:
            self._change_view()
        elif what < 0.88:
            self._new_view()
        elif what < 0.94:
            state = self._somebody()
            self._say(Complaint(state.views.view, state.slot.height, self.member, bytes(64)))
        elif self.seen:
            replayed = self.rng.choice(self.seen)
            for target in self._some():
                self.cluster.queue.append(Envelope(self.member, target, replayed))

    def _somebody(self) -> State:
        return self.rng.choice(self.cluster.up()).replica._state

    def _some(self) -> list[int]:
        members = [node.index for node in self.cluster.up()]
        if self.rng.random() < 0.35:
            return members
        return [m for m in members if self.rng.random() < 0.5] or [self.rng.choice(members)]

    def _say(self, message: Message, targets: list[int] | None = None) -> Message:
        epoch = self.cluster.committee.epoch
        signature = sign_as(self.member, signing_bytes(message, GENESIS_HASH, epoch))
        signed = replace(message, signature=signature)
        self.hear(signed)
        for target in self._some() if targets is None else targets:
            self.cluster.queue.append(Envelope(self.member, target, signed))
        return signed

    def _header(self, state: State, view: int, certificate: Certificate) -> Header:
        self.bodies += 1
        body = b"lie %d" % self.bodies
        if self.rng.random() < 0.1:
            body = b"bad %d" % self.bodies
        hashes = (body_hash(body),)
        self.cluster.bodies[hashes[0]] = body
        tip = state.tip
        header = Header(
            version=1,
            genesis_hash=GENESIS_HASH,
            height=tip.height + 1,
            parent_hash=tip.digest,
            view=view,
            parent_view=certificate.view,
            time_ms=max(self.cluster.now_ms, tip.header.time_ms + 1),
            proposer=self.member,
            epoch=0,
            transactions_root=transactions_root(hashes),
            transactions_count=1,
            state_root=tip.results.state_root,
            receipts_root=tip.results.receipts_root,
            next_committee_hash=bytes(32),
        )
        self.blocks[header.digest()] = Block(header, (body,))
        return header

    def _propose(self) -> None:
        state = self._somebody()
        height, view = state.slot.height, state.views.view
        if self.rng.random() < 0.2:
            view = self.rng.randint(0, 4)
        if state.roster.primary(view, height) != self.member:
            return
        self.cluster.count("byzantine PrePrepare")
        known = [
            (m.header, m.body_hashes)
            for (_, h, _), m in self.proposals.items()
            if h == height and m.header.parent_hash == state.tip.digest and m.header.view <= view
        ]
        certificate = self.rng.choice([state.tip.certificate, state.tip.newest])
        for _ in range(self.rng.choice((1, 2, 2))):
            if known and self.rng.random() < 0.5:
                header, hashes = self.rng.choice(known)
            else:
                header = self._header(state, view, certificate)
                hashes = (body_hash(self.blocks[header.digest()].bodies[0]),)
            self._pre_prepare(view, header, hashes, certificate)

    def _pre_prepare(
        self, view: int, header: Header, hashes: tuple[bytes, ...], certificate: Certificate
    ) -> None:
        message = PrePrepare(view, self.member, header, hashes, certificate, bytes(64))
        self._say(message)
        if self.rng.random() < 0.5:
            digest = header.digest()
            self._say(Commit(view, header.height, digest, self.member, bytes(64)))

    def _vote(self) -> None:
        if not self.proposals:
            return
        view, height, digest = self.rng.choice(list(self.proposals)[-6:])
        self.cluster.count("byzantine vote")
        if self.rng.random() < 0.7:
            self._say(Prepare(view, height, digest, self.member, bytes(64)))
        if self.rng.random() < 0.6:
            self._say(Commit(view, height, digest, self.member, bytes(64)))

    def _prepared(self, state: State, below: int) -> PreparedCertificate | None:
        """A prepared certificate on top of the somebody's tip that can be put together."""
        found = []
        quorum = self.cluster.committee.quorum
        for (view, height, digest), message in self.proposals.items():
            if height != state.slot.height or view >= below:
                continue
            if message.header.parent_hash != state.tip.digest:
                continue
            votes = dict(self.votes.get((Prepare, view, height, digest), {}))
            signed = vote_bytes(GENESIS_HASH, 0, VoteType.PREPARE, view, height, digest)
            votes[self.member] = sign_as(self.member, signed)
            votes.pop(message.member, None)
            if len(votes) + 1 >= quorum:
                prepares = tuple(CommitSignature(m, votes[m]) for m in sorted(votes))
                header, primary = message.header, message.member
                found.append(
                    PreparedCertificate(view, header, primary, message.signature, prepares)
                )
        return self.rng.choice(found) if found else None

    def _own_change(self, view: int) -> ViewChange:
        state = self._somebody()
        prepared = self._prepared(state, view) if self.rng.random() < 0.6 else None
        certificate = state.tip.certificate
        if certificate.height and self.rng.random() < 0.1:
            forged = replace(certificate.signatures[0], signature=bytes(64))
            certificate = replace(certificate, signatures=(forged, *certificate.signatures[1:]))
        message = ViewChange(view, self.member, certificate, prepared, bytes(64))
        signature = sign_as(self.member, signing_bytes(message, GENESIS_HASH, 0))
        return replace(message, signature=signature)

    def _change_view(self) -> None:
        view = max(1, self._somebody().views.view + self.rng.randint(0, 1))
        self.cluster.count("byzantine ViewChange")
        self._say(self._own_change(view))

    def _new_view(self) -> None:
        quorum = self.cluster.committee.quorum
        views = [v for v, c in self.changes.items() if len(c.keys() - {self.member}) >= quorum - 1]
        if not views:
            return
        view = max(views) if self.rng.random() < 0.7 else self.rng.choice(views)
        others = [c for m, c in sorted(self.changes[view].items()) if m != self.member]
        chosen = self.rng.sample(others, min(len(others), quorum))
        if len(chosen) < quorum or self.rng.random() < 0.6:
            chosen = [*chosen[: quorum - 1], self._own_change(view)]
        chosen.sort(key=lambda entry: entry.member)
        height = max(entry.height for entry in chosen)
        state = self._somebody()
        if len(chosen) < quorum or state.roster.primary(view, height) != self.member:
            return
        self.cluster.count("byzantine NewView")
        targets = self._some()
        self._say(NewView(view, height, self.member, tuple(chosen), bytes(64)), targets)
        if state.slot.height != height:
            return
        forced = choose(chosen).prepared
        certificate = state.tip.certificate
        if forced is not None and self.rng.random() < 0.75:
            known = self.proposals.get((forced.view, height, forced.header.digest()))
            if known is not None:
                self._pre_prepare(view, known.header, known.body_hashes, certificate)
            return
        header = self._header(state, view, certificate)
        hashes = (body_hash(self.blocks[header.digest()].bodies[0]),)
        self._pre_prepare(view, header, hashes, certificate)

    def answer(self, envelope: Envelope) -> None:
        """Asked for a block it has, it mostly gives it."""
        if not isinstance(envelope.event, FetchBlock) or self.rng.random() < 0.3:
            return
        block = self.blocks.get(envelope.event.digest)
        if block is not None:
            hashes = tuple(body_hash(body) for body in block.bodies)
            answer = FetchedBlock(block, hashes, None)
            self.cluster.queue.append(Envelope(self.member, envelope.source, answer))
