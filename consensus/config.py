"""What a replica is made of besides its promises: who it is and what it starts from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chain.block import Certificate, Header, SignatureVerifier
from chain.committees import CommitteeRecord
from chain.errors import HushangError
from chain.genesis import ConsensusParameters
from chain.leaders import Leaders
from consensus.output import Results

TICK_MS = 10


def ticks(duration_ms: int) -> int:
    """A duration in ticks of `TICK_MS`; at least one."""
    return max(1, -(-duration_ms // TICK_MS))


class StateDiverged(HushangError):
    """A certified header contradicts what this node computed: it must stop, and mends nothing."""

    hint = (
        "compare state_root in GET /v1/blocks/HEIGHT with other members before it votes again; "
        "hushang repair says whether this node's data is damaged"
    )


class JournalIncomplete(HushangError):
    """The journal or the store lacks what this replica must have known when it voted."""

    hint = "hushang repair: it keeps the promises that are known, and the node catches up"


class History(Protocol):
    """What the store knows of the decided chain."""

    def header(self, height: int) -> Header:
        """The decided header of `height`, which exists."""
        ...

    def committee(self, height: int) -> CommitteeRecord:
        """Who governs `height`, which is at most two above the newest in the store."""
        ...

    def leaders(self) -> Leaders | None:
        """The row of `chain.leaders` after the newest block in the store."""
        ...


@dataclass(frozen=True, slots=True)
class ReplicaConfig:
    """`sign` signs with `node_key`; the committees that the key is in make it a member of them.

    `verify` decides signatures; the node's remembers what its threads have verified before. `nonce`
    tells this start from every other, for the questions about a lost or older journal; None: no
    question is asked, since nothing can have been lost.
    """

    genesis_hash: bytes
    node_key: bytes
    parameters: ConsensusParameters
    sign: Callable[[bytes], bytes]
    verify: SignatureVerifier
    nonce: int | None = None


@dataclass(frozen=True, slots=True)
class ChainTip:
    """The newest block in the store, with what its execution gave. Height 0: the genesis."""

    header: Header
    certificate: Certificate
    results: Results
