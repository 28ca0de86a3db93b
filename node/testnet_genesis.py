"""A fresh test network on disk: the shape of genesis.json with other members and new keys."""

import random
import shutil
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from chain.account import KeyPolicy, single_key_policy
from chain.bech32m import encode_account
from chain.crypto import PrivateKey
from chain.genesis import TEST_CHAIN_PREFIX, Genesis, GenesisMember
from commerce.timers import DAY_MS, TIMERS
from node.clock import now_ms
from node.config import NodeConfig, PeerAddress, to_toml
from node.genesis_file import example_path, genesis_text, load_genesis
from node.journal_loss import mark_new
from node.keystore import new_seed, write_key
from node.testnet_layout import (
    GENESIS,
    LOOPBACK,
    MANIFEST,
    WEBHOOK_NETWORKS,
    AccountPlace,
    DirectoryNotEmpty,
    LocalNetwork,
    NetworkExists,
    NodePlace,
)

NODES_MAX: Final = 64
# The districts of Shanghai; the example consortium has the first four.
DISTRICTS: Final = (
    *("pudong", "xuhui", "jingan", "hongkou", "huangpu", "changning", "putuo", "yangpu"),
    *("minhang", "baoshan", "jiading", "jinshan", "songjiang", "qingpu", "fengxian", "chongming"),
)
# Below the ports that systems hand out to outgoing connections (RFC 6335: from 49152, Linux: from
# 32768): a port of a stopped node must be free when it comes back.
PORTS: Final = range(20_000, 32_000)
PORT_TRIES: Final = 200
DRAFT: Final = ".new"
# Where the clock runs faster an order waits as long for its payment as is legal.
PAY_MS: Final = DAY_MS
CLAIM_MS: Final = next(rule.default_ms for rule in TIMERS if rule.name == "claim_ms")


@dataclass(frozen=True, slots=True)
class Plan:
    """What kind of test network is wanted."""

    directory: Path
    name: str
    nodes: int = 4
    time_scale: int = 1
    store: str = "auto"


@dataclass(frozen=True, slots=True)
class Seeds:
    """The private halves of a fresh genesis, by the names in it."""

    nodes: dict[str, bytes]
    accounts: dict[str, bytes]


def member_names(count: int) -> tuple[str, ...]:
    """Names for so many members, districts first."""
    numbered = (f"member{number}" for number in range(len(DISTRICTS) + 1, count + 1))
    return (*DISTRICTS[:count], *numbered)


def fresh_genesis(plan: Plan, time_ms: int) -> tuple[Genesis, Seeds]:
    """The example's shape for this plan, every key new.

    Where the clock runs faster an order waits as long for its payment as is legal: two hours would
    be over before anybody has signed. A claim waits for its reveal, and its claimant for its end,
    ten minutes of people's own time, or the legal day where that is less.
    """
    example = load_genesis(example_path())
    timers = dict(example.timers)
    if plan.time_scale != 1:
        timers["pay_ms"] = PAY_MS
        timers["claim_ms"] = min(DAY_MS, CLAIM_MS * plan.time_scale)
    names = member_names(plan.nodes)
    seeds = Seeds({}, {})
    members = tuple(GenesisMember(name, _policy(name, seeds), _node(name, seeds)) for name in names)
    accounts = tuple(
        replace(
            account,
            policy=_policy(account.name, seeds),
            sponsor=account.sponsor if account.sponsor in names else names[0],
        )
        for account in example.accounts
    )
    genesis = replace(
        example,
        chain_id=TEST_CHAIN_PREFIX + plan.name,
        time_ms=time_ms,
        time_scale=plan.time_scale,
        timers=timers,
        members=members,
        accounts=accounts,
    )
    return genesis, seeds


def _policy(name: str, seeds: Seeds) -> KeyPolicy:
    seeds.accounts[name] = new_seed()
    return single_key_policy(PrivateKey(seeds.accounts[name]).public_key)


def _node(name: str, seeds: Seeds) -> bytes:
    seeds.nodes[name] = new_seed()
    return PrivateKey(seeds.nodes[name]).public_key


def free_ports(count: int, host: str = LOOPBACK) -> tuple[int, ...]:
    """So many ports that are free now, all held until the last is found."""
    found: list[int] = []
    draw = random.SystemRandom()
    with ExitStack() as held:
        for _ in range(PORT_TRIES * count):
            if len(found) == count:
                return tuple(found)
            listener = held.enter_context(socket.socket())
            with suppress(OSError):
                listener.bind((host, draw.choice(PORTS)))
                found.append(listener.getsockname()[1])
        # A crowded machine: what the system finds, though an outgoing connection may take it later.
        while len(found) < count:
            listener = held.enter_context(socket.socket())
            listener.bind((host, 0))
            found.append(listener.getsockname()[1])
    return tuple(found)


def create(plan: Plan) -> LocalNetwork:
    """Write a test network that was never started; `NetworkExists` if the directory has one.

    `DirectoryNotEmpty` if it has anything else.

    It is written aside and moved into its place, the manifest last: whatever interrupts this, and
    whoever does the same at the same time, no half of a network is left that looks like one.
    """
    if (plan.directory / MANIFEST).exists():
        raise NetworkExists(f"{plan.directory} holds a test network")
    plan.directory.mkdir(parents=True, exist_ok=True)
    directory = plan.directory.resolve()
    draft = directory / DRAFT
    try:
        draft.mkdir()
    except FileExistsError:
        raise NetworkExists(f"{draft} exists: another testnet up is, or was, at work") from None
    try:
        _require_empty(directory)
        network = replace(_write(plan, draft), directory=directory)
        _move(draft, directory)
    finally:
        shutil.rmtree(draft)
    return network


def _require_empty(directory: Path) -> None:
    """Nothing but our own draft: what is somebody else's is never mixed with a network."""
    others = sorted(path.name for path in directory.iterdir() if path.name != DRAFT)
    if MANIFEST in others:
        raise NetworkExists(f"{directory} holds a test network")
    if others:
        raise DirectoryNotEmpty(f"{directory} holds {others[0]}")


def _move(draft: Path, directory: Path) -> None:
    entries = sorted(draft.iterdir(), key=lambda path: (path.name == MANIFEST, path.name))
    for entry in entries:
        if (directory / entry.name).exists():
            raise NetworkExists(f"{directory / entry.name} is in the way")
    for entry in entries:
        entry.rename(directory / entry.name)


def _write(plan: Plan, directory: Path) -> LocalNetwork:
    """A whole network in an empty directory."""
    genesis, seeds = fresh_genesis(plan, now_ms())
    ports = free_ports(2 * plan.nodes)
    nodes = tuple(
        NodePlace(index + 1, member.name, ports[2 * index], ports[2 * index + 1])
        for index, member in enumerate(genesis.members)
    )
    testnet = LocalNetwork(
        directory=directory,
        name=plan.name,
        chain_id=genesis.chain_id,
        genesis_hash=genesis.hash().hex(),
        nodes=nodes,
        accounts=_accounts(genesis),
    )
    about = ("A test network; every key of it lies beside this file.",)
    (directory / GENESIS).write_text(genesis_text(genesis, about), "utf-8")
    for account in testnet.accounts:
        write_key(testnet.key_file(account), seeds.accounts[account.name])
    for node in nodes:
        _write_node(testnet, node, seeds.nodes[node.name], plan.store)
    testnet.save()
    return testnet


def _accounts(genesis: Genesis) -> tuple[AccountPlace, ...]:
    parties: Sequence[tuple[str, str, KeyPolicy]] = [
        *((entry.name, role_of(entry.name), entry.policy) for entry in genesis.accounts),
        *((member.name, "member", member.policy) for member in genesis.members),
    ]
    return tuple(
        AccountPlace(name, role, encode_account(policy.account_id()), f"keys/{name}.key")
        for name, role, policy in parties
    )


def role_of(name: str) -> str:
    """The role of an example's account: its name, without the number of one of many."""
    return name.rstrip("0123456789")


def _write_node(testnet: LocalNetwork, node: NodePlace, seed: bytes, store: str) -> None:
    """Settings and key of one node; paths relative to the settings' file."""
    others = [other for other in testnet.nodes if other != node]
    config = NodeConfig(
        name=node.name,
        data_dir=Path("data"),
        genesis=Path("../genesis.json"),
        node_key=Path("node.key"),
        p2p_host=LOOPBACK,
        p2p_port=node.p2p_port,
        api_host=LOOPBACK,
        api_port=node.api_port,
        peers=tuple(PeerAddress(name=o.name, host=LOOPBACK, port=o.p2p_port) for o in others),
        webhook_networks=WEBHOOK_NETWORKS,
        store=store,  # type: ignore[arg-type]  # the form refuses what is no store
    )
    write_key(testnet.folder(node) / "node.key", seed)
    testnet.config_file(node).write_text(to_toml(config), "utf-8")
    mark_new(testnet.data_dir(node) / "journal")
