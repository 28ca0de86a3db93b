"""Proofs of four real processes: believed from the genesis alone, fresh or stale, across epochs."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.bundle import read_bundle
from chain.bundle_check import verify_bundle
from chain.bundle_facts import TrustedHeader, Verified
from chain.errors import ProofStale
from chain.genesis import Genesis
from commerce.money import BALANCES, asset_part
from node.clock import now_ms
from node.genesis_file import load_genesis
from node.testnet_layout import GENESIS, NodePlace, load
from tests.commands.command_line import hushang
from tests.processes.net import Net, running, until

NEW = "huangpu"
AGE_MS = 3_000
TIMED = 20


def balance(net: Net) -> str:
    """The path of a proof of what the merchant has."""
    key = BALANCES.key(net.account("merchant"), asset_part("CNY"))
    return f"/v1/proof/state/{key.hex()}"


def fetched(net: Net, node: NodePlace, path: str, **query: object) -> bytes:
    """A bundle from one node."""
    return net.client(node).file(path, query)


def pay(net: Net, node: NodePlace) -> str:
    """A payment that every node has decided; its id."""
    outcome = net.decide(node, net.payment())
    assert outcome.status == "ok"
    net.at_rest()
    return outcome.id


def test_proofs_hold_from_the_genesis_and_age_is_noticed(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with running(tmp_path) as net:
        genesis = load_genesis(net.testnet.directory / GENESIS)
        first = pay(net, net.testnet.nodes[0])
        proves_a_payment(net, genesis, first)
        told_on_the_command_line(net, first, tmp_path / "paid.hsproof")
        tell_times(net, first, tell)
        notices_age(net, genesis)
        ran = hushang("testnet", "add", NEW, "--dir", str(net.testnet.directory))
        assert ran.code == 0, ran.err
        net.testnet = load(net.testnet.directory)
        follows_the_change(net, genesis, first)
        vouches_for_nothing_without_a_quorum(net, genesis)


def proves_a_payment(net: Net, genesis: Genesis, paid: str) -> None:
    """Another node than the one that was asked to decide it shows the outcome."""
    data = fetched(net, net.testnet.nodes[3], f"/v1/proof/receipt/{paid}")
    (outcome,) = verify_bundle(data, genesis).receipts
    assert (outcome.receipt.id.hex(), outcome.receipt.status) == (paid, "ok")
    (event,) = outcome.receipt.events
    assert (event.type, event.data["to"]) == ("pay.transferred", net.account("merchant"))


def told_on_the_command_line(net: Net, paid: str, file: Path) -> None:
    directory = net.testnet.directory
    words = ("proof", "receipt", paid, "--out", str(file), "--context", str(directory))
    assert hushang(*words).code == 0
    ran = hushang("verify", str(file), "--genesis", str(directory / GENESIS), "-o", "json")
    assert [entry["id"] for entry in ran.json["receipts"]] == [paid]


def tell_times(net: Net, paid: str, tell: Callable[[str], None]) -> None:
    """How long a request takes and how large its answer is, on a resting chain."""
    node = net.testnet.nodes[1]
    paths: dict[str, tuple[str, dict[str, Any]]] = {
        "state": (balance(net), {}),
        "state with heads": (balance(net), {"heads": "true"}),
        "transaction": (f"/v1/proof/transaction/{paid}", {}),
        "receipt": (f"/v1/proof/receipt/{paid}", {}),
    }
    for name, (path, query) in paths.items():
        began, size = time.monotonic(), 0
        for _ in range(TIMED):
            size = len(fetched(net, node, path, **query))
        took_ms = (time.monotonic() - began) * 1000 / TIMED
        tell(f"proof of {name}: {took_ms:.1f} ms a request, {size} bytes")
        assert size < 8 * 1024


def notices_age(net: Net, genesis: Genesis) -> None:
    """Once the chain has rested longer than the age, only fresh statements help."""
    newest = verify_bundle(fetched(net, net.testnet.nodes[0], balance(net)), genesis).newest
    until(lambda: now_ms() - newest.time_ms > AGE_MS, "the chain rests longer than the age")
    for node in net.testnet.nodes:
        with pytest.raises(ProofStale):
            checked(fetched(net, node, balance(net)), genesis)
        verified = checked(fetched(net, node, balance(net), heads="true"), genesis)
        assert len({entry.member.name for entry in verified.vouched}) >= 2


def checked(data: bytes, genesis: Genesis) -> Verified:
    """As a verifier that wants it fresh, by its own clock."""
    return verify_bundle(data, genesis, now_ms=now_ms(), max_age_ms=AGE_MS)


def follows_the_change(net: Net, genesis: Genesis, paid: str) -> None:
    """The new member's node proves what is new, and what was decided before it was there."""
    pay(net, net.testnet.nodes[0])
    newcomer = net.testnet.nodes[4]
    data = fetched(net, newcomer, balance(net), heads="true")
    verified = checked(data, genesis)
    assert (verified.epoch, len(read_bundle(data).steps)) == (1, 1)
    assert NEW in [member.name for member in verified.committee.members]
    old = fetched(net, newcomer, f"/v1/proof/receipt/{paid}")
    assert verify_bundle(old, genesis).epoch == 0
    # Who trusts the newest header needs no step from the genesis.
    newest = verified.newest
    trusted = TrustedHeader(newest.height, newest.digest())
    short = fetched(net, newcomer, balance(net), trusted=newest.height)
    assert read_bundle(short).steps == ()
    assert verify_bundle(short, genesis, trusted=trusted).states == verified.states


def vouches_for_nothing_without_a_quorum(net: Net, genesis: Genesis) -> None:
    """Who is cut off from a quorum can't know what is newest, and doesn't say so."""
    first, *_ = net.testnet.nodes
    net.kill_at_once(net.testnet.nodes[3:])
    until(
        lambda: not net.client(first).is_ready(),
        "the node has noticed that two of five are gone",
    )
    data = fetched(net, first, balance(net), heads="true")
    assert len(verify_bundle(data, genesis).vouched) < 2
