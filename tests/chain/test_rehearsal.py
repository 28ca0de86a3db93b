"""A rehearsal does what the block would, keeps nothing, and never answers from two states."""

from collections.abc import Iterator

import pytest

from chain.block import OK
from chain.errors import LedgerError, TransactionExpired
from chain.rehearsal import Rehearsal
from chain.transaction import ReceivedTransaction
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import operation
from tests.chain.world import World, account


def funded() -> World:
    world = World()
    issue = AssetIssue("CNY", account("buyer"), 1_000, "first")
    world.decide(world.signed("issuer", operation("asset.issue", issue)))
    return world


def payment(world: World, amount_minor: int) -> ReceivedTransaction:
    payload = PayTransfer(account("merchant"), "CNY", amount_minor, None)
    return world.signed("buyer", operation("pay.transfer", payload))


def rehearsed(world: World, received: ReceivedTransaction) -> Rehearsal:
    found = world.ledger.rehearse(received, world.now_ms)
    assert found is not None
    return found


@pytest.mark.parametrize("amount_minor", [1, 1_000, 1_001])
def test_the_receipt_is_that_of_the_block_which_then_decides_it(amount_minor: int) -> None:
    world = funded()
    sent = payment(world, amount_minor)
    found = rehearsed(world, sent)
    executed = world.execute(sent)
    assert executed.result.receipts[-1] == found.receipt
    assert (found.refusal is None) == (found.receipt.status == OK)
    for key, _, after in found.changes:
        assert executed.result.changes[key] == after


def test_nothing_is_kept_and_the_values_before_are_told() -> None:
    world = funded()
    root, rows = world.ledger.tip.state_root, list(world.store.scan(b"\x00", b"\xff"))
    found = rehearsed(world, payment(world, 400))
    assert found.changes
    assert all(world.ledger.state.get(key) == before for key, before, _ in found.changes)
    assert (world.ledger.tip.state_root, list(world.store.scan(b"\x00", b"\xff"))) == (root, rows)


def test_a_refusal_keeps_its_numbers_and_changes_nothing() -> None:
    world = funded()
    found = rehearsed(world, payment(world, 5_000))
    assert isinstance(found.refusal, LedgerError)
    assert "5000" in str(found.refusal)
    assert found.changes == ()


def test_what_could_stand_in_no_block_is_refused() -> None:
    world = funded()
    late = payment(world, 1)
    with pytest.raises(TransactionExpired):
        world.ledger.rehearse(late, world.now_ms + 10**9)


class Written:
    """A state below which a block is written at the first read."""

    def __init__(self, world: World, other: ReceivedTransaction) -> None:
        self.own = world.ledger.state
        self.world = world
        self.other: ReceivedTransaction | None = other

    def get(self, key: bytes) -> bytes | None:
        other, self.other = self.other, None
        if other is not None:
            ledger = self.world.ledger
            ledger.state = self.own
            self.world.decide(other)
            ledger.state = self  # type: ignore[assignment]
        return self.own.get(key)

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        return self.own.scan(prefix, start)


def test_a_block_written_meanwhile_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    world = funded()
    sent, other = payment(world, 900), payment(world, 900)
    monkeypatch.setattr(world.ledger, "state", Written(world, other))
    assert world.ledger.rehearse(sent, world.now_ms) is None


class Stumbling:
    """A state whose first read breaks what handlers rely on."""

    def get(self, key: bytes) -> bytes | None:
        raise AssertionError(key)


def test_what_a_settled_state_breaks_is_our_own_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    world = funded()
    monkeypatch.setattr(world.ledger, "state", Stumbling())
    with pytest.raises(AssertionError):
        world.ledger.rehearse(payment(world, 1), world.now_ms)


def test_before_the_tip_moves_on_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    world = funded()
    sent, tip = payment(world, 1), world.ledger.tip
    world.decide(payment(world, 2))
    monkeypatch.setattr(world.ledger, "tip", tip)
    assert world.ledger.rehearse(sent, world.now_ms) is None
