"""The same trade with real keys and signatures, through a real ledger that opens again."""

from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from chain.block import Certificate, Header
from chain.codec import encode
from chain.crypto import PrivateKey, sha256, verify
from chain.execution import BlockResult
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction, read_transaction, sign_transaction
from commerce.audit import full_check
from commerce.registry import Registry
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, Sent, genesis


def private(name: str | bytes) -> PrivateKey:
    """The private half of `tests.commerce.world.key`."""
    return PrivateKey(sha256(f"commerce test key of {name!s}".encode()))


class LedgerShop(Shop):
    """A shop whose transactions are signed, and whose blocks a ledger executes and writes too."""

    def __init__(self, founding: Genesis) -> None:
        self.ledger = Ledger(MemoryStore(), founding, Registry())
        super().__init__(founding)

    @override
    def transaction(
        self,
        sent: Sent,
        keys: Sequence[str] | None = None,
        extra: Sequence[tuple[bytes, bytes]] = (),
    ) -> ReceivedTransaction:
        unsigned = super().transaction(sent, keys, extra)
        known = {private(name).public_key: private(name) for name in (*sent.with_, sent.sender)}
        signers = [(entry.account, known[entry.public_key]) for entry in unsigned.signatures]
        signed = sign_transaction(unsigned.transaction, signers)
        received = read_transaction(encode(signed), self.rules)
        assert received.id == unsigned.id
        for entry in received.signatures:
            assert verify(entry.public_key, received.signing, entry.signature)
        return received

    @override
    def block(self, *transactions: ReceivedTransaction) -> BlockResult:
        self.time_ms += 1
        return super().block(*transactions)

    @override
    def execute(self, header: Header, transactions: Sequence[ReceivedTransaction]) -> BlockResult:
        tip = self.ledger.tip
        linked = replace(
            header,
            parent_hash=tip.digest,
            state_root=tip.state_root,
            receipts_root=tip.receipts_root,
        )
        executed = self.ledger.execute(linked, transactions)
        self.ledger.write(executed, Certificate(linked.height, 0, executed.digest, ()))
        result = super().execute(header, transactions)
        assert executed.result == result
        return result


def test_a_signed_trade_ends_the_same_in_a_ledger_and_its_store_opens_again() -> None:
    shop = LedgerShop(genesis())
    first = shop.paid((shop.tea, 3), (shop.cake, 1))
    parcel_id = shop.ship(first, (0, 2))
    shop.deliver(parcel_id)
    shop.confirm(parcel_id, (0, 1))
    second = shop.order((shop.bike, 1))
    shop.cancel(second)
    shop.wait(400 * DAY_MS)
    assert shop.money("merchant") == 2_000
    again = Ledger(shop.ledger.store, shop.genesis, Registry())
    assert again.tip == shop.ledger.tip
    full_check(again.state)
    assert dict(again.state.scan(b"")) == shop.state.values
    assert dict(again.index(b"")) == shop.indexes


def test_every_receipt_is_found_in_the_ledger_by_its_id() -> None:
    shop = LedgerShop(genesis())
    shop.order((shop.tea, 1))
    shop.wait(DAY_MS)
    for receipt in shop.receipts:
        found = shop.ledger.find_receipt(receipt.id)
        assert found is not None
        assert found[1] == receipt
