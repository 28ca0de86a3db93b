"""Long chains for measurements, made in process: real keys, real certificates, one real store.

`build` fills one node's directory of a test network that was never started; `copy` gives the same
to others. A tenth of the transactions opens an account, the rest pays the newest of them.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path

from chain import block as blocks
from chain.account import single_key_policy
from chain.bech32m import decode_account
from chain.block import BLOCK_VERSION, NO_HASH, Certificate, CommitSignature, Header, commit_bytes
from chain.codec import encode
from chain.crypto import PrivateKey, sha256
from chain.ledger import Ledger
from chain.store import open_store
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    ReceivedTransaction,
    Transaction,
    read_transaction,
    sign_transaction,
)
from commerce.accounts import AccountOpen
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from node.genesis_file import load_genesis
from node.keystore import find_passphrase, load_key
from node.testnet_layout import GENESIS, LocalNetwork, NodePlace

FUNDS_MINOR = 1_000_000_000
LIFETIME_MS = 500_000
OPENED_EVERY = 10
# Block times lie so close that a chain of any length here ends before the clock of its nodes.
BLOCK_MS = 1


@dataclass(frozen=True, slots=True)
class _Founders:
    """The keys of the network, read once."""

    nodes: tuple[PrivateKey, ...]
    accounts: dict[str, tuple[bytes, PrivateKey]]


def store_of(testnet: LocalNetwork, node: NodePlace) -> Path:
    """Where a node's database lies."""
    return testnet.data_dir(node) / "db"


def build(
    testnet: LocalNetwork,
    transactions: int,
    per_block: int,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """A chain of so many transactions in the first node's store; its height."""
    place = testnet.nodes[0]
    store_of(testnet, place).parent.mkdir(parents=True, exist_ok=True)
    with closing(open_store(store_of(testnet, place))) as store:
        ledger = Ledger(store, load_genesis(testnet.directory / GENESIS), Registry())
        founders = _founders(testnet)
        bodies = _bodies(ledger, founders)
        left = transactions
        while left:
            body = tuple(islice(bodies, min(per_block, left)))
            _decide(ledger, founders, body)
            left -= len(body)
            progress(transactions - left)
        _decide(ledger, founders, ())
        return ledger.tip.height


def copy(testnet: LocalNetwork, *nodes: NodePlace) -> None:
    """The first node's store for these too."""
    for node in nodes:
        shutil.copytree(store_of(testnet, testnet.nodes[0]), store_of(testnet, node))


def _founders(testnet: LocalNetwork) -> _Founders:
    nodes = (testnet.folder(node) / "node.key" for node in testnet.nodes)
    accounts = {
        place.name: (decode_account(place.account), load_key(testnet.key_file(place), _nothing))
        for place in testnet.accounts
    }
    return _Founders(tuple(load_key(path, find_passphrase) for path in nodes), accounts)


def _nothing(path: Path) -> bytes:
    raise AssertionError(f"{path} is sealed")


def _bodies(ledger: Ledger, founders: _Founders) -> Iterator[ReceivedTransaction]:
    """Transactions without end."""
    nonces = count(1)
    valid_until_ms = ledger.chain.genesis.time_ms + LIFETIME_MS

    def signed(
        sender: tuple[bytes, PrivateKey], op: Operation, *others: tuple[bytes, PrivateKey]
    ) -> ReceivedTransaction:
        content = Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=ledger.chain.genesis_hash,
            sender=sender[0],
            nonce=next(nonces),
            valid_until_ms=valid_until_ms,
            operations=(op,),
            memo=None,
        )
        raw = encode(sign_transaction(content, [sender, *others]))
        return read_transaction(raw, ledger.rules)

    buyer, issuer = founders.accounts["buyer"], founders.accounts["issuer"]
    member = founders.accounts[ledger.chain.genesis.members[0].name]
    newest = buyer[0]
    yield signed(
        issuer, operation("asset.issue", AssetIssue("CNY", buyer[0], FUNDS_MINOR, "bench"))
    )
    for number in count():
        if number % OPENED_EVERY == 0:
            key = PrivateKey(sha256(b"an account of the bench" + number.to_bytes(8)))
            policy = single_key_policy(key.public_key)
            newest = policy.account_id()
            yield signed(
                member, operation("account.open", AccountOpen(policy, None)), (newest, key)
            )
        else:
            yield signed(buyer, operation("pay.transfer", PayTransfer(newest, "CNY", 1, None)))


def _decide(
    ledger: Ledger, founders: _Founders, transactions: tuple[ReceivedTransaction, ...]
) -> None:
    tip, following = ledger.tip, ledger.next_committee
    header = Header(
        version=BLOCK_VERSION,
        genesis_hash=ledger.chain.genesis_hash,
        height=tip.height + 1,
        parent_hash=tip.digest,
        view=0,
        parent_view=tip.certificate.view,
        time_ms=tip.header.time_ms + BLOCK_MS,
        proposer=0,
        epoch=ledger.chain.committee.epoch,
        transactions_root=blocks.transactions_root([t.body_hash for t in transactions]),
        transactions_count=len(transactions),
        state_root=tip.state_root,
        receipts_root=tip.receipts_root,
        next_committee_hash=NO_HASH if following is None else following.hash(),
    )
    executed = ledger.execute(header, transactions)
    failed = [r.status for r in executed.result.receipts if r.status != "ok"]
    assert not failed, failed[:3]
    ledger.write(executed, _certify(ledger, header, founders))


def _certify(ledger: Ledger, header: Header, founders: _Founders) -> Certificate:
    committee = ledger.chain.committee
    bare = Certificate(header.height, header.view, header.digest(), ())
    message = commit_bytes(ledger.chain.genesis_hash, committee.epoch, bare)
    keys = {key.public_key: key for key in founders.nodes}
    signatures = (
        CommitSignature(index, keys[member.node_key].sign(message))
        for index, member in enumerate(committee.members[: committee.quorum])
    )
    return replace(bare, signatures=tuple(signatures))
