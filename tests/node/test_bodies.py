"""Gathering bodies: from gossip first, then by asking; only what is wanted is looked at."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from chain.transaction import ReceivedTransaction, body_hash
from consensus.output import CheckRequest
from node import bodies as bodies_module
from node.bodies import Bodies, ProposalBodyInvalid
from node.mempool import Mempool
from tests.chain.world import World
from tests.node.parts import forged, payment, proposed, verifying

SPONSOR = b"m0"


class Asking:
    """Remembers what was asked for: hashes, vouching members, attempt."""

    def __init__(self) -> None:
        self.all: list[tuple[tuple[bytes, ...], tuple[bytes, ...], int]] = []
        self.news = asyncio.Event()

    def __call__(self, hashes: Sequence[bytes], vouched: tuple[bytes, ...], attempt: int) -> None:
        self.all.append((tuple(hashes), vouched, attempt))
        self.news.set()


VOUCHED = (b"\x01" * 32, b"\x02" * 32)


@dataclass
class Shelf:
    """Bodies with a real pool and verifier."""

    world: World
    pool: Mempool
    bodies: Bodies
    asking: Asking

    def request(
        self, *transactions: ReceivedTransaction, bodies: tuple[bytes, ...] | None = None
    ) -> CheckRequest:
        return proposed(self.world, *transactions, bodies=bodies, sources=VOUCHED)

    def gather(self, request: CheckRequest) -> "asyncio.Future[tuple[ReceivedTransaction, ...]]":
        return asyncio.ensure_future(self.bodies.gather(request))


@asynccontextmanager
async def shelf() -> AsyncIterator[Shelf]:
    world, pool = World(), Mempool(1024 * 1024, 4)
    async with verifying(world) as verifier:
        asking = Asking()
        yield Shelf(world, pool, Bodies(pool, verifier, asking), asking)


@pytest.mark.asyncio
async def test_what_is_in_the_pool_is_there_at_once_in_the_proposals_order() -> None:
    async with shelf() as at:
        one, other = payment(at.world), payment(at.world)
        at.pool.add(one, SPONSOR, 0)
        at.pool.add(other, SPONSOR, 0)
        assert await at.bodies.gather(at.request(other, one)) == (other, one)
        assert at.asking.all == []


@pytest.mark.asyncio
async def test_bodies_that_came_with_the_request_are_verified_and_taken() -> None:
    async with shelf() as at:
        one = payment(at.world)
        request = at.request(one, bodies=(one.raw,))
        assert await at.bodies.gather(request) == (one,)


@pytest.mark.asyncio
async def test_gossip_has_a_grace_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies_module, "GOSSIP_GRACE_S", 60.0)
    async with shelf() as at:
        one = payment(at.world)
        gathering = at.gather(at.request(one))
        await asyncio.sleep(0)
        at.pool.add(one, SPONSOR, 0)
        at.bodies.news()
        assert await gathering == (one,)
        assert at.asking.all == []


@pytest.mark.asyncio
async def test_then_it_asks_for_what_is_missing_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies_module, "GOSSIP_GRACE_S", 0.001)
    monkeypatch.setattr(bodies_module, "ASK_AGAIN_S", 0.001)
    async with shelf() as at:
        known, missing = payment(at.world), payment(at.world)
        at.pool.add(known, SPONSOR, 0)
        gathering = at.gather(at.request(known, missing))
        while len(at.asking.all) < 3:
            at.asking.news.clear()
            await at.asking.news.wait()
        wanted = (missing.body_hash,)
        assert at.asking.all[:3] == [(wanted, VOUCHED, attempt) for attempt in range(3)]
        await at.bodies.arrived([missing.raw])
        assert await gathering == (known, missing)


@pytest.mark.asyncio
async def test_a_proposal_of_bodies_that_do_not_exist_costs_one_look_at_each_news(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies_module, "GOSSIP_GRACE_S", 60.0)
    async with shelf() as at:
        known, missing = payment(at.world), payment(at.world)
        at.pool.add(known, SPONSOR, 0)
        request = at.request(known, missing)
        nowhere = tuple(number.to_bytes(32) for number in range(10_000))
        request = replace(request, body_hashes=(*request.body_hashes, *nowhere))
        looks: list[bytes] = []
        look = at.pool.by_body

        def counted(body: bytes) -> ReceivedTransaction | None:
            looks.append(body)
            return look(body)

        monkeypatch.setattr(at.pool, "by_body", counted)
        gathering = at.gather(request)
        await asyncio.sleep(0)
        for _ in range(50):
            at.bodies.news()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert looks[0] == known.body_hash
        assert set(looks[1:]) == {missing.body_hash}
        gathering.cancel()


@pytest.mark.asyncio
async def test_what_left_the_pool_while_the_rest_was_awaited_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies_module, "GOSSIP_GRACE_S", 60.0)
    async with shelf() as at:
        one, other = payment(at.world), payment(at.world)
        at.pool.add(one, SPONSOR, 0)
        gathering = at.gather(at.request(one, other))
        await asyncio.sleep(0)
        at.pool.discard([one.id])
        at.pool.add(other, SPONSOR, 0)
        at.bodies.news()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not gathering.done()
        at.pool.add(one, SPONSOR, 0)
        at.bodies.news()
        assert await gathering == (one, other)


@pytest.mark.asyncio
async def test_bodies_that_nobody_wants_are_dropped_before_they_cost_anything() -> None:
    async with shelf() as at:
        one, other = payment(at.world), payment(at.world)
        gathering = at.gather(at.request(one))
        await asyncio.sleep(0)
        await at.bodies.arrived([other.raw, b"noise"])
        assert at.bodies._found == {}
        assert not gathering.done()
        await at.bodies.arrived([one.raw])
        assert await gathering == (one,)


@pytest.mark.asyncio
async def test_a_body_with_an_invalid_signature_refuses_the_proposal_by_name() -> None:
    async with shelf() as at:
        good = payment(at.world)
        bad = forged(good)
        request = at.request(good)
        # The primary named the hash of bytes whose signature does not hold.

        request = replace(request, body_hashes=(body_hash(bad),), bodies=(bad,))
        with pytest.raises(ProposalBodyInvalid, match="signature"):
            await at.bodies.gather(request)


@pytest.mark.asyncio
async def test_a_body_of_a_certified_block_is_not_verified_again() -> None:
    async with shelf() as at:
        bad = forged(payment(at.world))
        request = replace(
            at.request(), body_hashes=(body_hash(bad),), bodies=(bad,), certified=True
        )
        (taken,) = await at.bodies.gather(request)
        assert taken.raw == bad
        assert at.bodies.verified(taken.body_hash) is None, "a quorum's word is not for the pool"


@pytest.mark.asyncio
async def test_only_what_was_verified_here_need_not_be_verified_again() -> None:
    async with shelf() as at:
        good, pooled = payment(at.world), payment(at.world)
        bad = forged(payment(at.world))
        at.pool.add(pooled, SPONSOR, 0)
        assert at.bodies.verified(good.body_hash) is None
        request = at.request(good, pooled, bodies=(good.raw, pooled.raw, bad))
        request = replace(request, body_hashes=(*request.body_hashes, body_hash(bad)))
        with pytest.raises(ProposalBodyInvalid):
            await at.bodies.gather(request)
        assert at.bodies.verified(good.body_hash) == good
        assert at.bodies.verified(pooled.body_hash) is None
        assert at.bodies.verified(body_hash(bad)) is None
        at.bodies.decided(1, ())
        assert at.bodies.verified(good.body_hash) is None


@pytest.mark.asyncio
async def test_what_is_held_is_served_and_forgotten_once_the_height_is_decided() -> None:
    async with shelf() as at:
        pooled, found, next_one = (payment(at.world) for _ in range(3))
        at.pool.add(pooled, SPONSOR, 0)
        await at.bodies.gather(at.request(found, bodies=(found.raw,)))
        assert at.bodies.held(pooled.body_hash) == pooled.raw
        assert at.bodies.held(found.body_hash) == found.raw
        assert at.bodies.held(next_one.body_hash) is None
        at.bodies.decided(1, ())
        assert at.bodies.held(found.body_hash) is None
        assert at.bodies._wanted == {}
        assert at.bodies._found == {}


@pytest.mark.asyncio
async def test_a_decision_below_does_not_forget_what_is_wanted_above() -> None:
    async with shelf() as at:
        one = payment(at.world)
        await at.bodies.gather(at.request(one, bodies=(one.raw,)))
        at.bodies.decided(0, ())
        assert at.bodies.held(one.body_hash) == one.raw


@pytest.mark.asyncio
async def test_the_bodies_of_the_newest_blocks_are_handed_out_after_they_left_the_pool() -> None:
    """All others have decided: a member that is a little slower still finds what it lacks."""
    async with shelf() as at:
        blocks = [(payment(at.world),) for _ in range(bodies_module.WRITTEN_KEPT + 1)]
        for height, block in enumerate(blocks, start=1):
            at.bodies.decided(height, block)
        oldest, *kept = [block[0] for block in blocks]
        assert [at.bodies.held(one.body_hash) for one in kept] == [one.raw for one in kept]
        assert at.bodies.held(oldest.body_hash) is None
