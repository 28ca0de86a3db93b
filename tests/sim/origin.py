"""Where decided blocks come from: transactions from clients, each done once, times from clocks."""

from collections import Counter
from collections.abc import Iterable

from chain.block import Block
from chain.codec import decode
from chain.transaction import SignedTransaction, transaction_id
from tests.sim.cast import GENESIS_MS
from tests.sim.node import SimNode
from tests.sim.world import MS, Violation

# What an honest clock may be ahead of the true time, beside its share of the drift.
CLOCKS_AHEAD_MS = 2_000


def check_origin(node: SimNode, sent: Iterable[bytes]) -> None:
    """No chain holds what no client made or does anything twice, whoever proposed it."""
    known = {_id(raw) for raw in sent}
    ledger = node.ledger
    for height in range(1, ledger.tip.height + 1):
        block = ledger.block(height)
        assert block is not None
        ids = [_id(raw) for raw in block.bodies]
        for wanted in ids:
            if wanted not in known:
                detail = f"{wanted.hex()[:8]} at {height} was signed by no client"
                raise Violation("transactions are their senders'", detail)
        receipts = Counter(receipt.id for receipt in ledger.receipts(height))
        if any(receipts[wanted] != 1 for wanted in ids):
            raise Violation("executed once", f"not one receipt for each transaction of {height}")
        _check_time(node, block)


def _check_time(node: SimNode, block: Block) -> None:
    """A block's time is one that some honest clock could accept by now."""
    setting = node.setting
    drift_ms = setting.genesis.consensus.clock_drift_max_ms
    true_ms = GENESIS_MS + setting.world.now_us // MS
    if block.header.time_ms > true_ms + 2 * drift_ms + CLOCKS_AHEAD_MS:
        raise Violation("time is told by clocks", f"{block.header.height} lies in the future")


def _id(raw: bytes) -> bytes:
    return transaction_id(decode(SignedTransaction, raw).content)
