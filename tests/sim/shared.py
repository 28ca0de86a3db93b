"""What all copies of all members share in one simulation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from chain.block import Header
from chain.committees import CommitteeRecord
from chain.errors import HushangError, SignatureInvalid
from chain.genesis import Genesis
from chain.leaders import Leaders
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction, read_transaction
from commerce.registry import Registry
from consensus.config import ChainTip, ReplicaConfig
from consensus.input import Proposal
from consensus.messages import Message, decode_message
from consensus.output import Results
from consensus.records import Record
from consensus.replica import Replica
from tests.sim.cast import Signatures, node_name
from tests.sim.checks import Checks
from tests.sim.network import Network
from tests.sim.world import Violation, World

DECODED_MAX = 4_096

T = TypeVar("T")


@dataclass(frozen=True)
class Setting:
    """Constants of one simulation."""

    world: World
    network: Network
    checks: Checks
    genesis: Genesis
    rules: Registry
    signatures: Signatures
    founded: Mapping[bytes, bytes]
    reader: "Reader"
    # Microseconds that one fsync takes on average.
    fsync_us: int
    # The journal is rewritten when it is larger.
    journal_size_max: int
    # Members that may lie.
    byzantine: frozenset[int]
    # Node keys by a member's number: its index among the founders, then the newcomers.
    keys: tuple[bytes, ...]

    def number(self, node_key: bytes) -> int:
        """The member's number in this simulation; its index in a committee may be another."""
        return self.keys.index(node_key)


@dataclass(frozen=True)
class DecidedHeaders:
    """`consensus.config.History` from a ledger."""

    ledger: Ledger

    def header(self, height: int) -> Header:
        """The decided header of a height that exists."""
        header = self.ledger.header(height)
        if header is None:
            raise Violation("durability", f"the header of {height} is gone")
        return header

    def committee(self, height: int) -> CommitteeRecord:
        """Who governs the height."""
        return self.ledger.record_at(height)

    def leaders(self) -> Leaders | None:
        """Blames and rosters after the newest written block."""
        return self.ledger.leaders


class Distorter(Protocol):
    """What a lying primary does to its own proposals (tests.sim.byzantine)."""

    def pick(self, candidates: list[ReceivedTransaction]) -> list[ReceivedTransaction]:
        """Which of the pool's candidates it takes."""
        ...

    def propose(self, proposal: Proposal) -> Proposal:
        """What it proposes instead."""
        ...

    def delay_us(self) -> int:
        """How long it waits before."""
        ...


def restored(
    setting: Setting, ledger: Ledger, member: int, records: Sequence[Record], nonce: int | None
) -> Replica:
    """A member's replica as its journal and store left it; `nonce` is drawn at this start.

    None: it asks nobody for its votes; a twin would hear of the other's, and be silent.
    """
    config = ReplicaConfig(
        genesis_hash=ledger.chain.genesis_hash,
        node_key=setting.keys[member],
        parameters=setting.genesis.consensus,
        sign=setting.signatures.signer(node_name(member)).sign,
        verify=setting.signatures.verify,
        nonce=nonce,
    )
    tip = ledger.tip
    results = Results(
        tip.state_root,
        tip.receipts_root,
        needs_seal=tip.needs_seal,
        next_committee=ledger.next_committee,
    )
    start = ChainTip(tip.header, tip.certificate, results)
    return Replica.restore(config, start, DecidedHeaders(ledger), records)


def found(genesis: Genesis, rules: Registry) -> Mapping[bytes, bytes]:
    """The store of a node that has just founded its chain."""
    store = MemoryStore()
    Ledger(store, genesis, rules)
    return dict(store.scan(b"\x00", b"\xff"))


class Reader:
    """Decodes what travels; each distinct payload once, since all that comes out is frozen."""

    def __init__(self, rules: Registry, signatures: Signatures) -> None:
        self._rules = rules
        self._signatures = signatures
        self._messages: dict[bytes, Message] = {}
        self._transactions: dict[bytes, ReceivedTransaction | HushangError] = {}

    def message(self, payload: bytes) -> Message:
        """A consensus message, or a `ProtocolError`."""
        return _once(self._messages, payload, lambda: decode_message(payload))

    def transaction(self, raw: bytes, certified: bool) -> ReceivedTransaction | HushangError:  # noqa: FBT001
        """A transaction with its signatures checked (unless a quorum did), or its refusal."""
        key = bytes([certified]) + raw
        return _once(self._transactions, key, lambda: self._read(raw, check=not certified))

    def _read(self, raw: bytes, *, check: bool) -> ReceivedTransaction | HushangError:
        try:
            received = read_transaction(raw, self._rules)
        except HushangError as error:
            return error
        for entry in received.signatures if check else ():
            if not self._signatures.verify(entry.public_key, received.signing, entry.signature):
                return SignatureInvalid(entry.public_key.hex())
        return received


def _once(known: dict[bytes, T], key: bytes, make: Callable[[], T]) -> T:
    found = known.get(key)
    if found is None:
        found = make()
        if len(known) >= DECODED_MAX:
            del known[next(iter(known))]
        known[key] = found
    return found
