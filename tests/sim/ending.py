"""The final account: everything recounted from the stores of the honest copies."""

from collections.abc import Sequence

from chain import schema
from chain.block import check_certificate
from chain.errors import HushangError
from chain.store_memory import MemoryStore
from chain.tree import StateTree
from commerce.audit import full_check
from tests.sim.node import SimNode
from tests.sim.shared import Setting
from tests.sim.world import Violation


def check_ending(setting: Setting, nodes: Sequence[SimNode]) -> None:
    """Everybody has the same chain and state, and both are what they say they are."""
    first = nodes[0]
    for node in nodes:
        _check_chain(setting, node)
        if _state(node) != _state(first):
            raise Violation("one state", f"{node.place} and {first.place} differ")
    _check_state(first)
    for transaction_id, height in setting.checks.acknowledged.items():
        found = first.ledger.find_receipt(transaction_id)
        if found is None or found[0].height != height:
            raise Violation("acknowledged is for ever", f"{transaction_id.hex()[:8]} at {height}")


def _state(node: SimNode) -> dict[bytes, bytes]:
    return dict(node.disk.store.scan(schema.STATE, schema.STATE + b"\xff"))


def _check_chain(setting: Setting, node: SimNode) -> None:
    ledger = node.ledger
    for height in range(1, ledger.tip.height + 1):
        header, certificate = ledger.header(height), ledger.certificate(height)
        if header is None or certificate is None:
            raise Violation("prefix", f"{node.place} has a hole at {height}")
        if header.digest() != setting.checks.digests.get(height):
            raise Violation("agreement", f"{node.place} has another block at {height}")
        committee, genesis_hash = ledger.chain.committee, ledger.chain.genesis_hash
        try:
            check_certificate(certificate, committee, genesis_hash, setting.signatures.verify)
        except HushangError as refusal:
            raise Violation(
                "certificates hold", f"{node.place} at {height}: {refusal}"
            ) from refusal


def _check_state(node: SimNode) -> None:
    """The root, computed from scratch over every key, is the one that the blocks carry."""
    ledger = node.ledger
    content = {key[1:]: value for key, value in _state(node).items()}
    tree = StateTree.open(MemoryStore(), schema.TREE)
    if tree.stage(content).root != ledger.tip.state_root:
        raise Violation("one state", f"{node.place}: the root does not follow from the keys")
    full_check(ledger.state)
