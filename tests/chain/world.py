"""A small chain for tests: keys from fixed seeds, a real genesis, real blocks, a real ledger."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from chain import block as blocks
from chain.account import single_key_policy
from chain.block import (
    BLOCK_VERSION,
    NO_HASH,
    Certificate,
    CommitSignature,
    Header,
    commit_bytes,
)
from chain.codec import encode
from chain.crypto import PrivateKey, sha256
from chain.execution import Rules
from chain.genesis import (
    GENESIS_VERSION,
    ConsensusParameters,
    Genesis,
    GenesisAccount,
    GenesisAsset,
    GenesisMember,
    GenesisRole,
)
from chain.ledger import Executed, Ledger
from chain.store_contract import KVStore
from chain.store_memory import MemoryStore
from chain.stored_chain import Tip
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    ReceivedTransaction,
    Transaction,
    read_transaction,
    sign_transaction,
)
from commerce.registry import Registry

GENESIS_MS = 1_767_225_600_000
ROLES = {"issuer": "issuer", "merchant": "merchant", "carrier": "carrier"}


def key(name: str) -> PrivateKey:
    """A key that is the same in every run."""
    return PrivateKey(sha256(f"test key of {name}".encode()))


def account(name: str) -> bytes:
    """The account id of a one-key party."""
    return single_key_policy(key(name).public_key).account_id()


def genesis(members: int = 4, time_scale: int = 1) -> Genesis:
    """`members` founders m0…, the roles' accounts and `buyer` sponsored by m0, the asset CNY."""
    parties = [
        GenesisAccount(
            name,
            single_key_policy(key(name).public_key),
            "m0",
            (GenesisRole(ROLES[name], ""),) if name in ROLES else (),
        )
        for name in ("issuer", "merchant", "carrier", "buyer")
    ]
    return Genesis(
        version=GENESIS_VERSION,
        chain_id="test-world",
        time_ms=GENESIS_MS,
        time_scale=time_scale,
        consensus=ConsensusParameters(),
        timers={},
        members=tuple(
            GenesisMember(
                f"m{i}",
                single_key_policy(key(f"m{i}").public_key),
                key(f"node of m{i}").public_key,
            )
            for i in range(members)
        ),
        accounts=tuple(parties),
        assets=(GenesisAsset("CNY", 2, "issuer"),),
        limits={},
    )


def header_above(
    ledger: Ledger, transactions: Sequence[ReceivedTransaction], time_ms: int
) -> Header:
    """The header of the next block with this body."""
    tip, following = ledger.tip, ledger.next_committee
    return Header(
        version=BLOCK_VERSION,
        genesis_hash=ledger.chain.genesis_hash,
        height=tip.height + 1,
        parent_hash=tip.digest,
        view=0,
        parent_view=tip.certificate.view,
        time_ms=time_ms,
        proposer=0,
        epoch=ledger.chain.committee.epoch,
        transactions_root=blocks.transactions_root([t.body_hash for t in transactions]),
        transactions_count=len(transactions),
        state_root=tip.state_root,
        receipts_root=tip.receipts_root,
        next_committee_hash=NO_HASH if following is None else following.hash(),
    )


class World:
    """A ledger with helpers to sign transactions and to make, certify and write blocks."""

    def __init__(
        self,
        store: KVStore | None = None,
        members: int = 4,
        rules: Rules | None = None,
        made: Genesis | None = None,
    ) -> None:
        self.genesis = made or genesis(members)
        self.members = members
        self.rules = rules or Registry()
        self.store = store or MemoryStore()
        self.ledger = Ledger(self.store, self.genesis, self.rules)
        self.nonces = count(1)

    @property
    def now_ms(self) -> int:
        """Block time of the next block."""
        return self.ledger.tip.header.time_ms + 1_000

    def transaction(
        self, sender: str, *operations: Operation, lifetime_ms: int = 60_000
    ) -> Transaction:
        """An unsigned transaction with a fresh nonce."""
        return Transaction(
            TRANSACTION_VERSION,
            self.ledger.chain.genesis_hash,
            account(sender),
            next(self.nonces),
            self.now_ms + lifetime_ms,
            operations,
            None,
        )

    def sign(self, transaction: Transaction, *signers: str) -> ReceivedTransaction:
        """Signed by these one-key parties and read back as a node would."""
        parties = [(account(name), key(name)) for name in signers]
        return read_transaction(encode(sign_transaction(transaction, parties)), self.rules)

    def signed(
        self, sender: str, *operations: Operation, with_: Sequence[str] = ()
    ) -> ReceivedTransaction:
        """A fresh transaction signed by its sender and co-signers."""
        return self.sign(self.transaction(sender, *operations), sender, *with_)

    def header(
        self, transactions: Sequence[ReceivedTransaction], time_ms: int | None = None
    ) -> Header:
        """The header of the next block with this body."""
        return header_above(self.ledger, transactions, self.now_ms if time_ms is None else time_ms)

    def certify(self, header: Header) -> Certificate:
        """A certificate by the first quorum of members."""
        bare = Certificate(header.height, header.view, header.digest(), ())
        committee = self.ledger.chain.committee
        message = commit_bytes(self.ledger.chain.genesis_hash, committee.epoch, bare)
        signatures = [
            CommitSignature(i, key(f"node of {member.name}").sign(message))
            for i, member in enumerate(committee.members[: committee.quorum])
        ]
        return replace(bare, signatures=tuple(signatures))

    def execute(self, *transactions: ReceivedTransaction, time_ms: int | None = None) -> Executed:
        """Execute the next block without writing it."""
        return self.ledger.execute(self.header(transactions, time_ms), transactions)

    def decide(self, *transactions: ReceivedTransaction, time_ms: int | None = None) -> Tip:
        """Execute, certify and write the next block."""
        executed = self.execute(*transactions, time_ms=time_ms)
        return self.ledger.write(executed, self.certify(executed.header))
