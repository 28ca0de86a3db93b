"""What a view change may bring: validity of ViewChanges and the recomputed choice of a NewView.

The safety rule: a block that any correct member may have decided at a height was prepared by a
quorum there, so every quorum of ViewChanges of a higher view shows it, or a certificate at or above
that height (PBFT §4.4). Hence the new primary must re-propose the highest-view prepared block at
D+1, D = the highest certified height shown, and is free if there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from chain.block import Certificate, SignatureVerifier
from chain.committee import Committee
from chain.votes import PreparedCertificate, ViewChange
from consensus.era import Era
from consensus.messages import MessageInvalid, NewView
from consensus.signing import prepared_parts


class PrimaryOf(Protocol):
    """Who leads a view at a height; None if that is not known (any more)."""

    def __call__(self, view: int, height: int) -> int | None:
        """The member's index."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """How a view may begin: with `prepared`'s block at `height`, or with any block if None."""

    height: int
    prepared: PreparedCertificate | None

    @property
    def digest(self) -> bytes | None:
        """Digest of the block that must be proposed, or None."""
        return None if self.prepared is None else self.prepared.header.digest()


def check_shape(message: ViewChange, era: Era) -> None:
    """Raise `MessageInvalid` for what no correct member sends; no signature is checked yet."""
    if message.view < 1:
        _refuse("a ViewChange leads to view 1 at least")
    within = message.certificate.height >= era.first_height
    if within and message.certificate.view >= message.view:
        # A certificate of view w is how w is entered, so its holder asks for more than w.
        _refuse("a ViewChange to the view of its own certificate or below")
    if message.prepared is not None:
        _check_prepared_shape(message, message.prepared, era.committee)


def _check_prepared_shape(
    message: ViewChange, prepared: PreparedCertificate, committee: Committee
) -> None:
    if prepared.view >= message.view:
        _refuse("the prepared certificate's view is not below the ViewChange's")
    if prepared.header.view > prepared.view:
        _refuse("prepared before it was first proposed")
    if (
        prepared.height != message.height
        or prepared.header.parent_hash != message.certificate.digest
    ):
        _refuse("the prepared block is no child of the certified one")
    members = [entry.member for entry in prepared.prepares]
    if any(a >= b for a, b in pairwise(members)) or prepared.primary in members:
        _refuse("Prepares are sorted by member, each member once, without the primary")
    if len(members) + 1 < committee.quorum:
        _refuse(f"{len(members) + 1} members prepared, {committee.quorum} make a quorum")
    if max([prepared.primary, *members]) >= committee.n:
        _refuse("prepared by no member")


def check_prepared(
    prepared: PreparedCertificate,
    committee: Committee,
    genesis_hash: bytes,
    verify: SignatureVerifier,
) -> None:
    """Raise `MessageInvalid` unless all signatures of a well-shaped certificate hold."""
    for member, signed, signature in prepared_parts(prepared, genesis_hash, committee.epoch):
        if not verify(committee.members[member].node_key, signed, signature):
            _refuse(f"the prepared certificate's signature of member {member} does not verify")


def check_new_view(message: NewView, era: Era) -> None:
    """Raise `MessageInvalid` unless a quorum of distinct members changes to exactly this view."""
    committee = era.committee
    members = [entry.member for entry in message.view_changes]
    if any(a >= b for a, b in pairwise(members)):
        _refuse("ViewChanges are sorted by member, each member once")
    if len(members) < committee.quorum or members[-1] >= committee.n:
        _refuse(f"{len(members)} ViewChanges, a quorum of {committee.quorum} members is needed")
    if any(entry.view != message.view for entry in message.view_changes):
        _refuse("a ViewChange of another view")
    if any(entry.height < era.first_height for entry in message.view_changes):
        # Signed by a member of another committee, for a view that was another (docs/adr/0060).
        _refuse("a ViewChange of an earlier epoch")
    if max(entry.height for entry in message.view_changes) != message.height:
        _refuse("the NewView's height is not the one above the highest certificate")


def usable(message: ViewChange, height: int, primary_of: PrimaryOf) -> bool:
    """Was its block prepared under the right primary? Asked only where it decides the choice.

    A ViewChange that starts from a lower height shows nothing about `height`.
    """
    prepared = message.prepared
    if prepared is None or message.height != height:
        return True
    return primary_of(prepared.view, height) == prepared.primary


def choose(view_changes: Sequence[ViewChange]) -> Choice:
    """What the view must begin with, from a quorum of valid, usable ViewChanges."""
    height = max(entry.height for entry in view_changes)
    shown = [
        entry.prepared
        for entry in view_changes
        if entry.height == height and entry.prepared is not None
    ]
    return Choice(height, max(shown, key=lambda prepared: prepared.view, default=None))


def highest_certificate(view_changes: Sequence[ViewChange]) -> Certificate:
    """The certificate of the greatest height among them."""
    return max((entry.certificate for entry in view_changes), key=lambda proof: proof.height)


def _refuse(reason: str) -> None:
    raise MessageInvalid(reason)
