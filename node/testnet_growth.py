"""A test network grows and shrinks while it runs: a node joins as an observer, gets a seat, votes.

Each step looks first whether it is done, so that what was interrupted is repeated and goes on.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from chain.account import single_key_policy
from chain.bech32m import decode_account, encode_account
from chain.committee import quorum_size
from chain.crypto import PrivateKey
from chain.errors import HushangError
from commerce.accounts import AccountOpen
from commerce.committee import CommitteeChange
from commerce.members import MemberRegister, MemberUpdate
from commerce.registry import operation
from node import keystore, processes, seats, testnet_faults
from node.client import NodeClient, NodeFailed, Outcome
from node.config import NodeConfig, PeerAddress, to_toml
from node.genesis_file import load_genesis
from node.journal_loss import mark_new
from node.testnet import READY_TIMEOUT_S, Progress, Signers, decide
from node.testnet_genesis import free_ports
from node.testnet_layout import (
    GENESIS,
    LOOPBACK,
    WEBHOOK_NETWORKS,
    AccountPlace,
    LocalNetwork,
    NodePlace,
)
from node.words import said

GOVERN_TIMEOUT_S: Final = 30.0
VOTE_TIMEOUT_S: Final = 30.0
POLL_S: Final = 0.05
# Between blocks made to see a vote: a quorum may be complete before the new one's Commit.
VOTE_PAUSE_S: Final = 0.3
NODE_KEY: Final = "node.key"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


class NameRefused(HushangError):
    """A new node's name is also that of its folder and its organisation."""

    hint = "a lower-case letter, then up to 31 of a-z, 0-9 and -; not that of another account"


class NodeWithoutSeat(HushangError):
    """The node has no seat in the committee."""

    hint = "nothing to take away: hushang committee show tells who votes"


class VoteMissing(HushangError):
    """The new member's signature was in no certificate in time."""

    hint = "hushang testnet status tells whether it is at the height of the others"


def add(network: LocalNetwork, name: str, progress: Progress, store: str = "auto") -> LocalNetwork:
    """Make `name` a voting member of a running network; returns once it votes."""
    network = _write(network, name, progress, store)
    # Where the others are told apart by faults, the newcomer is too.
    testnet_faults.follow(network)
    node = network.node(name)
    members = [other for other in network.nodes if other != node]
    client = NodeClient([other.api for other in members])
    _register(network, client, node, progress)
    _follow(network, client, node, progress)
    own = NodeClient([node.api])
    if not _has_seat(own, name):
        _seat(network, own, node, progress)
    _await_vote(network, own, node, progress)
    return network


def remove(network: LocalNetwork, name: str, progress: Progress) -> None:
    """Take a member's seat; returns once the others govern without it. Its node goes on."""
    node = network.node(name)
    client = NodeClient([other.api for other in network.nodes if other != node])
    if not _has_seat(client, node.name):
        raise NodeWithoutSeat(f"{node.name}: hushang committee show tells who votes")
    genesis_hash = bytes.fromhex(network.genesis_hash)
    change, now = seats.make_change(client, genesis_hash, remove=[node.name])
    _change(network, client, change, now, progress)
    _let_observe(network.config_file(node))
    progress(said("{name} votes no more; its node goes on as an observer", name=node.name))


# The steps of joining.


def _write(network: LocalNetwork, name: str, progress: Progress, store: str) -> LocalNetwork:
    """Keys, settings and a place in the manifest, unless they are there."""
    if any(node.name == name for node in network.nodes):
        return network
    taken = {entry.name for entry in network.accounts}
    if not _NAME.fullmatch(name) or name in taken or (network.directory / name).exists():
        raise NameRefused(name)
    p2p_port, api_port = free_ports(2)
    node = NodePlace(max(n.number for n in network.nodes) + 1, name, p2p_port, api_port)
    key_file = network.directory / "keys" / f"{name}.key"
    owner = keystore.write_key(key_file, keystore.new_seed())
    account = encode_account(owner.account)
    keystore.write_key(network.folder(node) / NODE_KEY, keystore.new_seed())
    config = NodeConfig(
        name=name,
        data_dir=Path("data"),
        genesis=Path("..") / GENESIS,
        node_key=Path(NODE_KEY),
        p2p_host=LOOPBACK,
        p2p_port=p2p_port,
        api_host=LOOPBACK,
        api_port=api_port,
        peers=_peers(network),
        observer=True,
        webhook_networks=WEBHOOK_NETWORKS,
        store=store,  # type: ignore[arg-type]  # the form refuses what is no store
    )
    network.config_file(node).write_text(to_toml(config), "utf-8")
    mark_new(network.data_dir(node) / "journal")
    place = AccountPlace(name, "member", account, f"keys/{name}.key")
    # Last: what the manifest names is there.
    grown = replace(network, nodes=(*network.nodes, node), accounts=(*network.accounts, place))
    grown.save()
    progress(said("{name}: keys and settings are in {node}", name=name, node=grown.folder(node)))
    return grown


def _peers(network: LocalNetwork) -> tuple[PeerAddress, ...]:
    """The other nodes; those that joined later by their keys, since the genesis has them not."""
    founders = {m.name for m in load_genesis(network.directory / GENESIS).members}
    return tuple(
        PeerAddress(
            name=other.name,
            host=LOOPBACK,
            port=other.p2p_port,
            node_key=None if other.name in founders else _node_key(network, other).hex(),
        )
        for other in network.nodes
    )


def _register(
    network: LocalNetwork, client: NodeClient, node: NodePlace, progress: Progress
) -> None:
    """The members make the node's organisation one of theirs."""
    known = client.get("/v1/members")["members"]
    if any(entry["organisation"] == node.name for entry in known):
        return
    owner = _owner(network, node.name)
    account, key = owner
    opened = AccountOpen(single_key_policy(key.public_key), None)
    member = MemberRegister(account, node.name, (_node_key(network, node),), None)
    operations = [operation("account.open", opened), operation("member.register", member)]
    now = client.get("/v1/committee")
    outcome = decide(network, operations, [*_quorum(network, now), owner], client)
    who = ", ".join(_quorum_names(network, now))
    progress(
        said(
            "{name}: registered as a member by {who}, in block {height}",
            name=node.name,
            who=who,
            height=outcome.height,
        )
    )


def _follow(network: LocalNetwork, client: NodeClient, node: NodePlace, progress: Progress) -> None:
    """Start the node, and wait until it has what the others have."""
    height = int(client.get("/v1/status")["height"])
    pid = processes.start(network, node)
    progress(
        said(
            "{name}: pid {pid}, api {api}; it follows the chain",
            name=node.name,
            pid=pid,
            api=node.api,
        )
    )
    processes.wait_until_ready(network, [node], READY_TIMEOUT_S)
    own = NodeClient([node.api])

    def reached() -> int | None:
        told = int(own.get("/v1/status")["height"])
        return told if told >= height else None

    told = _await(reached, READY_TIMEOUT_S, NodeFailed(f"{node.name} did not reach {height}"))
    progress(said("{name}: caught up, at height {told}", name=node.name, told=told))


def _seat(network: LocalNetwork, own: NodeClient, node: NodePlace, progress: Progress) -> None:
    """The node signs that it is ready, and the members give it a seat."""
    key = keystore.load_key(network.folder(node) / NODE_KEY, keystore.find_passphrase)
    genesis = load_genesis(network.directory / GENESIS)
    ready = seats.make_ready(own, genesis, key, node.name)
    progress(
        said(
            "{name}: signed that it is ready, by block {ready_height}",
            name=node.name,
            ready_height=ready.seat.ready_height,
        )
    )
    change, now = seats.make_change(own, genesis.hash(), add=[ready])
    _change(network, own, change, now, progress)


def _change(
    network: LocalNetwork,
    client: NodeClient,
    change: CommitteeChange,
    now: Mapping[str, Any],
    progress: Progress,
) -> None:
    """A quorum of the members decides the change; returns once the new committee governs."""
    made = operation("committee.change", change)
    outcome = decide(network, [made], _quorum(network, now), client)
    told = outcome.event("committee.changed")
    who = ", ".join(_quorum_names(network, now))
    words = f"{who} decided the committee of epoch {told['epoch']} in block {outcome.height}"
    progress(
        said(
            "{words}; it governs from block {first_height} on",
            words=words,
            first_height=told["first_height"],
        )
    )
    governing = seats.wait_until_governs(client, int(told["epoch"]), GOVERN_TIMEOUT_S)
    names = ", ".join(entry["name"] for entry in governing["members"])
    progress(
        said(
            "{n} members vote, {quorum} make a quorum: {names}",
            n=governing["n"],
            quorum=governing["quorum"],
            names=names,
        )
    )


def _await_vote(
    network: LocalNetwork, own: NodeClient, node: NodePlace, progress: Progress
) -> None:
    """Wait until a block's certificate has the node's signature; a block is made for that."""
    first = int(own.get("/v1/committee")["first_height"])
    deadline = time.monotonic() + VOTE_TIMEOUT_S
    while time.monotonic() < deadline:
        height = int(own.get("/v1/status")["height"])
        for at in range(max(1, first), height + 1):
            certificate = own.get(f"/v1/headers/{at}")["certificate"]
            if any(entry["name"] == node.name for entry in certificate["signatures"]):
                progress(
                    said(
                        "{name} votes: its signature is in the certificate of block {at}",
                        name=node.name,
                        at=at,
                    )
                )
                return
        first = max(first, height + 1)
        _make_block(network, own, node)
        time.sleep(VOTE_PAUSE_S)
    raise VoteMissing(f"{node.name}, after {VOTE_TIMEOUT_S:g} s")


def _make_block(network: LocalNetwork, own: NodeClient, node: NodePlace) -> Outcome:
    """The new member says once more which node is its own: harmless, and a block."""
    update = MemberUpdate((_node_key(network, node),), None)
    return decide(network, [operation("member.update", update)], [_owner(network, node.name)], own)


def _let_observe(config_file: Path) -> None:
    """The node may start again though it has no seat any more."""
    text = config_file.read_text("utf-8")
    kept = [line for line in text.splitlines() if not line.startswith("observer")]
    config_file.write_text("\n".join(["observer = true", *kept]) + "\n", "utf-8")


# Who signs.


def _owner(network: LocalNetwork, name: str) -> tuple[bytes, PrivateKey]:
    place = network.account(name)
    key = keystore.load_key(network.key_file(place), keystore.find_passphrase)
    return decode_account(place.account), key


def _quorum_names(network: LocalNetwork, now: Mapping[str, Any]) -> Sequence[str]:
    """As many members as make a quorum, of those whose keys lie in the network."""
    at_hand = {entry.account: entry.name for entry in network.accounts}
    accounts = [member["account"] for member in now["members"]]
    names = [at_hand[account] for account in accounts if account in at_hand]
    return names[: quorum_size(len(accounts))]


def _quorum(network: LocalNetwork, now: Mapping[str, Any]) -> Signers:
    return [_owner(network, name) for name in _quorum_names(network, now)]


def _node_key(network: LocalNetwork, node: NodePlace) -> bytes:
    return keystore.show_key(network.folder(node) / NODE_KEY).public_key


def _has_seat(client: NodeClient, name: str) -> bool:
    now = client.get("/v1/committee")
    members = [*now["members"], *((now["pending"] or {}).get("members", ()))]
    return any(member["name"] == name for member in members)


def _await(condition: Callable[[], int | None], timeout_s: float, failure: HushangError) -> int:
    deadline = time.monotonic() + timeout_s
    while (found := condition()) is None:
        if time.monotonic() > deadline:
            raise failure
        time.sleep(POLL_S)
    return found
