"""Clients: signed transactions handed to random nodes, some twice, some that must fail."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from chain.account import SignatureEntry
from chain.codec import encode
from chain.store_contract import StorageError
from chain.transaction import (
    TRANSACTION_VERSION,
    Operation,
    SignedTransaction,
    Transaction,
    signing_bytes,
)
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import operation
from tests.sim import trade
from tests.sim.cast import GENESIS_MS, PAYERS, Signatures, account
from tests.sim.node import SimNode
from tests.sim.world import MS, World

LIFETIME_MS = 400_000


@dataclass
class Workload:
    """Makes and submits transactions; remembers which."""

    world: World
    genesis_hash: bytes
    signatures: Signatures
    nodes: list[SimNode]
    pause_us: int
    sent: list[bytes] = field(default_factory=list)
    running: bool = True

    def __post_init__(self) -> None:
        self._chance = self.world.stream("workload")
        self._nonces = count(1)

    def begin(self) -> None:
        """Issue money, then go on for ever."""
        for name in PAYERS[:3]:
            self.submit(self.issue(name))
        self.submit(self.step(trade.shop()))
        self._again()

    def _again(self) -> None:
        pause = int(self._chance.expovariate(1 / self.pause_us))
        self.world.after(max(MS, pause), self._step)

    def _step(self) -> None:
        if not self.running:
            return
        for _ in range(self._chance.choice((1, 1, 1, 2, 5))):
            self.submit(self._draw())
        self._again()

    def _draw(self) -> bytes:
        chance = self._chance
        if self.sent and chance.random() < 0.1:
            self.world.count("repeated")
            return chance.choice(self.sent[-20:])
        if chance.random() < 0.15:
            return self.issue(chance.choice(PAYERS))
        up = [node for node in self.nodes if node.alive]
        if up and chance.random() < 0.4:
            step = self._next_step(chance.choice(up))
            if step is not None:
                self.world.count("trades")
                return self.step(step)
        return self.pay()

    def _next_step(self, node: SimNode) -> trade.Step | None:
        """What a client reads from a node, or makes of it."""
        try:
            return trade.next_step(node.ledger, self._chance)
        except StorageError as error:
            node.stop(error)
            return None

    def step(self, step: trade.Step) -> bytes:
        """A step of a trade."""
        sender, operations, others = step
        return self.signed(sender, *operations, with_=others)

    def issue(self, to: str) -> bytes:
        """New money."""
        amount = self._chance.randint(1, 10_000)
        issue = AssetIssue("CNY", account(to), amount, f"deposit {len(self.sent)}")
        return self.signed("issuer", operation("asset.issue", issue))

    def pay(self) -> bytes:
        """A payment, often of more than there is."""
        sender, to = self._chance.sample(PAYERS, 2)
        payment = PayTransfer(account(to), "CNY", self._chance.randint(1, 3_000), None)
        return self.signed(sender, operation("pay.transfer", payment))

    def signed(self, sender: str, *operations: Operation, with_: Sequence[str] = ()) -> bytes:
        """The raw bytes of a signed transaction."""
        now_ms = GENESIS_MS + self.world.now_us // MS
        content = encode(
            Transaction(
                TRANSACTION_VERSION,
                self.genesis_hash,
                account(sender),
                next(self._nonces),
                now_ms + LIFETIME_MS,
                operations,
                None,
            )
        )
        message = signing_bytes(content)
        signers = {account(name): self.signatures.signer(name) for name in (sender, *with_)}
        entries = [
            SignatureEntry(party, signer.public_key, signer.sign(message))
            for party, signer in sorted(signers.items())
        ]
        return encode(SignedTransaction(content, tuple(entries)))

    def submit(self, raw: bytes, to: SimNode | None = None) -> None:
        """Hand it to a node that is up, at times to two."""
        self.sent.append(raw)
        up = [node for node in self.nodes if node.alive]
        if not up:
            return
        targets = [to or self._chance.choice(up)]
        if to is None and self._chance.random() < 0.1:
            targets.append(self._chance.choice(up))
        for node in targets:
            self.world.count("submitted")
            self.world.note(f"submit to {node.place}", raw)
            if node.submit(raw) is not None:
                self.world.count("turned_away")
