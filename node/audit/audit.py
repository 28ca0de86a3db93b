"""The audit of a stopped node's data: replayed from the genesis where the whole history is here.

`audit(directory, genesis)` is the whole of it: a `Report`, or `AuditFailed` that names the first
bad height and the rule. Where blocks are missing (a pruned node without its archive, one that
began from a snapshot) what is there is checked instead, and the report says so.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from chain import schema
from chain.codec import encode
from chain.errors import HushangError, InvariantBreach
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.replay import minute_of
from chain.state import u64
from chain.store_contract import KVStore, StorageError
from chain.tree_recount import Recount
from commerce.audit import full_check
from commerce.registry import Registry
from node.archive import Archive
from node.audit import partial
from node.audit.findings import AuditFailed, Finding, Step, Tell, require, silent
from node.audit.replay import Replay, Source, check_founding, first_of
from node.audit.rows import NAMES, census, first_difference, rows_of
from node.audit.scratch import scratch_store
from node.audit.signatures import Signatures
from node.audit.stored import StoredBlock, StoredRows, database_of, open_stopped, unreadable

FULL_EVERY = 10_000
_OUTCOMES = (schema.RECEIPTS, schema.RECEIPT_PLACE)


@dataclass(frozen=True, slots=True)
class Report:
    """What was checked and held. `replayed`: from the genesis; else `missing` says what was not
    here to be checked.
    """

    height: int
    block_hash: bytes
    state_root: bytes
    transactions: int
    signatures: int
    replayed: bool
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How to audit. `full`: the invariants also every 10,000 heights, not only at the end."""

    archive: Path | None = None
    scratch: Path | None = None
    full: bool = False
    workers: int | None = None
    tell: Tell = field(default=silent)


def audit(directory: Path, genesis: Genesis, options: Options = Options()) -> Report:
    """Check a stopped node's data. Raises `AuditFailed`, `DataMissing` or `DataInUse`."""
    with open_stopped(directory) as store, _archive(options.archive, genesis) as archive:
        with _named(None):
            chain = StoredRows(store)
        its_own = chain.founding.genesis == genesis
        require(its_own, None, "genesis", "the data is of a chain with another genesis")
        first = chain.base.first_block
        whole = first == 1 or (archive is not None and archive.covers(1, first - 1))
        with closing(Signatures(options.workers)) as signatures:
            if not whole:
                return _partial(chain, genesis, signatures, options)
            with scratch_store(database_of(directory), options.scratch) as scratch:
                ledger = Ledger(scratch, genesis, Registry())
                source = _source(chain, archive)
                return _Audit(chain, source, ledger, signatures, options).run()


@contextmanager
def _archive(folder: Path | None, genesis: Genesis) -> Iterator[Archive | None]:
    if folder is None:
        yield None
    else:
        with closing(Archive(folder, genesis.hash())) as archive:
            yield archive


def _source(chain: StoredRows, archive: Archive | None) -> Source:
    def at(height: int) -> StoredBlock:
        if archive is None or height >= chain.base.first_block:
            return chain.at(height)
        filed = archive.at(height)
        return StoredBlock(filed.block, filed.certificate, filed.receipts)

    return at


def _partial(
    chain: StoredRows, genesis: Genesis, signatures: Signatures, options: Options
) -> Report:
    checked = partial.check(chain, genesis, signatures, options.tell)
    tip, base = chain.tip, chain.base
    missing = (
        f"blocks below {base.first_block} are not here: nothing was replayed, no index checked"
    )
    if base.first_header > 1:
        missing += f", and of the headers below {base.first_header} only what changed the committee"
    return Report(
        height=tip.height,
        block_hash=tip.digest,
        state_root=tip.state_root,
        transactions=checked,
        signatures=signatures.count,
        replayed=False,
        missing=missing,
    )


@contextmanager
def _named(height: int | None) -> Iterator[None]:
    """What the store's own checks find is a finding at this height."""
    try:
        yield
    except StorageError as error:
        raise unreadable(height, error) from error


class _Audit:
    """One audit by replay."""

    def __init__(
        self,
        chain: StoredRows,
        source: Source,
        ledger: Ledger,
        signatures: Signatures,
        options: Options,
    ) -> None:
        self._chain = chain
        self._ledger = ledger
        self._signatures = signatures
        self._options = options
        self._replay = Replay(chain, source, ledger, signatures)

    def run(self) -> Report:
        replay, tip = self._replay, self._chain.tip
        try:
            with _named(0):
                check_founding(self._chain.store, self._ledger.chain.genesis)
            for height in range(1, tip.height + 1):
                with _named(height):
                    replay.height(height)
                self._tell("replay", height, tip.height, replay.transactions)
                if self._options.full and height % FULL_EVERY == 0:
                    self._invariants(height)
        except HushangError as error:
            raise first_of(error, self._signatures) from error
        self._signatures.finish()
        with _named(tip.height):
            self._end()
        return Report(
            height=tip.height,
            block_hash=tip.digest,
            state_root=tip.state_root,
            transactions=replay.transactions,
            signatures=self._signatures.count,
            replayed=True,
        )

    def _tell(self, stage: str, done: int, total: int, transactions: int = 0) -> None:
        self._options.tell(Step(stage, done, total, transactions))

    def _end(self) -> None:
        """What the store has once must be what the replay has at the same tip."""
        store, tip = self._chain.store, self._chain.tip
        own = encode(self._ledger.tip) == store.get(schema.META_TIP)
        require(own, tip.height, "tip", "the stored tip is not that of the replay")
        kinds = (schema.STATE, schema.TREE, schema.REMEMBERED, schema.INDEX)
        for done, prefix in enumerate(kinds):
            self._tell("compare", done, len(kinds) + 2)
            self._same_rows(prefix)
        self._tell("compare", len(kinds), len(kinds) + 2)
        recount = Recount(store)
        require(
            recount.root == tip.state_root,
            tip.height,
            "state root",
            f"the rows give {recount.root.hex()}",
        )
        self._invariants(tip.height)
        self._tell("compare", len(kinds) + 1, len(kinds) + 2)
        self._count(store)

    def _same_rows(self, prefix: bytes) -> None:
        store, tip = self._chain.store, self._chain.tip
        start = prefix
        if prefix == schema.REMEMBERED and self._chain.base.first_header > 1:
            # A node that began from a snapshot was given the living ids only.
            start = prefix + u64(minute_of(tip.header.time_ms))
        different = first_difference(
            rows_of(store, prefix, start), rows_of(self._ledger.store, prefix, start)
        )
        if different is not None:
            words = different.words("the data", "the replay")
            raise AuditFailed(Finding(tip.height, NAMES[prefix], words))

    def _invariants(self, height: int) -> None:
        try:
            full_check(self._ledger.state)
        except InvariantBreach as error:
            raise AuditFailed(Finding(height, "invariants", str(error))) from error

    def _count(self, store: KVStore) -> None:
        """Nothing lies in the store but what was checked."""
        counted = census(store)
        for prefix in sorted(counted.keys() - NAMES.keys()):
            raise AuditFailed(Finding(None, "rows", f"rows under the unknown prefix {prefix!r}"))
        first, tip = self._chain.base.first_block, self._chain.tip
        blocks = tip.height - first + 2
        expected = {schema.BLOCK: blocks}
        if self._chain.base.first_header == 1:
            expected[schema.HEADER] = tip.height + 1
        if first == 1:
            expected[schema.CERTIFICATE] = tip.height + 1
            expected |= dict.fromkeys(_OUTCOMES, self._replay.receipts)
        for prefix, count in expected.items():
            if counted[prefix] != count:
                words = f"{counted[prefix]} rows, the chain has {count}"
                raise AuditFailed(Finding(tip.height, NAMES[prefix], words))
