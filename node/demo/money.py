"""Scene one: money is issued and paid; the primary dies and comes back; all nodes are equal."""

import time
from typing import Final

from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from node import processes, testnet
from node.client import Outcome
from node.demo.stage import SYMBOL, Party, Stage, cny
from node.demo.story import Claim
from node.testnet_layout import NodePlace

ISSUED_MINOR: Final = 88_800
PAID_MINOR: Final = 12_900
PAID_WITHOUT_PRIMARY_MINOR: Final = 660
CATCH_UP_S: Final = 20.0


def play(stage: Stage) -> None:
    """The whole scene."""
    issuer, buyer, merchant = (stage.party(name) for name in ("issuer", "buyer", "merchant"))
    issue(stage, issuer, buyer)
    pay(stage, buyer, merchant, PAID_MINOR, "The buyer pays the merchant {}, directly.")
    kill_the_primary(stage, buyer, merchant)
    all_equal(stage)


def issue(stage: Stage, issuer: Party, buyer: Party) -> None:
    """New money, for a deposit outside the chain."""
    deposit = AssetIssue(SYMBOL, buyer.account, ISSUED_MINOR, "demo-deposit-1")
    outcome = stage.send(issuer, "asset.issue", deposit)
    stage.tell(
        f"The issuer creates {cny(ISSUED_MINOR)} for the buyer, against a deposit at a bank.",
        outcome,
        {"amount": cny(ISSUED_MINOR)},
        stage.event_claims(outcome, 0, "amount_minor", "to", "reference"),
    )


def pay(stage: Stage, payer: Party, payee: Party, amount_minor: int, words: str) -> Outcome:
    """One payment."""
    outcome = stage.send(
        payer, "pay.transfer", PayTransfer(payee.account, SYMBOL, amount_minor, None)
    )
    stage.tell(
        words.format(cny(amount_minor)),
        outcome,
        {"amount": cny(amount_minor)},
        stage.event_claims(outcome, 0, "amount_minor", "sender", "to"),
    )
    return outcome


def kill_the_primary(stage: Stage, payer: Party, payee: Party) -> None:
    """kill -9 the node that proposes; the others go on; it comes back and catches up."""
    name = str(stage.client.get("/v1/status")["primary"])
    primary = stage.testnet.node(name)
    pid = processes.kill(stage.testnet, primary)
    began = time.monotonic()
    payment = PayTransfer(payee.account, SYMBOL, PAID_WITHOUT_PRIMARY_MINOR, None)
    outcome = stage.send(payer, "pay.transfer", payment)
    took_s = time.monotonic() - began
    stage.tell(
        f"The primary {name} is killed (kill -9 {pid}). The other nodes choose a new one and decide"
        f" the next payment, {cny(PAID_WITHOUT_PRIMARY_MINOR)}, after {took_s:.1f} s.",
        outcome,
        {"amount": cny(PAID_WITHOUT_PRIMARY_MINOR)},
        stage.event_claims(outcome, 0, "amount_minor", "sender", "to"),
    )
    come_back(stage, primary, outcome)


def come_back(stage: Stage, node: NodePlace, missed: Outcome) -> None:
    """Start the killed node again; it must learn what it missed, with the same receipt."""
    testnet.start(stage.testnet, [node], lambda _: None)
    stage.wait_for_height(node, missed.height, CATCH_UP_S)
    receipt = stage.asks(node).get(f"/v1/receipts/{missed.id}")
    path = f"/v1/receipts/{missed.id}"
    names = ("id", "status", "height", "block_hash")
    claims = [Claim(path, f"/{name}", receipt[name]) for name in names]
    stage.tell_of(
        f"{node.name} is started again, catches up and has the same receipt.",
        {"transaction": missed.id, "height": str(receipt["height"])},
        claims,
    )


def all_equal(stage: Stage) -> None:
    """Every node has the same block and the same state at the newest common height."""
    nodes = stage.alive
    height = min(stage.height(node) for node in nodes)
    headers = [stage.asks(node).get(f"/v1/blocks/{height}")["header"] for node in nodes]
    claims = [
        Claim(f"/v1/blocks/{height}", f"/header/{name}", headers[0][name])
        for name in ("height", "hash", "state_root")
    ]
    for node in nodes:
        stage.story.verify(claims, stage.asks(node))
    stage.tell_of(
        f"All {len(nodes)} nodes have the same block and the same state: "
        f"{', '.join(node.name for node in nodes)}.",
        {
            "height": str(height),
            "block": headers[0]["hash"],
            "state root": headers[0]["state_root"],
        },
        claims,
    )
