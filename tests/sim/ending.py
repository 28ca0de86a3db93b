"""The final account: everything recounted from the stores of the honest copies."""

from collections.abc import Mapping, Sequence

from chain import schema
from chain.block import NO_HASH, Certificate, check_certificate
from chain.codec import decode
from chain.errors import HushangError
from chain.ledger import Ledger
from chain.light_client import CommitteeChain
from chain.store_memory import MemoryStore
from chain.tree import StateTree
from commerce.audit import full_check
from tests.sim.node import SimNode
from tests.sim.shared import Setting
from tests.sim.world import Violation


def check_ending(setting: Setting, nodes: Sequence[SimNode]) -> None:
    """Everybody has the same chain and state, and both are what they say they are."""
    first = nodes[0]
    state = _state(first)
    proven: set[tuple[int, bytes]] = set()
    for node in nodes:
        _check_chain(setting, node, proven)
        if _state(node) != state or node.ledger.tip.state_root != first.ledger.tip.state_root:
            raise Violation("one state", f"{node.place} and {first.place} differ")
        # Opened anew: the tip, and the incremental tree with the root that it names.
        if Ledger(node.disk.store, setting.genesis, setting.rules).tip != node.ledger.tip:
            raise Violation("durability", f"{node.place} has another tip on disk")
    _check_state(first, state)
    _follow(setting, first.ledger)
    for transaction_id, height in setting.checks.acknowledged.items():
        found = first.ledger.find_receipt(transaction_id)
        if found is None or found[0].height != height:
            raise Violation("acknowledged is for ever", f"{transaction_id.hex()[:8]} at {height}")


def _state(node: SimNode) -> dict[bytes, bytes]:
    return dict(node.disk.store.scan(schema.STATE, schema.STATE + b"\xff"))


def _check_chain(setting: Setting, node: SimNode, proven: set[tuple[int, bytes]]) -> None:
    """Every block is the decided one, under a certificate that holds; `proven` ones do."""
    ledger = node.ledger
    genesis_hash = ledger.chain.genesis_hash
    for height in range(1, ledger.tip.height + 1):
        data = ledger.certificate_bytes(height)
        header = ledger.header(height)
        if header is None or data is None:
            raise Violation("prefix", f"{node.place} has a hole at {height}")
        if header.digest() != setting.checks.digests.get(height):
            raise Violation("agreement", f"{node.place} has another block at {height}")
        if (height, data) in proven:
            continue
        certificate = decode(Certificate, data)
        if (certificate.height, certificate.digest) != (height, header.digest()):
            raise Violation("certificates hold", f"{node.place} at {height}: another block's")
        committee = ledger.committee_at(height)
        try:
            check_certificate(certificate, committee, genesis_hash, setting.signatures.verify)
        except HushangError as refusal:
            detail = f"{node.place} at {height}: {refusal}"
            raise Violation("certificates hold", detail) from refusal
        proven.add((height, data))


def _follow(setting: Setting, ledger: Ledger) -> None:
    """A light client, which sees the headers that name a committee and the newest one, follows."""
    client = CommitteeChain.of(setting.genesis, setting.signatures.verify)
    for height in range(1, ledger.tip.height + 1):
        header, certificate = ledger.header(height), ledger.certificate(height)
        assert header is not None
        assert certificate is not None
        names = header.next_committee_hash != NO_HASH
        if not names and height < ledger.tip.height:
            continue
        follower = ledger.committee_of(header.epoch + 1) if names else None
        try:
            client.advance(header, certificate, follower)
        except HushangError as refusal:
            raise Violation("a light client can follow", f"at {height}: {refusal}") from refusal


def _check_state(node: SimNode, state: Mapping[bytes, bytes]) -> None:
    """The root, computed from scratch over every key, is the one that the blocks carry."""
    ledger = node.ledger
    content = {key[1:]: value for key, value in state.items()}
    tree = StateTree.open(MemoryStore(), schema.TREE)
    if tree.stage(content).root != ledger.tip.state_root:
        raise Violation("one state", f"{node.place}: the root does not follow from the keys")
    full_check(ledger.state)
