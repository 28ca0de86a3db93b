"""Signatures checked behind the replay, on the other cores: in processes, since the replay itself
never lets go of the interpreter's lock.

Short chains are checked in place. A process that dies takes nothing with it: its share is checked
again here.
"""

import os
import signal
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final, TypeAlias

from chain.crypto import verify
from chain.errors import LedgerError
from chain.execution import Rules
from chain.transaction import ReceivedTransaction, read_transaction
from node.audit.findings import AuditFailed, Finding

# Height, what signed (for the words), public key, message, signature.
Signed: TypeAlias = tuple[int, str, bytes, bytes, bytes]

BATCH_MAX: Final = 512
IN_FLIGHT_MAX: Final = 16
# Below this many a process costs more than it saves.
IN_PLACE_MAX: Final = 4_096
WORKERS_MAX: Final = 8


@dataclass(slots=True)
class _Sent:
    batch: list[Signed]
    answer: "Future[int | None]"


class Signatures:
    """Checks what it is given, in order. Close it in any case."""

    def __init__(self, workers: int | None = None, in_place_max: int = IN_PLACE_MAX) -> None:
        """`workers` processes; None takes one less than there are cores, at least one."""
        cores = os.cpu_count() or 1
        self._workers = min(WORKERS_MAX, max(1, cores - 1)) if workers is None else workers
        self._in_place_max = in_place_max
        self._pool: ProcessPoolExecutor | None = None
        self._batch: list[Signed] = []
        self._sent: deque[_Sent] = deque()
        self.count = 0

    def add(self, signed: Signed) -> None:
        """Check this one soon; `AuditFailed` if an earlier one turns out not to hold."""
        self._batch.append(signed)
        self.count += 1
        if len(self._batch) >= BATCH_MAX:
            self._flush()

    def finish(self) -> None:
        """Wait until all are checked; `AuditFailed` names the first that doesn't hold."""
        self._flush()
        while self._sent:
            self._settle(self._sent.popleft())

    def close(self) -> None:
        """Let the processes end; harmless when repeated."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if self._workers < 1 or self.count <= self._in_place_max:
            _refuse(batch, first_wrong(batch))
            return
        if self._pool is None:
            context = get_context("spawn")
            self._pool = ProcessPoolExecutor(self._workers, context, _leave_ctrl_c_to_the_parent)
        while self._sent and (len(self._sent) >= IN_FLIGHT_MAX or self._sent[0].answer.done()):
            self._settle(self._sent.popleft())
        try:
            self._sent.append(_Sent(batch, self._pool.submit(first_wrong, batch)))
        except BrokenProcessPool:
            self._go_on_alone()
            _refuse(batch, first_wrong(batch))

    def _settle(self, sent: _Sent) -> None:
        try:
            wrong = sent.answer.result()
        except BrokenProcessPool:
            wrong = first_wrong(sent.batch)
            self._workers = 0
        _refuse(sent.batch, wrong)

    def _go_on_alone(self) -> None:
        self._workers = 0
        while self._sent:
            self._settle(self._sent.popleft())


def first_wrong(batch: Sequence[Signed]) -> int | None:
    """The place of the first signature that doesn't hold."""
    for place, (_, _, key, message, signature) in enumerate(batch):
        if not verify(key, message, signature):
            return place
    return None


def _refuse(batch: Sequence[Signed], wrong: int | None) -> None:
    if wrong is not None:
        height, words, *_ = batch[wrong]
        raise AuditFailed(Finding(height, "signature", words))


def _leave_ctrl_c_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def read_signed(
    raw: bytes, rules: Rules, place: tuple[int, int], signatures: Signatures
) -> ReceivedTransaction:
    """A stored transaction, its signatures given to be checked; `place`: height and index."""
    height, index = place
    try:
        received = read_transaction(raw, rules)
    except LedgerError as error:
        words = f"transaction {index}: {error.code}: {error}"
        raise AuditFailed(Finding(height, "transaction", words)) from error
    for entry in received.signatures:
        words = f"transaction {index} ({received.id.hex()}): a signature does not verify"
        signatures.add((height, words, entry.public_key, received.signing, entry.signature))
    return received
