"""The ledger's thread: in the order asked, each block executed once, certified nonsense fatal."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from typing_extensions import override

from chain.block import Block, Certificate, Header
from chain.ledger import Executed
from chain.schema import META_GENESIS
from chain.store_contract import StorageFailed
from chain.store_memory import MemoryStore
from chain.stored_chain import Tip
from chain.transaction import ReceivedTransaction
from consensus.output import BuildRequest, CheckRequest, Decided, Results
from node import ledger_queue as queue_module
from node.ledger_queue import CertifiedBlockInvalid, LedgerQueue
from tests.chain.world import World
from tests.node.parts import issue, payment

UNKNOWN = Results(bytes(32), bytes(32), needs_seal=False)


@asynccontextmanager
async def queue_of(world: World) -> AsyncIterator[LedgerQueue]:
    queue = LedgerQueue(world.ledger)
    try:
        yield queue
    finally:
        queue.close()


def check_of(world: World, *transactions: ReceivedTransaction, view: int = 0) -> CheckRequest:
    """What a replica asks of a proposal at the next height."""
    header = replace(world.header(transactions), view=view)
    hashes = tuple(received.body_hash for received in transactions)
    return CheckRequest(view, header.digest(), header, hashes, None, (), certified=False)


def decided_of(world: World, header: Header, *transactions: ReceivedTransaction) -> Decided:
    """The same block, decided."""
    block = Block(header, tuple(received.raw for received in transactions))
    hashes = tuple(received.body_hash for received in transactions)
    return Decided(block, hashes, header.digest(), world.certify(header), UNKNOWN)


class FailingStore(MemoryStore):
    """A disk that is full once the chain is founded."""

    @override
    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        if self.get(META_GENESIS) is not None:
            raise StorageFailed("no space left")
        super().write(batch, sync=sync)


def build_of(world: World, height: int | None = None) -> BuildRequest:
    tip = world.ledger.tip
    wanted = tip.height + 1 if height is None else height
    return BuildRequest(wanted, 0, tip.digest, tip.header.time_ms + 1, at_once=False)


def count_executions(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Heights that the real ledger is asked to execute."""
    heights: list[int] = []
    execute = world.ledger.execute

    def counting(header: Header, transactions: Sequence[ReceivedTransaction]) -> Executed:
        heights.append(header.height)
        return execute(header, transactions)

    monkeypatch.setattr(world.ledger, "execute", counting)
    return heights


@pytest.mark.asyncio
async def test_a_block_is_executed_once_checked_twice_and_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    heights = count_executions(world, monkeypatch)
    money = issue(world)
    request = check_of(world, money)
    async with queue_of(world) as queue:
        first = await queue.check(request, [money])
        again = await queue.check(replace(request, certified=True), [money])
        assert first is not None
        assert first == again
        assert first.bodies == (money.raw,)
        written = await queue.write(decided_of(world, request.header, money))
        assert heights == [1]
        assert written.tip == world.ledger.tip
        assert first.results == Results(
            written.tip.state_root, written.tip.receipts_root, needs_seal=True
        )


@pytest.mark.asyncio
@pytest.mark.parametrize("checks", [0, 1, 2])
async def test_what_a_block_took_is_its_check_and_its_write_and_no_waiting(
    checks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, clock_s = World(), [0.0]
    execute, write = world.ledger.execute, world.ledger.write

    def slow_execute(header: Header, transactions: Sequence[ReceivedTransaction]) -> Executed:
        clock_s[0] += 3.0
        return execute(header, transactions)

    def slow_write(executed: Executed, certificate: Certificate) -> Tip:
        clock_s[0] += 2.0
        return write(executed, certificate)

    monkeypatch.setattr(queue_module, "perf_counter", lambda: clock_s[0])
    monkeypatch.setattr(world.ledger, "execute", slow_execute)
    monkeypatch.setattr(world.ledger, "write", slow_write)
    money = issue(world)
    request = check_of(world, money)
    async with queue_of(world) as queue:
        for _ in range(checks):
            await queue.check(request, [money])
            clock_s[0] += 100.0
        assert (await queue.write(decided_of(world, request.header, money))).took_s == 5.0


@pytest.mark.asyncio
async def test_jobs_run_in_the_order_in_which_they_were_asked() -> None:
    world = World()
    money = issue(world)
    async with queue_of(world) as queue:
        request = check_of(world, money)
        # None of these is awaited before the next is asked.
        check = queue.check(request, [money])
        checked = await check
        write = queue.write(decided_of(world, request.header, money))
        built = await queue.build(build_of(world, 2), [payment(world)], world.now_ms + 2_000)
        assert checked is not None
        assert write.done()
        assert built is not None
        assert len(built.proposal.bodies) == 1


@pytest.mark.asyncio
async def test_a_check_of_a_height_that_is_not_next_is_dropped() -> None:
    world = World()
    money = issue(world)
    old = check_of(world, money)
    async with queue_of(world) as queue:
        await queue.write(decided_of(world, old.header, money))
        assert await queue.check(old, [money]) is None
        ahead = replace(old, header=replace(old.header, height=5))
        assert await queue.check(ahead, [money]) is None
        assert await queue.build(build_of(world, 1), [], world.now_ms) is None


@pytest.mark.asyncio
async def test_an_invalid_proposal_is_refused_by_the_rules_name() -> None:
    world = World()
    request = check_of(world)
    late = replace(request.header, state_root=bytes(32))
    async with queue_of(world) as queue:
        checked = await queue.check(replace(request, header=late, digest=late.digest()), [])
        assert checked is not None
        assert checked.results is None
        assert checked.refusal.startswith("BlockInvalid: ")


@pytest.mark.asyncio
async def test_rival_proposals_of_one_height_are_kept_until_one_is_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    heights = count_executions(world, monkeypatch)
    money = issue(world)
    rivals = [check_of(world, money, view=view) for view in range(10)]
    async with queue_of(world) as queue:
        for rival in rivals:
            await queue.check(rival, [money])
        assert len(queue._executed) == 8
        await queue.write(decided_of(world, rivals[5].header, money))
        assert heights == [1] * 10
        assert not queue._executed


@pytest.mark.asyncio
async def test_a_block_decided_before_a_restart_is_executed_when_written() -> None:
    world = World()
    money = issue(world)
    request = check_of(world, money)
    async with queue_of(world) as queue:
        written = await queue.write(decided_of(world, request.header, money))
        assert written.tip.height == 1
        assert [t.id for t in written.executed.transactions] == [money.id]


@pytest.mark.asyncio
async def test_a_certified_block_that_breaks_a_rule_is_fatal_by_name() -> None:
    world = World()
    money = issue(world)
    header = replace(world.header([money]), state_root=bytes(32))
    async with queue_of(world) as queue:
        with pytest.raises(CertifiedBlockInvalid, match="height 1: BlockInvalid"):
            await queue.write(decided_of(world, header, money))
        assert world.ledger.tip.height == 0


@pytest.mark.asyncio
async def test_a_failing_store_is_raised_as_it_is() -> None:
    world = World(FailingStore())
    money = issue(world)
    async with queue_of(world) as queue:
        with pytest.raises(StorageFailed):
            await queue.write(decided_of(world, world.header([money]), money))


@pytest.mark.asyncio
async def test_a_built_block_holds_what_may_stand_in_it_and_names_what_never_may() -> None:
    world = World()
    money, early = issue(world), payment(world)
    stranger = payment(world, sender="stranger")
    content = payment(world).transaction
    expired = world.sign(replace(content, valid_until_ms=1), "buyer")
    lifetime_ms = world.genesis.consensus.transaction_lifetime_max_ms
    far_ms = world.now_ms + lifetime_ms + 10_000
    too_early = world.sign(replace(content, valid_until_ms=far_ms), "buyer")
    async with queue_of(world) as queue:
        candidates = [early, money, stranger, expired, too_early]
        built = await queue.build(build_of(world), candidates, world.now_ms)
        assert built is not None
        assert set(built.proposal.bodies) == {money.raw, early.raw}
        # Only too early: it stays in the pool, where a later block finds it.
        assert set(built.refused) == {stranger.id, expired.id}
        read = {money.raw: money, early.raw: early}
        ranks = [world.rules.rank(read[raw].types) for raw in built.proposal.bodies]
        assert ranks == sorted(ranks)
        proposal = built.proposal
        assert (proposal.height, proposal.parent) == (1, world.ledger.tip.digest)
        assert proposal.time_ms == world.now_ms


@pytest.mark.asyncio
async def test_what_was_built_is_a_valid_block() -> None:
    world = World()
    async with queue_of(world) as queue:
        money = issue(world)
        built = await queue.build(build_of(world), [money], world.now_ms)
        assert built is not None
        header = world.header([money], built.proposal.time_ms)
        request = CheckRequest(
            0, header.digest(), header, built.proposal.body_hashes, None, (), certified=False
        )
        checked = await queue.check(request, [money])
        assert checked is not None
        assert checked.results is not None
