"""What a lie needs of the liar, and what it is: one message for one target turned into others."""

from collections import deque
from collections.abc import Callable
from random import Random
from typing import Protocol

from chain.block import Certificate, CommitSignature
from chain.committee import Committee
from chain.votes import PreparedCertificate
from consensus.messages import Message
from tests.sim.node import SimNode


class Teller(Protocol):
    """What a lie needs of the liar."""

    node: SimNode
    chance: Random
    # What it said and what it heard lately.
    seen: deque[Message]
    heard: deque[Message]
    # The prepared certificate of the lowest view that it knows, by height.
    oldest: dict[int, PreparedCertificate]
    # Whom an equivocator tells the other story.
    fooled: frozenset[int]
    # When it first wished for a block of its own, by view and height.
    wishes: dict[tuple[int, int], int]

    @property
    def committee(self) -> Committee:
        """Who decides the next height."""
        ...

    @property
    def member(self) -> int:
        """Its index there."""
        ...

    def sign(self, message: Message) -> Message:
        """The message with its own, right signature."""
        ...


Lie = Callable[[Teller, int, Message], list[Message]]


def invented(liar: Teller, known: Certificate, digest: bytes, *, higher: int = 0) -> Certificate:
    """A certificate with a quorum's names and no true signature."""
    members = range(liar.committee.quorum)
    signatures = tuple(CommitSignature(member, bytes(64)) for member in members)
    return Certificate(known.height + higher, known.view, digest, signatures)
