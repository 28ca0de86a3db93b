"""A committee that grows: an organisation is registered, gets a seat, and its vote counts."""

from chain.account import single_key_policy
from chain.committees import ready_bytes
from chain.transaction import ReceivedTransaction
from commerce.accounts import AccountOpen
from commerce.committee import CommitteeChange, Seat
from commerce.members import MemberRegister
from commerce.registry import operation
from tests.chain.world import World, account, key

QUORUM = ("m1", "m2")
NEW = "suzhou"


def registration(world: World, name: str = NEW) -> ReceivedTransaction:
    """The members make an organisation with one node a member."""
    policy = single_key_policy(key(name).public_key)
    node_keys = (key(f"node of {name}").public_key,)
    return world.signed(
        "m0",
        operation("account.open", AccountOpen(policy, None)),
        operation("member.register", MemberRegister(account(name), name, node_keys, None)),
        with_=(*QUORUM, name),
    )


def seat_of(world: World, name: str = NEW) -> Seat:
    """The readiness that the node of an organisation has signed for the tip."""
    chain, tip = world.ledger.chain, world.ledger.tip
    node_key = key(f"node of {name}")
    epoch = chain.committee.epoch + 1
    signed = node_key.sign(ready_bytes(chain.genesis_hash, epoch, tip.height, tip.digest))
    return Seat(account(name), node_key.public_key, tip.height, tip.digest, signed)


def change(world: World, *add: Seat, remove: tuple[bytes, ...] = ()) -> ReceivedTransaction:
    """A change of the committee, signed by a quorum of it."""
    committee = world.ledger.chain.committee
    names = [member.name for member in committee.members[1 : committee.quorum]]
    made = CommitteeChange(committee.epoch, add, remove, ())
    return world.signed("m0", operation("committee.change", made), with_=names)


def grow(world: World) -> None:
    """Register an organisation and decide that it gets a seat; the change is pending then."""
    world.decide(registration(world))
    world.decide(change(world, seat_of(world)))
