"""Who may connect: committee, next committee, registered members; and where each is dialled."""

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from chain.account import KeyPolicy, single_key_policy
from chain.committee import Committee, Member
from chain.committees import ready_bytes
from chain.transaction import Operation
from commerce.accounts import AccountOpen
from commerce.committee import CommitteeChange, Seat
from commerce.members import MemberRegister
from commerce.registry import operation
from node.config import PeerAddress
from node.ledger_queue import Written
from node.membership import (
    Admitted,
    Membership,
    NodeKeyUnknown,
    admitted,
    require_seat,
    role_of,
)
from node.node import Node
from p2p.messages import Hello
from tests.chain.world import World, account, key
from tests.node.cluster import Cluster, cluster

QUORUM = ("m1", "m2")


def node_key(name: str) -> bytes:
    return key(f"node of {name}").public_key


def policy(name: str) -> KeyPolicy:
    return single_key_policy(key(name).public_key)


def at(name: str, port: int, of: bytes | None = None) -> PeerAddress:
    text = None if of is None else of.hex()
    return PeerAddress(name=name, host="127.0.0.1", port=port, node_key=text)


def decide(world: World, with_: tuple[str, ...], *operations: Operation) -> Written:
    """Let the members decide these operations in a block of their own."""
    executed = world.execute(world.signed("m0", *operations, with_=with_))
    assert [receipt.status for receipt in executed.result.receipts] == ["ok"]
    tip = world.ledger.write(executed, world.certify(executed.header))
    return Written(executed, tip, 0.0)


def register(world: World, name: str, *node_names: str) -> Written:
    """Make an organisation with these nodes a member."""
    keys = tuple(sorted(node_key(node) for node in node_names))
    opened = operation("account.open", AccountOpen(policy(name), None))
    member = operation("member.register", MemberRegister(account(name), name, keys, None))
    return decide(world, (*QUORUM, name), opened, member)


def next_committee(world: World, *members: Member) -> None:
    """As if a change were pending that leads to these members."""
    world.ledger.next_committee = Committee(1, members)


def names(nodes: tuple[Admitted, ...]) -> list[str]:
    return [node.name for node in nodes]


def test_the_founders_are_admitted_with_the_addresses_of_the_settings() -> None:
    found = admitted(World().ledger, [at("m1", 7), at("m3", 9)])
    assert [(node.name, node.address) for node in found] == [
        ("m0", None),
        ("m1", ("127.0.0.1", 7)),
        ("m2", None),
        ("m3", ("127.0.0.1", 9)),
    ]
    assert [node.public_key for node in found] == [node_key(node.name) for node in found]


def test_a_registered_member_is_admitted_from_the_block_that_registers_it() -> None:
    world = World()
    membership = Membership(world.ledger, [at("suzhou", 5)])
    assert names(membership.nodes) == ["m0", "m1", "m2", "m3"]
    assert membership.changed(register(world, "suzhou", "suzhou"))
    assert membership.nodes[-1] == Admitted(node_key("suzhou"), "suzhou", ("127.0.0.1", 5))


def test_a_node_is_called_by_its_members_name_and_a_stranger_by_its_key() -> None:
    membership = Membership(World().ledger, [])
    assert membership.name_of(node_key("m2")) == "m2"
    assert membership.name_of(node_key("suzhou")) == node_key("suzhou").hex()[:16]


def test_a_block_that_touches_no_member_changes_nothing() -> None:
    world = World()
    membership = Membership(world.ledger, [])
    opened = operation("account.open", AccountOpen(policy("shop"), None))
    assert not membership.changed(decide(world, ("shop",), opened))
    # A member's row that is written and says the same of its nodes is no news either.
    executed = world.execute()
    changes: dict[bytes, bytes | None] = {b"member/x": b""}
    noted = replace(executed, result=replace(executed.result, changes=changes))
    assert not membership.changed(Written(noted, world.ledger.tip, 0.0))


def test_several_nodes_of_one_member_have_one_address_each() -> None:
    world = World()
    register(world, "suzhou", "one", "two")
    first, second = sorted([node_key("one"), node_key("two")])
    found = admitted(world.ledger, [at("suzhou", 1, first), at("suzhou", 2, second)])[4:]
    assert [(node.public_key, node.address) for node in found] == [
        (first, ("127.0.0.1", 1)),
        (second, ("127.0.0.1", 2)),
    ]
    assert names(found) == [f"suzhou-{entry.hex()[:8]}" for entry in (first, second)]
    # Without a key the settings don't say which of the two is meant: neither is dialled.
    assert [node.address for node in admitted(world.ledger, [at("suzhou", 1)])[4:]] == [None, None]


def test_the_bare_name_means_the_seat_in_the_committee() -> None:
    world = World()
    register(world, "suzhou", "one", "two")
    next_committee(world, Member("suzhou", account("suzhou"), node_key("two")))
    by_key = {node.public_key: node for node in admitted(world.ledger, [at("suzhou", 3)])}
    seat = by_key[node_key("two")]
    assert (seat.name, seat.address) == ("suzhou", ("127.0.0.1", 3))
    other = by_key[node_key("one")]
    assert (other.name, other.address) == (f"suzhou-{node_key('one').hex()[:8]}", None)


def test_while_a_key_is_replaced_the_address_is_that_of_the_seat_that_governs() -> None:
    world = World()
    next_committee(world, Member("m1", account("m1"), node_key("new")))
    found = {node.public_key: node for node in admitted(world.ledger, [at("m1", 4)])}
    assert found[node_key("m1")].address == ("127.0.0.1", 4)
    assert found[node_key("new")] == Admitted(
        node_key("new"), f"m1-{node_key('new').hex()[:8]}", None
    )


def test_a_pending_committee_is_admitted_before_it_governs() -> None:
    world = World()
    membership = Membership(world.ledger, [])
    executed = world.execute()
    done = Written(executed, world.ledger.tip, 0.0)
    assert not membership.changed(done)
    next_committee(world, Member("new", account("new"), node_key("new")))
    assert membership.changed(done)
    assert names(membership.nodes) == ["m0", "m1", "m2", "m3", "new"]
    assert not membership.changed(done)


def test_a_key_that_only_the_settings_name_is_admitted_for_a_newcomer() -> None:
    found = admitted(World().ledger, [at("m9", 6, node_key("m9"))])
    assert found[-1] == Admitted(node_key("m9"), "m9", ("127.0.0.1", 6))


def test_a_mistyped_peer_is_warned_of_and_the_right_name_suggested(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, logger="node.membership"):
        Membership(World().ledger, [at("m0", 1), at("mm2", 2)])
    (record,) = caplog.records
    assert "peer mm2: the chain knows no such member yet; did you mean" in record.getMessage()


def test_other_settings_name_other_addresses_from_then_on() -> None:
    world = World()
    membership = Membership(world.ledger, [at("m0", 1), at("m1", 2)])
    membership.set_peers([at("m1", 3), at("m2", 4)])
    ports = [node.address and node.address[1] for node in membership.nodes]
    assert ports == [None, 3, 4, None]


def test_a_key_without_a_seat_is_refused_unless_it_has_one_next() -> None:
    world = World()
    require_seat(world.ledger, node_key("m0"), "m0")
    with pytest.raises(NodeKeyUnknown, match="not in the committee of epoch 0") as caught:
        require_seat(world.ledger, node_key("new"), "new")
    assert "observer = true" in caught.value.hint
    next_committee(world, Member("new", account("new"), node_key("new")))
    require_seat(world.ledger, node_key("new"), "new")


def test_a_node_is_member_observer_or_suspended() -> None:
    good = Member("a", account("a"), node_key("a"))
    bad = Member("b", account("b"), node_key("b"), suspended=True)
    committee = Committee(3, (good, bad))
    assert role_of(committee, node_key("a")) == "member"
    assert role_of(committee, node_key("b")) == "suspended"
    assert role_of(committee, node_key("c")) == "observer"


# On running nodes: m0 ... m3 founded the chain, m4 joins.

WAIT_MS = 20_000


async def decided(net: Cluster, at: int, raw: bytes) -> int:
    """Submit to one node and wait until it is decided and sealed everywhere; its height."""
    submitted = await net.running[at].node.submit(raw)
    outcome = await net.running[at].node.wait_decided(submitted.id, WAIT_MS)
    assert outcome is not None
    assert outcome.receipt.status == "ok"
    await net.level()
    return outcome.place.height


def registration(net: Cluster) -> bytes:
    keys = (node_key("m4"),)
    return net.signed(
        "m0",
        operation("account.open", AccountOpen(policy("m4"), None)),
        operation("member.register", MemberRegister(account("m4"), "m4", keys, None)),
        with_=(*QUORUM, "m4"),
    )


def seated(net: Cluster, node: Node) -> bytes:
    """A change that gives m4 a seat."""
    chain, tip = node.chain, node.ledger.tip
    signed = ready_bytes(chain.genesis_hash, chain.committee.epoch + 1, tip.height, tip.digest)
    signature = key("node of m4").sign(signed)
    seat = Seat(account("m4"), node_key("m4"), tip.height, tip.digest, signature)
    change = CommitteeChange(chain.committee.epoch, (seat,), (), ())
    return net.signed("m0", operation("committee.change", change), with_=QUORUM)


def opening(net: Cluster, name: str) -> bytes:
    opened = operation("account.open", AccountOpen(policy(name), None))
    return net.signed("m0", opened, with_=(name,))


@pytest.mark.asyncio
async def test_a_newcomer_observes_gets_a_seat_votes_and_observes_again(tmp_path: Path) -> None:
    async with cluster(tmp_path) as net:
        await decided(net, 0, registration(net))
        newcomer = await net.start(4)
        assert newcomer.status().role == "observer"
        await net.level()
        await decided(net, 4, opening(net, "a shop"))
        assert newcomer.status().ready
        await decided(net, 0, seated(net, newcomer))
        assert (newcomer.status().role, newcomer.status().epoch) == ("member", 1)
        # The pool is shared by as many, although no other nodes are admitted than before.
        assert [node._mempool._sponsors_count for node in net.nodes] == [5] * 5
        # Four of five are a quorum: without m3 no block is decided that m4 didn't vote for.
        await net.stop(3)
        height = await decided(net, 0, opening(net, "b shop"))
        certificate = newcomer.ledger.certificate(height)
        assert certificate is not None
        assert [entry.member for entry in certificate.signatures] == [0, 1, 2, 4]
        gone = CommitteeChange(1, (), (account("m4"),), ())
        signed = net.signed("m0", operation("committee.change", gone), with_=("m1", "m2", "m3"))
        await decided(net, 0, signed)
        assert (newcomer.status().role, newcomer.status().epoch) == ("observer", 2)
        height = await decided(net, 0, opening(net, "c shop"))
        assert newcomer.ledger.tip.height >= height


def meets(node: Node, count: int, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once that many members' nodes are connected with this one."""
    met, connected = asyncio.Event(), node._router.connected

    def noting(peer: bytes, hello: Hello) -> None:
        connected(peer, hello)
        if len(node._router.heights) >= count:
            met.set()

    monkeypatch.setattr(node._router, "connected", noting)
    return met


@pytest.mark.asyncio
async def test_a_stranger_is_met_once_it_is_registered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with cluster(tmp_path) as net:
        stranger = await net.start(4)
        assert not stranger.status().ready
        met = meets(stranger, 3, monkeypatch)
        raw = registration(net)
        submitted = await net.running[0].node.submit(raw)
        assert await net.running[0].node.wait_decided(submitted.id, WAIT_MS) is not None
        async with asyncio.timeout(20):
            await met.wait()
        await net.level()
        assert stranger.status().ready
        assert {peer.name for peer in net.nodes[0].status().peers if peer.connected} == {
            *("m1", "m2", "m3", "m4")
        }
