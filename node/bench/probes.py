"""What the nodes say before and after a run, and whether they agree on what was acknowledged."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from node.bench.plan import Sample
from node.client import NodeClient, NodeFailed, NotFound

LEVEL_TIMEOUT_S: Final = 30.0
POLL_S: Final = 0.1
BLOCKS_PAGE: Final = 100
TRANSACTIONS_PAGE: Final = 1000
# Receipts that are compared one by one on every node; headers commit to all of them.
RECEIPTS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Node:
    """A node that is measured."""

    name: str
    url: str

    def get(self, path: str, **query: object) -> Any:
        """JSON from this node alone."""
        return NodeClient([self.url]).get(path, query)


@dataclass(frozen=True, slots=True)
class Probe:
    """A node at one moment: its process's CPU time and memory, and its height."""

    cpu_s: float
    rss_bytes: int
    height: int


def probe(node: Node) -> Probe:
    """Ask a node for its metrics. The process's own are 0 where its system doesn't tell them."""
    values = read_metrics(NodeClient([node.url]).text("/metrics"))
    return Probe(
        cpu_s=values.get("process_cpu_seconds_total", 0.0),
        rss_bytes=int(values.get("process_resident_memory_bytes", 0.0)),
        height=int(values["hushang_height"]),
    )


def read_metrics(text: str) -> dict[str, float]:
    """The metrics without labels of an exposition text."""
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {words[0]: float(words[1]) for words in lines if "{" not in words[0]}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Up to `height` all nodes have the same blocks and state roots; what they lack is listed."""

    height: int
    blocks: int
    acknowledged: int
    receipts_compared: int
    # Ids that were acknowledged and are not in every node's blocks, or whose receipts differ.
    missing: tuple[str, ...]
    differing: tuple[str, ...]
    # Heights whose header or state root is not the same on all nodes.
    forked: tuple[int, ...]

    @property
    def holds(self) -> bool:
        """Is everything that was acknowledged the same on every node?"""
        return not (self.missing or self.differing or self.forked)


def check_agreement(nodes: Sequence[Node], start: int, samples: Sequence[Sample]) -> Agreement:
    """Compare the blocks from `start` on, once all nodes are level. `NodeFailed` if they don't."""
    height = _level(nodes)
    listed = [_headers(node, start, height) for node in nodes]
    forked = [
        start + at
        for at, headers in enumerate(zip(*listed, strict=True))
        if len({(header["hash"], header["state_root"]) for header in headers}) > 1
    ]
    acknowledged = [sample.id for sample in samples if sample.is_decided]
    held = [_transaction_ids(node, headers) for node, headers in zip(nodes, listed, strict=True)]
    everywhere = set.intersection(*held)
    compared = acknowledged[:: max(1, len(acknowledged) // RECEIPTS_MAX)]
    return Agreement(
        height=height,
        blocks=height - start + 1,
        acknowledged=len(acknowledged),
        receipts_compared=len(compared),
        missing=tuple(id_ for id_ in acknowledged if id_ not in everywhere),
        differing=tuple(id_ for id_ in compared if not _same_receipt(nodes, id_)),
        forked=tuple(forked),
    )


def _level(nodes: Sequence[Node]) -> int:
    """The height, once all nodes have the same newest block and nothing is under way."""
    deadline = time.monotonic() + LEVEL_TIMEOUT_S
    before: set[str] = set()
    while time.monotonic() < deadline:
        told = [node.get("/v1/status") for node in nodes]
        newest = {status["block_hash"] for status in told}
        # Twice the same: the block that seals the last one has been decided too.
        if len(newest) == 1 and newest == before:
            return int(told[0]["height"])
        before = newest
        time.sleep(POLL_S)
    raise NodeFailed(f"the nodes did not come to one height within {LEVEL_TIMEOUT_S:g} s")


def _headers(node: Node, start: int, height: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while start + len(found) <= height:
        limit = min(BLOCKS_PAGE, height - start - len(found) + 1)
        page = node.get("/v1/blocks", **{"from": start + len(found), "limit": limit})
        found += page["blocks"]
    return found


def _transaction_ids(node: Node, headers: Sequence[dict[str, Any]]) -> set[str]:
    found: set[str] = set()
    for header in headers:
        for first in range(0, header["transactions_count"], TRANSACTIONS_PAGE):
            page = node.get(f"/v1/blocks/{header['height']}", transactions_from=first)
            found.update(page["transaction_ids"])
    return found


def _same_receipt(nodes: Sequence[Node], transaction_id: str) -> bool:
    try:
        told = [node.get(f"/v1/receipts/{transaction_id}") for node in nodes]
    except NotFound:
        return False
    return all(receipt == told[0] for receipt in told)
