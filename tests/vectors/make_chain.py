"""Vectors of a chain of three blocks: everything a light client or a replayer needs, and its state.

Block 1 issues money and delegates a key, block 2 pays (one transaction fails), block 3 seals.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.block import NO_HASH, Header, transactions_root
from chain.codec import encode
from chain.genesis import genesis_header
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction, read_transaction
from commerce.assets import AssetIssue
from commerce.registry import Registry, operation
from tests.vectors.material import (
    Example,
    Json,
    account,
    certify,
    content,
    examples,
    genesis,
    pay,
)


def bodies() -> list[list[ReceivedTransaction]]:
    """The three bodies."""
    rules = Registry()
    issue = operation("asset.issue", AssetIssue("CNY", account("buyer"), 100_000, "bank 1"))
    issued = content(account("issuer"), 1, issue, memo=None)
    by_name = {example.name: example for example in examples()}
    poor = content(
        account("shop"),
        6,
        pay(account("buyer"), 1),
        pay(account("buyer"), 10**9),
        memo="fails at its second operation",
    )

    def signed(example: Example) -> ReceivedTransaction:
        return read_transaction(encode(example.signed()), rules)

    first = [Example("", issued, ((account("issuer"), "issuer"),)), by_name["a delegation"]]
    second = [
        by_name["one key, one operation"],
        by_name["signed by the delegated key"],
        Example("", poor, ((account("shop"), "shop"),)),
    ]
    return [[signed(entry) for entry in block] for block in (first, second, [])]


def chain() -> Json:
    """The chain, block by block; after each all of the state."""
    made = genesis()
    ledger = Ledger(MemoryStore(), made, Registry())
    shown = [_block(ledger, encode(genesis_header(made)).hex(), [])]
    for body in bodies():
        header = _next(ledger, body)
        executed = ledger.execute(header, body)
        ledger.write(executed, certify(header, (0, 1, 3), view=header.view))
        shown.append(_block(ledger, encode(header).hex(), body))
    return {"genesis": encode(made).hex(), "blocks": shown}


def _next(ledger: Ledger, body: Sequence[ReceivedTransaction]) -> Header:
    tip = ledger.tip
    return replace(
        tip.header,
        height=tip.height + 1,
        parent_hash=tip.digest,
        parent_view=tip.certificate.view,
        time_ms=tip.header.time_ms + 1_000,
        proposer=(tip.height + 1) % 4,
        transactions_root=transactions_root([received.body_hash for received in body]),
        transactions_count=len(body),
        state_root=tip.state_root,
        receipts_root=tip.receipts_root,
        next_committee_hash=NO_HASH,
    )


def _block(ledger: Ledger, header: str, body: Sequence[ReceivedTransaction]) -> Json:
    tip = ledger.tip
    return {
        "header": header,
        "digest": tip.digest.hex(),
        "certificate": encode(tip.certificate).hex(),
        "bodies": [received.raw.hex() for received in body],
        "ids": [received.id.hex() for received in body],
        "receipts": [encode(receipt).hex() for receipt in ledger.receipts(tip.height)],
        "statuses": [receipt.status for receipt in ledger.receipts(tip.height)],
        "receipts_root": tip.receipts_root.hex(),
        "state": [[k.hex(), v.hex()] for k, v in ledger.state.scan(b"")],
        "state_root": tip.state_root.hex(),
    }
