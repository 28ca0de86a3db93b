"""The replay of a stored chain: every block again, from the genesis, on a store of its own.

One height after the other: what is stored of it must decode, link, be certified by the committee of
its height, execute, and give the very receipts that are stored. Signatures are checked behind, on
other cores. The first height that breaks a rule ends the replay, with that rule's name.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from chain import schema
from chain.block import Block, Certificate, SignatureVerifier, check_certificate
from chain.codec import encode
from chain.errors import BlockInvalid, CertificateInvalid, HushangError
from chain.genesis import Genesis, genesis_certificate, genesis_header
from chain.ledger import Executed, Ledger
from chain.store_contract import KVStore
from chain.stored_chain import ReceiptPlace
from chain.transaction import ReceivedTransaction
from node.audit.findings import AuditFailed, Finding, require
from node.audit.signatures import Signatures, read_signed
from node.audit.stored import StoredBlock, StoredRows, read_row

# What is stored of a height: the node's own rows, or an archive's.
Source: TypeAlias = Callable[[int], StoredBlock]


class Replay:
    """Replays into `ledger`, which is at the genesis; `transactions` counts what passed."""

    def __init__(
        self, chain: StoredRows, source: Source, ledger: Ledger, signatures: Signatures
    ) -> None:
        self._chain = chain
        self._source = source
        self._ledger = ledger
        self._signatures = signatures
        self.transactions = 0
        self.receipts = 0

    def height(self, height: int) -> None:
        """Replay the next height; `AuditFailed` names what is wrong with it."""
        stored = self._source(height)
        block = self._block(height, stored)
        transactions = self._transactions(height, block.bodies)
        certificate = self._certificate(height, block, stored)
        executed = self._execute(block, transactions)
        self._check_receipts(height, executed, stored)
        self._ledger.write(executed, certificate)
        self.transactions += len(transactions)

    def _block(self, height: int, stored: StoredBlock) -> Block:
        require(stored.block is not None, height, "block", "it is missing")
        block = read_row(Block, stored.block or b"", height, "block")
        found = block.header.height
        require(found == height, height, "block", f"the block of height {found} lies here")
        row = self._chain.store.get(schema.header_key(height))
        # Below a snapshot a node has few headers.
        same = row == encode(block.header) or (
            row is None and height < self._chain.base.first_header
        )
        require(same, height, "header", "its row is not the block's header")
        return block

    def _transactions(self, height: int, bodies: Sequence[bytes]) -> list[ReceivedTransaction]:
        return [self._transaction(height, index, raw) for index, raw in enumerate(bodies)]

    def _transaction(self, height: int, index: int, raw: bytes) -> ReceivedTransaction:
        return read_signed(raw, self._ledger.rules, (height, index), self._signatures)

    def _certificate(self, height: int, block: Block, stored: StoredBlock) -> Certificate:
        require(stored.certificate is not None, height, "certificate", "it is missing")
        row = self._chain.store.get(schema.certificate_key(height))
        same = row is None or row == stored.certificate
        require(same, height, "certificate", "its row is not the one that was archived")
        certificate = read_row(Certificate, stored.certificate or b"", height, "certificate")
        named = (certificate.height, certificate.digest)
        its_own = named == (height, block.header.digest())
        require(its_own, height, "certificate", "it is for another block")
        chain = self._ledger.chain
        check = later(self._signatures, height)
        try:
            check_certificate(certificate, chain.committee, chain.genesis_hash, check)
        except CertificateInvalid as error:
            raise AuditFailed(Finding(height, "certificate", str(error))) from error
        return certificate

    def _execute(self, block: Block, transactions: Sequence[ReceivedTransaction]) -> Executed:
        try:
            return self._ledger.execute(block.header, transactions)
        except BlockInvalid as error:
            raise AuditFailed(Finding(block.header.height, "rules", str(error))) from error

    def _check_receipts(self, height: int, executed: Executed, stored: StoredBlock) -> None:
        receipts = executed.result.receipts
        same = tuple(encode(receipt) for receipt in receipts) == stored.receipts
        require(same, height, "receipts", "those stored are not those of the replay")
        self.receipts += len(receipts)
        if height < self._chain.base.first_block:
            return
        for index, receipt in enumerate(receipts):
            place = self._chain.store.get(schema.receipt_place_key(receipt.id))
            found = place == encode(ReceiptPlace(height, index))
            require(found, height, "receipt place", f"that of {receipt.id.hex()} leads elsewhere")


def check_founding(store: KVStore, genesis: Genesis) -> None:
    """The rows of height 0 are those that the genesis makes."""
    header, certificate = genesis_header(genesis), genesis_certificate(genesis)
    expected = {
        schema.block_key(0): (encode(Block(header, ())), "block"),
        schema.header_key(0): (encode(header), "header"),
        schema.certificate_key(0): (encode(certificate), "certificate"),
    }
    for key, (row, rule) in expected.items():
        require(store.get(key) == row, 0, rule, "the stored row is not what the genesis makes")


def later(signatures: Signatures, height: int) -> SignatureVerifier:
    """Answers yes to each Commit's signature, and has it checked behind."""

    def check(public_key: bytes, message: bytes, signature: bytes) -> bool:
        words = f"certificate: the Commit of node key {public_key.hex()} does not verify"
        signatures.add((height, words, public_key, message, signature))
        return True

    return check


def first_of(failure: HushangError, signatures: Signatures) -> HushangError:
    """The lower of a failure and what the signatures behind it show."""
    try:
        signatures.finish()
    except AuditFailed as earlier:
        return earlier
    return failure
