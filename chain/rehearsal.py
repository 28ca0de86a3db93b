"""What a transaction would do, were it decided now: executed as in a block, and nothing kept."""

from dataclasses import dataclass

from typing_extensions import override

from chain.block import Header, Receipt
from chain.context import Chain
from chain.errors import LedgerError
from chain.execution import Below, Rank, Rules, Run, check_transaction
from chain.state import Overlay, StateReader
from chain.transaction import ReceivedTransaction


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What one transaction would do at the head of the next block, after the deadlines due then.

    `refusal` is the rule that it breaks with its numbers, None where the receipt is ok; `changes`
    are the state keys that it alone would write, in order, with the values before and after.
    """

    header: Header
    receipt: Receipt
    refusal: LedgerError | None
    changes: tuple[tuple[bytes, bytes | None, bytes | None], ...]


def rehearse(  # see check_transaction
    header: Header,
    received: ReceivedTransaction,
    state: StateReader,
    below: Below,
    rules: Rules,
    chain: Chain,
) -> Rehearsal:
    """Execute one transaction as `execute_block` would, on an overlay that is dropped.

    Raises the `LedgerError` of `check_transaction`: such a one could stand in no block.
    """
    check_transaction(received, state, below, rules, chain, header.time_ms)
    first = Run(Overlay(state), header, below, rules, chain)
    if rules.rank(received.types) > Rank.DEADLINES:
        first.due_deadlines()
    first.apply_overdue(received)
    run = _Rehearsed(Overlay(first.state), header, below, rules, chain)
    run.transactions((received,))
    changes = tuple(
        (key, first.state.get(key), value) for key, value in sorted(run.state.changes.items())
    )
    return Rehearsal(header, run.receipts[-1], run.refusal, changes)


class _Rehearsed(Run):
    """A run that keeps the words of the last refusal, which no receipt has."""

    refusal: LedgerError | None = None

    @override
    def fail(self, receipt_id: bytes, error: LedgerError, operation: int) -> None:
        super().fail(receipt_id, error, operation)
        self.refusal = error
