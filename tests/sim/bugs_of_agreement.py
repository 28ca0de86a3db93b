"""Bugs in what makes replicas agree: quorums, views, certificates, signatures."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from typing_extensions import override

from chain import block as blocks
from chain.block import Certificate, VoteType
from chain.committee import Committee
from chain.votes import PreparedCertificate
from consensus import act, receive, view_change
from consensus.slot import Slot
from consensus.state import State
from consensus.view_change import Choice
from consensus.votes import VoteBook
from tests.sim.bugs import Patch, Plant, everywhere


def _small_quorum() -> list[Patch]:
    return [(Committee, "quorum", property(lambda self: max(1, 2 * self.f)))]


class _OneMore(dict[int, bytes]):
    """Signatures that count one more than there are."""

    @override
    def __len__(self) -> int:
        return super().__len__() + 1


def _primary_twice() -> list[Patch]:
    """Its PrePrepare and a Prepare of its own: when preparing, and when others' proof is judged."""
    counted, judged = VoteBook.signatures, view_change._check_prepared_shape

    def signatures(self: VoteBook, kind: Any, *choice: Any) -> dict[int, bytes]:
        found = counted(self, kind, *choice)
        return _OneMore(found) if kind is VoteType.PREPARE else found

    def check(message: Any, prepared: Any, committee: Committee) -> None:
        lenient: Any = SimpleNamespace(n=committee.n, quorum=committee.quorum - 1)
        judged(message, prepared, lenient)

    return [
        (VoteBook, "signatures", signatures),
        (view_change, "_check_prepared_shape", check),
    ]


def _unjustified() -> list[Patch]:
    def justified(*_: object, **__: object) -> bool:
        return True

    return [(act, "justified", justified)]


def _prepared_hidden() -> list[Patch]:
    def shown(state: State) -> tuple[Certificate, PreparedCertificate | None]:
        return state.tip.certificate, None

    return [(act, "_shown", shown)]


def _not_recomputed() -> list[Patch]:
    """Backups believe that every NewView leaves the choice free."""

    def choose(view_changes: Any) -> Choice:
        return Choice(max(entry.height for entry in view_changes), None)

    return everywhere(view_change, "choose", choose)


def _lowest_certificate_wins() -> list[Patch]:
    def choose(view_changes: Any) -> Choice:
        height = max(entry.height for entry in view_changes)
        shown = [e.prepared for e in view_changes if e.height == height and e.prepared]
        return Choice(height, min(shown, key=lambda prepared: prepared.view, default=None))

    return everywhere(view_change, "choose", choose)


def _stale_views() -> list[Patch]:
    """A view that was left is voted in nevertheless, where its proposal is still there."""
    accept, propose = receive.accept_proposal, Slot.propose

    def in_view(state: State, view: int, do: Any) -> Any:
        own, state.views.view = state.views.view, min(view, state.views.view)
        try:
            return do(state)
        finally:
            state.views.view = own

    def accept_proposal(state: State, message: Any) -> None:
        in_view(state, message.view, lambda state: accept(state, message))

    def keep(self: Slot, candidate: Any, _view: int) -> None:
        propose(self, candidate, 0)

    def voting(vote: Any) -> Any:
        def vote_anywhere(state: State) -> bool:
            views = sorted({*state.slot.proposals, state.views.view}, reverse=True)
            return any(in_view(state, view, vote) for view in views)

        return vote_anywhere

    return [
        (receive, "accept_proposal", accept_proposal),
        (Slot, "propose", keep),
        (act, "vote_prepare", voting(act.vote_prepare)),
        (act, "vote_commit", voting(act.vote_commit)),
    ]


def _certificates_believed() -> list[Patch]:
    return [(State, "prove", lambda *_: None)]


def _prepared_believed() -> list[Patch]:
    return everywhere(view_change, "check_prepared", lambda *_: None)


def _signatures_believed() -> list[Patch]:
    return [(receive, "verify_message", lambda *_, **__: None)]


def _signed_without(field: str) -> list[Patch]:
    """Signatures do not cover a part of what they are for."""
    original = blocks.vote_bytes

    def vote_bytes(
        genesis_hash: bytes, epoch: int, kind: VoteType, view: int, height: int, body: bytes
    ) -> bytes:
        view, height = (0 if field == "view" else view), (0 if field == "height" else height)
        kind = VoteType.PREPARE if field == "type" else kind
        return original(genesis_hash, epoch, kind, view, height, body)

    return everywhere(blocks, "vote_bytes", vote_bytes)


def _committee_too_early() -> list[Patch]:
    """A new committee decides the very next height: no certified header says that it may."""
    original = act._open_slot

    def open_slot(state: State) -> None:
        original(state)
        if state.tip.results.next_committee is not None and state.next_era is not None:
            state.begin_era(replace(state.next_era, first_height=state.tip.height + 1))
            state.slot = Slot(state.tip.height + 1, state.committee.quorum)

    return [(act, "_open_slot", open_slot)]


PLANTS = (
    Plant("a quorum of 2f", _small_quorum),
    Plant("the primary counts twice", _primary_twice),
    Plant("a PrePrepare needs no NewView", _unjustified),
    Plant("a ViewChange hides what is prepared", _prepared_hidden),
    Plant("a NewView is not recomputed", _not_recomputed),
    Plant("the lowest prepared certificate wins", _lowest_certificate_wins),
    Plant("a view that was left is voted in", _stale_views),
    Plant("a committee follows from an uncertified result", _committee_too_early),
    Plant("certificates are believed", _certificates_believed),
    Plant("prepared certificates are believed", _prepared_believed),
    Plant("signatures of messages are believed", _signatures_believed),
    Plant("signatures do not cover the height", lambda: _signed_without("height")),
    Plant("signatures do not cover the view", lambda: _signed_without("view")),
    Plant("signatures do not cover the type", lambda: _signed_without("type")),
)
