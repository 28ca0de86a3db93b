"""Signatures off the event loop: in slices, in order, bounded, each vote once."""

import asyncio

import pytest

from chain.crypto import verify as real
from chain.errors import EncodingInvalid, SignatureInvalid
from chain.transaction import ReceivedTransaction
from node import verifier as verifier_module
from node.service import PoolFull
from node.verifier import VoteVerifier
from tests.chain.world import World, key
from tests.node.parts import forged, payment, verifying


@pytest.mark.asyncio
async def test_a_valid_transaction_is_read() -> None:
    world = World()
    good = payment(world)
    async with verifying(world) as verifier:
        assert await verifier.read(good.raw) == good


@pytest.mark.asyncio
async def test_the_first_broken_rule_is_raised_by_name() -> None:
    world = World()
    good = payment(world)
    async with verifying(world) as verifier:
        with pytest.raises(EncodingInvalid):
            await verifier.read(good.raw[:-1])
        with pytest.raises(SignatureInvalid):
            await verifier.read(forged(good))


@pytest.mark.asyncio
async def test_a_bad_one_in_a_slice_leaves_the_others_alone_and_in_order() -> None:
    world = World()
    good = [payment(world) for _ in range(300)]
    raws = [forged(one) if at % 7 == 0 else one.raw for at, one in enumerate(good)]
    async with verifying(world) as verifier:
        for results in (
            await verifier.read_all(raws),
            await asyncio.gather(*map(verifier.read, raws), return_exceptions=True),
        ):
            for at, (result, one) in enumerate(zip(results, good, strict=True)):
                if at % 7 == 0:
                    assert isinstance(result, SignatureInvalid)
                else:
                    assert result == one


@pytest.mark.asyncio
async def test_signatures_of_a_certified_block_are_not_checked_again() -> None:
    world = World()
    bad = forged(payment(world))
    async with verifying(world) as verifier:
        (read,) = await verifier.read_all([bad], certified=True)
        assert isinstance(read, ReceivedTransaction)
        (refused,) = await verifier.read_all([bad])
        assert isinstance(refused, SignatureInvalid)


@pytest.mark.asyncio
async def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier_module, "FEW_MAX", 0)
    monkeypatch.setattr(verifier_module, "PENDING_MAX", 3)
    monkeypatch.setattr(verifier_module, "SLICE_MAX", 1)
    world = World()
    raws = [payment(world).raw for _ in range(12)]
    async with verifying(world) as verifier:
        # Two go to the threads at once, three wait; nothing is awaited between.
        results = await asyncio.gather(*map(verifier.read, raws), return_exceptions=True)
        full = [result for result in results if isinstance(result, PoolFull)]
        assert len(full) == 7
        assert all(one.retry_after_ms > 0 for one in full)
        # Once they are through, there is room again.
        assert (await verifier.read(raws[-1])).raw == raws[-1]


@pytest.mark.asyncio
async def test_a_client_that_gave_up_disturbs_nobody_in_its_slice() -> None:
    world = World()
    first, second, third = (payment(world) for _ in range(3))
    async with verifying(world) as verifier:
        reading = [asyncio.ensure_future(verifier.read(one.raw)) for one in (first, second, third)]
        await asyncio.sleep(0)
        reading[1].cancel()
        assert await reading[0] == first
        assert await reading[2] == third


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
