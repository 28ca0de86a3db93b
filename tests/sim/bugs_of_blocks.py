"""Bugs in what a block may be and what executing it does."""

from collections.abc import Sequence
from typing import Any

from chain import context, execution, stored_chain
from chain.context import Authority
from chain.errors import LedgerError
from chain.execution import BlockResult
from chain.state import Overlay
from consensus import proposal
from consensus.config import StateDiverged
from consensus.messages import PrePrepare
from tests.sim.bugs import Patch, Plant, everywhere


def _stops_on_a_proposal() -> list[Patch]:
    original = proposal._wrong_content

    def wrong(message: PrePrepare, tip: Any, *rest: Any) -> str:
        if message.header.state_root != tip.results.state_root:
            raise StateDiverged("a proposed root")
        return original(message, tip, *rest)

    return [(proposal, "_wrong_content", wrong)]


def _blocks_not_checked() -> list[Patch]:
    return [(execution, "check_block", lambda *_: None)]


def _policy_not_rechecked() -> list[Patch]:
    """Whoever signs may speak for the sender: only the door has asked."""
    original = context.authorise

    def authorise(state: Any, received: Any, time_ms: int) -> Any:
        try:
            return original(state, received, time_ms)
        except LedgerError:
            return Authority()

    return everywhere(context, "authorise", authorise)


def _ids_not_rechecked() -> list[Patch]:
    """A valid block may repeat what was decided before."""
    return [(stored_chain.StoredChain, "is_remembered", lambda *_: False)]


def _any_time_will_do() -> list[Patch]:
    return everywhere(proposal, "time_fits", lambda *_: True)


def _executed_twice() -> list[Patch]:
    original = execution.Run.transactions

    def transactions(self: execution.Run, given: Any) -> None:
        listed = list(given)
        original(self, listed)
        original(self, listed)

    return [(execution.Run, "transactions", transactions)]


def _speculation_kept() -> list[Patch]:
    """What an earlier proposal of the same height did is still there when the next is executed."""
    original = execution.execute_block

    def execute_block(
        header: Any, transactions: Sequence[Any], state: Any, below: Any, *rest: Any
    ) -> BlockResult:
        height, changes = below.__dict__.get("_speculated", (0, {}))
        base = Overlay(state)
        if height == header.height:
            base.changes.update(changes)
            base._order.extend(sorted(changes))
        result = original(header, transactions, base, below, *rest)
        below.__dict__["_speculated"] = header.height, result.changes
        return result

    return everywhere(execution, "execute_block", execute_block)


PLANTS = (
    Plant("a proposed root stops the node", _stops_on_a_proposal),
    Plant("blocks are not checked", _blocks_not_checked),
    Plant("policies are not rechecked", _policy_not_rechecked),
    Plant("ids are not rechecked", _ids_not_rechecked),
    Plant("any time will do", _any_time_will_do),
    Plant("transactions are executed twice", _executed_twice),
    Plant("a dropped proposal's effects stay", _speculation_kept),
)
