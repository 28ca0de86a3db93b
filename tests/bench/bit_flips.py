"""Random bit flips in a closed node's data: each is noticed by name, or harmless; none is silent.

    python -m tests.bench.bit_flips [--flips 500] [--seed 1]

The data is that of a real node: a database of a few hundred blocks with compacted tables, tables of
level 0 and a log, the journal and an evidence book. A flip is *noticed* when opening the data as a
start does, or reading all of it, raises a StorageError; *healed* when the database lacks its last
blocks, is whole below, and the journal has them; *harmless* when everything reads as before.
"""

import argparse
import asyncio
import hashlib
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import chain.store
from chain.block import VoteType, vote_bytes
from chain.errors import HushangError
from chain.evidence import Equivocation
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.scrub import scrub
from chain.store import open_store
from chain.store_contract import KVStore, StorageError
from chain.votes import SignedVote
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from consensus.config import JournalIncomplete
from consensus.records import RecordInvalid, decode_record
from consensus.recovery import Replay
from node.clock import now_ms
from node.evidence_book import EvidenceBook
from node.journal import journal_owner
from node.journal_loss import open_journal
from tests.chain.world import account, key
from tests.node.cluster import Cluster, cluster

WAIT_MS = 20_000
STARTS = 7
PAYMENTS_PER_START = 45
BUFFER_BYTES = 96 * 1024
END = b"\xff" * 40


@dataclass(frozen=True, slots=True)
class Content:
    """All that a node reads from its data, as digests."""

    height: int
    database: bytes
    journal: bytes
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one damage: `silent` must never be."""

    kind: str
    words: str


async def _work(net: Cluster) -> None:
    """Payments, each in a block of its own."""
    node = net.nodes[0]
    if node.ledger.tip.height == 0:
        issue = operation("asset.issue", AssetIssue("CNY", account("buyer"), 100_000, "bank-1"))
        await _decide(net, net.signed("issuer", issue))
    for _ in range(PAYMENTS_PER_START):
        pay = operation("pay.transfer", PayTransfer(account("merchant"), "CNY", 1, None))
        await _decide(net, net.signed("buyer", pay))


async def _decide(net: Cluster, raw: bytes) -> None:
    submitted = await net.nodes[0].submit(raw)
    assert await net.nodes[0].wait_decided(submitted.id, WAIT_MS) is not None


async def _make(directory: Path) -> Genesis:
    async with cluster(directory, n=1, kind="leveldb") as net:
        for _ in range(STARTS):
            await _work(net)
            await net.level()
            await net.stop(0)
            await net.start(0)
        await _work(net)
        await net.level()
        for height in range(5, 25):
            assert net.nodes[0].evidence.add(equivocation(net.genesis.hash(), height))
        return net.genesis


def equivocation(genesis_hash: bytes, height: int) -> Equivocation:
    """Two signed votes for one slot."""

    def vote(digest: bytes) -> SignedVote:
        signed = vote_bytes(genesis_hash, 0, VoteType.PREPARE, 2, height, digest)
        return SignedVote(VoteType.PREPARE, 2, height, digest, 0, key("node of m0").sign(signed))

    return Equivocation(0, vote(b"\x01" * 32), vote(b"\x02" * 32))


def make_data(directory: Path) -> tuple[Path, Genesis]:
    """The data directory of a node that was closed, and its genesis."""
    # Small tables, so that there are several, compacted and not.
    with patch.object(chain.store, "WRITE_BUFFER_BYTES", BUFFER_BYTES):
        genesis = asyncio.run(_make(directory))
    return directory / "m0", genesis


def read_content(data: Path, genesis: Genesis) -> tuple[Content, Ledger]:
    """Open the data as a start does, and read all of it. Raises what a start or a read raises."""
    with ExitStack() as stack:
        store = stack.enter_context(closing(open_store(data / "db")))
        ledger = Ledger(store, genesis, Registry())
        owner = journal_owner(genesis.hash(), key("node of m0").public_key)
        opened = open_journal(data / "journal", owner, others_can_tell=True)
        journal = stack.enter_context(closing(opened))
        records = [decode_record(raw) for raw in journal.records]
        Replay.of(records, ledger.tip.height)
        book = EvidenceBook(data / "evidence", genesis.hash(), now_ms)
        content = Content(
            ledger.tip.height,
            _digest_store(store),
            _digest(journal.records),
            _digest(entry.raw for entry in book.found),
        )
        reached = Replay.of(records, ledger.tip.height).recovered.reached
        if reached > ledger.tip.height:
            scrub(ledger)
            # What the node would have after its first moments.
            content = Content(reached, b"", content.journal, content.evidence)
        return content, ledger


def _digest_store(store: KVStore) -> bytes:
    rows = list(store.scan(b"", END))
    assert list(store.scan(b"", END, reverse=True)) == rows[::-1], "scans differ"
    for name, value in rows:
        # By the filters too.
        assert store.get(name) == value, "a get differs from a scan"
    return _digest(part for row in rows for part in row)


def _digest(parts: "Iterator[bytes] | list[bytes]") -> bytes:
    found = hashlib.sha256()
    for part in parts:
        found.update(len(part).to_bytes(4) + part)
    return found.digest()


def outcome_of(data: Path, genesis: Genesis, whole: Content) -> Outcome:
    """What a start on damaged data, and a reading of all of it, comes to."""
    try:
        found, _ = read_content(data, genesis)
    except (StorageError, JournalIncomplete, RecordInvalid) as error:
        return Outcome("noticed", f"{error.code}: {error}")
    except (HushangError, AssertionError) as error:
        return Outcome("silent", f"{type(error).__name__}: {error}")
    if found == whole:
        return Outcome("harmless", "")
    if found == Content(whole.height, b"", whole.journal, whole.evidence):
        return Outcome("healed", "")
    return Outcome("silent", str(found))


def files_of(data: Path) -> list[Path]:
    """Everything that may be damaged, by name."""
    return sorted(path for path in data.rglob("*") if path.is_file() and path.stat().st_size)


def kind_of(path: Path) -> str:
    """What a file is, for the table."""
    if path.suffix in {".ldb", ".sst"}:
        return "db table"
    if path.suffix == ".log":
        return "db log"
    if path.name.startswith("MANIFEST"):
        return "db MANIFEST"
    return f"db {path.name}" if path.parent.name == "db" else path.name


@dataclass(frozen=True, slots=True)
class Flip:
    """One flipped bit and what came of it."""

    path: Path
    at: int
    bit: int
    outcome: Outcome


def flips(data: Path, genesis: Genesis, count: int, seed: int) -> Iterator[Flip]:
    """Flip one random bit after another, each in a fresh copy; every file gets its share.

    Half of them hit a file chosen at random and any of its bytes; the other half the ends of files,
    where their indexes and newest records are.
    """
    draw = random.Random(seed)
    names = [path.relative_to(data) for path in files_of(data)]
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "copy"
        shutil.copytree(data, copy)
        whole, _ = read_content(copy, genesis)
        shutil.rmtree(copy)
        for number in range(count):
            name = names[number % len(names)]
            shutil.copytree(data, copy)
            path = copy / name
            content = bytearray(path.read_bytes())
            size = len(content)
            near = draw.randrange(min(size, 300))
            at = (draw.randrange(size), size - 1 - near, near, draw.randrange(size))[number % 4]
            bit = draw.randrange(8)
            content[at] ^= 1 << bit
            path.write_bytes(content)
            yield Flip(name, at, bit, outcome_of(copy, genesis, whole))
            shutil.rmtree(copy)


def main() -> int:
    """Print a table of what came of the flips; 1 if one was silent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    say = sys.stdout.write
    kinds = ("noticed", "healed", "harmless", "silent")
    table: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory() as directory:
        data, genesis = make_data(Path(directory))
        for flip in flips(data, genesis, asked.flips, asked.seed):
            table.setdefault(kind_of(flip.path), Counter())[flip.outcome.kind] += 1
            if flip.outcome.kind == "silent":
                say(f"SILENT: {flip.path} byte {flip.at} bit {flip.bit}: {flip.outcome.words}\n")
    table = dict(sorted(table.items())) | {"all": sum(table.values(), Counter())}
    say(f"{'file':16}" + "".join(f"{kind:>10}" for kind in kinds) + "\n")
    for name, found in table.items():
        say(f"{name:16}" + "".join(f"{found[kind]:>10}" for kind in kinds) + "\n")
    return 1 if table["all"]["silent"] else 0


if __name__ == "__main__":
    sys.exit(main())
