"""What a handler sees: the state overlay, the sender and who else consents, block time, chain.

A handler has nothing else: no clock, no disk, no randomness. Raising a `LedgerError` drops the
transaction's overlay, so a failed transaction has no effect by construction.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from chain import crypto
from chain.account import (
    ACCOUNTS,
    DELEGATIONS,
    Account,
    Delegation,
    KeyPolicy,
    find_delegation,
    keys_of,
    policy_satisfied,
)
from chain.bech32m import encode_account
from chain.block import Event, SignatureVerifier
from chain.committee import Committee
from chain.crypto import tagged_hash
from chain.errors import CosignerMissing, PolicyNotSatisfied, SenderUnknown
from chain.genesis import Genesis
from chain.state import Overlay, StateReader, check_state_key, u64
from chain.transaction import ReceivedTransaction
from chain.upgrades import FIRST_VERSION

# How far below its block a handler may look. Whoever starts from a snapshot has these headers too.
READY_HEIGHTS_MAX = 1_024
# What handlers may read of the secondary index: keys that begin so.
PROVEN_INDEX = b"epcis-"


@dataclass(frozen=True, slots=True)
class Chain:
    """The constants of one chain in one committee epoch; `verify` decides members' signatures.

    `first_height`: the first that the committee decides. `version`: the protocol version that
    governs the next height.
    """

    genesis: Genesis
    genesis_hash: bytes
    committee: Committee
    verify: SignatureVerifier = crypto.verify
    first_height: int = 1
    version: int = FIRST_VERSION

    @classmethod
    def of(cls, genesis: Genesis, verify: SignatureVerifier = crypto.verify) -> "Chain":
        """The chain that a genesis starts, with its first committee."""
        return cls(genesis, genesis.hash(), genesis.committee(), verify)


class Past(Protocol):
    """The decided blocks below the one under execution."""

    def digest_at(self, height: int) -> bytes:
        """Digest of the decided header at `height`, which is in reach of `Context.past_digest`."""
        ...

    def index(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Secondary index entries under a prefix, in key order."""
        ...

    def index_tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """For each prefix what follows it in keys of entries: see `KVStore.tails`."""
        ...


class NoPast:
    """The past of a context that no block executes."""

    def digest_at(self, height: int) -> bytes:
        """Never asked."""
        raise AssertionError(height)

    def index(
        self,
        prefix: bytes,  # noqa: ARG002
        start: bytes = b"",  # noqa: ARG002
    ) -> Iterator[tuple[bytes, bytes]]:
        """Nothing was indexed."""
        return iter(())

    def index_tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Nothing was indexed."""
        return ([] for _ in prefixes)


_NO_PAST = NoPast()


@dataclass(frozen=True, slots=True)
class Authority:
    """By what the sender speaks: its policy (`delegation` None) or one scoped key."""

    delegated_key: bytes | None = None
    delegation: Delegation | None = None


_BY_POLICY = Authority()


def authorise(state: StateReader, received: ReceivedTransaction, time_ms: int) -> Authority:
    """May these signatures speak for the sender? `SenderUnknown` or `PolicyNotSatisfied` if not."""
    return authorise_by(sender_of(state, received), state, received, time_ms)


def sender_of(state: StateReader, received: ReceivedTransaction) -> Account:
    """The sender's account, or `SenderUnknown`."""
    account = ACCOUNTS.load(state, received.transaction.sender)
    if account is None:
        msg = f"the sender {encode_account(received.transaction.sender)} has no account here"
        raise SenderUnknown(msg)
    return account


def authorise_by(
    account: Account, state: StateReader, received: ReceivedTransaction, time_ms: int
) -> Authority:
    """As `authorise`, by the sender's account."""
    sender = received.transaction.sender
    keys = keys_of(received.signatures, sender)
    if policy_satisfied(account.policy, keys):
        return _BY_POLICY
    found = find_delegation(state, sender, keys, received.types, time_ms)
    if found is None:
        msg = "the sender's signatures neither reach its threshold nor are of a key with this scope"
        raise PolicyNotSatisfied(msg)
    return Authority(*found)


@dataclass(slots=True)
class Context:
    """Everything one operation (or system transition: `received` None) may look at and write.

    `receipt_id` is what the outcome will be found under: the transaction's id, or the transition's.
    """

    state: Overlay
    chain: Chain
    height: int
    time_ms: int
    receipt_id: bytes = bytes(32)
    received: ReceivedTransaction | None = None
    authority: Authority = _BY_POLICY
    operation_index: int = 0
    indexes: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    past: Past = _NO_PAST

    @property
    def sender(self) -> bytes:
        """Account id of the transaction's sender."""
        assert self.received is not None
        return self.received.transaction.sender

    @property
    def transaction_id(self) -> bytes:
        """Id of the transaction under execution."""
        assert self.received is not None
        return self.received.id

    def past_digest(self, height: int) -> bytes | None:
        """Digest of the header at a recent height; None if it is none that a handler may see.

        The same answer on every node, also on one that has no older headers: only the
        `READY_HEIGHTS_MAX` heights below this block, without the genesis, are asked.
        """
        if not max(0, self.height - READY_HEIGHTS_MAX - 1) < height < self.height:
            return None
        return self.past.digest_at(height)

    def account(self, account: bytes) -> Account | None:
        """The account, or None."""
        return ACCOUNTS.load(self.state, account)

    def consents(self, account: bytes) -> bool:
        """Do the signatures satisfy this account's policy? The sender always consents."""
        if account == self.sender:
            return True
        known = ACCOUNTS.load(self.state, account)
        return known is not None and self.consents_by(account, known.policy)

    def consents_by(self, account: bytes, policy: KeyPolicy) -> bool:
        """As `consents`, by a given policy: that of an account which is only being opened."""
        assert self.received is not None
        return policy_satisfied(policy, keys_of(self.received.signatures, account))

    def require_consent(self, account: bytes, who: str) -> None:
        """`CosignerMissing` unless the account signed too; `who` names its part ("the carrier")."""
        if not self.consents(account):
            msg = f"{who} must sign too"
            raise CosignerMissing(msg)

    def require_member_quorum(self) -> None:
        """Q in transactions.md: `CosignerMissing` unless a quorum of the members signed.

        The members are those of the committee that governs this block's height.
        """
        committee = self.chain.committee
        count = sum(1 for member in committee.members if self.consents(member.account))
        if count < committee.quorum:
            msg = f"signed by {count} of the members, {committee.quorum} are needed"
            raise CosignerMissing(msg)

    def new_id(self, tag: str) -> bytes:
        """A fresh object id: bound to the transaction and the operation's place in it."""
        return tagged_hash(tag, self.transaction_id + u64(self.operation_index))

    def indexed(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Secondary index entries as of the parent block, in key order.

        Only under `PROVEN_INDEX`: the state proves these entries to whoever starts from a snapshot
        (`Rules.proven_entries`), so that every node reads the same.
        """
        assert prefix.startswith(PROVEN_INDEX), prefix
        return self.past.index(prefix, start)

    def indexed_tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """As `indexed`, for many prefixes what follows each in its keys: see `KVStore.tails`."""
        return self.past.index_tails(map(_proven, prefixes))

    def index(self, key: bytes, value: bytes | None) -> None:
        """Write a secondary index entry, outside the state root."""
        check_state_key(key)
        self.indexes.append((key, value))

    def save_delegation(self, delegation: Delegation) -> None:
        """Store what a delegated key has spent."""
        key = self.authority.delegated_key
        assert key is not None
        DELEGATIONS.store(self.state, delegation, self.sender, key)
        self.authority = Authority(key, delegation)


def _proven(prefix: bytes) -> bytes:
    assert prefix.startswith(PROVEN_INDEX), prefix
    return prefix


def event(name: str, **data: Any) -> Event:
    """An event with its data sorted, as the codec writes it."""
    return Event(name, dict(sorted(data.items())))
