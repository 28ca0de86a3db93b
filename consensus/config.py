"""What a replica is made of besides its promises: who it is and what it starts from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from chain.block import Certificate, Header, SignatureVerifier
from chain.committee import Committee
from chain.errors import HushangError
from chain.genesis import ConsensusParameters
from consensus.output import Results

TICK_MS = 10


def ticks(duration_ms: int) -> int:
    """A duration in ticks of `TICK_MS`; at least one."""
    return max(1, -(-duration_ms // TICK_MS))


class StateDiverged(HushangError):
    """A certified header contradicts what this node computed: it must stop, and mends nothing."""

    hint = "compare state_root in GET /v1/blocks/HEIGHT with other members before it votes again"


class JournalIncomplete(HushangError):
    """The journal or the store lacks what this replica must have known when it voted."""


class History(Protocol):
    """The decided headers, for the roster; the store has them."""

    def header(self, height: int) -> Header:
        """The decided header of `height`, which exists."""
        ...


@dataclass(frozen=True, slots=True)
class ReplicaConfig:
    """`index` is this replica's in `committee`; `sign` signs with its node key.

    `verify` decides signatures; the node's remembers what its threads have verified before.
    """

    genesis_hash: bytes
    committee: Committee
    parameters: ConsensusParameters
    index: int
    sign: Callable[[bytes], bytes]
    verify: SignatureVerifier


@dataclass(frozen=True, slots=True)
class ChainTip:
    """The newest block in the store, with what its execution gave. Height 0: the genesis."""

    header: Header
    certificate: Certificate
    results: Results
