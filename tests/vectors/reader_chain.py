"""An independent light client and auditor for the vectors' chain; nothing of ours.

From the genesis alone: the committee, each certificate, each body, and that every header commits to
the receipts and the whole state after its parent.
"""

from typing import Any

from tests.vectors.reader_bytes import RefusedError, Value, array, fields, parse, write
from tests.vectors.reader_core import (
    check_certificate,
    check_receipt,
    merkle_root,
    read_policy,
    read_transaction,
    tagged,
    tree_root,
    u64,
)
from tests.vectors.reader_pages import check_structure, tables
from tests.vectors.reader_votes import read_header

GENESIS_FIELDS = 10
MEMBERS, TIME = 6, 2
MINUTE_MS = 60_000


def require(holds: bool, what: str) -> None:  # noqa: FBT001
    """Refuse the chain unless something holds."""
    if not holds:
        raise RefusedError("ChainInvalid", what)


def check_chain(vectors: Any) -> int:
    """The whole chain of chain.json."""
    made = bytes.fromhex(vectors["genesis"])
    genesis, committee = tagged("genesis", made), committee_of(parse(made))
    above: dict[str, Value] | None = None
    minutes: dict[int, tuple[int, bytes]] = {}
    for height, block in enumerate(vectors["blocks"]):
        header = parse(bytes.fromhex(block["header"]))
        values = read_header(header)
        digest = tagged("header", write(header))
        require(values["genesis_hash"] == genesis, "another chain")
        require(values["height"] == height, "a height is missing")
        require(digest.hex() == block["digest"], "digest")
        certificate = parse(bytes.fromhex(block["certificate"]))
        require(certificate[:3] == [height, certificate[1], digest], "certificate of another block")
        if above is None:
            check_first(values, parse(made), certificate)
        else:
            check_certificate(certificate, committee, genesis)
            _check_link(values, above)
        ids = _check_body(values, block)
        _remember(minutes, values["time_ms"], ids)
        _check_state(block, minutes)
        above = values | {
            "digest": digest,
            "certificate_view": certificate[1],
            "state": bytes.fromhex(block["state_root"]),
            "receipts": bytes.fromhex(block["receipts_root"]),
        }
    return len(vectors["blocks"])


def committee_of(genesis: Value) -> Value:
    """The committee of epoch 0: the members in order, each with the id of its policy."""
    fields(genesis, GENESIS_FIELDS)
    members = []
    for name, policy, node_key in array(genesis[MEMBERS], 1, 128):
        read_policy(policy)
        members.append([name, tagged("account", write(policy)), node_key, False])
    return [0, members]


def check_first(values: dict[str, Value], genesis: Value, certificate: Value) -> None:
    """The header of height 0 and its certificate follow from the genesis alone."""
    empty = merkle_root([])
    expected = {
        "version": 1,
        "parent_hash": bytes(32),
        "view": 0,
        "parent_view": 0,
        "time_ms": genesis[TIME],
        "proposer": 0,
        "epoch": 0,
        "transactions_root": empty,
        "transactions_count": 0,
        "state_root": bytes(32),
        "receipts_root": empty,
        "next_committee_hash": bytes(32),
    }
    require({key: values[key] for key in expected} == expected, "the header of height 0")
    require(certificate[3] == [], "the genesis needs no certificate")


def _check_link(values: dict[str, Value], below: dict[str, Value]) -> None:
    require(values["parent_hash"] == below["digest"], "parent")
    require(values["parent_view"] == below["certificate_view"], "view of the parent's certificate")
    require(values["time_ms"] > below["time_ms"], "time")
    require(values["state_root"] == below["state"], "state root of the parent")
    require(values["receipts_root"] == below["receipts"], "receipts root of the parent")


def _check_body(values: dict[str, Value], block: Any) -> list[tuple[int, bytes]]:
    """Bodies and receipts; returns (expiry, id) in block order."""
    read = [read_transaction(bytes.fromhex(raw)) for raw in block["bodies"]]
    hashes = [entry.body_hash for entry in read]
    require(values["transactions_root"] == merkle_root(hashes), "bodies")
    require(values["transactions_count"] == len(hashes), "number of bodies")
    require([entry.id.hex() for entry in read] == block["ids"], "ids")
    for entry in read:
        require(entry.values[1] == values["genesis_hash"], "a transaction of another chain")
        require(values["time_ms"] <= entry.values[4], "an expired transaction")
    receipts = [bytes.fromhex(receipt) for receipt in block["receipts"]]
    for receipt in receipts:
        check_receipt(parse(receipt))
    require([parse(receipt)[0] for receipt in receipts] == [entry.id for entry in read], "receipts")
    require([parse(receipt)[1] for receipt in receipts] == block["statuses"], "statuses")
    require(merkle_root(receipts).hex() == block["receipts_root"], "receipts root")
    return [(entry.values[4], entry.id) for entry in read]


def _remember(
    minutes: dict[int, tuple[int, bytes]], time_ms: int, ids: list[tuple[int, bytes]]
) -> None:
    for minute in [minute for minute in minutes if minute < time_ms // MINUTE_MS]:
        del minutes[minute]
    for valid_until, transaction_id in ids:
        count, running = minutes.get(valid_until // MINUTE_MS, (0, bytes(32)))
        folded = tagged("remembered", running + transaction_id)
        minutes[valid_until // MINUTE_MS] = (count + 1, folded)


def _check_state(block: Any, minutes: dict[int, tuple[int, bytes]]) -> None:
    state = {bytes.fromhex(key): bytes.fromhex(value) for key, value in block["state"]}
    known = tables("protocol-state.md")
    for key, value in state.items():
        check_structure(known, key.partition(b"/")[0].decode(), parse(value))
    require(tree_root(state).hex() == block["state_root"], "state root")
    remembered = {key: value for key, value in state.items() if key.startswith(b"remembered/")}
    expected = {
        b"remembered/" + u64(minute): write(list(record)) for minute, record in minutes.items()
    }
    require(remembered == expected, "remembered ids")
    issued = _sum(state, b"asset/", (3, -4)) - _sum(state, b"balance/", (0, 1))
    require(issued == 0, "money out of nothing")


def _sum(state: dict[bytes, bytes], table: bytes, places: tuple[int, int]) -> int:
    """Over a table: the fields at these places added up; a negative place is subtracted."""
    total = 0
    for key, value in state.items():
        if key.startswith(table):
            parsed = parse(value)
            total += sum(parsed[abs(p)] if p >= 0 else -parsed[abs(p)] for p in places)
    return total
