"""Where decided transactions come from: from clients, each as it was signed."""

from collections.abc import Iterable

from chain.codec import decode
from chain.transaction import SignedTransaction, transaction_id
from tests.sim.node import SimNode
from tests.sim.world import Violation


def check_origin(node: SimNode, sent: Iterable[bytes]) -> None:
    """No chain holds a transaction that no client made, whoever proposed it."""
    known = {_id(raw) for raw in sent}
    for height in range(1, node.ledger.tip.height + 1):
        block = node.ledger.block(height)
        for raw in block.bodies if block else ():
            if _id(raw) not in known:
                detail = f"{_id(raw).hex()[:8]} at {height} was signed by no client"
                raise Violation("transactions are their senders'", detail)


def _id(raw: bytes) -> bytes:
    return transaction_id(decode(SignedTransaction, raw).content)
