"""The ledger: one store that holds the chain, its state, and what is derived; one batch per block.

`execute` is speculative and changes nothing; `write` makes one atomic, synced batch of everything a
decided block brings: block, certificate, receipts, state, tree nodes, indexes, tip. Both belong to
one thread; the readers may be called from any. Any `StorageError` is fatal to the node.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice

from chain import block as blocks
from chain import committees, crypto, schema, upgrades
from chain.block import (
    BLOCK_VERSION,
    NO_HASH,
    Block,
    Certificate,
    Header,
    SignatureVerifier,
)
from chain.codec import U16, encode, pack
from chain.committee import Committee
from chain.committees import CommitteeRecord
from chain.context import Chain
from chain.deadlines import earliest_ms
from chain.errors import BlockInvalid, CertificateInvalid, LedgerError
from chain.execution import BlockResult, Rules, execute_block
from chain.genesis import Genesis, check_genesis, genesis_certificate, genesis_header
from chain.leaders import LEADERS, Leaders
from chain.packing import pack_row
from chain.rehearsal import Rehearsal, rehearse
from chain.replay import minute_of
from chain.state import Overlay, u64
from chain.store_contract import KVStore, StorageError, StorageFailed, StoreOfAnotherChain
from chain.stored_chain import ReceiptPlace, StoredChain, StoredState, Tip, read_row
from chain.transaction import (
    ReceivedTransaction,
    SignedTransaction,
    read_transaction,
    transaction_id,
)
from chain.tree import Staged, StateTree

# Ids of past minutes leave the database a few per block, so that no block pays for a whole minute.
FORGOTTEN_PER_BLOCK_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Executed:
    """A block executed on the tip's state and not yet written; valid until another is written.

    `next_committee` is what it decided for the heights from header.height + 2, or None.
    """

    header: Header
    digest: bytes
    transactions: tuple[ReceivedTransaction, ...]
    result: BlockResult
    staged: Staged
    next_committee: Committee | None = None

    @property
    def needs_seal(self) -> bool:
        """Must another block follow to certify these results?

        Also an empty block changes the state where ids are forgotten: without a header that carries
        the new root no key could be proven until the next transaction.
        """
        is_busy = bool(self.transactions) or self.result.fired > 0
        return is_busy or self.staged.root != self.header.state_root


@dataclass(frozen=True, slots=True)
class Version:
    """The layout of the database; a later one needs a migration."""

    layout: U16
    genesis: Genesis


LAYOUT = 2


class Ledger(StoredChain):
    """One chain in one store. Construct it on an empty store to found the chain.

    `chain.committee` decides the height above the tip, and `next_committee`, if the tip's block
    changed it, the heights from the one above that.
    """

    def __init__(
        self,
        store: KVStore,
        genesis: Genesis,
        rules: Rules,
        verify: SignatureVerifier = crypto.verify,
    ) -> None:
        check_genesis(genesis)
        super().__init__(store)
        self.rules = rules
        self.chain = Chain.of(genesis, verify)
        self._founders = self.chain.committee
        self.state = StoredState(store)
        known = store.get(schema.META_GENESIS)
        if known is None:
            if next(store.scan(b"\x00", b"\xff"), None) is not None:
                msg = "the database has entries and no genesis"
                raise StorageFailed(msg)
            self._found()
        elif known != encode(Version(LAYOUT, genesis)):
            msg = "this database belongs to another chain or layout"
            raise StoreOfAnotherChain(msg)
        self._tree = StateTree.open(store, schema.TREE)
        self.tip = self._load_tip()
        self.next_committee: Committee | None = None
        self._follow_committee()
        self.plan = upgrades.plan(self.state)
        self._follow_protocol()
        self.require_software()

    def _found(self) -> None:
        genesis = self.chain.genesis
        state = Overlay(self.state)
        self.rules.found(genesis, state)
        tree = StateTree.open(self.store, schema.TREE)
        staged = tree.stage(state.changes)
        header = genesis_header(genesis)
        certificate = genesis_certificate(genesis)
        root = blocks.receipts_root(())
        tip = Tip(header, header.digest(), certificate, staged.root, root, needs_seal=False)
        batch: dict[bytes, bytes | None] = dict(staged.writes)
        batch |= {schema.STATE + key: value for key, value in state.changes.items()}
        batch[schema.block_key(0)] = encode(Block(header, ()))
        batch[schema.header_key(0)] = encode(header)
        batch[schema.certificate_key(0)] = encode(certificate)
        batch[schema.META_TIP] = encode(tip)
        batch[schema.META_GENESIS] = encode(Version(LAYOUT, genesis))
        self.store.write(batch)
        self.state.wrote(state.changes)

    def _load_tip(self) -> Tip:
        data = self.store.get(schema.META_TIP)
        if data is None:
            msg = "the database has a genesis and no tip"
            raise StorageFailed(msg)
        tip = read_row(Tip, data)
        if tip.state_root != self._tree.root:
            msg = f"the state tree at height {tip.height} does not have the tip's root"
            raise StorageFailed(msg)
        if tip.digest != tip.header.digest() or self.header(tip.height) != tip.header:
            msg = f"the tip at height {tip.height} is not the block there"
            raise StorageFailed(msg)
        return tip

    # Execution: one thread.

    def execute(self, header: Header, transactions: Sequence[ReceivedTransaction]) -> Executed:
        """Execute a block whose parent is the tip; nothing changes.

        Raises `BlockInvalid`, or `SoftwareOutdated` where nobody here can tell.
        """
        self.require_software()
        self._check_link(header)
        rules, chain = self.rules, self.chain
        result = execute_block(header, transactions, self.state, self, rules, chain)
        staged = self._tree.stage(result.changes)
        decided = committees.changed_by(result.changes, chain.committee.epoch, header.height)
        return Executed(
            header,
            header.digest(),
            tuple(transactions),
            result,
            staged,
            None if decided is None else decided.committee,
        )

    def _check_link(self, header: Header) -> None:
        """The fields that follow from the tip alone. (View and parent's view are consensus's.)"""
        tip, chain, following = self.tip, self.chain, self.next_committee
        expected = replace(
            header,
            version=BLOCK_VERSION,
            genesis_hash=chain.genesis_hash,
            height=tip.height + 1,
            parent_hash=tip.digest,
            time_ms=max(header.time_ms, tip.header.time_ms + 1),
            epoch=chain.committee.epoch,
            state_root=tip.state_root,
            receipts_root=tip.receipts_root,
            next_committee_hash=NO_HASH if following is None else following.hash(),
        )
        for field in fields(Header):
            if getattr(header, field.name) != getattr(expected, field.name):
                msg = f"the header's {field.name} does not follow from its parent"
                raise BlockInvalid(msg)

    def write(self, executed: Executed, certificate: Certificate) -> Tip:
        """Write a decided block in one synced batch; afterwards it is the tip.

        Whether the certificate holds is asked before (`check_certificate`); nothing is written if
        it is not this block's, or if the block was executed on another tip.
        """
        header, result = executed.header, executed.result
        if (certificate.height, certificate.digest) != (header.height, executed.digest):
            msg = f"the certificate at {certificate.height} is for another block"
            raise CertificateInvalid(msg)
        if header.parent_hash != self.tip.digest:
            msg = "the block was executed on another tip"
            raise BlockInvalid(msg)
        tip = Tip(
            header,
            executed.digest,
            certificate,
            executed.staged.root,
            result.receipts_root,
            needs_seal=executed.needs_seal,
        )
        batch = self._batch(executed, tip)
        # Before they are in the store: nobody may take a decided id for a new one.
        self.recent.add(result.remembered)
        self.store.write(batch)
        self.state.wrote(result.changes)
        self.recent.forget(result.forgotten)
        self._tree.commit(executed.staged)
        self.tip = tip
        if self.next_committee is not None or executed.next_committee is not None:
            self._follow_committee()
        if upgrades.PLAN_KEY in result.changes:
            self.plan = upgrades.plan(self.state)
        self._follow_protocol()
        return tip

    def _follow_committee(self) -> None:
        """Who decides the next heights follows from the state, also after a restart."""
        record = self.record_at(self.tip.height + 1)
        governing, following = record.committee, self.committee_at(self.tip.height + 2)
        if governing != self.chain.committee:
            first_height = max(1, record.first_height)
            self.chain = replace(self.chain, committee=governing, first_height=first_height)
        self.next_committee = None if following.epoch == governing.epoch else following

    def _follow_protocol(self) -> None:
        """Which rules judge the next block follows from the state."""
        version = self.plan.governing(self.tip.height + 1).version
        if version != self.chain.version:
            self.chain = replace(self.chain, version=version)

    def require_software(self) -> None:
        """`SoftwareOutdated` if this software lacks rules that govern the next height."""
        governing = self.plan.governing(self.tip.height + 1)
        upgrades.require_software(governing, self.rules.version)

    def _batch(self, executed: Executed, tip: Tip) -> dict[bytes, bytes | None]:
        height, result = executed.header.height, executed.result
        block = Block(executed.header, tuple(received.raw for received in executed.transactions))
        batch: dict[bytes, bytes | None] = dict(executed.staged.writes)
        for key, value in result.changes.items():
            batch[schema.STATE + key] = value
        for key, value in result.indexes:
            batch[schema.INDEX + key] = value
        rows = zip(result.receipts, result.receipt_rows, strict=True)
        for index, (receipt, row) in enumerate(rows):
            batch[schema.receipt_key(height, index)] = row
            # A `ReceiptPlace`.
            batch[schema.receipt_place_key(receipt.id)] = pack((height, index))
        past = schema.REMEMBERED + u64(minute_of(executed.header.time_ms))
        for key, _ in islice(self.store.scan(schema.REMEMBERED, past), FORGOTTEN_PER_BLOCK_MAX):
            batch[key] = None
        for minute, remembered, place in result.remembered:
            batch[schema.remembered_key(minute, remembered)] = u64(place)
        batch[schema.block_key(height)] = pack_row(encode(block))
        batch[schema.header_key(height)] = encode(executed.header)
        batch[schema.certificate_key(height)] = encode(tip.certificate)
        batch[schema.META_TIP] = encode(tip)
        return batch

    def prove(self, key: bytes) -> bytes:
        """The proof (`chain.tree_proof`) of a state key under `tip.state_root`."""
        return self._tree.prove(key)

    # Readers: any thread.

    def record_at(self, height: int) -> CommitteeRecord:
        """Who decides a height, at most two above the tip, and since which one."""
        assert 0 <= height <= self.tip.height + committees.CHANGE_DELAY_HEIGHTS
        return committees.governing_record(self.state, self._founders, height)

    def committee_of(self, epoch: int) -> Committee:
        """The committee of an epoch that there is."""
        record = committees.of_epoch(self.state, self._founders, epoch)
        assert record is not None
        return record.committee

    def committee_at(self, height: int) -> Committee:
        """The committee that decides a height, at most two above the tip."""
        return self.record_at(height).committee

    @property
    def parent_view(self) -> int:
        """What the tip says of the view in which its parent was decided."""
        return self.tip.header.parent_view

    @property
    def leaders(self) -> Leaders | None:
        """Blames and rosters after the tip; None where the epoch has none yet."""
        return LEADERS.load(self.state)

    def rehearse(self, received: ReceivedTransaction, time_ms: int) -> Rehearsal | None:
        """What a transaction would do in the next block, at `time_ms` or right after the tip.

        None if a block was written meanwhile: what was read is then of two states. Raises the
        `LedgerError` of what could stand in no block. No signature is verified here.
        """
        tip = self.tip
        if not self._is_settled(tip):
            return None
        later_ms = max(time_ms, tip.header.time_ms + 1)
        header = replace(tip.header, height=tip.height + 1, parent_hash=tip.digest)
        header = replace(header, time_ms=later_ms, state_root=tip.state_root)
        try:
            found = rehearse(header, received, self.state, self, self.rules, self.chain)
        except (LedgerError, StorageError, AssertionError, LookupError, TypeError, ValueError):
            # Half of one state and half of the next may break whatever a handler relies on.
            if not self._is_settled(tip):
                return None
            raise
        return found if self._is_settled(tip) else None

    def _is_settled(self, tip: Tip) -> bool:
        """Is this the tip, and nothing written after it? One batch brings a block's rows and its
        tip, and `write` tells the state's cache before `tip` moves on.
        """
        return self.tip is tip and self.store.get(schema.META_TIP) == encode(tip)

    def find_body(self, place: ReceiptPlace, wanted_id: bytes) -> ReceivedTransaction | None:
        """The transaction of this id in the block of `place`; None for a system transition."""
        block = self.block(place.height)
        # Receipts lie as bodies do, with those of deadlines between: so it is there or just before.
        for raw in reversed(block.bodies[: place.index + 1] if block else ()):
            if transaction_id(read_row(SignedTransaction, raw).content) == wanted_id:
                return read_transaction(raw, self.rules)
        return None

    def next_deadline_ms(self) -> int | None:
        """Block time of the earliest deadline, or None."""
        return earliest_ms(self.state)
