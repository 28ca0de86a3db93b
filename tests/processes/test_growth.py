"""4 → 5 → 4 on real processes: the fifth member counts, the removed one doesn't, none restarts."""

from pathlib import Path
from typing import Any

import pytest

from chain.block import Certificate, Header
from chain.codec import decode
from node import processes
from node.client import OutcomeUnknown
from node.following import follow_node
from node.genesis_file import load_genesis
from node.testnet_layout import GENESIS, NodePlace, load
from tests.commands.command_line import Ran, hushang
from tests.processes.net import Net, running, until

NEW = "huangpu"


def grow(net: Net, *words: str) -> Ran:
    """A command on the network, as a developer types it; the network as it is afterwards."""
    ran = hushang("testnet", words[0], *words[1:], "--dir", str(net.testnet.directory))
    assert ran.code == 0, ran.err
    net.testnet = load(net.testnet.directory)
    return ran


def status(net: Net, node: NodePlace) -> Any:
    return net.get(node, "/v1/status")


def signers(net: Net, node: NodePlace, height: int) -> set[str]:
    """Whose Commits are in the certificate of a block."""
    certificate = net.get(node, f"/v1/headers/{height}")["certificate"]
    return {entry["name"] for entry in certificate["signatures"]}


def decided_by(net: Net, node: NodePlace) -> set[str]:
    """Let the network decide a payment; whose Commits are in its block's certificate."""
    outcome = net.decide(node, net.payment())
    assert outcome.status == "ok"
    return signers(net, node, outcome.height)


def test_a_network_grows_by_one_and_shrinks_by_another(tmp_path: Path) -> None:
    with running(tmp_path) as net:
        told = grow(net, "add", NEW).err
        assert f"{NEW} votes: its signature is in the certificate of block" in told
        pudong, _, _, hongkou, huangpu = net.testnet.nodes
        assert {status(net, node)["epoch"] for node in net.testnet.nodes} == {1}
        assert {status(net, node)["role"] for node in net.testnet.nodes} == {"member"}

        # Of five, four make a quorum: with one gone the fifth's Commit is needed.
        net.kill(hongkou)
        assert decided_by(net, pudong) == {"pudong", "xuhui", "jingan", NEW}
        net.start(hongkou)

        told = grow(net, "remove", "hongkou").err
        assert "4 members vote, 3 make a quorum: pudong, xuhui, jingan, huangpu" in told
        until(lambda: status(net, hongkou)["role"] == "observer", "the removed one observes")
        # It was started as a member; from now on it may start as an observer.
        processes.stop(net.testnet, [hongkou])
        net.start(hongkou)
        first_height = net.get(pudong, "/v1/committee")["first_height"]
        assert "hongkou" not in decided_by(net, pudong)
        until(
            lambda: status(net, hongkou)["height"] >= status(net, pudong)["height"],
            "the removed one follows",
        )
        height = status(net, pudong)["height"]
        for at in range(first_height, height + 1):
            assert "hongkou" not in signers(net, pudong, at)

        removed_does_not_count(net)
        light_client_follows(net, huangpu)


def removed_does_not_count(net: Net) -> None:
    """With two of four gone the observer makes no quorum of the two that are left."""
    pudong, xuhui, jingan = net.testnet.nodes[:3]
    net.kill(pudong)
    net.kill(xuhui)
    raw = net.payment()
    with pytest.raises(OutcomeUnknown):
        net.client(jingan).submit(raw, timeout_s=2.0)
    processes.start(net.testnet, pudong)
    assert net.decide(jingan, raw).status == "ok"


def light_client_follows(net: Net, node: NodePlace) -> None:
    """From the genesis alone: the founders, the five, the four; the newest block is the four's."""
    genesis = load_genesis(net.testnet.directory / GENESIS)
    latest = net.get(node, "/v1/headers/latest")
    header = decode(Header, bytes.fromhex(latest["raw_header"]))
    certificate = decode(Certificate, bytes.fromhex(latest["raw_certificate"]))
    chain = follow_node(net.client(node), genesis, 2)
    chain.check(header, certificate)
    names = [member.name for member in chain.committee.members]
    assert names == ["pudong", "xuhui", "jingan", NEW]
