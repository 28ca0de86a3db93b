"""Bugs in what is remembered: the journal, what a restart recalls, the ids of transactions."""

from typing import Any

from chain.block import Certificate
from chain.ledger import Executed, Ledger
from chain.stored_chain import StoredChain, Tip
from consensus.promises import Promises
from consensus.questions import Questions
from consensus.records import (
    PreparedRecord,
    Record,
    ViewChangeRecord,
    VoteRecord,
)
from consensus.recovery import Replay
from tests.sim.bugs import Patch, Plant


def _votes_not_journalled() -> list[Patch]:
    original = Promises._cast

    def cast(self: Promises, draft: Any, *slot: Any) -> VoteRecord:
        vote = original(self, draft, *slot)
        draft.persist.remove(vote)
        return vote

    return [(Promises, "_cast", cast)]


def _prepared_not_journalled() -> list[Patch]:
    original = Promises.commit

    def commit(self: Promises, draft: Any, *choice: Any) -> Any:
        vote = original(self, draft, *choice)
        draft.persist[:] = [entry for entry in draft.persist if type(entry) is not PreparedRecord]
        return vote

    return [(Promises, "commit", commit)]


def _bodies_not_journalled() -> list[Patch]:
    return [(Promises, "_journal_block", lambda *_: None)]


def _only_votes_journalled() -> list[Patch]:
    """What the votes rest on is lost, and nobody asks where it is."""
    return [
        *_prepared_not_journalled(),
        *_bodies_not_journalled(),
        (Replay, "_check", lambda *_: None),
    ]


def _forgets(*kinds: type[Record]) -> list[Patch]:
    original = Replay._take

    def take(self: Replay, record: Record) -> None:
        if not isinstance(record, kinds):
            original(self, record)

    return [(Replay, "_take", take)]


def _votes_recalled_for_nothing() -> list[Patch]:
    return [(Promises, "recall", lambda *_, **__: None)]


def _ids_in_memory() -> list[Patch]:
    """Remembered since the start of the process only."""
    write = Ledger.write

    def write_and_note(self: Ledger, executed: Executed, certificate: Certificate) -> Tip:
        known: set[bytes] = self.__dict__.setdefault("_known", set())
        known.update(received.id for received in executed.transactions)
        return write(self, executed, certificate)

    def is_remembered(self: StoredChain, _minute: int, transaction_id: bytes) -> bool:
        return transaction_id in self.__dict__.get("_known", ())

    return [(Ledger, "write", write_and_note), (StoredChain, "is_remembered", is_remembered)]


def _silent_for_nobody() -> list[Patch]:
    """Whoever lost its journal votes at once."""
    return [(Questions, "allow", lambda *_: True)]


PLANTS = (
    Plant("votes are not journalled", _votes_not_journalled),
    Plant("bodies are not journalled", _bodies_not_journalled),
    Plant("prepared certificates are not journalled", _prepared_not_journalled),
    Plant("only votes are journalled", _only_votes_journalled),
    Plant("own votes are forgotten by a restart", _votes_recalled_for_nothing),
    Plant("the own view is forgotten by a restart", lambda: _forgets(ViewChangeRecord)),
    Plant("prepared blocks are forgotten by a restart", lambda: _forgets(PreparedRecord)),
    Plant("a lost journal keeps nobody silent", _silent_for_nobody),
    Plant("ids are remembered outside the state", _ids_in_memory),
)
