"""The door: every rule that keeps a transaction out, by name; repeating is harmless."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

import pytest
from typing_extensions import override

from chain.codec import encode
from chain.crypto import require_valid
from chain.errors import (
    EncodingInvalid,
    LedgerError,
    LifetimeTooLong,
    OperationMalformed,
    OperationUnknown,
    PolicyNotSatisfied,
    SenderUnknown,
    SignatureInvalid,
    TransactionExpired,
    VersionUnknown,
    WrongChain,
)
from chain.store_contract import StorageFailed
from chain.store_memory import MemoryStore
from chain.stored_chain import StoredState
from chain.transaction import (
    TRANSACTION_SIZE_MAX,
    Operation,
    Transaction,
    sign_transaction,
)
from node import verifier as verifier_module
from node.service import Submitted
from node.verifier import FEW_BYTES_MAX, FEW_MAX, Judge, Read, TransactionVerifier
from tests.chain.world import World, account, genesis, key
from tests.let_go import let_go
from tests.node.doors import entrance
from tests.node.parts import forged, issue, payment, proposed


@pytest.mark.asyncio
async def test_what_passes_is_in_the_pool_and_told_once_with_its_origin() -> None:
    async with entrance() as at:
        one, other = payment(at.world), payment(at.world)
        submitted = await at.door.admit(one.raw)
        assert (submitted.id, submitted.decided) == (one.id, None)
        assert await at.door.admit_all([other.raw], b"peer") == 0
        assert at.admitted == [(one.id, None), (other.id, b"peer")]
        assert at.pool.get(one.id) == one


@pytest.mark.asyncio
@pytest.mark.parametrize("size", [10, 500_000])
async def test_what_is_refused_is_let_go_at_once_and_not_when_the_collector_looks(
    size: int,
) -> None:
    async with entrance() as at, let_go(EncodingInvalid):
        with pytest.raises(EncodingInvalid):
            await at.door.admit(bytes(size))
        (refused,) = await at.door.admit_batch([bytes(size)])
        assert isinstance(refused, EncodingInvalid)
        assert (refused.__traceback__, refused.__context__) == (None, None)


@pytest.mark.asyncio
async def test_what_passes_the_reading_and_is_refused_is_let_go_at_once_too() -> None:
    async with entrance() as at, let_go(WrongChain):
        wrong = signed(content(at.world, genesis_hash=bytes(32)))
        with pytest.raises(WrongChain):
            await at.door.admit(wrong)
        (refused,) = await at.door.admit_batch([wrong])
        assert isinstance(refused, WrongChain)
        assert await at.door.admit_all([wrong], b"peer") == 1


def content(world: World, **changes: object) -> Transaction:
    return replace(payment(world).transaction, **changes)  # type: ignore[arg-type]


def signed(made: Transaction, sender: str = "buyer") -> bytes:
    return encode(sign_transaction(made, [(account(sender), key(sender))]))


LIFETIME_MS = genesis().consensus.transaction_lifetime_max_ms


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("refusal", "made"),
    [
        (EncodingInvalid, lambda w: b""),  # noqa: ARG005
        (EncodingInvalid, lambda w: payment(w).raw + b"\x00"),
        (EncodingInvalid, lambda w: bytes(TRANSACTION_SIZE_MAX + 4096) + payment(w).raw),
        (SignatureInvalid, lambda w: forged(payment(w))),
        (VersionUnknown, lambda w: signed(content(w, version=9))),
        (WrongChain, lambda w: signed(content(w, genesis_hash=bytes(32)))),
        (TransactionExpired, lambda w: signed(content(w, valid_until_ms=w.now_ms - 1))),
        (LifetimeTooLong, lambda w: signed(content(w, valid_until_ms=w.now_ms + 2 * LIFETIME_MS))),
        (OperationUnknown, lambda w: signed(content(w, operations=(Operation("pay.x", b"\x90"),)))),
        (
            OperationMalformed,
            lambda w: signed(content(w, operations=(Operation("pay.transfer", b"\x90"),))),
        ),
        (SenderUnknown, lambda w: signed(content(w, sender=account("stranger")), "stranger")),
        (PolicyNotSatisfied, lambda w: signed(content(w, sender=account("merchant")))),
    ],
)
async def test_what_no_valid_block_may_hold_is_refused_by_the_rules_name(
    refusal: type[LedgerError],
    made: object,
) -> None:
    assert callable(made)
    async with entrance() as at:
        raw = made(at.world)
        with pytest.raises(refusal):
            await at.door.admit(raw)
        assert await at.door.admit_all([raw], b"peer") == 1
        assert (len(at.pool), at.admitted) == (0, [])


@pytest.mark.asyncio
async def test_what_commerce_may_say_against_it_is_not_the_doors_business() -> None:
    async with entrance() as at:
        # The buyer has no money yet.
        assert (await at.door.admit(payment(at.world).raw)).decided is None


@pytest.mark.asyncio
async def test_the_window_is_that_of_the_next_block_even_if_this_clock_is_behind() -> None:
    async with entrance() as at:
        at.clock[0] = 0
        expired = signed(content(at.world, valid_until_ms=at.world.ledger.tip.header.time_ms - 1))
        with pytest.raises(TransactionExpired):
            await at.door.admit(expired)


@pytest.mark.asyncio
async def test_the_same_bytes_before_the_decision_wait_once() -> None:
    async with entrance() as at:
        one = payment(at.world)
        first = await at.door.admit(one.raw)
        assert await at.door.admit(one.raw) == first
        assert await at.door.admit_all([one.raw, one.raw], b"peer") == 0
        # A client that repeats makes this node spread it again: it may have come from a peer only.
        assert [origin for _, origin in at.admitted] == [None, None]
        assert len(at.pool) == 1


@pytest.mark.asyncio
async def test_the_same_bytes_after_the_decision_get_the_receipt() -> None:
    async with entrance() as at:
        money = issue(at.world)
        await at.door.admit(money.raw)
        tip = at.world.decide(money)
        at.pool.discard([money.id])
        again = await at.door.admit(money.raw)
        assert again.decided is not None
        assert again.decided.receipt.status == "ok"
        assert (again.decided.place.height, again.decided.block_hash) == (1, tip.digest)
        assert again.decided.time_ms == tip.header.time_ms
        assert again.decided == at.door.decided(money.id)
        # It is not taken in a second time.
        assert len(at.pool) == 0
        assert len(at.admitted) == 1


@pytest.mark.asyncio
async def test_the_same_bytes_after_their_window_get_the_receipt_if_there_is_one() -> None:
    async with entrance() as at:
        money, late = issue(at.world), payment(at.world)
        at.world.decide(money)
        at.clock[0] = money.transaction.valid_until_ms + 1
        # Who asks again, for want of an answer, would pay twice by "expired".
        again = await at.door.admit(money.raw)
        assert again.decided == at.door.decided(money.id)
        assert again.decided is not None
        with pytest.raises(TransactionExpired):
            await at.door.admit(late.raw)
        # A peer isn't answered.
        assert await at.door.admit_all([money.raw], b"peer") == 1
        assert len(at.pool) == 0


@pytest.mark.asyncio
async def test_one_id_under_other_signatures_waits_once() -> None:
    async with entrance() as at:
        made = content(at.world)
        parties = [(account(name), key(name)) for name in ("buyer", "merchant")]
        alone, together = signed(made), encode(sign_transaction(made, parties))
        assert alone != together
        first = await at.door.admit(alone)
        second = await at.door.admit(together)
        assert first == second
        assert [id_ for id_, _ in at.admitted] == [first.id]


@pytest.mark.asyncio
async def test_one_bad_transaction_of_a_gossiped_batch_leaves_the_others() -> None:
    async with entrance() as at:
        good = [payment(at.world) for _ in range(3)]
        raws = [good[0].raw, forged(good[1]), good[2].raw]
        assert await at.door.admit_all(raws, b"peer") == 1
        assert [id_ for id_, _ in at.admitted] == [good[0].id, good[2].id]


@pytest.mark.asyncio
async def test_a_clients_batch_gets_the_answer_of_each_in_its_order() -> None:
    async with entrance() as at:
        money = issue(at.world)
        at.world.decide(money)
        waiting, new, other = (payment(at.world) for _ in range(3))
        await at.door.admit(waiting.raw)
        at.admitted.clear()
        raws = [new.raw, b"", waiting.raw, forged(other), money.raw, new.raw]
        first, empty, known, bad, old, again = await at.door.admit_batch(raws)
        assert (first, again) == (Submitted(new.id, None), Submitted(new.id, None))
        assert isinstance(empty, EncodingInvalid)
        assert isinstance(bad, SignatureInvalid)
        assert known == Submitted(waiting.id, None)
        assert old == Submitted(money.id, at.door.decided(money.id))
        # What waited is spread again, what is new once.
        assert sorted(at.admitted) == sorted([(waiting.id, None), (new.id, None)])
        assert len(at.pool) == 2


@pytest.mark.asyncio
async def test_a_storage_error_in_a_batch_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    async with entrance() as at:

        def broken(_minute: int, _id: bytes) -> NoReturn:
            raise StorageFailed("the disk")

        monkeypatch.setattr(at.world.ledger, "is_remembered", broken)
        with pytest.raises(StorageFailed):
            await at.door.admit_batch([payment(at.world).raw])


@pytest.mark.asyncio
async def test_copies_in_one_batch_are_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[bytes] = []

    def counted(public_key: bytes, message: bytes, signature: bytes) -> None:
        checked.append(signature)
        require_valid(public_key, message, signature)

    monkeypatch.setattr(verifier_module, "require_valid", counted)
    async with entrance() as at:
        one, bad, gossiped = payment(at.world), forged(payment(at.world)), payment(at.world)
        first, refused, *copies = await at.door.admit_batch([one.raw, bad, one.raw, bad])
        assert first == Submitted(one.id, None)
        assert isinstance(refused, SignatureInvalid)
        assert copies == [first, refused]
        assert len(checked) == 2
        assert await at.door.admit_all([gossiped.raw] * 3, b"peer") == 0
        assert len(checked) == 3


class _BrokenStore(MemoryStore):
    @override
    def get(self, key: bytes) -> NoReturn:
        raise StorageFailed("the disk")


@pytest.mark.asyncio
async def test_a_storage_error_while_reading_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    async with entrance() as at:
        one, other = payment(at.world), payment(at.world)
        monkeypatch.setattr(at.world.ledger, "state", StoredState(_BrokenStore()))
        with pytest.raises(StorageFailed):
            await at.door.admit(one.raw)
        with pytest.raises(StorageFailed):
            await at.door.admit_batch([other.raw])


@pytest.mark.asyncio
async def test_gossip_that_comes_behind_its_block_or_proposal_is_not_verified_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with entrance() as at:
        written, under_check, new = (payment(at.world) for _ in range(3))
        at.door._bodies.decided(1, [written])
        request = proposed(at.world, under_check, bodies=(under_check.raw,))
        await at.door._bodies.gather(request)
        read: list[bytes] = []
        verifier = at.door._verifier

        def counted(raws: Mapping[bytes, bytes], *, judge: Judge) -> dict[bytes, Read]:
            read.extend(raws.values())
            return TransactionVerifier.read_few(verifier, raws, judge=judge)

        monkeypatch.setattr(verifier, "read_few", counted)
        raws = [written.raw, under_check.raw, new.raw]
        assert at.door.admit_few(raws, b"peer") == 0
        assert read == [new.raw]
        assert [id_ for id_, _ in at.admitted] == [under_check.id, new.id]
        assert written.id not in at.pool


@pytest.mark.asyncio
async def test_many_or_large_ones_are_left_to_the_threads() -> None:
    async with entrance() as at:
        few = [payment(at.world).raw for _ in range(FEW_MAX)]
        assert at.door.admit_few(few, b"peer") == 0
        assert len(at.pool) == len(few)
        many = [payment(at.world).raw for _ in range(FEW_MAX + 1)]
        assert at.door.admit_few(many, b"peer") is None
        assert at.door.admit_few([bytes(FEW_BYTES_MAX + 1)], b"peer") is None
        assert len(at.pool) == len(few)
