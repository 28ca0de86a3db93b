"""What a replica is told besides messages: verdicts, blocks, work to watch, own proposals.

These come from the node itself, never from a peer's bytes, and are trusted as far as their
docstrings say.
"""

from dataclasses import dataclass
from typing import TypeAlias

from chain.block import Block, Certificate
from consensus.messages import Message
from consensus.output import Results


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to a `CheckRequest`: the bodies match `body_hashes`, the block was executed.

    `results` None: the block is invalid, and `refusal` says by which rule. Stale ones are dropped.
    """

    height: int
    view: int
    digest: bytes
    bodies: tuple[bytes, ...]
    results: Results | None
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class FetchedBlock:
    """A block from a peer, asked for or pushed. The shell computed `body_hashes` from the bodies;
    nothing else about it is trusted. `certificate` None: it is only proposed there.
    """

    block: Block
    body_hashes: tuple[bytes, ...]
    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do on this node; tell it whenever it changes, and after each block.

    `waiting`: the pool has a transaction that may stand in a block. `skipped_ms`: for how long the
    oldest transaction has been waiting that this node's own fair order would have placed in the
    last block (0: none); decisions do not reset its timer, so a censor gains nothing by deciding
    other blocks. `deadline_ms`: the earliest deadline in the state, due or not.
    """

    waiting: bool
    skipped_ms: int = 0
    deadline_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A block of this replica as primary, the answer to `BuildRequest`.

    `results` after the block, if the shell has executed it already; None: it is executed by a
    `CheckRequest` while the backups check it (the own Commit waits for that).
    """

    height: int
    view: int
    parent: bytes
    time_ms: int
    body_hashes: tuple[bytes, ...]
    bodies: tuple[bytes, ...]
    results: Results | None = None


Input: TypeAlias = Message | Checked | FetchedBlock | Work | Proposal
