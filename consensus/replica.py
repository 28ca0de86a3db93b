"""The replica: a function of the messages, facts and ticks it was given (PBFT, one height a time).

    replica, output = Replica.restore(config, tip, history, records, now_ms)
    output = replica.step(message_or_input, now_ms)
    output = replica.tick(now_ms, ticks=1)

Every call returns an Output to obey, and no call waits. `now_ms` is the wall clock (UTC); only
proposals and their acceptance look at it. Time otherwise is the count of ticks of 10 ms.
"""

from collections.abc import Sequence

from chain.block import Block
from consensus.config import ChainTip, History, ReplicaConfig
from consensus.input import Input
from consensus.output import Output
from consensus.records import Record


class Replica:
    """One member's vote in the chain."""

    height: int  # decided
    view: int

    @classmethod
    def restore(
        cls,
        config: ReplicaConfig,
        tip: ChainTip,
        history: History,
        records: Sequence[Record] = (),
    ) -> "Replica":
        """The replica as its journal (in order; empty for a new node) and its store left it.

        Raises `JournalIncomplete` if it voted for more than they hold. Call `tick` next.
        """
        raise NotImplementedError

    def step(self, event: Input, now_ms: int) -> Output:
        """Take one message or fact and return all that follows from it.

        Raises a `ProtocolError` for a message that no correct member sends (blame the peer that
        handed it in; nothing has changed), and `StateDiverged`, after which the node must stop.
        What is merely stale, early or repeated is dropped without a word.
        """
        raise NotImplementedError

    def tick(self, now_ms: int, ticks: int = 1) -> Output:
        """Let `ticks` ticks pass. Before a `step`, first count those that have passed."""
        raise NotImplementedError

    def held_block(self, digest: bytes) -> tuple[Block, tuple[bytes, ...]] | None:
        """An undecided block (and its body hashes) to answer a peer's `FetchBlock` with."""
        raise NotImplementedError

    def records(self) -> tuple[Record, ...]:
        """All that a fresh journal must begin with. The old one may be deleted once the block that
        is decided now is synced in the store; until then keep both, old before new.
        """
        raise NotImplementedError
