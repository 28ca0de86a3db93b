"""A shop without a ledger: blocks are executed on a dictionary, signatures are names.

`execute_block` never looks at signatures (they are checked at the door), so a party signs here by
being named. Everything else is real: bytes, ids, blocks, receipts, invariants. After every block
the full check of commerce runs.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from chain import block as blocks
from chain import committees
from chain.account import KeyPolicy, SignatureEntry, single_key_policy
from chain.block import BLOCK_VERSION, NO_HASH, Event, Header, Receipt
from chain.codec import decode, encode
from chain.context import Chain
from chain.crypto import PrivateKey, sha256
from chain.execution import BlockResult, execute_block
from chain.genesis import (
    GENESIS_VERSION,
    ConsensusParameters,
    Genesis,
    GenesisAccount,
    GenesisAsset,
    GenesisMember,
    GenesisRole,
    check_genesis,
)
from chain.state import Overlay
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    ReceivedTransaction,
    SignedTransaction,
    Transaction,
    read_transaction,
)
from commerce.accounts import AccountOpen
from commerce.audit import full_check
from commerce.registry import Registry, operation

GENESIS_MS = 1_767_225_600_000
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
FUNDS_MINOR = 10_000_000
PREFIX = "6901234"
MEMBERS = ("m0", "m1", "m2", "m3")
QUORUM = ("m1", "m2")
ROLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "issuer": (("issuer", ""),),
    "merchant": (("merchant", ""), ("merchant", f"gcp:{PREFIX}")),
    "rival": (("merchant", ""),),
    "carrier": (("carrier", ""),),
    "regulator": (("regulator", ""),),
    "inspector": (("inspector", ""),),
    "buyer": (),
    "friend": (),
}


def private_key(name: str) -> PrivateKey:
    """A key that is the same in every run."""
    return PrivateKey(sha256(f"commerce test key of {name}".encode()))


def key(name: str) -> bytes:
    """Its public half."""
    return private_key(name).public_key


def policy(name: str) -> KeyPolicy:
    """The policy of a one-key party."""
    return single_key_policy(key(name))


def account(name: str) -> bytes:
    """The account id of a one-key party."""
    return policy(name).account_id()


def genesis(**changes: Any) -> Genesis:
    """Four members, the parties of `ROLES` and the asset CNY; `changes` replace fields."""
    parties = tuple(
        GenesisAccount(name, policy(name), "m0", tuple(GenesisRole(*role) for role in roles))
        for name, roles in ROLES.items()
    )
    plain = Genesis(
        version=GENESIS_VERSION,
        chain_id="test-shop",
        time_ms=GENESIS_MS,
        time_scale=1,
        consensus=ConsensusParameters(),
        timers={},
        members=tuple(GenesisMember(m, policy(m), key(f"node of {m}")) for m in MEMBERS),
        accounts=parties,
        assets=(GenesisAsset("CNY", 2, "issuer"),),
        limits={},
    )
    return replace(plain, **changes)


class Memory:
    """Agreed state in a dictionary, and which ids it remembers."""

    def __init__(self) -> None:
        self.values: dict[bytes, bytes] = {}
        self.order: list[bytes] = []
        self.ids: set[tuple[int, bytes]] = set()
        self.digests: dict[int, bytes] = {}
        self.indexes: dict[bytes, bytes] = {}
        # Sorted when it is asked for.
        self.index_order: list[bytes] | None = None

    def get(self, key: bytes) -> bytes | None:
        return self.values.get(key)

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        low = bisect_left(self.order, max(prefix, start))
        for key in self.order[low:]:
            if not key.startswith(prefix):
                return
            yield key, self.values[key]

    # No header here says that a view failed.
    parent_view = 0

    def is_remembered(self, minute: int, transaction_id: bytes) -> bool:
        return (minute, transaction_id) in self.ids

    def digest_at(self, height: int) -> bytes:
        return self.digests[height]

    def index(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Index entries as of the newest block."""
        if self.index_order is None:
            self.index_order = sorted(self.indexes)
        for key in self.index_order[bisect_left(self.index_order, max(prefix, start)) :]:
            if not key.startswith(prefix):
                return
            yield key, self.indexes[key]

    def index_tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """What follows each prefix in keys of index entries."""
        for prefix in prefixes:
            yield [key[len(prefix) :] for key, _ in self.index(prefix)]

    def write_index(self, entries: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Take over a block's index entries."""
        for key, value in entries:
            self.index_order = None
            if value is None:
                self.indexes.pop(key, None)
            else:
                self.indexes[key] = value

    def write(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Take over a block's changes."""
        for key, value in changes.items():
            known = key in self.values
            if value is None and known:
                del self.values[key]
                del self.order[bisect_left(self.order, key)]
            elif value is not None:
                self.values[key] = value
                if not known:
                    insort(self.order, key)


@dataclass(frozen=True, slots=True)
class Sent:
    """One transaction to be: who sends, which operations, who signs too (account or delegate)."""

    sender: str | bytes
    operations: tuple[Operation, ...]
    with_: tuple[str, ...] = ()


class World:
    """State, time and height of one chain, and what its blocks left behind."""

    def __init__(self, founding: Genesis | None = None) -> None:
        self.rules = Registry()
        self.genesis = founding or genesis()
        check_genesis(self.genesis)
        self.chain = Chain.of(self.genesis)
        self.state = Memory()
        first = Overlay(self.state)
        self.rules.found(self.genesis, first)
        self.state.write(first.changes)
        self.height = 0
        self.audited = True
        self.time_ms = self.genesis.time_ms
        self.nonces = count(1)
        self.receipts: list[Receipt] = []
        self.indexes = self.state.indexes

    def transaction(
        self,
        sent: Sent,
        keys: Sequence[str] | None = None,
        extra: Sequence[tuple[bytes, bytes]] = (),
    ) -> ReceivedTransaction:
        """As a node reads it; `keys` sign for the sender instead of its own; `extra` as given."""
        sender = sent.sender if isinstance(sent.sender, bytes) else account(sent.sender)
        own = keys or (str(sent.sender),)
        content = Transaction(
            TRANSACTION_VERSION,
            self.chain.genesis_hash,
            sender,
            next(self.nonces),
            self.time_ms + MINUTE_MS,
            sent.operations,
            None,
        )
        signers = [*extra, *((account(name), key(name)) for name in sent.with_)]
        signers += [(sender, key(name)) for name in own]
        entries = tuple(SignatureEntry(*signer, bytes(64)) for signer in sorted(set(signers)))
        return read_transaction(encode(SignedTransaction(encode(content), entries)), self.rules)

    def block(self, *transactions: ReceivedTransaction) -> BlockResult:
        """Execute and write the next block at the present time."""
        header = Header(
            version=BLOCK_VERSION,
            genesis_hash=self.chain.genesis_hash,
            height=self.height + 1,
            parent_hash=NO_HASH,
            view=0,
            parent_view=0,
            time_ms=self.time_ms,
            proposer=0,
            epoch=self.chain.committee.epoch,
            transactions_root=blocks.transactions_root([t.body_hash for t in transactions]),
            transactions_count=len(transactions),
            state_root=NO_HASH,
            receipts_root=NO_HASH,
            next_committee_hash=NO_HASH,
        )
        result = self.execute(header, transactions)
        self._write(result)
        self.state.digests[header.height] = header.digest()
        return result

    def execute(self, header: Header, transactions: Sequence[ReceivedTransaction]) -> BlockResult:
        """Execute a block on the present state."""
        return execute_block(header, transactions, self.state, self.state, self.rules, self.chain)

    def _write(self, result: BlockResult) -> None:
        self.height += 1
        self.state.write(result.changes)
        founders = self.genesis.committee()
        governing = committees.governing(self.state, founders, self.height + 1)
        self.chain = replace(self.chain, committee=governing)
        self.state.ids.update((minute, made) for minute, made, _ in result.remembered)
        self.state.ids = {entry for entry in self.state.ids if entry[0] not in result.forgotten}
        self.receipts.extend(result.receipts)
        self.state.write_index(result.indexes)
        for receipt in result.receipts:
            assert decode(Receipt, encode(receipt)) == receipt
        if self.audited:
            full_check(self.state)

    def send(self, sender: str, *sent: tuple[str, object], with_: Sequence[str] = ()) -> Receipt:
        """One transaction of (type, payload) pairs in a block of its own; its receipt."""
        operations = tuple(operation(*pair) for pair in sent)
        return self._receipt(self.transaction(Sent(sender, operations, tuple(with_))))

    def done(
        self, sender: str, *sent: tuple[str, object], with_: Sequence[str] = ()
    ) -> tuple[Event, ...]:
        """As `send`, which must succeed; its events."""
        receipt = self.send(sender, *sent, with_=with_)
        assert receipt.status == blocks.OK, receipt
        return receipt.events

    def wait(self, duration_ms: int) -> tuple[Receipt, ...]:
        """Let time pass, then an empty block; its receipts."""
        self.time_ms += duration_ms
        return self.block().receipts

    def delegated(
        self, sender: str, delegate: str, sent: tuple[str, object], *with_: str
    ) -> Receipt:
        """One operation that a delegated key signs for the sender; its receipt."""
        sending = Sent(sender, (operation(*sent),), with_)
        return self._receipt(self.transaction(sending, keys=(delegate,)))

    def send_as(self, sender: bytes, key_name: str, sent: tuple[str, object]) -> Receipt:
        """One operation of an account that has no name here, signed by one of its keys."""
        received = self.transaction(Sent(sender, (operation(*sent),)), keys=(key_name,))
        return self._receipt(received)

    def send_with(
        self, sender: str, cosigners: Sequence[tuple[bytes, str]], sent: tuple[str, object]
    ) -> Receipt:
        """One operation that accounts without a name co-sign by keys that have one."""
        extra = [(account_id, key(name)) for account_id, name in cosigners]
        return self._receipt(self.transaction(Sent(sender, (operation(*sent),)), extra=extra))

    def _receipt(self, received: ReceivedTransaction) -> Receipt:
        return next(r for r in self.block(received).receipts if r.id == received.id)

    def limit_deadlines(self, count: int) -> None:
        """How many due deadlines a block fires by itself from now on."""
        consensus = replace(self.genesis.consensus, block_deadlines_max=count)
        changed = replace(self.genesis, consensus=consensus)
        self.chain = replace(self.chain, genesis=changed)

    def open(self, new_policy: KeyPolicy, *signers: str) -> bytes:
        """An account of several keys, opened by m0; its id."""
        account_id = new_policy.account_id()
        sent = Sent("m0", (operation("account.open", AccountOpen(new_policy, None)),))
        extra = [(account_id, key(name)) for name in signers]
        received = self.transaction(sent, extra=extra)
        (receipt,) = self.block(received).receipts
        assert receipt.status == blocks.OK, receipt
        return account_id
