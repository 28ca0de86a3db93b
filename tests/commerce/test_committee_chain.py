"""Random histories of the committee on a real ledger, against a model in a few lines.

Members come, go, change keys and are convicted, with pauses between or none. The model says for
each transaction what becomes of it and for each height who decides it; the ledger, also a reopened
one, its headers and a light client agree with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from chain.account import single_key_policy
from chain.block import NO_HASH, Certificate, CommitSignature, Header, VoteType, commit_bytes
from chain.block import vote_bytes as signed_vote
from chain.committee import Committee, Member, fault_limit
from chain.committees import ready_bytes
from chain.crypto import PrivateKey
from chain.evidence import Equivocation, encode_evidence
from chain.ledger import Ledger
from chain.light_client import CommitteeChain
from chain.transaction import ReceivedTransaction
from chain.votes import SignedVote
from commerce.accounts import AccountOpen
from commerce.audit import full_check
from commerce.committee import CommitteeChange, Seat
from commerce.evidence import EvidenceSubmit
from commerce.members import MemberRegister, MemberUpdate
from commerce.registry import Registry, operation
from tests.chain.world import World, account, genesis, key

FOUNDERS = ("m0", "m1", "m2", "m3")
NEWCOMERS = ("n0", "n1", "n2", "n3", "n4")
NAMES = (*FOUNDERS, *NEWCOMERS)
KEYS_PER_NODE = 3


def node_key(name: str, number: int) -> PrivateKey:
    """The keys of an organisation's nodes; a founder's first one is that of the genesis."""
    return key(f"node of {name}" if number == 0 else f"node {number} of {name}")


NODE_KEYS = {
    node_key(name, number).public_key: node_key(name, number)
    for name in NAMES
    for number in range(KEYS_PER_NODE)
}


class Consortium(World):
    """A chain on which every organisation of `NAMES` is registered with all its keys."""

    def __init__(self) -> None:
        super().__init__()
        opened = [
            operation("account.open", AccountOpen(single_key_policy(key(name).public_key), None))
            for name in NEWCOMERS
        ]
        self.decided(self.signed("m0", *opened, with_=NEWCOMERS))
        registered = [
            operation("member.register", MemberRegister(account(name), name, keys_of(name), None))
            for name in NEWCOMERS
        ]
        self.decided(self.signed("m0", *registered, with_=(*FOUNDERS[1:], *NEWCOMERS)))
        for name in FOUNDERS:
            update = operation("member.update", MemberUpdate(keys_of(name), None))
            self.decided(self.signed(name, update))

    def decided(self, *transactions: ReceivedTransaction) -> list[str]:
        """Decide a block; the statuses of its receipts."""
        self.decide(*transactions)
        height = self.ledger.tip.height
        return [receipt.status for receipt in self.ledger.receipts(height)]

    @override
    def certify(self, header: Header) -> Certificate:
        bare = Certificate(header.height, header.view, header.digest(), ())
        committee = self.ledger.chain.committee
        message = commit_bytes(self.ledger.chain.genesis_hash, committee.epoch, bare)
        signatures = [
            CommitSignature(index, NODE_KEYS[member.node_key].sign(message))
            for index, member in enumerate(committee.members[-committee.quorum :])
        ]
        first = committee.n - committee.quorum
        shifted = [replace(entry, member=first + entry.member) for entry in signatures]
        return replace(bare, signatures=tuple(shifted))

    def seat(self, name: str, number: int) -> Seat:
        """Ready at the tip for the next epoch."""
        ledger, signer = self.ledger, node_key(name, number)
        chain, tip = ledger.chain, ledger.tip
        epoch = chain.committee.epoch + 1
        signed = ready_bytes(chain.genesis_hash, epoch, tip.height, tip.digest)
        public = signer.public_key
        return Seat(account(name), public, tip.height, tip.digest, signer.sign(signed))

    def proof(self, index: int) -> EvidenceSubmit:
        """Of two votes that a member of the committee signed for the next height."""
        chain, height = self.ledger.chain, self.ledger.tip.height + 1
        epoch, signer = chain.committee.epoch, NODE_KEYS[chain.committee.members[index].node_key]
        votes = []
        for digest in (bytes([1]) * 32, bytes([2]) * 32):
            signed = signed_vote(chain.genesis_hash, epoch, VoteType.COMMIT, 0, height, digest)
            votes.append(SignedVote(VoteType.COMMIT, 0, height, digest, index, signer.sign(signed)))
        return EvidenceSubmit(encode_evidence(Equivocation(epoch, votes[0], votes[1])))


def keys_of(name: str) -> tuple[bytes, ...]:
    """All node keys of an organisation, sorted."""
    return tuple(sorted(node_key(name, number).public_key for number in range(KEYS_PER_NODE)))


@dataclass(frozen=True)
class Change:
    """What to attempt: names to add, remove, and replace the keys of, if there is a reason to."""

    toggled: frozenset[str]
    replaced: frozenset[str]


@dataclass(frozen=True)
class Convict:
    """Evidence against the member at a place of the committee."""

    place: int


@dataclass(frozen=True)
class Pause:
    """An empty block."""


Step = Change | Convict | Pause
STEPS = st.lists(
    st.one_of(
        st.builds(
            Change,
            st.frozensets(st.sampled_from(NAMES), max_size=4),
            st.frozensets(st.sampled_from(NAMES), max_size=2),
        ),
        st.builds(Convict, st.integers(0, 8)),
        st.just(Pause()),
        st.just(Pause()),
    ),
    min_size=4,
    max_size=14,
)


class Model:
    """Who decides which height: a list of epochs, each with its members and first height."""

    def __init__(self, first: Sequence[Member]) -> None:
        self.epochs: list[tuple[int, list[Member]]] = [(0, list(first))]
        self.convicted: set[tuple[bytes, int]] = set()

    def epoch_at(self, height: int) -> int:
        return max(e for e, (first, _) in enumerate(self.epochs) if first <= height)

    def committee_at(self, height: int) -> Committee:
        epoch = self.epoch_at(height)
        return Committee(epoch, tuple(self.epochs[epoch][1]))

    def is_pending(self, height: int) -> bool:
        return self.epoch_at(height) != len(self.epochs) - 1

    def decide(self, height: int, members: list[Member]) -> str:
        """What becomes of a change to these members."""
        if not members:
            return "CommitteeOutOfSize"
        if sum(member.suspended for member in members) > fault_limit(len(members)):
            return "TooManySuspended"
        self.epochs.append((height + 2, members))
        return "ok"

    def convict(self, height: int, index: int) -> str:
        """What becomes of evidence, of the epoch that governs, against a member."""
        epoch = self.epoch_at(height)
        members = list(self.epochs[epoch][1])
        member = members[index]
        room = self._has_room(member)
        if (member.account, epoch) in self.convicted and not room:
            return "EvidenceRecorded"
        if self.is_pending(height):
            return "ChangePending"
        self.convicted.add((member.account, epoch))
        if room:
            members[index] = replace(member, suspended=True)
            assert self.decide(height, members) == "ok"
        return "ok"

    def _has_room(self, member: Member) -> bool:
        """Is it in the newest committee, unsuspended, and are fewer than f there suspended?"""
        members = self.epochs[-1][1]
        suspended = sum(other.suspended for other in members)
        return replace(member, suspended=False) in members and suspended < fault_limit(len(members))


class Play:
    """The consortium and the model, step by step."""

    def __init__(self) -> None:
        self.world = Consortium()
        self.model = Model(self.world.ledger.chain.committee.members)
        self.numbers = dict.fromkeys(NAMES, 0)

    def step(self, step: Step) -> None:
        height = self.world.ledger.tip.height + 1
        match step:
            case Pause():
                self.world.decide()
            case Convict(place):
                self._convict(place, height)
            case Change(toggled, replaced):
                self._change(toggled, replaced, height)
        tip = self.world.ledger.tip.height
        assert self.world.ledger.chain.committee == self.model.committee_at(tip + 1)

    def _convict(self, place: int, height: int) -> None:
        index = place % self.world.ledger.chain.committee.n
        proof = operation("evidence.submit", self.world.proof(index))
        (status,) = self.world.decided(self.world.signed("buyer", proof))
        assert status == self.model.convict(height, index)

    def _change(self, toggled: frozenset[str], replaced: frozenset[str], height: int) -> None:
        committee = self.world.ledger.chain.committee
        seated = {member.name for member in committee.members}
        added = sorted(toggled - seated, key=account)
        removed = sorted(toggled & seated, key=account)
        renewed = sorted((replaced & seated) - toggled, key=account)
        if not (added or removed or renewed):
            return
        numbers = dict(self.numbers)
        for name in renewed:
            numbers[name] = (numbers[name] + 1) % KEYS_PER_NODE
        change = CommitteeChange(
            committee.epoch,
            tuple(self.world.seat(name, numbers[name]) for name in added),
            tuple(account(name) for name in removed),
            tuple(self.world.seat(name, numbers[name]) for name in renewed),
        )
        sender, *others = sorted(seated)
        made = self.world.signed(sender, operation("committee.change", change), with_=others)
        (status,) = self.world.decided(made)
        if self.model.is_pending(height):
            assert status == "ChangePending"
            return
        renewals = {name: node_key(name, numbers[name]).public_key for name in renewed}
        members = [
            Member(member.name, member.account, renewals[member.name])
            if member.name in renewals
            else member
            for member in committee.members
            if member.name not in removed
        ]
        members += [
            Member(name, account(name), node_key(name, numbers[name]).public_key) for name in added
        ]
        assert status == self.model.decide(height, members)
        if status == "ok":
            self.numbers = numbers


def check(play: Play) -> None:
    """Ledger, reopened ledger, headers and light client say of every height what the model says."""
    known, model = play.world.ledger, play.model
    again = Ledger(play.world.store, play.world.genesis, Registry())
    assert (again.chain, again.next_committee) == (known.chain, known.next_committee)
    client = CommitteeChain.of(play.world.genesis)
    tip = known.tip.height
    for height in range(tip + 3):
        assert known.committee_at(height) == model.committee_at(height)
        assert again.committee_at(height) == model.committee_at(height)
    for height in range(1, tip + 1):
        header, certificate = known.header(height), known.certificate(height)
        assert header is not None
        assert certificate is not None
        now, following = model.committee_at(height), model.committee_at(height + 1)
        assert header.epoch == now.epoch
        named = None if now.epoch == following.epoch else following
        assert header.next_committee_hash == (NO_HASH if named is None else named.hash())
        assert client.committee == now
        client.advance(header, certificate, named)
    assert client.committee == known.chain.committee
    full_check(known.state)


@given(steps=STEPS)
@settings(max_examples=25, deadline=None)
def test_whatever_the_members_decide_everybody_knows_who_decides_next(steps: list[Step]) -> None:
    play = Play()
    for step in steps:
        play.step(step)
    check(play)


GROW = Change(frozenset({"n0"}), frozenset())
GROW_THREE = Change(frozenset({"n0", "n1", "n2"}), frozenset())
RENEW = Change(frozenset(), frozenset({"m3"}))
SHRINK_THREE = Change(frozenset({"m0", "n1", "n2"}), frozenset())


@pytest.mark.parametrize(
    ("steps", "sizes"),
    [
        ([GROW, Pause(), GROW, Pause(), GROW_THREE, Pause()], [4, 5, 4, 7]),
        ([GROW_THREE, Pause(), SHRINK_THREE, Pause()], [4, 7, 4]),
        ([GROW, GROW_THREE, GROW_THREE, Pause()], [4, 5, 6]),
        ([Convict(3), Pause(), RENEW, Pause(), Convict(3), Pause()], [4, 4, 4, 4]),
        ([Convict(3), Convict(2), Convict(2)], [4, 4]),
    ],
)
def test_what_the_design_asks_of_membership_works(steps: list[Step], sizes: list[int]) -> None:
    play = Play()
    for step in steps:
        play.step(step)
    check(play)
    assert [len(members) for _, members in play.model.epochs] == sizes
    assert genesis().committee() == Committee(0, tuple(play.model.epochs[0][1]))
