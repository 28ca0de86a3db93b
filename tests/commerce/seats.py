"""Seats and misdeeds for tests: who is ready for the committee, and who signed what it must not."""

from collections.abc import Sequence

from chain.block import Certificate, VoteType, vote_bytes
from chain.committees import ready_bytes
from chain.evidence import Equivocation, HiddenCommit, encode_evidence
from chain.votes import SignedVote, ViewChange, view_change_bytes
from commerce.accounts import AccountOpen
from commerce.committee import CommitteeChange, Seat
from commerce.evidence import EvidenceSubmit
from commerce.members import MemberRegister
from tests.commerce.world import QUORUM, World, account, key, policy, private_key


def node_of(name: str) -> str:
    """The name of the key that a founder's node has."""
    return f"node of {name}"


def join(world: World, name: str, *nodes: str) -> None:
    """A new member organisation, with these node keys or the usual one; no seat yet."""
    keys = tuple(sorted(key(node) for node in nodes or (node_of(name),)))
    world.done("m0", ("account.open", AccountOpen(policy(name), None)), with_=(name,))
    register = MemberRegister(account(name), name, keys, None)
    world.done("m0", ("member.register", register), with_=(*QUORUM, name))


def seat(world: World, name: str, node: str = "", height: int = 0, epoch: int = 0) -> Seat:
    """A seat whose key is ready at the newest height, or as told."""
    height, node = height or world.height, node or node_of(name)
    digest = world.state.digests.get(height, bytes(32))
    epoch = epoch or world.chain.committee.epoch + 1
    signed = ready_bytes(world.chain.genesis_hash, epoch, height, digest)
    return Seat(account(name), key(node), height, digest, private_key(node).sign(signed))


def change(
    world: World,
    add: Sequence[Seat] = (),
    remove: Sequence[str] = (),
    replaced: Sequence[Seat] = (),
) -> CommitteeChange:
    """A change of the committee that governs, its lists in order."""
    return CommitteeChange(
        world.chain.committee.epoch,
        tuple(sorted(add, key=lambda entry: entry.account)),
        tuple(sorted(account(name) for name in remove)),
        tuple(sorted(replaced, key=lambda entry: entry.account)),
    )


def vote(world: World, node: str, digest: bytes, epoch: int = -1) -> SignedVote:
    """A Prepare that a node signed, by its seat in the committee that governs, at height 1."""
    chain = world.chain
    epoch = chain.committee.epoch if epoch < 0 else epoch
    member = chain.committee.index_of(key(node)) or 0
    message = vote_bytes(chain.genesis_hash, epoch, VoteType.PREPARE, 3, 1, digest)
    signature = private_key(node).sign(message)
    return SignedVote(VoteType.PREPARE, 3, 1, digest, member, signature)


def equivocation(world: World, node: str, epoch: int = -1) -> EvidenceSubmit:
    """A proof that a node voted for two digests in one slot."""
    votes = [vote(world, node, bytes([digest]) * 32, epoch) for digest in (1, 2)]
    known = world.chain.committee.epoch if epoch < 0 else epoch
    return EvidenceSubmit(encode_evidence(Equivocation(known, votes[0], votes[1])))


def hidden_commit(world: World, node: str) -> EvidenceSubmit:
    """A proof that a node left what it had prepared out of its ViewChange."""
    chain, digest = world.chain, bytes([5]) * 32
    epoch, member = chain.committee.epoch, chain.committee.index_of(key(node))
    assert member is not None
    message = vote_bytes(chain.genesis_hash, epoch, VoteType.COMMIT, 0, 7, digest)
    commit = SignedVote(VoteType.COMMIT, 0, 7, digest, member, private_key(node).sign(message))
    bare = ViewChange(2, member, Certificate(6, 0, bytes(32), ()), None, bytes(64))
    signed = private_key(node).sign(view_change_bytes(chain.genesis_hash, epoch, bare))
    hiding = ViewChange(bare.view, member, bare.certificate, None, signed)
    return EvidenceSubmit(encode_evidence(HiddenCommit(epoch, commit, hiding)))
