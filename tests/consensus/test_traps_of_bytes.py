"""Named regressions of where others fell, part bytes: what signatures and digests cover.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.block import (
    OK,
    Certificate,
    Event,
    Header,
    Receipt,
    VoteType,
    receipts_root,
    transactions_root,
    vote_bytes,
)
from chain.crypto import PrivateKey, sha256, verify
from chain.transaction import Transaction, body_hash
from chain.votes import ViewChange
from consensus.input import FetchedBlock
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    MessageInvalid,
    MessageSignatureInvalid,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from consensus.signing import signing_bytes, verify_message
from tests.chain.toy import add, schedule
from tests.chain.toy_world import ToyWorld
from tests.consensus.cluster import Cluster
from tests.consensus.forging import UNSIGNED, block_on, certificate
from tests.consensus.samples import DIGEST, FIRST
from tests.consensus.stub_chain import committee

# (genesis hash, epoch, view, height): the place that a message speaks about.
Place = tuple[bytes, int, int, int]

CHAINS = (sha256(b"one chain"), sha256(b"another chain"))
EDGES = (1, 2, 255, 256, 65_536, 2**32, 2**53 - 1)


def at_height(height: int) -> Certificate:
    """A certificate (of nobody) that a message of this height may carry."""
    return Certificate(height, 0, DIGEST, ())


def change(view: int, height: int) -> ViewChange:
    return ViewChange(view, 1, at_height(height - 1), None, UNSIGNED)


MAKERS: dict[VoteType, Callable[[int, int], Message]] = {
    VoteType.PRE_PREPARE: lambda view, height: PrePrepare(
        view, 1, replace(FIRST, height=height), (), at_height(height - 1), UNSIGNED
    ),
    VoteType.PREPARE: lambda view, height: Prepare(view, height, DIGEST, 1, UNSIGNED),
    VoteType.COMMIT: lambda view, height: Commit(view, height, DIGEST, 1, UNSIGNED),
    VoteType.VIEW_CHANGE: change,
    VoteType.NEW_VIEW: lambda view, height: NewView(
        view, height, 1, (change(view, height),), UNSIGNED
    ),
    VoteType.COMPLAINT: lambda view, height: Complaint(view, height, 1, UNSIGNED),
    VoteType.RECOVERY_QUERY: lambda view, height: RecoveryQuery(view, height, 7, 1, UNSIGNED),
    VoteType.RECOVERY_REPLY: lambda view, height: RecoveryReply(
        view, bytes(32), 7, 1, at_height(height), (), None, UNSIGNED
    ),
    VoteType.STATUS: lambda view, height: Status(
        view, 1, started=True, certificate=at_height(height), signature=UNSIGNED
    ),
}


def made(kind: VoteType, place: Place) -> tuple[Message, bytes]:
    """The message of this kind at a place, and what its signature covers."""
    genesis, epoch, view, height = place
    message = MAKERS[kind](view, height)
    return message, signing_bytes(message, genesis, epoch)


def test_trap_10_no_two_messages_at_any_two_places_share_signed_bytes() -> None:
    """Trap 10 (FISCO FIB-134): all pairs of types, chains, epochs, views and heights at edges."""
    assert set(MAKERS) == set(VoteType)
    places = list(product(CHAINS, (0, *EDGES), EDGES, EDGES))
    seen = {made(kind, place)[1] for kind in VoteType for place in places}
    assert len(seen) == len(VoteType) * len(places)
    # The same body everywhere: only the fixed part tells the votes apart.
    bare = {
        vote_bytes(genesis, epoch, kind, view, height, DIGEST)
        for kind in VoteType
        for genesis, epoch, view, height in places
    }
    assert len(bare) == len(seen)


PLACES = st.tuples(
    st.sampled_from(CHAINS), st.sampled_from((0, 1, 2)), st.integers(1, 3), st.integers(1, 3)
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VoteType), PLACES, st.sampled_from(VoteType), PLACES)
def test_trap_10_a_signature_made_at_one_place_verifies_at_no_other(
    kind: VoteType, place: Place, other_kind: VoteType, other: Place
) -> None:
    """Trap 10 (FISCO FIB-134): real Ed25519 signatures, put under another message."""
    key = PrivateKey(sha256(b"member 1"))
    four = committee(4)
    member = replace(four.members[1], node_key=key.public_key)
    members = (four.members[0], member, *four.members[2:])
    own_signature = key.sign(made(kind, place)[1])
    message = replace(made(other_kind, other)[0], signature=own_signature)
    genesis, epoch, _, _ = other
    there = replace(four, epoch=epoch, members=members)
    if (kind, place) == (other_kind, other):
        verify_message(message, there, genesis, verify)
        return
    with pytest.raises(MessageSignatureInvalid):
        verify_message(message, there, genesis, verify)


def test_trap_10_no_vote_is_also_the_signature_of_a_transaction() -> None:
    """Trap 10 (FISCO FIB-134): whoever gets a node's key to sign a payment gets no vote by it."""
    world = ToyWorld()
    signing = world.signed("buyer", add("a")).signing
    vote = made(VoteType.COMMIT, (CHAINS[0], 0, 1, 1))[1]
    tags = [signed[: signed.index(b"\x00") + 1] for signed in (signing, vote)]
    assert not tags[0].startswith(tags[1])
    assert not tags[1].startswith(tags[0])


def others(value: object) -> Iterator[Any]:
    """Values of the same kind that differ from this one by as little as possible."""
    if isinstance(value, int):
        yield from (value ^ 1 << bit for bit in range(8))
        return
    assert isinstance(value, bytes)
    for position in range(len(value)):
        yield value[:position] + bytes([value[position] ^ 1]) + value[position + 1 :]


def test_trap_11_the_digest_of_a_header_changes_with_any_bit_of_any_field() -> None:
    """Trap 11 (FISCO FIB-142): the digest that votes name binds the whole header."""
    seen = {FIRST.digest()}
    count = 1
    for field in fields(Header):
        for other in others(getattr(FIRST, field.name)):
            seen.add(replace(FIRST, **{field.name: other}).digest())
            count += 1
    assert count > 14 * 8
    assert len(seen) == count


def bodies() -> list[bytes]:
    """Real transactions, as they lie in a block."""
    world = ToyWorld()
    one = world.signed("buyer", add("a"), schedule("b", world.now_ms + 5))
    return [one.raw, world.signed("merchant", add("c")).raw, world.signed("m1", add("d")).raw]


def root(raw: list[bytes]) -> bytes:
    return transactions_root([body_hash(body) for body in raw])


def test_trap_11_the_root_changes_with_any_bit_of_any_transaction() -> None:
    """Trap 11 (FISCO FIB-142): also with its signatures, its place, and how often it stands."""
    raw = bodies()
    seen = {root(raw)}
    count = 1
    for at, body in enumerate(raw):
        for other in others(body):
            seen.add(root([*raw[:at], other, *raw[at + 1 :]]))
            count += 1
    moved = [raw[::-1], raw[1:], raw[:-1], [raw[1], raw[0], raw[2]]]
    # A last leaf that is doubled leaves Bitcoin's root as it was (CVE-2012-2459).
    moved += [[*raw, raw[-1]], [*raw, *raw], [*raw, b""], []]
    for change_of_bodies in moved:
        seen.add(root(change_of_bodies))
        count += 1
    assert len(seen) == count


def test_trap_11_no_block_but_the_certified_one_passes_under_a_certificate() -> None:
    """Trap 11 (FISCO FIB-142): a replica refuses the header or the bodies of a good certificate
    altered in any field, any body, any number of bodies.
    """
    cluster = Cluster(4)
    replica = cluster.nodes[3].replica
    block = block_on(replica._state, 0, 0, b"one", cluster.now_ms)
    proof = certificate([0, 1, 2], 0, block.header)
    hashes = (body_hash(b"one"),)
    for field in fields(Header):
        if field.name == "height":
            # Of another height is dropped without a word.
            continue
        for other in others(getattr(block.header, field.name)):
            header = replace(block.header, **{field.name: other})
            lie = FetchedBlock(replace(block, header=header), hashes, proof)
            with pytest.raises(MessageInvalid):
                replica.step(lie, cluster.now_ms)
    for raw in ((b"onf",), (), (b"one", b"one"), (b"one", b"")):
        named = tuple(body_hash(body) for body in raw)
        with pytest.raises(MessageInvalid):
            replica.step(FetchedBlock(replace(block, bodies=raw), named, proof), cluster.now_ms)
    cluster.feed(cluster.nodes[3], FetchedBlock(block, hashes, proof))
    cluster.drain()
    assert replica.height == 1


def test_trap_11_the_id_of_a_transaction_changes_with_all_that_is_signed() -> None:
    """Trap 11 (FISCO FIB-142): an id under which something else could be decided is no id."""
    world = ToyWorld()
    content = world.transaction("buyer", add("a"))
    changed = {
        "genesis_hash": bytes(32),
        "sender": bytes(32),
        "nonce": content.nonce + 1,
        "valid_until_ms": content.valid_until_ms + 1,
        "operations": (add("a"), add("a")),
        "memo": "for the other half",
    }
    names = {field.name for field in fields(Transaction)} - {"version"}
    assert changed.keys() == names
    made_by = [content, *(replace(content, **{name: changed[name]}) for name in sorted(names))]  # type: ignore[arg-type]
    assert len({world.sign(entry, "buyer").id for entry in made_by}) == len(made_by)


def test_trap_11_the_receipts_root_changes_with_any_part_of_any_receipt() -> None:
    """Trap 11 (FISCO FIB-142): outcomes are agreed too, so nothing of them is left out."""
    good = Receipt(DIGEST, OK, None, (Event("a.b", {"amount": 1}),))
    rest = Receipt(sha256(b"2"), "Refused", 0, ())
    altered = [
        replace(good, id=bytes(32)),
        replace(good, status="Refused"),
        replace(good, failed_operation=0),
        replace(good, events=()),
        replace(good, events=(Event("a.c", {"amount": 1}),)),
        replace(good, events=(Event("a.b", {"amount": 2}),)),
    ]
    assert len({receipts_root([entry, rest]) for entry in (good, *altered)}) == 1 + len(altered)
    assert receipts_root([good, rest]) != receipts_root([rest, good])
