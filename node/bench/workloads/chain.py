"""Chains of signed transactions: what every workload yields, and the signing of it.

A nonce follows from the run's number and the transaction's place, so that one plan at one moment
is always signed to the same bytes: whoever needs an id of a setup transaction signs it again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chain.account import SignatureEntry
from chain.codec import encode
from chain.crypto import PrivateKey, tagged_hash
from chain.state import u64
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    SignedTransaction,
    Transaction,
    signing_bytes,
    transaction_id,
)
from node.bench.plan import BenchRefused, LoadPlan

VALID_FOR_MS: Final = 9 * 60_000
RUN_BITS: Final = 32
ROLES_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Step:
    """One signed transaction: `operations` are the pieces of work in it (events of a document).

    `kind` names what it does, for latencies by step; `signatures` are how many a node must check.
    """

    raw: bytes
    operations: int
    kind: str
    signatures: int = 1


@dataclass(frozen=True, slots=True)
class Chain:
    """Step k + 1 may be offered once step k is decided with status `ok`, never before."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Setup:
    """A transaction that must be decided before the run, and those before it first.

    `good` are the receipt's statuses with which the run can begin.
    """

    raw: bytes
    good: tuple[str, ...]


# A plan, the keys of its senders in their order, and the time from which validity counts.
Chains = Callable[[LoadPlan, Sequence[PrivateKey], int], Iterator[Chain]]
Setups = Callable[[LoadPlan, Sequence[PrivateKey]], Iterator[Setup]]


@dataclass(frozen=True, slots=True)
class Workload:
    """`chains` goes on for ever; `about` says in a line what is offered.

    `operations_per_transaction` is the mean, for the budget of what is signed beforehand.

    `check` raises `BenchRefused` for a plan whose senders can't do it. `setups` is what must be on
    the chain beforehand, of the same plan.
    """

    about: str
    chains: Chains
    operations_per_transaction: int = 1
    check: Callable[[LoadPlan], None] = lambda _: None
    setups: Setups = lambda *_: iter(())


@dataclass(slots=True)
class Signer:
    """Signs for the senders of a plan, each named by its place in it."""

    plan: LoadPlan
    keys: Sequence[PrivateKey]
    now_ms: int
    next_serial: int = 0

    def sign(self, operations: Sequence[Operation], *signers: int) -> tuple[bytes, bytes]:
        """(raw bytes, id) of a transaction of the first of these senders; the others sign too."""
        assert self.plan.run < 1 << RUN_BITS
        serial, self.next_serial = self.next_serial, self.next_serial + 1
        content = encode(
            Transaction(
                version=TRANSACTION_VERSION,
                genesis_hash=self.plan.genesis_hash,
                sender=self.plan.senders[signers[0]].account,
                nonce=self.plan.run << RUN_BITS | serial,
                valid_until_ms=self.now_ms + VALID_FOR_MS,
                operations=tuple(operations),
                memo=None,
            )
        )
        message = signing_bytes(content)
        entries = sorted(
            (self.plan.senders[at].account, self.keys[at].public_key, self.keys[at].sign(message))
            for at in signers
        )
        signed = SignedTransaction(content, tuple(SignatureEntry(*entry) for entry in entries))
        return encode(signed), transaction_id(content)

    def step(self, operation: Operation, *signers: int, operations: int = 1) -> tuple[Step, bytes]:
        """A step of one operation, and the transaction's id."""
        raw, made = self.sign([operation], *signers)
        return Step(raw, operations, operation.type, len(signers)), made


def object_id(tag: str, transaction: bytes, operation_index: int = 0) -> bytes:
    """The id that an operation will give to what it makes (`chain.context.Context.new_id`)."""
    return tagged_hash(tag, transaction + u64(operation_index))


def place_of(plan: LoadPlan, role: str) -> int | None:
    """The place of the sender of a role among the first, where those with a role are."""
    for place in range(min(ROLES_MAX, len(plan.senders))):
        if plan.senders[place].role == role:
            return place
    return None


def require_place(plan: LoadPlan, role: str) -> int:
    """The place of the sender of a role, or `BenchRefused`."""
    place = place_of(plan, role)
    if place is None:
        words = f"workload {plan.load.workload} needs the key of a {role}"
        raise BenchRefused(f"{words}: a test network has one (--context)")
    return place
