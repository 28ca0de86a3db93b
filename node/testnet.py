"""Bring a test network up: write it, start its processes, wait until they agree, fund its accounts.

Whatever interrupts `up` leaves no process of it running. Data is never removed but by `reset`.
"""

import secrets
import shlex
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

from chain.bech32m import decode_account
from chain.codec import encode
from chain.crypto import PrivateKey
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    Transaction,
    sign_transaction,
)
from commerce.assets import AssetIssue
from commerce.registry import operation
from node import keystore, processes, testnet_faults
from node.client import NodeClient, NodeFailed, Outcome
from node.clock import now_ms
from node.testnet_genesis import Plan, create
from node.testnet_layout import GENESIS, MANIFEST, LocalNetwork, NetworkExists, NodePlace, load
from node.words import said

READY_TIMEOUT_S: Final = 60.0
DECIDE_TIMEOUT_S: Final = 30.0
VALID_FOR_MS: Final = 120_000
ISSUER: Final = "issuer"
SYMBOL: Final = "CNY"
# What each role begins with, in fen.
FUNDS_MINOR: Final = {
    "buyer": 10_000_000,
    "merchant": 1_000_000,
    "carrier": 1_000_000,
    "inspector": 1_000_000,
    "arbiter": 1_000_000,
    "regulator": 1_000_000,
}

Progress = Callable[[str], None]
# Accounts and the keys that speak for them, the sender first.
Signers: TypeAlias = Sequence[tuple[bytes, PrivateKey]]


def up(plan: Plan, progress: Progress) -> LocalNetwork:
    """A new test network, running and funded. `NetworkExists` if there is one already."""
    if (plan.directory / MANIFEST).exists():
        known = load(plan.directory)
        alive = len(processes.running(known))
        state = f"{alive} of {len(known.nodes)} nodes run" if alive else "it is stopped"
        again = "hushang testnet status" if alive else "hushang testnet start"
        words = f"test network {known.name} exists in {known.directory}: {state}"
        raise NetworkExists(f"{words}; {again}, or hushang testnet reset to begin anew")
    testnet = create(plan)
    progress(
        said("test network {name} in {directory}", name=testnet.name, directory=testnet.directory)
    )
    try:
        start(testnet, testnet.nodes, progress)
        fund(testnet)
    except BaseException:
        processes.stop(testnet, testnet.nodes, grace_s=2.0)
        progress(
            said("stopped what was started; logs are in {directory}", directory=testnet.directory)
        )
        progress(
            said(
                "to go on: hushang testnet start --dir {directory}",
                directory=shlex.quote(str(testnet.directory)),
            )
        )
        raise
    progress(said("accounts are funded"))
    return testnet


def start(testnet: LocalNetwork, nodes: Sequence[NodePlace], progress: Progress) -> None:
    """Start these nodes and wait until they are ready."""
    for node in nodes:
        pid = processes.start(testnet, node)
        progress(said("{name}: pid {pid}, api {api}", name=node.name, pid=pid, api=node.api))
    processes.wait_until_ready(testnet, nodes, READY_TIMEOUT_S, progress)


def restart(testnet: LocalNetwork, nodes: Sequence[NodePlace], progress: Progress) -> None:
    """Stop and start these nodes one after the other, each when the one before votes again."""
    for node in nodes:
        for name in processes.stop(testnet, [node]):
            progress(said("{name} did not end in time and was killed", name=name))
        pid = processes.start(testnet, node)
        progress(said("{name}: pid {pid}, api {api}", name=node.name, pid=pid, api=node.api))
        processes.wait_until_ready(testnet, [node], READY_TIMEOUT_S, progress, voting=True)


def finish(testnet: LocalNetwork, progress: Progress) -> None:
    """Fund the accounts if an interrupted `up` didn't come to it; needs every node.

    The references make it harmless to try twice: the issuer's second attempt is refused.
    """
    if len(processes.running(testnet)) < len(testnet.nodes):
        return
    asset = NodeClient([node.api for node in testnet.nodes]).get(f"/v1/assets/{SYMBOL}")
    if int(asset["issued_minor"]) == 0:
        fund(testnet)
        progress(said("accounts are funded"))


def fund(testnet: LocalNetwork) -> Outcome:
    """The issuer gives every role its first money, in one transaction."""
    issuer = testnet.account(ISSUER)
    issues = [
        AssetIssue(SYMBOL, decode_account(entry.account), amount_minor, f"testnet-{entry.name}")
        for name, amount_minor in FUNDS_MINOR.items()
        for entry in testnet.accounts
        if entry.name == name
    ]
    key = keystore.load_key(testnet.key_file(issuer), keystore.find_passphrase)
    operations = [operation("asset.issue", issue) for issue in issues]
    client = NodeClient([node.api for node in testnet.nodes])
    return decide(testnet, operations, [(decode_account(issuer.account), key)], client)


def decide(
    testnet: LocalNetwork, operations: Sequence[Operation], signers: Signers, client: NodeClient
) -> Outcome:
    """Let the network decide these operations, the first signer being the sender; must be `ok`."""
    content = Transaction(
        version=TRANSACTION_VERSION,
        genesis_hash=bytes.fromhex(testnet.genesis_hash),
        sender=signers[0][0],
        nonce=secrets.randbits(64),
        valid_until_ms=now_ms() + VALID_FOR_MS,
        operations=tuple(operations),
        memo=None,
    )
    outcome = client.submit(encode(sign_transaction(content, signers)), timeout_s=DECIDE_TIMEOUT_S)
    if outcome.status != "ok":
        names = ", ".join(entry.type for entry in operations)
        raise NodeFailed(f"{names} was refused: {outcome.status}")
    return outcome


def reset(testnet: LocalNetwork) -> Sequence[Path]:
    """Stop everything and remove the network; what else its directory holds is left and told.

    The manifest goes last, so that an interrupted reset can be repeated.
    """
    processes.stop(testnet, testnet.nodes)
    testnet_faults.discard(testnet)
    for folder in filter(Path.exists, map(testnet.folder, testnet.nodes)):
        shutil.rmtree(folder)
    files = [testnet.key_file(account) for account in testnet.accounts]
    for file in (*files, testnet.directory / GENESIS, testnet.directory / MANIFEST):
        file.unlink(missing_ok=True)
    for folder in (*{file.parent for file in files}, testnet.directory):
        # Not empty: somebody else's files are in it.
        with suppress(OSError):
            folder.rmdir()
    return sorted(testnet.directory.iterdir()) if testnet.directory.exists() else ()


def describe(testnet: LocalNetwork) -> dict[str, Any]:
    """The network as machines read it, with the processes as they are now."""
    return {
        "name": testnet.name,
        "directory": str(testnet.directory),
        "chain_id": testnet.chain_id,
        "genesis_hash": testnet.genesis_hash,
        "genesis": str(testnet.directory / GENESIS),
        "nodes": [describe_node(testnet, node) for node in testnet.nodes],
        "accounts": [
            {
                "name": entry.name,
                "role": entry.role,
                "account": entry.account,
                "key_file": str(testnet.key_file(entry)),
            }
            for entry in testnet.accounts
        ],
    }


def describe_node(testnet: LocalNetwork, node: NodePlace) -> dict[str, Any]:
    """One node as machines read it."""
    state = processes.state_of(testnet, node)
    return {
        "number": node.number,
        "name": node.name,
        "api": node.api,
        "p2p": node.p2p,
        "pid": state.pid,
        "stale_pid_file": state.stale,
        "paused": state.paused,
        "data_dir": str(testnet.data_dir(node)),
        "config": str(testnet.config_file(node)),
        "log": str(testnet.log_file(node)),
    }
