"""Bundles made from a ledger: what is asked for, `verify_bundle` believes from the genesis."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from chain.account import ACCOUNTS
from chain.block import Header
from chain.bundle import Bundle, read_bundle
from chain.bundle_check import verify_bundle
from chain.bundle_facts import TrustedHeader, Verified
from chain.committees import state_key
from chain.errors import HistoryPruned
from chain.head import HeadStatement
from chain.stored_chain import Base, ReceiptPlace
from node import proofs
from node.ledger_queue import LedgerQueue, ProofsEnded, TreeProof
from node.proofs import (
    Claims,
    ProofNotReady,
    Prover,
    Start,
    StartUnusable,
    StateProof,
    make_bundle,
    receipt_claims,
    transaction_claims,
)
from tests.chain.toy import add, schedule
from tests.chain.toy_world import ToyWorld
from tests.chain.world import World, account
from tests.node.api.committee_story import change, grow
from tests.node.parts import issue, payment

KEY, ABSENT = ACCOUNTS.key(account("buyer")), b"account/nobody"


def shown(
    world: World, data: bytes, trusted: TrustedHeader | None = None
) -> tuple[Bundle, Verified]:
    """A bundle and what it proves."""
    return read_bundle(data), verify_bundle(data, world.genesis, trusted=trusted)


def trusted_at(world: World, height: int) -> TrustedHeader:
    return TrustedHeader(height, world.ledger.digest_at(height))


@dataclass
class Bench:
    """A world, its ledger's thread, and who waits for its blocks."""

    world: World
    queue: LedgerQueue
    prover: Prover
    asked: asyncio.Future[int]
    block: asyncio.Event

    def state(self, found: StateProof) -> Claims:
        return Claims(found.height, states=(found.claim,))


class Silent:
    """Members that nobody asks here."""

    async def about(self, header: Header) -> tuple[HeadStatement, ...]:
        raise AssertionError(header)


@asynccontextmanager
async def bench(world: World) -> AsyncIterator[Bench]:
    queue, block = LedgerQueue(world.ledger), asyncio.Event()
    asked: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait_height(height: int, timeout_ms: int) -> int:
        assert timeout_ms == proofs.WAIT_MS
        asked.set_result(height)
        await block.wait()
        return world.ledger.tip.height

    try:
        yield Bench(world, queue, Prover(queue, Silent(), wait_height), asked, block)
    finally:
        queue.close()


@pytest.mark.asyncio
async def test_on_a_resting_chain_the_newest_header_proves_presence_and_absence_at_once() -> None:
    world = World()
    world.decide(issue(world))
    world.decide()
    async with bench(world) as at:
        found = [await at.prover.state(key) for key in (KEY, ABSENT)]
        assert not at.asked.done()
    claims = [Claims(entry.height, states=(entry.claim,)) for entry in found]
    bundle, verified = shown(world, make_bundle(world.ledger, claims))
    assert (bundle.steps, bundle.anchor, bundle.heads) == ((), None, ())
    assert [entry.header.height for entry in bundle.proven] == [2]
    values = {fact.key: fact.value for fact in verified.states}
    assert values == {KEY: world.ledger.state.get(KEY), ABSENT: None}


@pytest.mark.asyncio
async def test_on_a_busy_chain_the_proof_waits_for_the_header_with_its_root() -> None:
    world = World()
    world.decide(issue(world))
    async with bench(world) as at:
        proving = asyncio.ensure_future(at.prover.state(KEY))
        assert await at.asked == 2
        # The next block changes the state again: the proof was taken before.
        world.decide(payment(world))
        at.block.set()
        found = await proving
        data = make_bundle(world.ledger, [at.state(found)])
    _, verified = shown(world, data)
    (fact,) = verified.states
    assert (fact.height, verified.newest.height) == (1, 2)


@pytest.mark.asyncio
async def test_where_no_block_comes_the_asker_is_told_to_come_again() -> None:
    world = World()
    async with bench(world) as at:
        with pytest.raises(ProofNotReady):
            await at.prover.state(KEY)
        assert not at.asked.done(), "the founding needs no seal: nothing to wait for"
        world.decide(issue(world))
        at.block.set()
        with pytest.raises(ProofNotReady, match="height 2"):
            await at.prover.state(KEY)


def test_a_transaction_is_found_among_the_receipts_of_deadlines() -> None:
    world = ToyWorld()
    later_ms = world.now_ms + 10_000
    for name in "de":
        world.decide(world.signed("buyer", schedule(name, later_ms)))
    busy = [world.signed("buyer", add("a")), world.signed("merchant", add("b"))]
    world.decide(*busy, time_ms=later_ms + 1)
    world.decide()
    receipts = world.ledger.receipts(3)
    assert len(receipts) == 4, "two transactions and two deadlines"
    counted = 0
    for index, receipt in enumerate(receipts):
        place = ReceiptPlace(3, index)
        claims = [receipt_claims(world.ledger, place)]
        sent = transaction_claims(world.ledger, place, receipt.id)
        assert (sent is None) == (receipt.id not in {entry.id for entry in busy})
        if sent is not None:
            claims.append(sent)
            counted += 1
        _, verified = shown(world, make_bundle(world.ledger, claims))
        assert [fact.receipt for fact in verified.receipts] == [receipt]
        assert [fact.id for fact in verified.transactions] == [receipt.id] * (sent is not None)
    assert counted == 2


@pytest.mark.asyncio
async def test_a_bundle_follows_the_committees_as_far_as_its_newest_header() -> None:
    world = World()
    world.decide(issue(world))
    grow(world)
    world.decide()
    world.decide(change(world, remove=(account("m3"),)))
    world.decide()
    world.decide()
    world.decide()
    async with bench(world) as at:
        newest = at.state(await at.prover.state(KEY))
    old = receipt_claims(world.ledger, ReceiptPlace(1, 0))
    for claims, epochs in (([old], []), ([newest], [1, 2]), ([newest, old], [1, 2])):
        bundle, verified = shown(world, make_bundle(world.ledger, claims))
        assert [step.committee.epoch for step in bundle.steps] == epochs
        assert verified.epoch == len(epochs)


@pytest.mark.asyncio
async def test_who_trusts_a_header_needs_no_steps_before_it() -> None:
    world = World()
    grow(world)
    async with bench(world) as at:
        for _ in range(3):
            world.decide()
            at.queue.anchors.note()
        world.decide(change(world, remove=(account("m3"),)))
        at.queue.anchors.note()
        for _ in range(3):
            world.decide()
            at.queue.anchors.note()
        newest = at.state(await at.prover.state(KEY))
        ledger = world.ledger
        assert [ledger.header(height).epoch for height in (3, 4, 8)] == [0, 1, 2]  # type: ignore[union-attr]
        for height, epochs in ((3, [1, 2]), (4, [2]), (7, [2]), (8, []), (ledger.tip.height, [])):
            data = make_bundle(ledger, [newest], start=at.prover.start(height))
            bundle, verified = shown(world, data, trusted_at(world, height))
            assert [step.committee.epoch for step in bundle.steps] == epochs
            assert (bundle.anchor is None) == (height == 3), "epoch 0 follows from the genesis"
            assert verified.epoch == 2
        old = receipt_claims(ledger, ReceiptPlace(1, 0))
        with pytest.raises(StartUnusable, match="of epoch 1"):
            make_bundle(ledger, [old], start=at.prover.start(4))
        with pytest.raises(StartUnusable, match="no longer provable"):
            make_bundle(ledger, [newest], start=Start(4, None))
        with pytest.raises(StartUnusable, match="no header"):
            make_bundle(ledger, [newest], start=Start(99, None))


def test_what_was_pruned_is_named_so() -> None:
    world = World()
    sent = issue(world)
    world.decide(sent)
    world.decide()
    place = ReceiptPlace(1, 0)
    world.ledger.base = Base(2, 1)
    for claim in (
        lambda: receipt_claims(world.ledger, place),
        lambda: transaction_claims(world.ledger, place, sent.id),
        lambda: make_bundle(world.ledger, [Claims(7)]),
    ):
        with pytest.raises(HistoryPruned):
            claim()


@pytest.mark.asyncio
async def test_the_ledgers_thread_takes_a_proof_between_two_writes() -> None:
    world = World()
    world.decide(issue(world))
    async with bench(world) as at:
        found = await at.queue.prove(state_key(1))
    assert found == TreeProof(world.ledger.tip, None, world.ledger.prove(state_key(1)))
    with pytest.raises(ProofsEnded):
        await at.prover.state(KEY)


@pytest.mark.asyncio
async def test_a_bundle_of_four_members_is_small() -> None:
    world = World()
    sent = issue(world)
    world.decide(sent)
    world.decide()
    async with bench(world) as at:
        state = at.state(await at.prover.state(KEY))
    sizes = [
        len(make_bundle(world.ledger, [claims]))
        for claims in (state, receipt_claims(world.ledger, ReceiptPlace(1, 0)))
    ]
    assert max(sizes) < 3_000, sizes
