"""Named regressions of where others fell, part ledger: applied once, provable, agreed by all.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chain.block import Block, Certificate, CommitSignature, Header
from chain.codec import decode, encode
from chain.errors import BlockInvalid, HushangError, LedgerError, ProtocolError
from chain.genesis import ConsensusParameters
from chain.ledger import Ledger
from chain.light_client import CommitteeChain
from chain.replay import MINUTE_MS, minute_of
from chain.transaction import ReceivedTransaction
from chain.tree_proof import verify_proof
from consensus.input import Checked
from consensus.messages import Commit, Message, Prepare
from consensus.output import CheckRequest, Decided
from node.ledger_queue import LedgerQueue
from tests.chain.toy import COUNTERS, ToyRules, add, counter
from tests.chain.toy_world import ToyWorld
from tests.chain.world import World, genesis, key
from tests.consensus.cluster import Cluster
from tests.consensus.forging import UNSIGNED, block_on, pre_prepare, sign


def reopened(world: ToyWorld) -> None:
    """The node starts again on what is on its disk."""
    world.ledger = Ledger(world.store, world.genesis, ToyRules())


def resigned(world: ToyWorld, made: ReceivedTransaction) -> ReceivedTransaction:
    """The same content with one signature more: other bytes, the same id."""
    again = world.sign(made.transaction, "buyer", "merchant")
    assert again.id == made.id
    assert again.raw != made.raw
    return again


def test_trap_21_an_id_twice_in_a_block_makes_it_invalid_however_it_is_signed() -> None:
    """Trap 21 (any client): the second is not a failed receipt but an invalid block."""
    world = ToyWorld()
    made = world.signed("buyer", add("a"))
    for second in (made, resigned(world, made)):
        with pytest.raises(BlockInvalid, match="twice"):
            world.execute(made, second)
    world.run(made)
    assert world.value("a") == 1


@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_trap_21_an_id_is_applied_once_across_blocks_and_restarts(
    restarted: bool,  # noqa: FBT001
) -> None:
    """Trap 21 (any client): whoever proposes it again proposes an invalid block."""
    world = ToyWorld()
    made = world.signed("buyer", add("a"))
    world.run(made)
    for _ in range(5):
        if restarted:
            reopened(world)
        for again in (made, resigned(world, made)):
            with pytest.raises(BlockInvalid, match="TransactionRepeated"):
                world.execute(again)
        world.run(world.signed("merchant", add("b")))
    assert world.value("a") == 1


def test_trap_21_when_its_id_is_forgotten_it_has_expired_and_no_earlier() -> None:
    """Trap 21 (any client): at every millisecond around the border of the minute the
    transaction is repeated, or expired, never welcome.
    """
    for offset_ms in (0, 1, 30_000, MINUTE_MS - 1):
        world = ToyWorld()
        first = world.transaction("buyer", add("a"))
        border_ms = minute_of(first.valid_until_ms + MINUTE_MS) * MINUTE_MS
        made = world.sign(replace(first, valid_until_ms=border_ms + offset_ms), "buyer")
        world.decide(made)
        minute = minute_of(made.transaction.valid_until_ms)
        times = {border_ms - 1, border_ms, border_ms + MINUTE_MS - 1, border_ms + MINUTE_MS}
        times |= {made.transaction.valid_until_ms + step for step in (-1, 0, 1)}
        forgotten = False
        for time_ms in sorted(times):
            with pytest.raises(BlockInvalid, match=r"TransactionRepeated|TransactionExpired"):
                world.execute(made, time_ms=time_ms)
            world.decide(time_ms=time_ms)
            forgotten = not world.ledger.is_remembered(minute, made.id)
        assert forgotten, "its minute is over, and no space is held for it"
        reopened(world)
        with pytest.raises(BlockInvalid, match="TransactionExpired"):
            world.execute(made)
        assert world.value("a") == 1


def test_trap_21_what_was_signed_for_one_chain_is_applied_on_no_other() -> None:
    """Trap 21 (any client): the same keys, accounts and rules, another genesis."""
    one, other = ToyWorld(), ToyWorld(consensus=ConsensusParameters(leader_period=8))
    made = one.signed("buyer", add("a"))
    assert one.genesis.hash() != other.genesis.hash()
    with pytest.raises(BlockInvalid, match="WrongChain"):
        other.execute(made)
    one.run(made)
    assert (one.value("a"), other.value("a")) == (1, 0)


def test_trap_21_the_remembered_ids_are_agreed_and_not_one_nodes_memory() -> None:
    """Trap 21 (any client): two nodes that forgot differently would have two roots."""
    one, two = ToyWorld(), ToyWorld()
    for world in (one, two):
        world.run(world.signed("buyer", add("a")))
    assert one.ledger.tip.state_root == two.ledger.tip.state_root
    one.run(one.signed("buyer", add("a"), add("a")))
    again = two.sign(replace(two.transaction("buyer", add("a"), add("a")), nonce=99), "buyer")
    two.run(again)
    assert one.value("a") == two.value("a") == 3
    assert one.ledger.tip.state_root != two.ledger.tip.state_root


def request_for(header: Header, made: ReceivedTransaction) -> CheckRequest:
    return CheckRequest(
        view=0,
        digest=header.digest(),
        header=header,
        body_hashes=(made.body_hash,),
        bodies=(made.raw,),
        sources=(),
        certified=False,
    )


def decided(world: World, header: Header, made: ReceivedTransaction, checked: Checked) -> Decided:
    assert checked.results is not None
    certificate = world.certify(header)
    block = Block(header, (made.raw,))
    return Decided(block, (made.body_hash,), header.digest(), certificate, checked.results)


def test_trap_17_what_was_executed_for_a_lost_proposal_leaves_nothing_behind() -> None:
    """Trap 17 (Sawtooth, SmartBFT): two proposals are executed, one is decided after a view
    change; the other's optimistic state is dropped, and its transaction is applied once, later.
    """
    world = ToyWorld()
    lost, won = world.signed("buyer", add("a")), world.signed("merchant", add("a", 10))
    headers = [world.header([lost]), replace(world.header([won]), view=1)]

    async def story() -> tuple[Checked | None, int]:
        queue = LedgerQueue(world.ledger)
        try:
            requests = [request_for(h, t) for h, t in zip(headers, (lost, won), strict=True)]
            await queue.check(requests[0], [lost])
            checked = await queue.check(requests[1], [won])
            assert checked is not None
            await queue.write(decided(world, headers[1], won, checked))
            assert queue._executed == {}
            after = world.value("a")
            return await queue.check(requests[0], [lost]), after
        finally:
            queue.close()

    stale, after = asyncio.run(story())
    assert after == 10
    assert stale is None or stale.results is None
    assert world.toy.log.count("toy.add a") == 2
    world.run(lost)
    assert world.value("a") == 11


def test_trap_17_a_block_is_asked_for_once_however_much_happens_while_it_is_executed() -> None:
    """Trap 17 (Sawtooth, SmartBFT): votes, ticks and repetitions come before the verdict."""
    cluster = Cluster(4, faulty=[0, 2, 3])
    replica = cluster.nodes[1].replica
    state = replica._state
    block = block_on(state, 0, 0, b"one", cluster.now_ms)
    digest = block.header.digest()
    proposal = pre_prepare(cluster, block, 0, 0, state.tip.certificate)
    votes = [sign(Prepare(0, 1, digest, member, UNSIGNED)) for member in (2, 3)]
    asked = 0
    first: list[Message] = [proposal, *votes, proposal, *votes]
    for message in first:
        asked += len(replica.step(message, cluster.now_ms).check)
        asked += len(replica.tick(cluster.now_ms, 20).check)
    assert asked == 1
    commits = [sign(Commit(0, 1, digest, member, UNSIGNED)) for member in (0, 2, 3)]
    then: list[Message] = [*commits, *votes]
    for message in then:
        asked += len(replica.step(message, cluster.now_ms).check)
        asked += len(replica.tick(cluster.now_ms, 20).check)
    assert asked == 2, "once more, since it is certified now and goes first"


def test_trap_20_two_states_that_differ_in_one_value_differ_in_the_next_header() -> None:
    """Trap 20 (any replica): the certified root of one is no root of the other's."""
    one, two = ToyWorld(), ToyWorld()
    one.run(one.signed("buyer", add("a", 1)))
    two.run(two.sign(replace(two.transaction("buyer", add("a", 2)), nonce=1), "buyer"))
    header = one.header([])
    with pytest.raises(BlockInvalid):
        two.ledger.execute(header, [])
    followed = replace(header, parent_hash=two.ledger.tip.digest)
    with pytest.raises(BlockInvalid, match="state_root"):
        two.ledger.execute(followed, [])


# A lying node's answer.


class Shown:
    """A certified header and a state proof, as a node shows them to a client."""

    def __init__(self, value: int = 1) -> None:
        world = ToyWorld()
        world.run(world.signed("buyer", add("a", value)))
        world.run()
        self.world = world
        header, certificate = world.ledger.header(2), world.ledger.certificate(2)
        assert header is not None
        assert certificate is not None
        self.header, self.certificate = header, certificate
        self.client = CommitteeChain.of(world.genesis)


def lies(shown: Shown) -> Iterator[tuple[Header, Certificate]]:
    """What a node may show instead."""
    header, proof = shown.header, shown.certificate
    one, *rest = proof.signatures
    yield replace(header, state_root=bytes(32)), proof
    yield replace(header, receipts_root=bytes(32)), proof
    yield replace(header, height=3), replace(proof, height=3)
    forged = replace(header, state_root=bytes(32))
    yield forged, replace(proof, digest=forged.digest())
    yield header, replace(proof, signatures=tuple(rest))
    yield header, replace(proof, signatures=(one, one, *rest[1:]))
    yield header, replace(proof, signatures=(replace(one, signature=bytes(64)), *rest))
    yield header, replace(proof, view=proof.view + 1)
    stranger = CommitSignature(4, key("stranger").sign(b""))
    yield header, replace(proof, signatures=(*proof.signatures[:-1], stranger))
    first, earlier = shown.world.ledger.header(1), shown.world.ledger.certificate(1)
    assert first is not None
    assert earlier is not None
    yield header, earlier
    yield first, proof


def test_trap_22_a_client_that_knows_the_genesis_refuses_every_lie_about_a_header() -> None:
    """Trap 22 (any node): the certificate is verified, not the node believed."""
    shown = Shown()
    refused = 0
    for header, certificate in lies(shown):
        with pytest.raises((LedgerError, ProtocolError, HushangError)):
            shown.client.check(header, certificate)
        refused += 1
    assert refused == 11
    shown.client.check(
        decode(Header, encode(shown.header)), decode(Certificate, encode(shown.certificate))
    )


def test_trap_22_another_chains_committee_certifies_nothing_here() -> None:
    """Trap 22 (any node): a liar with a chain of its own, and as many keys as it likes."""
    shown = Shown()
    other = replace(genesis(), chain_id="test-other")
    with pytest.raises(HushangError):
        CommitteeChain.of(other).check(shown.header, shown.certificate)
    stranger = replace(shown.header, genesis_hash=other.hash())
    with pytest.raises(HushangError):
        shown.client.check(stranger, shown.certificate)


def test_trap_22_a_false_value_has_no_proof_under_the_certified_root() -> None:
    """Trap 22 (any node): balance, absence, and a proof for another value or root."""
    shown = Shown(value=7)
    ledger = shown.world.ledger
    state_key = COUNTERS.key(counter("a"))
    value = ledger.state.get(state_key)
    proof = ledger._tree.prove(state_key)
    root = shown.header.state_root
    assert verify_proof(root, state_key, value, proof)
    false = Shown(value=8).world.ledger
    for told in (None, false.state.get(state_key), b""):
        assert not verify_proof(root, state_key, told, proof)
        assert not verify_proof(root, state_key, told, false._tree.prove(state_key))
    assert not verify_proof(bytes(32), state_key, value, proof)
