"""Codes against counterfeits: batches, scans, claims, and whose a thing is afterwards."""

from collections.abc import Sequence
from typing import Any

from chain.state import StateReader
from commerce.clocks import Clock
from commerce.codes.batching import (
    CodeActivate,
    CodeBatch,
    CodeDecommission,
    code_activate,
    code_batch,
    code_decommission,
)
from commerce.codes.binding import CodeBind, code_bind
from commerce.codes.claiming import (
    ClaimCommit,
    ClaimReveal,
    claim_commit,
    claim_reveal,
    claim_settled,
)
from commerce.codes.items import CLAIM, code_clocks
from commerce.codes.passing import ItemTransfer, item_transfer
from commerce.codes.reports import CodeAnswer, CodeReport, code_answer, code_report, report_clocks
from commerce.codes.scanning import ScanRecord, scan_record
from commerce.orders import order_clocks
from commerce.transaction_types import SystemTransition, TransactionType

_Clocks = Sequence[tuple[bytes, Clock]]


def _code(payload: Any, state: StateReader) -> _Clocks:
    return code_clocks(state, payload.gtin, payload.serial)


def _scanned(payload: Any, state: StateReader) -> _Clocks:
    # The same code may be scanned many times in one go.
    codes = dict.fromkeys((scan.gtin, scan.serial) for scan in payload.scans)
    return [clock for gtin, serial in codes for clock in code_clocks(state, gtin, serial)]


def _bound(payload: Any, state: StateReader) -> _Clocks:
    return [*_code(payload, state), *order_clocks(state, payload.order_id)]


def _reported(payload: Any, state: StateReader) -> _Clocks:
    return report_clocks(state, payload.report_id)


TYPES = (
    TransactionType("code.batch", CodeBatch, code_batch, "brand"),
    TransactionType("code.activate", CodeActivate, code_activate, "brand"),
    TransactionType("code.decommission", CodeDecommission, code_decommission, "brand"),
    TransactionType("code.bind", CodeBind, code_bind, "S", clocks=_bound),
    TransactionType(
        "scan.record", ScanRecord, scan_record, "brand, gateway or who has it", clocks=_scanned
    ),
    TransactionType("code.claim_commit", ClaimCommit, claim_commit, "any"),
    TransactionType("code.claim_reveal", ClaimReveal, claim_reveal, "who committed", clocks=_code),
    TransactionType("item.transfer", ItemTransfer, item_transfer, "owner + to", clocks=_code),
    TransactionType("code.report", CodeReport, code_report, "any", clocks=_code),
    TransactionType("code.answer", CodeAnswer, code_answer, "brand", clocks=_reported),
)

TRANSITIONS = (SystemTransition(CLAIM, claim_settled),)
