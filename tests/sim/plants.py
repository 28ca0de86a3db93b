"""Known bugs, planted one by one into the product's code to see whether the simulator finds them.

A plant replaces functions of the product while one seed runs; the product has no flags for it. Each
names the trap that it stands for (docs/simulation.md).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chain import execution
from chain.block import Certificate, Header
from chain.committee import Committee
from chain.ledger import Executed, Ledger, Tip
from chain.votes import PreparedCertificate
from consensus import act, patience, proposal, receive
from consensus.config import StateDiverged
from consensus.messages import PrePrepare
from consensus.promises import Promises
from consensus.records import (
    PreparedRecord,
    Record,
    ViewChangeRecord,
    VoteRecord,
)
from consensus.recovery import Replay
from consensus.slot import HeldBlock, Slot
from consensus.state import State
from consensus.timers import Timers
from consensus.view_change import Choice
from consensus.votes import VoteBook

Patch = tuple[Any, str, Any]


@dataclass(frozen=True)
class Plant:
    """A bug: what it replaces, and the profile and size of cluster that may show it."""

    name: str
    patches: Callable[[], list[Patch]]
    profile: str = "all"
    nodes: int | None = 4


@contextmanager
def planted(plant: Plant) -> Iterator[None]:
    """Within, the product has the bug."""
    patches = plant.patches()
    kept = [(place, name, place.__dict__[name]) for place, name, _ in patches]
    for place, name, bug in patches:
        setattr(place, name, bug)
    try:
        yield
    finally:
        for place, name, original in kept:
            setattr(place, name, original)


def _small_quorum() -> list[Patch]:
    return [(Committee, "quorum", property(lambda self: max(1, 2 * self.f)))]


def _unjustified() -> list[Patch]:
    def justified(*_: object, **__: object) -> bool:
        return True

    return [(act, "justified", justified)]


def _prepared_hidden() -> list[Patch]:
    def shown(state: State) -> tuple[Certificate, PreparedCertificate | None]:
        return state.tip.certificate, None

    return [(act, "_shown", shown)]


def _votes_not_journalled() -> list[Patch]:
    original = Promises._cast

    def cast(self: Promises, draft: Any, *slot: Any) -> VoteRecord:
        vote = original(self, draft, *slot)
        draft.persist.remove(vote)
        return vote

    return [(Promises, "_cast", cast)]


def _bodies_not_journalled() -> list[Patch]:
    return [(Promises, "_journal_block", lambda _self, _draft, _held: None)]


def _nothing_sent_again() -> list[Patch]:
    return [(patience, "say_again", lambda _state: None)]


def _ids_in_memory() -> list[Patch]:
    """Remembered since the start of the process only."""
    write = Ledger.write

    def write_and_note(self: Ledger, executed: Executed, certificate: Certificate) -> Tip:
        known: set[bytes] = self.__dict__.setdefault("_known", set())
        known.update(received.id for received in executed.transactions)
        return write(self, executed, certificate)

    def is_remembered(self: Ledger, _minute: int, transaction_id: bytes) -> bool:
        return transaction_id in self.__dict__.get("_known", ())

    return [(Ledger, "write", write_and_note), (Ledger, "is_remembered", is_remembered)]


def _not_recomputed() -> list[Patch]:
    """Backups believe that every NewView leaves the choice free."""

    def choose(view_changes: Any) -> Choice:
        return Choice(max(entry.height for entry in view_changes), None)

    from consensus import state as consensus_state  # noqa: PLC0415

    return [(act, "choose", choose), (consensus_state, "choose", choose)]


def _lowest_certificate_wins() -> list[Patch]:
    def choose(view_changes: Any) -> Choice:
        height = max(entry.height for entry in view_changes)
        shown = [e.prepared for e in view_changes if e.height == height and e.prepared]
        return Choice(height, min(shown, key=lambda prepared: prepared.view, default=None))

    from consensus import state as consensus_state  # noqa: PLC0415

    return [(act, "choose", choose), (consensus_state, "choose", choose)]


def _primary_twice() -> list[Patch]:
    """The primary's PrePrepare and a Prepare of its own both count."""
    original = VoteBook.signatures

    def signatures(self: VoteBook, kind: Any, view: int, digest: bytes) -> dict[int, bytes]:
        found = original(self, kind, view, digest)
        return found if kind != 2 else {**found, 127: bytes(64)}

    return [(VoteBook, "signatures", signatures)]


def _stops_on_a_proposal() -> list[Patch]:
    original = proposal._wrong_content

    def wrong(message: PrePrepare, tip: Any, config: Any) -> str:
        if message.header.state_root != tip.results.state_root:
            raise StateDiverged("a proposed root")
        return original(message, tip, config)

    return [(proposal, "_wrong_content", wrong)]


def _blocks_not_checked() -> list[Patch]:
    return [(execution, "check_block", lambda *_: None)]


def _certificates_believed() -> list[Patch]:
    return [(State, "prove", lambda _self, _certificate: None)]


def _signatures_believed() -> list[Patch]:
    return [(receive, "verify_message", lambda *_: None)]


def _waits_for_single_bodies() -> list[Patch]:
    original = Slot.hold

    def hold(
        self: Slot,
        header: Header,
        digest: bytes,
        body_hashes: tuple[bytes, ...],
        bodies: tuple[bytes, ...] | None,
    ) -> HeldBlock:
        known = self.blocks.get(digest)
        asked = None if known is None else known.asked
        held = original(self, header, digest, body_hashes, bodies)
        if asked is not None:
            held.asked = asked
        return held

    return [(Slot, "hold", hold)]


def _timers_keep_doubling() -> list[Patch]:
    original = Timers.decided

    def decided(self: Timers) -> None:
        doublings = self._doublings
        original(self)
        self._doublings = doublings

    return [(Timers, "decided", decided)]


def _forgets(*kinds: type[Record]) -> list[Patch]:
    original = Replay._take

    def take(self: Replay, record: Record) -> None:
        if not isinstance(record, kinds):
            original(self, record)

    return [(Replay, "_take", take)]


def _votes_recalled_for_nothing() -> list[Patch]:
    return [(Promises, "recall", lambda _self, _record, above: None)]  # noqa: ARG005


PLANTS = (
    Plant("quorum of 2f", _small_quorum),
    Plant("a PrePrepare needs no NewView", _unjustified),
    Plant("a ViewChange hides what is prepared", _prepared_hidden),
    Plant("votes are not journalled", _votes_not_journalled),
    Plant("bodies are not journalled", _bodies_not_journalled),
    Plant("own votes are forgotten by a restart", _votes_recalled_for_nothing),
    Plant("the own view is forgotten by a restart", lambda: _forgets(ViewChangeRecord)),
    Plant("nothing is sent again", _nothing_sent_again),
    Plant("ids are remembered outside the state", _ids_in_memory),
    Plant("a NewView is not recomputed", _not_recomputed),
    Plant("the lowest prepared certificate wins", _lowest_certificate_wins),
    Plant("the primary counts twice", _primary_twice),
    Plant("a proposed root stops the node", _stops_on_a_proposal),
    Plant("blocks are not checked", _blocks_not_checked),
    Plant("certificates are believed", _certificates_believed),
    Plant("signatures of messages are believed", _signatures_believed),
    Plant("single bodies are waited for", _waits_for_single_bodies),
    Plant("timers keep doubling", _timers_keep_doubling),
    Plant("prepared blocks are forgotten by a restart", lambda: _forgets(PreparedRecord)),
)
