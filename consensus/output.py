"""What a replica wants done: `Output`, the only way it acts on the world.

The law of the node is **persist, then send, then write**: everything in `persist` is on disk
(fsync) before anything of the same Output is sent, and before a later Output is begun.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from chain.block import NO_HASH, Block, Certificate, Header
from chain.committee import Committee
from chain.evidence import Evidence
from chain.votes import SignedVote, ViewChange
from consensus.messages import Message
from consensus.records import Record

# Recipients of a message: every peer.
ALL: Final[tuple[bytes, ...]] = ()
# Peers to ask: whoever is connected.
ANYBODY: Final[tuple[bytes, ...]] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """What executing a block gave: what the next header must carry, and whether it must follow.

    `needs_seal`: the block had results, so that another must certify them. Roots are 32 bytes.
    `next_committee`: the block changed it; the next header names its hash, and it governs the
    height after that.
    """

    state_root: bytes
    receipts_root: bytes
    needs_seal: bool
    next_committee: Committee | None = None

    @property
    def next_committee_hash(self) -> bytes:
        """What the next header must say of it."""
        return NO_HASH if self.next_committee is None else self.next_committee.hash()


@dataclass(frozen=True, slots=True)
class Send:
    """One message for the peers of these node keys, or for `ALL` others."""

    recipients: tuple[bytes, ...]
    message: Message


@dataclass(frozen=True, slots=True)
class FetchBlock:
    """Get the block of this digest, decided or only proposed there; answer with `FetchedBlock`.

    `peers` are known to hold it. They answer from `Replica.held_block` or from the store.
    """

    height: int
    digest: bytes
    peers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class FetchBlocks:
    """Get the decided blocks `first`..`last` with certificates; answer with `FetchedBlock`, in
    order: the replica takes only the one above its decided height, so hand in the next when an
    Output has decided the one before. `peers` are known to be there.

    `certified`: `last` is. Otherwise it is hearsay, of a height whose committee is not known yet:
    one question to one of the peers, whose blocks say more.
    """

    first: int
    last: int
    peers: tuple[bytes, ...]
    certified: bool = True


Fetch: TypeAlias = FetchBlock | FetchBlocks


@dataclass(frozen=True, slots=True)
class Serve:
    """Push the decided blocks `first`..`last` with their certificates to a peer that lags."""

    peer: bytes
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """Get the bodies, check and execute the block on the state after `header.height - 1`.

    Answer with `Checked`, whatever the view is by then, and keep trying to get the bodies: a digest
    is asked for once, and once more if it turns out to be certified (with other sources); one
    answer serves both. Obsolete once `header.height` is decided. `bodies` are given where the
    replica has them, else they are in the pool, with the peers of `sources`, or with anybody.
    `certified`: a quorum has decided it, so it goes first. That the body hashes give the header's
    transactions root has been checked.
    """

    view: int
    digest: bytes
    header: Header
    body_hashes: tuple[bytes, ...]
    bodies: tuple[bytes, ...] | None
    sources: tuple[bytes, ...]
    certified: bool


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """This replica is primary and may propose: answer with `Proposal` when there is something to
    propose. The newest request replaces those before it; a stale answer is dropped.

    `at_once`: a seal or a deadline is due, so propose now, even without transactions. The block's
    time is max(now, `time_ms_min`).
    """

    height: int
    view: int
    parent: bytes
    time_ms_min: int
    at_once: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A final block to write, with what `Checked` said of it."""

    block: Block
    body_hashes: tuple[bytes, ...]
    digest: bytes
    certificate: Certificate
    results: Results


@dataclass(frozen=True, slots=True)
class Output:
    """Obey from top to bottom. All fields may be empty; the shell never reorders Outputs."""

    # Append to the journal and fsync before anything else of this Output. (Where it holds nothing
    # but a decision, and nothing is sent, both may wait for the next Output that promises
    # something: the store's synced batch holds the block and its certificate too.)
    persist: tuple[Record, ...]
    # Only after `persist` is on disk.
    send: tuple[Send, ...]
    # Push blocks that are in the store, or about to be.
    serve: tuple[Serve, ...]
    # Ask peers; repeated every resend interval while unanswered, so a request may be a duplicate.
    fetch: tuple[Fetch, ...]
    # Write in this order; tell clients "decided" only after the write is synced. The journal's
    # records of a height go only after that.
    decided: tuple[Decided, ...]
    # After `decided`: both are about the state above it.
    check: tuple[CheckRequest, ...]
    build: BuildRequest | None
    # Show it, keep it; a member signed two votes that no correct member signs together.
    evidence: tuple[Evidence, ...]
    # Votes under the own key that this replica never cast: another host has the key. Stop.
    foreign: tuple[SignedVote | ViewChange, ...]
    # `tick` must have counted up to this tick by then, at the latest.
    wake_at: int


class Draft:
    """An Output in the making; one per call of the replica."""

    __slots__ = (
        "build",
        "check",
        "decided",
        "evidence",
        "fetch",
        "foreign",
        "persist",
        "send",
        "serve",
    )

    def __init__(self) -> None:
        self.persist: list[Record] = []
        self.send: list[Send] = []
        self.serve: list[Serve] = []
        self.fetch: list[Fetch] = []
        self.decided: list[Decided] = []
        self.check: list[CheckRequest] = []
        self.build: BuildRequest | None = None
        self.evidence: list[Evidence] = []
        self.foreign: list[SignedVote | ViewChange] = []

    def to(self, recipients: Sequence[bytes], message: Message) -> None:
        """Send `message` to these peers."""
        self.send.append(Send(tuple(recipients), message))

    def finish(self, wake_at: int) -> Output:
        """The finished Output."""
        return Output(
            persist=tuple(self.persist),
            send=tuple(self.send),
            serve=tuple(self.serve),
            fetch=tuple(self.fetch),
            decided=tuple(self.decided),
            check=tuple(self.check),
            build=self.build,
            evidence=tuple(self.evidence),
            foreign=tuple(self.foreign),
            wake_at=wake_at,
        )
