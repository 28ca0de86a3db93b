"""Where the demo plays: the test network, its parties, and which node is asked for what."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from chain.account import single_key_policy
from chain.bech32m import decode_account
from chain.codec import encode
from chain.crypto import PrivateKey
from chain.transaction import TRANSACTION_VERSION, Operation, Transaction, sign_transaction
from commerce.registry import operation
from node import keystore, processes
from node.client import NodeClient, NodeFailed, Outcome
from node.clock import now_ms
from node.demo.story import Claim, Story, receipt_claims
from node.money_text import format_amount
from node.testnet_layout import LocalNetwork, NodePlace

SYMBOL: Final = "CNY"
DECIMALS: Final = 2
VALID_FOR_MS: Final = 120_000
DECIDED_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody with an account and its key."""

    name: str
    account: bytes
    key: PrivateKey


def new_party(name: str) -> Party:
    """Somebody with a fresh key, whose account that of the key alone will be."""
    key = PrivateKey(keystore.new_seed())
    return Party(name, single_key_policy(key.public_key).account_id(), key)


class Stage:
    """One network and one story. Transactions go to one node, claims are checked on another."""

    def __init__(self, testnet: LocalNetwork, story: Story) -> None:
        self.testnet = testnet
        self.story = story

    def party(self, name: str) -> Party:
        """The party of an account's name."""
        place = self.testnet.account(name)
        key = keystore.load_key(self.testnet.key_file(place), keystore.find_passphrase)
        return Party(name, decode_account(place.account), key)

    @property
    def alive(self) -> Sequence[NodePlace]:
        """The nodes whose process runs."""
        return [state.node for state in processes.running(self.testnet)]

    @property
    def client(self) -> NodeClient:
        """Where transactions go: the first node that runs, and the next ones if it fails."""
        return NodeClient([node.api for node in self.alive])

    @property
    def witness(self) -> NodePlace:
        """Who is asked whether what was told is true: the last node that runs."""
        return self.alive[-1]

    def asks(self, node: NodePlace) -> NodeClient:
        """A client of one node alone."""
        return NodeClient([node.api])

    @cached_property
    def genesis_hash(self) -> bytes:
        """Which chain transactions name."""
        return bytes.fromhex(self.testnet.genesis_hash)

    def send(
        self, sender: Party, name: str, payload: object, cosigners: Sequence[Party] = ()
    ) -> Outcome:
        """Sign one operation and wait until it is decided; it must succeed."""
        return self.send_all(sender, [operation(name, payload)], cosigners)

    def send_all(
        self, sender: Party, operations: Sequence[Operation], cosigners: Sequence[Party] = ()
    ) -> Outcome:
        """As `send`, for several operations that happen all or not at all."""
        outcome = self.decide(sender, operations, cosigners)
        if outcome.status != "ok":
            raise NodeFailed(f"{sender.name}: {operations[0].type} was refused: {outcome.status}")
        return outcome

    def decide(
        self, sender: Party, operations: Sequence[Operation], cosigners: Sequence[Party] = ()
    ) -> Outcome:
        """As `send_all`, whatever its outcome is."""
        raw = self.sign(sender, operations, cosigners)
        return self.client.submit(raw, timeout_s=DECIDED_TIMEOUT_S)

    def send_each(self, orders: Sequence[tuple[Party, str, object]]) -> Sequence[Outcome]:
        """One transaction each, handed in together, so that one block can decide all of them."""
        raws = [self.sign(who, [operation(name, payload)], ()) for who, name, payload in orders]
        body = {"transactions": [raw.hex() for raw in raws]}
        taken = self.client.post("/v1/transactions/batch?wait=accepted", body)["results"]
        for (who, name, _), item in zip(orders, taken, strict=True):
            if item["id"] is None:
                raise NodeFailed(f"{who.name}: {name} was refused: {item['problem']['code']}")
        # The very same bytes once more wait for the outcome, whatever became of the first node.
        decided = [self.client.submit(raw, timeout_s=DECIDED_TIMEOUT_S) for raw in raws]
        for (who, name, _), outcome in zip(orders, decided, strict=True):
            if outcome.status != "ok":
                raise NodeFailed(f"{who.name}: {name} was refused: {outcome.status}")
        return decided

    def sign(
        self, sender: Party, operations: Sequence[Operation], cosigners: Sequence[Party]
    ) -> bytes:
        """A transaction of these operations, as it is handed in."""
        content = Transaction(
            version=TRANSACTION_VERSION,
            genesis_hash=self.genesis_hash,
            sender=sender.account,
            nonce=secrets.randbits(64),
            valid_until_ms=now_ms() + VALID_FOR_MS,
            operations=tuple(operations),
            memo=None,
        )
        return encode(sign_transaction(content, [(p.account, p.key) for p in (sender, *cosigners)]))

    def tell(
        self, words: str, outcome: Outcome, facts: dict[str, str], claims: Sequence[Claim] = ()
    ) -> None:
        """Tell of a decided transaction, checked on the witness."""
        shown = {**facts, "transaction": outcome.id, "height": str(outcome.height)}
        behind = [*receipt_claims(outcome), *claims]
        self.tell_of(words, shown, behind)

    def tell_of(self, words: str, facts: dict[str, str], claims: Sequence[Claim]) -> None:
        """Tell of what is so, checked on the witness."""
        witness = self.witness
        self.story.add(words, facts, claims, self.asks(witness))

    def holds_now(self, claims: Sequence[Claim]) -> None:
        """Check on the witness what is true only for a while; it is not told on."""
        self.story.verify(claims, self.asks(self.witness))

    def event_claims(self, outcome: Outcome, index: int, *names: str) -> list[Claim]:
        """Claims about fields of the `index`-th event of a transaction."""
        path, data = f"/v1/receipts/{outcome.id}", outcome.events[index]["data"]
        return [Claim(path, f"/events/{index}/data/{name}", data[name]) for name in names]

    def height(self, node: NodePlace) -> int:
        """A node's newest height."""
        return int(self.asks(node).get("/v1/status")["height"])

    def wait_for_height(self, node: NodePlace, height: int, timeout_s: float) -> None:
        """Wait until a node has a block of this height, or `NodeFailed`."""
        deadline = time.monotonic() + timeout_s
        while self.height(node) < height:
            if time.monotonic() > deadline:
                raise NodeFailed(f"{node.name} did not reach height {height} in {timeout_s:g} s")
            time.sleep(0.05)


def cny(amount_minor: int) -> str:
    """`CNY 129.00`."""
    return format_amount(amount_minor, DECIMALS, SYMBOL)
