"""Nodes that agree hold every acknowledged id; those that don't are found out."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from node.bench.agreement import check_agreement, read_ids
from node.bench.probes import Node
from node.client import NotFound

T1, T2, T3 = "01" * 32, "02" * 32, "03" * 32


@dataclass(frozen=True)
class Told(Node):
    """A node that answers from a small chain: hashes and ids by height."""

    blocks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    receipts: tuple[tuple[str, str], ...] = ()
    views: tuple[int, ...] = (0,) * 10

    @override
    def get(self, path: str, **query: object) -> Any:
        if path == "/v1/status":
            return {"block_hash": "newest", "height": len(self.blocks) - 1}
        if path == "/v1/blocks":
            start, limit = int(str(query["from"])), int(str(query["limit"]))
            pages = list(enumerate(self.blocks))[start : start + limit]
            return {"blocks": [self._header(height, hash_) for height, (hash_, _) in pages]}
        if path.startswith("/v1/blocks/"):
            return {"transaction_ids": self.blocks[int(path.rpartition("/")[2])][1]}
        known = dict(self.receipts)
        id_ = path.rpartition("/")[2]
        if id_ not in known:
            raise NotFound(404, {})
        return known[id_]

    def _header(self, height: int, hash_: str) -> dict[str, Any]:
        return {
            "hash": hash_,
            "state_root": "r",
            "height": height,
            "view": self.views[height],
            "transactions_count": len(self.blocks[height][1]),
        }


CHAIN = (("g", ()), ("h1", (T1, T2)), ("h2", ()))
GOOD = Told("a", "", blocks=CHAIN, receipts=((T1, "ok"), (T2, "ok")))
ACKNOWLEDGED = [bytes.fromhex(T1), bytes.fromhex(T2)]


def test_nodes_that_agree_hold_every_acknowledged_id() -> None:
    agreement = check_agreement([GOOD, replace(GOOD, name="b")], 1, ACKNOWLEDGED)
    assert agreement.holds
    assert (agreement.height, agreement.blocks, agreement.acknowledged) == (2, 2, 2)
    assert (agreement.filled_blocks, agreement.transactions, agreement.largest_block) == (1, 2, 2)


def test_an_id_that_one_node_lacks_is_named() -> None:
    lost = replace(GOOD, blocks=(("g", ()), ("h1", (T1,)), ("h2", ())))
    for nodes in ([GOOD, lost], [lost, GOOD]):
        assert check_agreement(nodes, 1, ACKNOWLEDGED).missing == (T2,)


def test_an_acknowledged_id_in_no_block_is_named() -> None:
    found = check_agreement([GOOD, GOOD], 1, [*ACKNOWLEDGED, bytes.fromhex(T3)])
    assert (found.missing, found.holds) == ((T3,), False)


def test_an_id_in_another_block_of_one_node_is_named() -> None:
    moved = replace(GOOD, blocks=(("g", ()), ("h1", (T1,)), ("h2", (T2,))))
    assert T2 in check_agreement([GOOD, moved], 1, ACKNOWLEDGED).missing


def test_another_receipt_is_named() -> None:
    other = replace(GOOD, receipts=((T1, "ok"), (T2, "OrderExists")))
    assert check_agreement([GOOD, other], 1, ACKNOWLEDGED).differing == (T2,)
    unknown = replace(GOOD, receipts=((T2, "ok"),))
    assert check_agreement([GOOD, unknown], 1, ACKNOWLEDGED).differing == (T1,)


def test_a_fork_is_named_by_its_height() -> None:
    forked = replace(GOOD, blocks=(("g", ()), ("h1", (T1, T2)), ("x2", ())))
    found = check_agreement([GOOD, forked], 1, ACKNOWLEDGED)
    assert (found.forked, found.holds) == ((2,), False)


def test_nothing_new_decided_is_an_agreement_on_nothing() -> None:
    agreement = check_agreement([GOOD, GOOD], 3, [])
    assert (agreement.holds, agreement.blocks) == (True, 0)


def test_a_later_view_is_a_view_change() -> None:
    changed = replace(GOOD, views=(0, 0, 2))
    assert check_agreement([changed, changed], 0, ACKNOWLEDGED).view_changes == 1
    assert check_agreement([GOOD, GOOD], 0, ACKNOWLEDGED).view_changes == 0


def test_ids_are_read_from_a_file_of_them(tmp_path: Path) -> None:
    (tmp_path / "ids").write_bytes(b"".join(ACKNOWLEDGED))
    assert read_ids(tmp_path / "ids") == ACKNOWLEDGED
    assert read_ids(tmp_path / "none") == []
