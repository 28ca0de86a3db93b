"""An independent checker of snapshots, for snapshot.json.

Written from docs/protocol-snapshots.md; imports nothing of ours.
"""

from itertools import pairwise
from typing import Any

from tests.vectors.reader_bytes import (
    RefusedError,
    Value,
    array,
    blob,
    fields,
    hash32,
    integer,
    parse,
    write,
)
from tests.vectors.reader_chain import committee_of, require
from tests.vectors.reader_core import U64, check_certificate, sha, tagged, tree_proof_holds, u64
from tests.vectors.reader_proofs import Follower
from tests.vectors.reader_votes import read_header

MIB = 1024 * 1024
FIELDS = 12
HEADERS_MAX = 1_025
REFUSAL = "SnapshotPartWrong"


class Manifest:
    """The manifest's fields, once the steps 1 to 8 of the page hold."""

    def __init__(self, data: bytes, genesis: bytes) -> None:
        require(len(data) <= 32 * MIB, "too large")
        require(tagged("snapshot", data[:-32]) == data[-32:], "the check sum")
        value = parse(data[:-32])
        require(isinstance(value, list) and value[:1] == ["hushang-snapshot"], "the format")
        require(type(value[1]) is int and value[1] == 1, "the version")
        (_, _, name, self.steps, self.header, self.certificate, self.below, *rest) = fields(
            value, FIELDS
        )
        self.below_certificate, prefixes, nodes, minutes, index_parts = rest
        self.prefixes = [blob(prefix, 0, 64) for prefix in array(prefixes, 0, 32_768)]
        self.nodes = [hash32(node) for node in array(nodes, 0, 32_768)]
        self.minutes = [fields(minute, 3) for minute in array(minutes, 0, 4_096)]
        self.index_parts = [hash32(part) for part in array(index_parts, 0, 32_768)]
        require(name == tagged("genesis", genesis), "another chain")
        self.headers = read_header(self.below), read_header(self.header)
        self._check_headers(genesis)
        require(cut_root(self.prefixes, self.nodes) == self.root, "the cut")
        self._check_minutes()

    @property
    def root(self) -> Value:
        return self.headers[1]["state_root"]

    @property
    def height(self) -> int:
        return int(self.headers[0]["height"])

    @property
    def digest(self) -> bytes:
        return tagged("header", write(self.below))

    def index_digest(self) -> bytes:
        numbers = [minute[0] for minute in self.minutes]
        return tagged("snapshot-index", write([self.prefixes, numbers, self.index_parts]))

    def _check_headers(self, genesis: bytes) -> None:
        below, above = self.headers
        require(above["height"] == below["height"] + 1, "neighbours")
        require(above["parent_hash"] == self.digest, "parent")
        require(below["height"] >= 1, "the genesis")
        name = tagged("genesis", genesis)
        founders = committee_of(parse(genesis))
        follower, committees = Follower(name, founders, 1, 0), [founders]
        for step in array(self.steps, 0, 1_024):
            header, certificate, committee = fields(step, 3)
            follower.step(header, certificate, committee)
            committees.append(committee)
        follower.decided(self.header, self.certificate)
        if below["epoch"] != above["epoch"]:
            require(self.below == self.steps[-1][0], "the header below is not the last step's")
        signed = self.below_certificate
        require([signed[0], signed[2]] == [below["height"], self.digest], "certificate below")
        check_certificate(signed, committees[below["epoch"]], name)

    def _check_minutes(self) -> None:
        numbers = [integer(minute[0], 0, U64) for minute in self.minutes]
        require(sorted(set(numbers)) == numbers, "minutes")
        for number, row, proof in self.minutes:
            count, running = fields(row, 2)
            integer(count, 0, U64), hash32(running)
            key = b"remembered/" + u64(number)
            blob(proof, 1, 13_313)
            require(tree_proof_holds(self.root, key, write(row), proof), "a minute's proof")


def cut_root(prefixes: list[bytes], nodes: list[bytes]) -> bytes:
    """Fold a cut, the deepest nodes first."""
    require(len(prefixes) == len(nodes), "prefixes and nodes")
    require(bytes(32) not in nodes, "an empty node")
    pairs = pairwise(prefixes)
    require(all(a < b and not b.startswith(a) for a, b in pairs), "prefixes")
    require(all(digit < 16 for prefix in prefixes for digit in prefix), "digits")
    found = dict(zip(prefixes, nodes, strict=True))
    while found and set(found) != {b""}:
        deepest = max(map(len, found))
        for parent in {prefix[:-1] for prefix in found if len(prefix) == deepest}:
            children = [found.pop(parent + bytes([d]), bytes(32)) for d in range(16)]
            found[parent] = inner(children)
    return found.get(b"", bytes(32))


def inner(children: list[bytes]) -> bytes:
    """The hash of an inner node."""
    quarters = [sha(b"\x13" + b"".join(children[i : i + 4])) for i in range(0, 16, 4)]
    return sha(b"\x13" + b"".join(quarters))


def subtree(rows: list[tuple[bytes, bytes]], depth: int) -> bytes:
    """The hash of the node at a depth over (path, value hash)."""
    if len(rows) <= 16:
        return sha(b"\x12" + b"".join(path + value for path, value in rows)) if rows else bytes(32)
    children: list[list[tuple[bytes, bytes]]] = [[] for _ in range(16)]
    for row in rows:
        children[int(row[0].hex()[depth], 16)].append(row)
    return inner([subtree(child, depth + 1) for child in children])


def check_part(manifest: Manifest, kind: str, number: int, data: bytes) -> list[Value]:
    """What a part holds."""
    if kind == "state":
        return check_state(manifest, number, data)
    if kind == "ids":
        return check_ids(manifest, number, data)
    if kind == "headers":
        return check_headers(manifest, data)
    require(tagged("snapshot-index-part", data) == manifest.index_parts[number], "index part")
    pairs = read_pairs(data)
    keys = [key for key, _ in pairs]
    require(sorted(set(keys)) == keys, "index keys")
    return pairs


def read_pairs(data: bytes) -> list[Value]:
    """Keys and values."""
    (pairs,) = fields(parse(data), 1)
    for pair in array(pairs, 0, 32_768):
        key, value = fields(pair, 2)
        blob(key, 1, 512), blob(value, 0, 4 * MIB)
    return list(pairs)


def check_state(manifest: Manifest, number: int, data: bytes) -> list[Value]:
    """All pairs below one node of the cut."""
    pairs, prefix = read_pairs(data), manifest.prefixes[number]
    rows = [(sha(b"\x10" + key), sha(b"\x11" + value)) for key, value in pairs]
    require(all(a[0] < b[0] for a, b in pairwise(rows)), "paths")
    digits = "".join(f"{digit:x}" for digit in prefix)
    require(all(path.hex().startswith(digits) for path, _ in rows), "the prefix")
    require(subtree(rows, len(prefix)) == manifest.nodes[number], "the node")
    return pairs


def check_ids(manifest: Manifest, number: int, data: bytes) -> list[Value]:
    """The ids of a minute."""
    minute, ids = fields(parse(data), 2)
    known, (count, expected), _ = manifest.minutes[number]
    require(minute == known, "the minute")
    require(len(blob(ids, 0, 256 * MIB)) == 32 * count, "the count")
    running = bytes(32)
    for at in range(0, len(ids), 32):
        running = tagged("remembered", running + ids[at : at + 32])
    require(running == expected, "the running hash")
    return [ids]


def check_headers(manifest: Manifest, data: bytes) -> list[Value]:
    """The newest headers."""
    (headers,) = fields(parse(data), 1)
    require(len(headers) == min(manifest.height, HEADERS_MAX), "how many")
    require(headers[-1] == manifest.below, "the last")
    read = [read_header(header) for header in headers]
    for below, header, above in zip(headers, read, read[1:], strict=False):
        require(above["height"] == header["height"] + 1, "heights")
        require(above["parent_hash"] == tagged("header", write(below)), "parents")
    return list(headers)


def check_snapshot(vectors: Any) -> int:
    """Prove everything, find no minute missing, refuse what is wrong."""
    genesis = bytes.fromhex(vectors["genesis"])
    manifest = Manifest(bytes.fromhex(vectors["manifest"]), genesis)
    told = [vectors[name] for name in ("block_hash", "state_root", "index_digest")]
    found = [manifest.digest, manifest.root, manifest.index_digest()]
    require(told == [entry.hex() for entry in found], "what the snapshot is of")
    require(vectors["height"] == manifest.height, "the height")
    counts = {"state": len(manifest.nodes), "ids": len(manifest.minutes), "headers": 1}
    counts["index"] = len(manifest.index_parts)
    expected = {f"{kind}-{n:05}" for kind, count in counts.items() for n in range(count)}
    require(set(vectors["parts"]) == expected, "the parts")
    keys: list[bytes] = []
    for name, data in vectors["parts"].items():
        kind, number = name.split("-")
        held = check_part(manifest, kind, int(number), bytes.fromhex(data))
        keys += [pair[0] for pair in held] if kind == "state" else []
    minutes = sorted(key for key in keys if key.startswith(b"remembered/"))
    told_minutes = [b"remembered/" + u64(minute[0]) for minute in manifest.minutes]
    require(minutes == told_minutes, "a minute is left out")
    check_cut(vectors["cut"])
    for row in vectors["refused"]:
        _check_refused(manifest, genesis, row)
    return len(expected) + len(vectors["refused"]) + 1


def check_cut(cut: Any) -> None:
    """Cut a larger state likewise."""
    rows = sorted((sha(b"\x10key %d" % n), sha(b"\x11%d" % n)) for n in range(cut["keys"]))
    prefixes = [bytes.fromhex(prefix) for prefix in cut["prefixes"]]
    nodes = []
    for prefix in prefixes:
        digits = "".join(f"{digit:x}" for digit in prefix)
        nodes.append(subtree([row for row in rows if row[0].hex().startswith(digits)], len(digits)))
    require([node.hex() for node in nodes] == cut["nodes"], "the cut's nodes")
    root = cut_root(prefixes, nodes)
    require(cut["root"] == root.hex() == subtree(rows, 0).hex(), "the cut's root")


def _check_refused(manifest: Manifest, genesis: bytes, row: Any) -> None:
    data = bytes.fromhex(row["bytes"])
    require(row["refusal"] == REFUSAL, "the refusal's name")
    try:
        if row["part"] == "manifest":
            Manifest(data, genesis)
        else:
            kind, number = row["part"].split("-")
            check_part(manifest, kind, int(number), data)
    except RefusedError:
        return
    require(False, f"{row['name']} was taken")  # noqa: FBT003
