"""Can the peers of a stopped node be reached, and would they take it? By greeting each of them.

Only with the node's own key, so a sealed one must be open, and never beside a running node: two
processes under one key would take each other's connections.
"""

import asyncio
import random
import socket
from collections.abc import Awaitable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from chain.crypto import PrivateKey
from chain.genesis import Genesis
from node.config import NodeConfig, PeerAddress
from node.doctor.report import Check, Code, failed, not_checked, ok, warning
from node.membership import Admitted
from node.peer_network import host_and_port, make_network, own_version
from node.words import said
from p2p.frames import Channel
from p2p.messages import Hello
from p2p.network import Network
from p2p.tls import NodeIdentity

DEADLINE_S: Final = 6.0
CONNECT_S: Final = 3.0
AT_ONCE_MAX: Final = 32
STRANGER: Final = frozenset(("NotAMember", "HandshakeFailed"))


@dataclass(slots=True)
class Greeted:
    """`p2p.handler.Handler` that only notes who said hello."""

    waiting: set[bytes]
    met: dict[bytes, Hello] = field(default_factory=dict)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def height(self) -> int:
        """Nothing is claimed."""
        return 0

    def connected(self, peer: bytes, hello: Hello) -> None:
        """One more."""
        self.met[peer] = hello
        self.waiting.discard(peer)
        if not self.waiting:
            self.done.set()

    def disconnected(self, _peer: bytes, _reason: str) -> None:
        """It stays among those met."""

    def received(self, _peer: bytes, _channel: Channel, _payload: bytes) -> Awaitable[None] | None:
        """Nothing is answered."""
        return None


def node_of(peer: PeerAddress, genesis: Genesis) -> Admitted | None:
    """The node that the settings mean; None if only the chain knows its key."""
    keys = {member.name: member.node_key for member in genesis.members}
    key = bytes.fromhex(peer.node_key) if peer.node_key else keys.get(peer.name)
    return None if key is None else Admitted(key, peer.name, (peer.host, peer.port))


def check_greetings(config: NodeConfig, genesis: Genesis, key: PrivateKey) -> Iterator[Check]:
    """Each configured peer: reached by TCP and TLS, of this chain, of which version and height."""
    nodes = {peer: node_of(peer, genesis) for peer in config.peers}
    known = [node for node in nodes.values() if node and node.public_key != key.public_key]
    errors = _unreachable(known)
    there = [node for node in known if node.public_key not in errors]
    greeted: dict[bytes, Hello] = {}
    if there:
        greeted, refused = asyncio.run(_greet_all(config, genesis, key, there))
        errors |= refused
    for peer, node in nodes.items():
        name = said("peer {name}", name=peer.name)
        where = host_and_port(peer.host, peer.port)
        if node is None:
            words = said(
                "{where}: the genesis doesn't tell its key, and the node isn't asked", where=where
            )
            yield not_checked(
                name, words, said("name its node_key in the settings, or start the node")
            )
        elif node.public_key in greeted:
            yield _met(name, where, greeted[node.public_key])
        elif node.public_key != key.public_key:
            yield _missed(name, where, errors.get(node.public_key) or said("no answer in time"))
    yield from _quorum(genesis, key, set(greeted))


def _unreachable(nodes: Sequence[Admitted]) -> dict[bytes, str]:
    """Those that TCP doesn't reach, and why; asked at once, for each may take its whole time."""
    if not nodes:
        return {}
    with ThreadPoolExecutor(min(AT_ONCE_MAX, len(nodes)), "knock") as pool:
        told = pool.map(_knock, nodes)
        return {node.public_key: why for node, why in zip(nodes, told, strict=True) if why}


def _knock(node: Admitted) -> str:
    assert node.address is not None, "it is of the settings"
    try:
        socket.create_connection(node.address, timeout=CONNECT_S).close()
    except OSError as error:
        return str(error.strerror or error)
    return ""


async def _greet_all(
    config: NodeConfig, genesis: Genesis, key: PrivateKey, nodes: list[Admitted]
) -> tuple[dict[bytes, Hello], dict[bytes, str]]:
    handler = Greeted({node.public_key for node in nodes})
    identity, anywhere = NodeIdentity(config.name, key.seed), ("127.0.0.1", 0)
    jitter = random.Random().random  # noqa: S311 - spreads retries, keeps no secret
    network = make_network(identity, genesis.hash(), anywhere, jitter, nodes, handler)
    async with asyncio.TaskGroup() as group:
        await network.start(group)
        try:
            async with asyncio.timeout(DEADLINE_S):
                await handler.done.wait()
        except TimeoutError:
            pass
        errors = _errors(network)
        await network.stop()
    return handler.met, errors


def _errors(network: Network) -> dict[bytes, str]:
    return {peer.public_key: peer.last_error for peer in network.peers() if not peer.connected}


def _met(name: str, where: str, hello: Hello) -> Check:
    words = said(
        "{where}: greeted, {agent} at height {height}",
        where=where,
        agent=hello.agent,
        height=hello.height,
    )
    own = f"hushang/{own_version()}"
    if hello.agent != own:
        do = said("run one version everywhere once the upgrade is through")
        return warning(name, said("{words}; this is {own}", words=words, own=own), do)
    return ok(name, words)


def _missed(name: str, where: str, error: str) -> Check:
    if "WrongGenesis" in error:
        do = said("one of the two has another genesis.json: compare the hashes")
        return failed(name, said("{where}: {error}", where=where, error=error), do, Code.BAD_CONFIG)
    do = said("is it running? Look at the address, and at the firewalls on the way")
    if any(sign in error for sign in STRANGER):
        do = said("it doesn't know this node's key yet, or another process answers there")
    return warning(name, said("{where}: {error}", where=where, error=error), do)


def _quorum(genesis: Genesis, key: PrivateKey, met: set[bytes]) -> Iterator[Check]:
    """By the founders; who has a seat now, only the chain knows."""
    committee = genesis.committee()
    here = {member.node_key for member in committee.members} & (met | {key.public_key})
    words = said(
        "{count} of the founders, itself included, are in reach; {quorum} decide",
        count=len(here),
        quorum=committee.quorum,
    )
    if len(here) >= committee.quorum:
        yield ok("quorum", words)
    else:
        do = said("start the others, or mend the way to them: nothing is decided below a quorum")
        yield failed("quorum", words, do, Code.UNREACHABLE)
