"""Blocks and receipts of a stopped node as JSON lines, in the forms of the API.

One line for each block, with its transactions; then one for each of its receipts, in order of
execution. The canonical bytes stand in each (`raw…`), so that a reader can check every hash.
"""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.block import Block, Certificate, Receipt
from chain.codec import encode
from chain.committees import of_epoch
from chain.errors import HistoryPruned, LedgerError
from chain.store_contract import StorageError
from chain.stored_chain import ReceiptPlace, StoredState
from chain.transaction import read_transaction
from commerce.registry import Registry
from node.api.models import CertificateView, HeaderView, ReceiptView, TransactionView
from node.archive import Archive
from node.audit.findings import AuditFailed, Finding
from node.audit.stored import StoredBlock, StoredRows, open_stopped, read_row, unreadable
from node.service import Decided

BLOCKS: Final = "blocks"
RECEIPTS: Final = "receipts"


class HistoryNotFiled(HistoryPruned):
    """Heights to be exported were pruned, and no archive that has them was named."""

    hint = "name the node's archive (--archive DIR), or begin above them (--from FIRST)"


@dataclass(frozen=True, slots=True)
class Exported:
    """All lines of one height."""

    height: int
    transactions: int
    lines: bytes


class Export:
    """Reads heights one by one."""

    def __init__(self, chain: StoredRows, archive: Archive | None) -> None:
        self.tip = chain.tip.height
        self._chain = chain
        self._archive = archive
        self._rules = Registry()
        self._founders = chain.founding.genesis.committee()

    def require(self, first: int, last: int) -> None:
        """`HistoryNotFiled` unless the blocks of all these heights are here or filed."""
        first_block = self._chain.base.first_block
        first, last = max(first, 1), min(last, first_block - 1)
        if first > last:
            return
        missing = first if self._archive is None else self._archive.covered_from(first)
        if missing <= last:
            words = "was pruned" if self._archive is None else "was pruned, the archive lacks it"
            raise HistoryNotFiled(f"height {missing} {words}; all from {first_block} on are here")

    def height(self, height: int, what: frozenset[str]) -> Exported:
        """The lines of a height; `HistoryNotFiled` if its blocks are neither here nor filed."""
        stored = self._stored(height)
        block = read_row(Block, stored.block or b"", height, "block")
        header, bodies = block.header, block.bodies
        named = (header.digest(), header.time_ms)
        receipts = [
            ReceiptView.of(
                Decided(
                    ReceiptPlace(height, index),
                    read_row(Receipt, data, height, "receipts"),
                    data,
                    *named,
                ),
                self.tip,
            )
            for index, data in enumerate(stored.receipts)
        ]
        lines = []
        if BLOCKS in what:
            transactions = self._transactions(height, bodies, receipts)
            lines.append(self._block(block, stored.certificate or b"", transactions))
        if RECEIPTS in what:
            lines += [{"type": "receipt", **view.model_dump(mode="json")} for view in receipts]
        return Exported(height, len(bodies), b"".join(map(_line, lines)))

    def _stored(self, height: int) -> StoredBlock:
        self.require(height, height)
        if self._archive is None or height == 0 or height >= self._chain.base.first_block:
            try:
                return self._chain.at(height)
            except StorageError as error:
                raise unreadable(height, error) from error
        filed = self._archive.at(height)
        return StoredBlock(filed.block, filed.certificate, filed.receipts)

    def _block(self, block: Block, data: bytes, transactions: list[Any]) -> dict[str, Any]:
        height = block.header.height
        certificate = read_row(Certificate, data, height, "certificate")
        state = StoredState(self._chain.store)
        record = of_epoch(state, self._founders, block.header.epoch)
        if record is None:
            words = f"there is no committee of epoch {block.header.epoch}"
            raise AuditFailed(Finding(height, "header", words))
        try:
            shown = CertificateView.of(certificate, record.committee)
        except IndexError as error:
            words = "it names a member that the committee has not"
            raise AuditFailed(Finding(height, "certificate", words)) from error
        return {
            "type": "block",
            "height": height,
            "header": HeaderView.of(block.header).model_dump(mode="json"),
            "certificate": shown.model_dump(mode="json"),
            "transactions": transactions,
            "raw_header": encode(block.header).hex(),
            "raw_certificate": data.hex(),
        }

    def _transactions(
        self, height: int, bodies: tuple[bytes, ...], receipts: list[ReceiptView]
    ) -> list[Any]:
        by_id = {view.id: view for view in receipts}
        shown = []
        for index, raw in enumerate(bodies):
            try:
                received = read_transaction(raw, self._rules)
                view = TransactionView.of(received, by_id[received.id.hex()])
            except (LedgerError, KeyError) as error:
                words = f"transaction {index} can't be read or has no receipt: {error}"
                raise AuditFailed(Finding(height, "transaction", words)) from error
            shown.append(view.model_dump(mode="json", exclude={"receipt"}))
        return shown


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


@contextmanager
def open_export(directory: Path, archive: Path | None) -> Iterator[Export]:
    """The export of a stopped node's data, and of what it has filed."""
    with open_stopped(directory) as store:
        try:
            chain = StoredRows(store)
        except StorageError as error:
            raise unreadable(None, error) from error
        if archive is None:
            yield Export(chain, None)
            return
        with closing(Archive(archive, chain.founding.genesis.hash())) as files:
            yield Export(chain, files)
