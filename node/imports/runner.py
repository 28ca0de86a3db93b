"""Sending an import: batches in flight, one bad row taken out of its batch, nothing sent twice.

A refused transaction's receipt names the operation that broke a rule: its row goes to the report,
and the rest of the batch is sent again without it. So one bad row never takes others with it.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from chain.codec import decode
from chain.errors import HushangError
from chain.transaction import Operation, SignedTransaction
from node.client import NodeClient, NodeRefused, Outcome
from node.clients.submission import EXPIRED
from node.imports.journal import Journal
from node.imports.plan import (
    REFUSALS,
    Planned,
    Planner,
    Refusal,
    batches,
    check_form,
    row_at,
)
from node.imports.sheet import Row, check_row
from node.late_outcome import late_receipt

IN_FLIGHT_MAX: Final = 4
OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction: its id and bytes."""

    id: str
    raw: bytes


class Voice(Protocol):
    """In whose name an import speaks, and how it asks what a transaction would do."""

    def sign(self, operations: Sequence[Operation]) -> Signed:
        """A new transaction of these operations."""
        ...

    def tried(self, operations: Sequence[Operation]) -> dict[str, Any]:
        """What a node says to a dry run of them."""
        ...


@dataclass(slots=True)
class Totals:
    """How far an import is."""

    rows: int
    existed: int = 0
    done: int = 0
    refused: list[Refusal] = field(default_factory=list)

    @property
    def settled(self) -> int:
        """Rows of which it is known what becomes of them."""
        return self.done + self.existed + len(self.refused)


def plan_rows(planner: Planner, rows: Sequence[Row], totals: Totals) -> list[Planned]:
    """What each row needs; rows that are done or can't be are counted in `totals`."""
    planned = []
    for row in rows:
        try:
            check_row(row)
            operations = planner.plan(row)
            check_form(operations)
        except REFUSALS as error:
            totals.refused.append(Refusal.of(row, error))
            continue
        if operations:
            planned.append(Planned(row, operations))
        else:
            totals.existed += 1
    return planned


class Runner:
    """Sends what was planned."""

    def __init__(  # what it works with, once each
        self,
        planner: Planner | None,
        voice: Voice,
        client: NodeClient,
        journal: Journal,
        timeout_s: float,
        progress: Callable[[Totals], None],
    ) -> None:
        self._planner = planner
        self._voice = voice
        self._client = client
        self._journal = journal
        self._timeout_s = timeout_s
        self._progress = progress
        self._stopping = threading.Event()

    def settle(self) -> int:
        """Learn what became of all that an earlier run left open; how many there were."""
        left = dict(self._journal.open)
        for transaction_id, raw in left.items():
            self._journal.settled(transaction_id, self._fate(transaction_id, raw))
        return len(left)

    def _fate(self, transaction_id: str, raw: bytes) -> str:
        """Handed in again it is decided, or its time is over: then it is in a block, or never."""
        try:
            return self._client.submit(raw, timeout_s=self._timeout_s).status
        except NodeRefused as error:
            if error.told_code != EXPIRED:
                raise
        signed = decode(SignedTransaction, raw)
        receipt = late_receipt(self._client, transaction_id, signed)
        return EXPIRED if receipt is None else str(receipt["status"])

    def run(self, planned: Sequence[Planned], totals: Totals) -> None:
        """Send all; `totals` tells at any time how far it is. Ctrl-C waits for what is in flight.

        Raises what is no row's fault: no node, no authority, an outcome that stays unknown.
        """
        waiting = batches(planned)
        with ThreadPoolExecutor(IN_FLIGHT_MAX, "import") as threads:
            flying: set[Future[None]] = set()
            try:
                while waiting or flying:
                    while waiting and len(flying) < IN_FLIGHT_MAX:
                        flying.add(threads.submit(self._send, waiting.pop(0), totals))
                    landed, flying = wait(flying, return_when=FIRST_COMPLETED)
                    for future in landed:
                        future.result()
                    self._progress(totals)
            finally:
                # Whatever ended the loop: no batch begins, those in flight are waited for.
                self._stopping.set()

    def _send(self, batch: list[Planned], totals: Totals) -> None:
        """One batch, without its bad rows."""
        left = list(batch)
        while left and not self._stopping.is_set():
            operations = [entry for planned in left for entry in planned.operations]
            signed = self._voice.sign(operations)
            self._journal.sending(signed.id, signed.raw)
            try:
                outcome = self._client.submit(signed.raw, timeout_s=self._timeout_s)
            except NodeRefused:
                # At the door: no block has it and none will.
                self._journal.settled(signed.id, "refused")
                raise
            self._journal.settled(signed.id, outcome.status)
            if outcome.status == OK:
                totals.done += len(left)
                return
            bad = row_at(left, _failed(outcome))
            totals.refused.append(self._told(bad, outcome))
            left.remove(bad)

    def _told(self, bad: Planned, outcome: Outcome) -> Refusal:
        """The rule with its numbers, which a dry run of the row tells and the receipt doesn't."""
        rule = (outcome.receipt or {}).get("rule") or {}
        title, hint = str(rule.get("title") or outcome.status), str(rule.get("hint") or "")
        words = ""
        try:
            refusal = self._voice.tried(bad.operations)["refusal"]
        except HushangError:
            # Only words are missing then.
            refusal = None
        if refusal is not None and refusal["code"] == outcome.status:
            words = str(refusal["detail"])
        code = outcome.status
        return Refusal(bad.row, self._column(code), code, words, hint, code, title)

    def rehearse(self, planned: Sequence[Planned], totals: Totals) -> None:
        """Try all and send nothing; each batch alone, as if no other were there."""
        for batch in batches(planned):
            left = list(batch)
            while left:
                told = self._voice.tried([e for entry in left for e in entry.operations])
                if told["status"] == OK:
                    totals.done += len(left)
                    break
                bad, refusal = row_at(left, told["failed_operation"]), told["refusal"]
                words, title = str(refusal["detail"]), str(refusal["title"])
                code, hint = told["status"], str(refusal["hint"] or "")
                column = self._column(code)
                totals.refused.append(Refusal(bad.row, column, code, words, hint, code, title))
                left.remove(bad)
            self._progress(totals)

    def _column(self, code: str) -> str:
        return "" if self._planner is None else self._planner.column_of(code)


def _failed(outcome: Outcome) -> int:
    assert outcome.receipt is not None
    return int(outcome.receipt["failed_operation"])
