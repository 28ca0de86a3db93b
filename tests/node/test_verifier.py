"""Signatures off the event loop: in slices, in order, each vote once."""

import asyncio
import threading

import pytest

from chain.crypto import verify as real
from chain.errors import EncodingInvalid, SignatureInvalid
from chain.transaction import ReceivedTransaction, body_hash
from node import verifier as verifier_module
from node.service import PoolFull
from node.verifier import FEW_MAX, VoteVerifier
from tests.chain.world import World, key
from tests.node.parts import forged, payment, verifying


def by_hash(*raws: bytes) -> dict[bytes, bytes]:
    return {body_hash(raw): raw for raw in raws}


@pytest.mark.asyncio
async def test_a_valid_transaction_is_read() -> None:
    world = World()
    good = payment(world)
    async with verifying(world) as verifier:
        assert await verifier.read_all(by_hash(good.raw)) == {good.body_hash: good}


@pytest.mark.asyncio
async def test_the_first_broken_rule_is_given_by_name() -> None:
    world = World()
    good = payment(world)
    async with verifying(world) as verifier:
        short, bad = (await verifier.read_all(by_hash(good.raw[:-1], forged(good)))).values()
        assert isinstance(short, EncodingInvalid)
        assert isinstance(bad, SignatureInvalid)


@pytest.mark.asyncio
async def test_a_bad_one_in_a_slice_leaves_the_others_alone_and_in_order() -> None:
    world = World()
    good = [payment(world) for _ in range(300)]
    raws = by_hash(*(forged(one) if at % 7 == 0 else one.raw for at, one in enumerate(good)))
    async with verifying(world) as verifier:
        results = await verifier.read_all(raws)
    assert list(results) == list(raws)
    for at, (result, one) in enumerate(zip(results.values(), good, strict=True)):
        if at % 7 == 0:
            assert isinstance(result, SignatureInvalid)
        else:
            assert result == one


@pytest.mark.asyncio
async def test_signatures_of_a_certified_block_are_not_checked_again() -> None:
    world = World()
    bad = by_hash(forged(payment(world)))
    async with verifying(world) as verifier:
        (read,) = (await verifier.read_all(bad, certified=True)).values()
        assert isinstance(read, ReceivedTransaction)
        (refused,) = (await verifier.read_all(bad)).values()
        assert isinstance(refused, SignatureInvalid)


@pytest.mark.asyncio
@pytest.mark.parametrize("count", [FEW_MAX, FEW_MAX + 1])
async def test_what_the_judge_refuses_is_not_verified(count: int) -> None:
    def refuse(_received: ReceivedTransaction) -> None:
        raise PoolFull("the judge's own", 1)

    world = World()
    raws = by_hash(*(forged(payment(world)) for _ in range(count)))
    async with verifying(world) as verifier:
        results = await verifier.read_all(raws, judge=refuse)
        assert [type(result) for result in results.values()] == [PoolFull] * count


def test_a_vote_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def counting(public_key: bytes, message: bytes, signature: bytes) -> bool:
        asked.append(message)
        return real(public_key, message, signature)

    monkeypatch.setattr(verifier_module, "verify", counting)
    signer, votes = key("a member"), VoteVerifier()
    signature = signer.sign(b"vote")
    assert votes(signer.public_key, b"vote", signature)
    assert votes(signer.public_key, b"vote", signature)
    assert asked == [b"vote"]
    # The fact is about key, message and signature: none of them may differ.
    assert not votes(signer.public_key, b"another vote", signature)
    assert not votes(key("another").public_key, b"vote", signature)
    assert not votes(signer.public_key, b"vote", bytes(64))


def test_an_invalid_vote_is_not_remembered_as_valid() -> None:
    signer, votes = key("a member"), VoteVerifier()
    for _ in range(2):
        assert not votes(signer.public_key, b"vote", bytes(64))


def test_the_memory_of_votes_is_bounded_and_forgets_the_oldest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verifier_module, "VOTE_FACTS_MAX", 4)
    signer, votes = key("a member"), VoteVerifier()
    for number in range(20):
        message = bytes([number])
        assert votes(signer.public_key, message, signer.sign(message))
        assert len(votes._facts) <= 4
    assert [fact[1] for fact in votes._facts][-1] == bytes([19])


@pytest.mark.asyncio
async def test_nothing_is_judged_any_more_once_the_threads_have_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    raws = by_hash(*(payment(world).raw for _ in range(FEW_MAX + 1)))
    began, go, told = asyncio.Event(), threading.Event(), list[str]()
    loop = asyncio.get_running_loop()

    def judge(_: ReceivedTransaction) -> None:
        loop.call_soon_threadsafe(began.set)
        go.wait()
        told.append("judged")

    async with verifying(world) as verifier:
        reading = asyncio.ensure_future(verifier.read_all(raws, judge=judge))
        await began.wait()
        reading.cancel()
        shutdown = verifier._pool.shutdown

        def ending(**how: bool) -> None:
            go.set()
            shutdown(**how)

        monkeypatch.setattr(verifier._pool, "shutdown", ending)
    assert len(told) == len(raws)
