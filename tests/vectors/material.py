"""What all vectors are made from: keys of fixed seeds, a genesis, transactions of every kind."""

from dataclasses import dataclass
from typing import Any

from chain.account import KeyPolicy, WeightedKey, single_key_policy
from chain.block import Certificate, CommitSignature, Header, commit_bytes
from chain.crypto import PrivateKey, sha256
from chain.genesis import (
    GENESIS_VERSION,
    ConsensusParameters,
    Genesis,
    GenesisAccount,
    GenesisAsset,
    GenesisMember,
    GenesisRole,
)
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    SignedTransaction,
    Transaction,
    sign_transaction,
)
from commerce.delegations import Delegate
from commerce.payments import PayTransfer
from commerce.registry import operation

Json = Any
TIME_MS = 1_767_225_600_000
FOUNDERS = ("pudong", "xuhui", "jingan", "hongkou")
SHARES = ("share 1", "share 2", "share 3")


def seed(name: str) -> bytes:
    """The seed of a name: SHA-256 of `hushang vectors: <name>`."""
    return sha256(f"hushang vectors: {name}".encode())


def key(name: str) -> PrivateKey:
    """The key of a name."""
    return PrivateKey(seed(name))


def public(name: str) -> bytes:
    """The public key of a name."""
    return key(name).public_key


def single(name: str) -> KeyPolicy:
    """The policy of an account with this one key."""
    return single_key_policy(public(name))


def two_of_three() -> KeyPolicy:
    """Any two of the three shares."""
    entries = sorted(WeightedKey(public(name), 1).public_key for name in SHARES)
    return KeyPolicy(tuple(WeightedKey(entry, 1) for entry in entries), 2)


def weighted() -> KeyPolicy:
    """One heavy key or both light ones."""
    weights = {"director": 2, "clerk 1": 1, "clerk 2": 1}
    entries = sorted((public(name), weight) for name, weight in weights.items())
    return KeyPolicy(tuple(WeightedKey(*entry) for entry in entries), 2)


def account(name: str) -> bytes:
    """The id of a one-key account."""
    return single(name).account_id()


def genesis() -> Genesis:
    """Four founders, an issuer, a shop, a buyer, a 2-of-3 family purse, and one asset."""
    purse = GenesisAccount("purse", two_of_three(), "xuhui", ())
    issuer = GenesisAccount("issuer", single("issuer"), "pudong", (GenesisRole("issuer", ""),))
    shop = GenesisAccount("shop", single("shop"), "xuhui", (GenesisRole("merchant", ""),))
    buyer = GenesisAccount("buyer", single("buyer"), "jingan", ())
    return Genesis(
        version=GENESIS_VERSION,
        chain_id="test-vectors",
        time_ms=TIME_MS,
        time_scale=60,
        consensus=ConsensusParameters(),
        timers={"pay_ms": 7_200_000, "ship_ms": 259_200_000},
        members=tuple(
            GenesisMember(name, single(name), public(f"node of {name}")) for name in FOUNDERS
        ),
        accounts=(issuer, shop, buyer, purse),
        assets=(GenesisAsset("CNY", 2, "issuer"),),
        limits={"open_orders": 20},
    )


@dataclass(frozen=True, slots=True)
class Example:
    """A transaction, who signs it (account, key), and what it shows."""

    name: str
    content: Transaction
    signers: tuple[tuple[bytes, str], ...]

    def signed(self) -> SignedTransaction:
        """With all signatures, in order."""
        return sign_transaction(
            self.content, [(account_id, key(name)) for account_id, name in self.signers]
        )


def pay(to: bytes, amount_minor: int, memo: bytes | None = None) -> Operation:
    """A `pay.transfer` of CNY."""
    return operation("pay.transfer", PayTransfer(to, "CNY", amount_minor, memo))


def content(sender: bytes, nonce: int, *operations: Operation, memo: str | None) -> Transaction:
    """A transaction of the vectors' chain that is valid for the first nine minutes."""
    return Transaction(
        TRANSACTION_VERSION,
        genesis().hash(),
        sender,
        nonce,
        TIME_MS + 540_000,
        operations,
        memo,
    )


def examples() -> tuple[Example, ...]:
    """One transaction of each shape that a signer can meet."""
    buyer, shop, purse = account("buyer"), account("shop"), two_of_three().account_id()
    paid = content(buyer, 2**64 - 1, pay(shop, 12_900), memo=None)
    several = content(
        buyer, 2, pay(shop, 1), pay(purse, 2**63 - 1, sha256(b"memo")), memo="龙井 250 g\nnächste"
    )
    shared = content(purse, 3, pay(shop, 500), memo="two of three")
    scope = Delegate(public("erp"), ("pay.transfer",), 100_000, TIME_MS + 86_400_000)
    granted = content(shop, 4, operation("delegate", scope), memo=None)
    delegated = content(shop, 5, pay(buyer, 7), memo="by a delegated key")
    return (
        Example("one key, one operation", paid, ((buyer, "buyer"),)),
        Example("two operations and a memo", several, ((buyer, "buyer"),)),
        Example("2 of 3, first pair", shared, ((purse, "share 1"), (purse, "share 2"))),
        Example(
            "2 of 3, another pair: the same id, another body",
            shared,
            ((purse, "share 2"), (purse, "share 3")),
        ),
        Example("co-signed by another account", paid, ((shop, "shop"), (buyer, "buyer"))),
        Example("a delegation", granted, ((shop, "shop"),)),
        Example("signed by the delegated key", delegated, ((shop, "erp"),)),
    )


def certify(header: Header, signers: tuple[int, ...] = (0, 1, 2), view: int = 0) -> Certificate:
    """A certificate of the vectors' chain."""
    bare = Certificate(header.height, view, header.digest(), ())
    message = commit_bytes(header.genesis_hash, header.epoch, bare)
    entries = [CommitSignature(i, key(f"node of {FOUNDERS[i]}").sign(message)) for i in signers]
    return Certificate(bare.height, bare.view, bare.digest, tuple(entries))
