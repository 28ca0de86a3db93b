"""Stored chains to audit: trade of every kind, deadlines, refusals, pauses, a larger committee."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from random import Random

from chain import block as blocks
from chain.block import (
    BLOCK_VERSION,
    NO_HASH,
    Certificate,
    CommitSignature,
    Header,
    commit_bytes,
)
from chain.codec import encode
from chain.committees import ready_bytes
from chain.genesis import ConsensusParameters, Genesis
from chain.ledger import Ledger
from chain.store_contract import KVStore
from chain.stored_chain import Tip
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    ReceivedTransaction,
    Transaction,
    read_transaction,
    sign_transaction,
)
from commerce.assets import AssetIssue
from commerce.committee import CommitteeChange, Seat
from commerce.members import MemberRegister
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from tests.sim import trade
from tests.sim.cast import PAYERS, account, genesis, node_name, private_key

LIFETIME_MS = 400_000
BLOCK_MS = 20_000
NEWCOMER = "m4"
# Orders time out, and parcels are confirmed by themselves, within minutes.
TIME_SCALE = 2_000


def founding() -> Genesis:
    """Four founders, and a fifth organisation's account."""
    return genesis(4, ConsensusParameters(), TIME_SCALE, newcomers=(NEWCOMER,))


class Trading:
    """A ledger on which random trade happens; the same from the same seed."""

    def __init__(self, store: KVStore, seed: int = 1) -> None:
        self.ledger = Ledger(store, founding(), Registry())
        self.chance = Random(seed)
        self._nonces = count(1)
        self._nodes = {
            private_key(node_name(index)).public_key: private_key(node_name(index))
            for index in range(5)
        }

    @property
    def now_ms(self) -> int:
        """Block time of the next block."""
        return self.ledger.tip.header.time_ms + BLOCK_MS

    def signed(
        self, sender: str, *operations: Operation, with_: Sequence[str] = ()
    ) -> ReceivedTransaction:
        """A fresh transaction."""
        content = Transaction(
            TRANSACTION_VERSION,
            self.ledger.chain.genesis_hash,
            account(sender),
            next(self._nonces),
            self.now_ms + LIFETIME_MS,
            operations,
            None,
        )
        signers = [(account(name), private_key(name)) for name in (sender, *with_)]
        return read_transaction(encode(sign_transaction(content, signers)), self.ledger.rules)

    def decide(self, *transactions: ReceivedTransaction) -> Tip:
        """Certify and write a block of these."""
        body = sorted(transactions, key=lambda entry: self.ledger.rules.rank(entry.types))
        executed = self.ledger.execute(self._header(body), body)
        return self.ledger.write(executed, self._certify(executed.header))

    def _header(self, body: Sequence[ReceivedTransaction]) -> Header:
        tip, following = self.ledger.tip, self.ledger.next_committee
        return Header(
            version=BLOCK_VERSION,
            genesis_hash=self.ledger.chain.genesis_hash,
            height=tip.height + 1,
            parent_hash=tip.digest,
            view=0,
            parent_view=tip.certificate.view,
            time_ms=self.now_ms,
            proposer=0,
            epoch=self.ledger.chain.committee.epoch,
            transactions_root=blocks.transactions_root([entry.body_hash for entry in body]),
            transactions_count=len(body),
            state_root=tip.state_root,
            receipts_root=tip.receipts_root,
            next_committee_hash=NO_HASH if following is None else following.hash(),
        )

    def _certify(self, header: Header) -> Certificate:
        bare = Certificate(header.height, header.view, header.digest(), ())
        chain = self.ledger.chain
        message = commit_bytes(chain.genesis_hash, chain.committee.epoch, bare)
        members = chain.committee.members
        # Another quorum at each height.
        chosen = sorted(self.chance.sample(range(len(members)), chain.committee.quorum))
        signatures = [
            CommitSignature(index, self._nodes[members[index].node_key].sign(message))
            for index in chosen
        ]
        return replace(bare, signatures=tuple(signatures))

    def play(self, height: int, per_block: int = 6) -> None:
        """Trade until this height; now and then a block is empty."""
        while self.ledger.tip.height < height:
            if self.ledger.tip.height == 0:
                money = [self._issue(name) for name in PAYERS]
                self.decide(*money, self._step(trade.shop()))
            elif self.chance.random() < 0.1:
                self.decide()
            else:
                self.decide(*(self._draw() for _ in range(per_block)))

    def _draw(self) -> ReceivedTransaction:
        draw = self.chance.random()
        step = trade.next_step(self.ledger, self.chance) if draw < 0.6 else None
        if step is not None:
            return self._step(step)
        if draw > 0.9:
            return self._issue(self.chance.choice(PAYERS))
        sender, to = self.chance.sample(PAYERS, 2)
        payment = PayTransfer(account(to), "CNY", self.chance.randint(1, 3_000), None)
        return self.signed(sender, operation("pay.transfer", payment))

    def _step(self, step: trade.Step) -> ReceivedTransaction:
        sender, operations, others = step
        return self.signed(sender, *operations, with_=others)

    def _issue(self, to: str) -> ReceivedTransaction:
        amount = self.chance.randint(1, 100_000)
        issue = AssetIssue("CNY", account(to), amount, f"deposit {next(self._nonces)}")
        return self.signed("issuer", operation("asset.issue", issue))

    def grow(self) -> None:
        """The fifth organisation becomes a member and gets a seat, three heights from here."""
        key = private_key(node_name(4))
        register = MemberRegister(account(NEWCOMER), NEWCOMER, (key.public_key,), None)
        quorum = ("m0", "m1", "m2")
        self.decide(
            self.signed("m0", operation("member.register", register), with_=(*quorum[1:], NEWCOMER))
        )
        chain, tip = self.ledger.chain, self.ledger.tip
        epoch = chain.committee.epoch
        ready = ready_bytes(chain.genesis_hash, epoch + 1, tip.height, tip.digest)
        seat = Seat(account(NEWCOMER), key.public_key, tip.height, tip.digest, key.sign(ready))
        change = operation("committee.change", CommitteeChange(epoch, (seat,), (), ()))
        self.decide(self.signed("m0", change, with_=quorum[1:]))
        self.decide()
        assert chain.committee.epoch < self.ledger.chain.committee.epoch


def history(store: KVStore, height: int = 24) -> Trading:
    """Trade up to a height, with a change of the committee on the way."""
    trading = Trading(store)
    trading.play(height // 2)
    trading.grow()
    trading.play(height)
    return trading


Change = Callable[[KVStore, Ledger], int]
"""Damages a store; the height that an audit must name."""
