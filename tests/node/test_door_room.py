"""The door keeps clients out where there is no room: it costs little, and they are told when."""

import asyncio
from collections.abc import Mapping

import pytest

from chain.context import sender_of
from node import door as door_module
from node import verifier as verifier_module
from node.pace import WAITING_MIN_BYTES, Pace
from node.service import PoolFull, Submitted
from node.verifier import Read
from tests.node.doors import entrance
from tests.node.parts import forged, payment


@pytest.mark.asyncio
async def test_a_full_pool_says_when_to_come_again_and_takes_no_gossip() -> None:
    async with entrance(pool_size_max=700) as at:
        raws = [payment(at.world).raw for _ in range(10)]
        results = [await asyncio.gather(at.door.admit(r), return_exceptions=True) for r in raws]
        full = [result for (result,) in results if isinstance(result, PoolFull)]
        assert full
        assert all(one.retry_after_ms > 0 for one in full)
        before = len(at.pool)
        assert before == len(raws) - len(full)
        assert await at.door.admit_all([payment(at.world).raw], b"peer") == 1
        assert len(at.pool) == before


@pytest.mark.asyncio
async def test_a_full_pool_refuses_a_batch_before_its_signatures_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with entrance(pool_size_max=700, sponsors=1) as at:
        raws = [payment(at.world).raw for _ in range(10)]
        results = await at.door.admit_batch(raws)
        taken = [one for one in results if isinstance(one, Submitted)]
        full = [one for one in results if isinstance(one, PoolFull)]
        assert len(taken) == len(at.pool) > 0
        assert len(taken) + len(full) == len(raws)
        assert all(one.retry_after_ms > 0 for one in full)
        read: list[bytes] = []

        async def counted(raws: Mapping[bytes, bytes], **_: object) -> dict[bytes, Read]:
            read.extend(raws)
            return {}

        monkeypatch.setattr(at.door._verifier, "read_all", counted)
        again = await at.door.admit_batch([forged(payment(at.world)) for _ in range(3)])
        assert all(isinstance(one, PoolFull) for one in again)
        # What waits already is no newcomer.
        assert await at.door.admit_batch(raws[:1]) == taken[:1]
        assert read == []


@pytest.mark.asyncio
async def test_who_has_used_up_its_share_is_refused_before_its_signatures_are_looked_at() -> None:
    async with entrance(pool_size_max=8_000, sponsors=4) as at:
        good = [payment(at.world).raw for _ in range(40)]
        results = await at.door.admit_batch(good)
        assert any(isinstance(one, PoolFull) for one in results)
        left = 8_000 - at.pool.bytes
        assert left > len(good[0]), "there is room for others"
        # A forged one that had a place would be refused for its signature.
        (share,) = await at.door.admit_batch([forged(payment(at.world))])
        assert isinstance(share, PoolFull)
        with pytest.raises(PoolFull, match="share"):
            await at.door.admit(forged(payment(at.world)))


@pytest.mark.asyncio
async def test_what_waits_to_be_verified_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier_module, "FEW_MAX", 0)
    monkeypatch.setattr(door_module, "READING_MAX", 3)
    async with entrance() as at:
        raws = [payment(at.world).raw for _ in range(12)]
        # Three go to the threads; nothing is awaited between.
        results = await asyncio.gather(*map(at.door.admit, raws), return_exceptions=True)
        full = [result for result in results if isinstance(result, PoolFull)]
        assert [isinstance(result, Submitted) for result in results] == [True] * 3 + [False] * 9
        assert len(full) == 9
        assert all(one.retry_after_ms > 0 for one in full)
        # Once they are through, there is room again.
        assert isinstance(await at.door.admit(raws[-1]), Submitted)


@pytest.mark.asyncio
async def test_a_client_that_gave_up_disturbs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verifier_module, "FEW_MAX", 0)
    async with entrance() as at:
        made = [payment(at.world) for _ in range(3)]
        admitting = [asyncio.ensure_future(at.door.admit(one.raw)) for one in made]
        await asyncio.sleep(0)
        admitting[1].cancel()
        assert await admitting[0] == Submitted(made[0].id, None)
        assert await admitting[2] == Submitted(made[2].id, None)
        assert admitting[1].cancelled()
        assert (len(at.pool), at.door._reading) == (2, 0)


@pytest.mark.asyncio
async def test_clients_wait_outside_before_peers_do() -> None:
    pace = Pace(lambda: 0)
    async with entrance(4 * WAITING_MIN_BYTES, sponsors=1, pace=pace) as at:
        waiting = payment(at.world)
        sponsor = sender_of(at.world.ledger.state, waiting).sponsor
        at.pool.bytes = at.pool._sponsor_bytes[sponsor] = WAITING_MIN_BYTES
        with pytest.raises(PoolFull):
            await at.door.admit(waiting.raw)
        assert await at.door.admit_all([waiting.raw], b"peer") == 0
        assert waiting.id in at.pool


@pytest.mark.asyncio
async def test_gossip_for_which_a_sponsor_has_no_room_costs_no_signature_and_is_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with entrance(pool_size_max=8_000, sponsors=4) as at:
        checked: list[bytes] = []

        def check(_key: bytes, message: bytes, _signature: bytes) -> None:
            checked.append(message)

        monkeypatch.setattr(verifier_module, "require_valid", check)
        raws = [payment(at.world).raw for _ in range(40)]
        refused = await at.door.admit_all(raws, b"peer")
        assert 0 < refused < len(raws)
        assert not at.door.has_room_for(b"peer")
        checked.clear()
        assert await at.door.admit_all([payment(at.world).raw for _ in range(10)], b"other") == 10
        assert checked == []
        at.pool.discard([received.id for received in at.pool.pick(1, 1_000, 1_000_000)])
        assert await at.door.admit_all([payment(at.world).raw], b"other") == 0
        assert at.door.has_room_for(b"peer")
