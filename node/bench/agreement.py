"""Do the nodes agree on what was acknowledged? Block by block, so that a million ids fit."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain as joined
from pathlib import Path
from typing import Any, Final

from node.bench.measured import Agreement
from node.bench.probes import Node
from node.client import NodeFailed, NotFound

LEVEL_TIMEOUT_S: Final = 60.0
POLL_S: Final = 0.1
BLOCKS_PAGE: Final = 100
TRANSACTIONS_PAGE: Final = 1000
ID_SIZE: Final = 32
# Receipts that are compared one by one on every node; headers commit to all of them.
RECEIPTS_MAX: Final = 200
# So many of what is wrong are named.
NAMED_MAX: Final = 100


def read_ids(path: Path) -> list[bytes]:
    """The ids of a file of them, 32 bytes each; none if there is no file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return [data[at : at + ID_SIZE] for at in range(0, len(data), ID_SIZE)]


@dataclass(slots=True)
class _Comparison:
    """What has been found so far. `wanted` are acknowledged ids in no block yet."""

    wanted: set[bytes]
    missing: set[bytes] = field(default_factory=set)
    forked: list[int] = field(default_factory=list)
    filled_blocks: int = 0
    transactions: int = 0
    largest_block: int = 0
    view_changes: int = 0
    view: int | None = None

    def block(self, headers: Sequence[dict[str, Any]], held: Sequence[Sequence[bytes]]) -> None:
        """One height: each node's header and ids."""
        first = headers[0]
        if len({(header["hash"], header["state_root"]) for header in headers}) > 1:
            self.forked.append(int(first["height"]))
        if any(ids != held[0] for ids in held):
            everywhere = set(held[0]).intersection(*held)
            self.missing |= self.wanted.intersection(joined.from_iterable(held)) - everywhere
        self.wanted.difference_update(held[0])
        count = int(first["transactions_count"])
        self.filled_blocks += count > 0
        self.transactions += count
        self.largest_block = max(self.largest_block, count)
        view = int(first["view"])
        self.view_changes += self.view is not None and view > self.view
        self.view = view


def check_agreement(
    nodes: Sequence[Node], start: int, acknowledged: Sequence[bytes], dead: Sequence[str] = ()
) -> Agreement:
    """Compare the blocks from `start` on, once all nodes are level. `NodeFailed` if they don't.

    `dead` are the names of nodes that are left out.
    """
    height = _level(nodes)
    found = _Comparison(set(acknowledged))
    for headers in zip(*(_headers(node, start, height) for node in nodes), strict=True):
        pairs = zip(nodes, headers, strict=True)
        found.block(headers, [_transaction_ids(node, header) for node, header in pairs])
    missing = sorted(found.missing | found.wanted)
    compared = acknowledged[:: max(1, len(acknowledged) // RECEIPTS_MAX)]
    return Agreement(
        height=height,
        blocks=height - start + 1,
        acknowledged=len(acknowledged),
        receipts_compared=len(compared),
        missing=tuple(id_.hex() for id_ in missing[:NAMED_MAX]),
        differing=tuple(id_.hex() for id_ in compared if not _same_receipt(nodes, id_)),
        forked=tuple(found.forked[:NAMED_MAX]),
        filled_blocks=found.filled_blocks,
        transactions=found.transactions,
        largest_block=found.largest_block,
        view_changes=found.view_changes,
        dead=tuple(dead),
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


def _headers(node: Node, start: int, height: int) -> Iterator[dict[str, Any]]:
    at = start
    while at <= height:
        page = node.get("/v1/blocks", **{"from": at, "limit": min(BLOCKS_PAGE, height - at + 1)})
        if not page["blocks"]:
            raise NodeFailed(f"{node.name} has no block {at}, and says that it is at {height}")
        yield from page["blocks"]
        at += len(page["blocks"])


def _transaction_ids(node: Node, header: dict[str, Any]) -> list[bytes]:
    found: list[bytes] = []
    for first in range(0, header["transactions_count"], TRANSACTIONS_PAGE):
        page = node.get(f"/v1/blocks/{header['height']}", transactions_from=first)
        found += map(bytes.fromhex, page["transaction_ids"])
    return found


def _same_receipt(nodes: Sequence[Node], transaction_id: bytes) -> bool:
    try:
        told = [node.get(f"/v1/receipts/{transaction_id.hex()}") for node in nodes]
    except NotFound:
        return False
    return all(receipt == told[0] for receipt in told)
