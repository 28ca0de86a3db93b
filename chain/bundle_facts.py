"""What a verified proof bundle tells: typed facts, each with the height that it is about."""

from dataclasses import dataclass
from itertools import chain as concatenated

from chain.block import Header, Receipt
from chain.codec import Hash, Height
from chain.committee import Committee, Member
from chain.transaction import SignedTransaction, Transaction


@dataclass(frozen=True, slots=True)
class TrustedHeader:
    """A header that the verifier believes for reasons of its own."""

    height: Height
    digest: Hash


@dataclass(frozen=True, slots=True)
class StateFact:
    """After the block at `height` the state held `value` under `key`, or nothing (None).

    `time_ms` is the time of the block above, until which no other block changed it.
    """

    key: bytes
    value: bytes | None
    height: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class TransactionFact:
    """The block at `height` has this transaction at this index; whether it worked, a receipt says.

    Its signatures are those that the members checked; `time_ms` is the block's.
    """

    id: bytes
    height: int
    index: int
    time_ms: int
    transaction: Transaction
    signed: SignedTransaction


@dataclass(frozen=True, slots=True)
class ReceiptFact:
    """The block at `height` left this receipt."""

    receipt: Receipt
    height: int


@dataclass(frozen=True, slots=True)
class CertifiedHeader:
    """A header of the bundle and the members whose Commits certify it."""

    header: Header
    signers: tuple[Member, ...]
    states: tuple[StateFact, ...]
    transactions: tuple[TransactionFact, ...]
    receipts: tuple[ReceiptFact, ...]


@dataclass(frozen=True, slots=True)
class Vouched:
    """A member says that at `time_ms`, by its clock, nothing newer than the last header was."""

    member: Member
    time_ms: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What holds. `committee` decided the last header of `headers`, which ascend by height.

    `as_of_ms` is the latest time for which one correct member at least stands for that header
    being the newest: its own, or that by which f+1 members vouched. `trusted`: the header that the
    verifier trusts beside the genesis, if the bundle shows it; else it has confirmed nothing.
    """

    genesis_hash: bytes
    committee: Committee
    trusted: TrustedHeader | None
    headers: tuple[CertifiedHeader, ...]
    vouched: tuple[Vouched, ...]
    as_of_ms: int

    @property
    def epoch(self) -> int:
        """Of the newest header."""
        return self.committee.epoch

    @property
    def newest(self) -> Header:
        """The header that everything about age is about."""
        return self.headers[-1].header

    @property
    def states(self) -> tuple[StateFact, ...]:
        """All of them, by height."""
        return tuple(concatenated.from_iterable(entry.states for entry in self.headers))

    @property
    def transactions(self) -> tuple[TransactionFact, ...]:
        """All of them, by height."""
        return tuple(concatenated.from_iterable(entry.transactions for entry in self.headers))

    @property
    def receipts(self) -> tuple[ReceiptFact, ...]:
        """All of them, by height."""
        return tuple(concatenated.from_iterable(entry.receipts for entry in self.headers))
