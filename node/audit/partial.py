"""What can be checked of a node that has not the whole history: everything but the replay.

The committees are followed from the genesis by certified headers; headers link, each certified; the
state's rows give the tip's root; the blocks that are here have the bodies and receipts that the
headers name; the invariants of commerce hold.
"""

from chain import schema
from chain.block import Certificate, Header, Receipt, receipts_root, transactions_root
from chain.codec import encode
from chain.committees import COMMITTEES, CommitteeRecord, of_epoch
from chain.errors import InvariantBreach, LedgerError
from chain.genesis import Genesis
from chain.light_client import CommitteeChain
from chain.store_contract import StorageError
from chain.stored_chain import ReceiptPlace, StoredState
from chain.tree_recount import Recount
from commerce.audit import full_check
from commerce.registry import Registry
from node.audit.findings import AuditFailed, Finding, Step, Tell, require
from node.audit.memory import check_remembered
from node.audit.replay import check_founding, first_of, later
from node.audit.signatures import Signatures, read_signed
from node.audit.stored import StoredRows, read_row, unreadable


def check(chain: StoredRows, genesis: Genesis, signatures: Signatures, tell: Tell) -> int:
    """Check what is here; returns how many transactions. Raises `AuditFailed`."""
    checking = _Partial(chain, genesis, signatures, tell)
    try:
        check_founding(chain.store, genesis)
        checking.state()
        checking.headers()
        count = checking.blocks()
    except StorageError as error:
        raise first_of(unreadable(chain.tip.height, error), signatures) from error
    except AuditFailed as error:
        raise first_of(error, signatures) from error
    signatures.finish()
    return count


class _Partial:
    def __init__(
        self, chain: StoredRows, genesis: Genesis, signatures: Signatures, tell: Tell
    ) -> None:
        self._chain = chain
        self._genesis = genesis
        self._genesis_hash = genesis.hash()
        self._signatures = signatures
        self._tell = tell
        self._state = StoredState(chain.store)
        self._rules = Registry()
        # From the first height on whose certificate is here, without one of a change, all are.
        self._own = False

    def state(self) -> None:
        """The state is that of the tip's root, tree and all, and keeps the invariants."""
        tip = self._chain.tip
        recount = Recount(self._chain.store)
        words = f"the rows give {recount.root.hex()}"
        require(recount.root == tip.state_root, tip.height, "state root", words)
        for difference in recount.differences():
            raise AuditFailed(Finding(tip.height, "state tree", difference))
        try:
            full_check(self._state)
        except InvariantBreach as error:
            raise AuditFailed(Finding(tip.height, "invariants", str(error))) from error

        check_remembered(self._chain.store, tip.height, tip.header.time_ms)

    def headers(self) -> None:
        """Committee changes from the genesis on, then every header that is here without a gap."""
        first, tip = self._chain.base.first_header, self._chain.tip.height
        committees = CommitteeChain.of(self._genesis)
        for record in self._records():
            named = record.first_height - 1
            if named < first:
                self._advance(committees, self._chain.header(named), record)
        above: Header | None = None
        for height in range(first, tip + 1):
            header = self._chain.header(height)
            self._link(above, header, height)
            self._certified(committees, header)
            above = header
            self._tell(Step("headers", height - first + 1, tip - first + 1))
        stored = above is None or above == self._chain.tip.header
        require(stored, tip, "tip", "its header is not the one of its height")

    def _records(self) -> list[CommitteeRecord]:
        """The committees after the founders, oldest first."""
        return sorted(
            (record for _, record in COMMITTEES.items(self._state)),
            key=lambda record: record.committee.epoch,
        )

    def _link(self, above: Header | None, header: Header, height: int) -> None:
        require(header.height == height, height, "header", f"{header.height} lies here")
        if above is not None:
            linked = header.parent_hash == above.digest()
            require(linked, height, "header", "it does not name the one below as its parent")

    def _certified(self, committees: CommitteeChain, header: Header) -> None:
        record = of_epoch(self._state, self._genesis.committee(), header.epoch + 1)
        changes = record is not None and record.first_height == header.height + 1
        if not changes:
            key = schema.certificate_key(header.height)
            below = header.height < self._chain.base.first_block
            if below and not self._own and self._chain.store.get(key) is None:
                # A snapshot brings headers without: the links from the one above hold them.
                return
            self._own = True
        self._advance(committees, header, record if changes else None)

    def _advance(
        self, committees: CommitteeChain, header: Header, record: CommitteeRecord | None
    ) -> None:
        height = header.height
        certificate: Certificate = self._chain.certificate(height)
        committees.verify = later(self._signatures, height)
        named = None if record is None else record.committee
        try:
            committees.advance(header, certificate, named)
        except LedgerError as error:
            words = f"{error.code}: {error}"
            raise AuditFailed(Finding(height, "certificate", words)) from error

    def blocks(self) -> int:
        """The bodies and receipts that are here; returns how many transactions."""
        first, tip = self._chain.base.first_block, self._chain.tip.height
        count = 0
        for height in range(first, tip + 1):
            count += self._block(height)
            self._tell(Step("blocks", height - first + 1, tip - first + 1, count))
        return count

    def _block(self, height: int) -> int:
        block = self._chain.block(height)
        own = block.header == self._chain.header(height)
        require(own, height, "block", "its header is not the one of its height")
        hashes = []
        for index, raw in enumerate(block.bodies):
            hashes.append(self._transaction(height, index, raw))
        same = transactions_root(hashes) == block.header.transactions_root
        require(same, height, "block", "the bodies are not those of the header")
        self._receipts(height)
        return len(hashes)

    def _transaction(self, height: int, index: int, raw: bytes) -> bytes:
        return read_signed(raw, self._rules, (height, index), self._signatures).body_hash

    def _receipts(self, height: int) -> None:
        stored = self._chain.at(height).receipts
        receipts = [read_row(Receipt, data, height, "receipts") for data in stored]
        tip = self._chain.tip
        above = tip if height == tip.height else self._chain.header(height + 1)
        same = receipts_root(receipts) == above.receipts_root
        require(same, height, "receipts", "they are not those that the header above commits to")
        for index, receipt in enumerate(receipts):
            place = self._chain.store.get(schema.receipt_place_key(receipt.id))
            found = place == encode(ReceiptPlace(height, index))
            require(found, height, "receipt place", f"that of {receipt.id.hex()} leads elsewhere")
