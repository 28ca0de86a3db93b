"""Gossip: each transaction to each peer once, in bounded batches, never back to its origin."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.transaction import body_hash
from p2p.frames import Channel
from p2p.gossip import Batch, Gossip, GossipLimits, Spread
from p2p.messages import Transactions, read_message
from tests.p2p.net import eventually

A, B, C = b"a" * 32, b"b" * 32, b"c" * 32


def spread(*peers: bytes, limits: GossipLimits | None = None) -> Spread:
    made = Spread(limits or GossipLimits())
    for peer in peers:
        made.connected(peer)
    return made


def raws(batch: Batch) -> tuple[bytes, ...]:
    message = read_message(Channel.TRANSACTIONS, batch.payload)
    assert isinstance(message, Transactions)
    return message.raws


def heard(batches: list[Batch]) -> dict[bytes, list[bytes]]:
    """What each peer is sent."""
    got: dict[bytes, list[bytes]] = {}
    for batch in batches:
        for peer in batch.peers:
            got.setdefault(peer, []).extend(raws(batch))
    return got


def test_a_clients_transactions_go_to_everybody_in_one_batch() -> None:
    news = spread(A, B, C)
    news.add(b"one", body_hash(b"one"), None)
    news.add(b"two", body_hash(b"two"), None)
    (batch,) = news.take()
    assert batch.peers == (A, B, C)
    assert raws(batch) == (b"one", b"two")
    assert news.take() == []


def test_a_client_that_repeats_itself_is_sent_on_once_until_the_next_batch() -> None:
    news = spread(A, B)
    for _ in range(1_000):
        news.add(b"one", body_hash(b"one"), None)
    assert news.count == 1
    # Whoever comes meanwhile gets it too.
    news.connected(C)
    news.add(b"one", body_hash(b"one"), None)
    assert set(heard(news.take())) == {A, B, C}
    news.add(b"one", body_hash(b"one"), None)
    assert heard(news.take()) == {A: [b"one"], B: [b"one"], C: [b"one"]}


def test_a_peers_transaction_is_not_passed_on_and_never_sent_back() -> None:
    news = spread(A, B)
    news.add(b"one", body_hash(b"one"), A)
    assert news.take() == []
    news.again(b"one", body_hash(b"one"))
    assert heard(news.take()) == {B: [b"one"]}


def test_spreading_again_reaches_each_peer_once() -> None:
    news = spread(A, B)
    news.add(b"one", body_hash(b"one"), None)
    news.take()
    news.again(b"one", body_hash(b"one"))
    assert news.take() == []
    news.connected(C)
    for _ in range(3):
        news.again(b"one", body_hash(b"one"))
    assert heard(news.take()) == {C: [b"one"]}


def test_a_client_that_sends_again_is_heard_again() -> None:
    news = spread(A)
    for _ in range(2):
        news.add(b"one", body_hash(b"one"), None)
        assert heard(news.take()) == {A: [b"one"]}


def test_a_peer_that_comes_back_is_taken_to_know_nothing() -> None:
    news = spread(A, B)
    news.add(b"one", body_hash(b"one"), None)
    news.take()
    news.disconnected(A)
    news.again(b"one", body_hash(b"one"))
    assert news.take() == []
    news.connected(A)
    news.again(b"one", body_hash(b"one"))
    assert heard(news.take()) == {A: [b"one"]}


def test_a_peer_that_leaves_takes_its_part_of_what_waits_along() -> None:
    news = spread(A, B)
    news.add(b"one", body_hash(b"one"), None)
    news.disconnected(A)
    news.connected(C)
    assert heard(news.take()) == {B: [b"one"]}
    news.add(b"two", body_hash(b"two"), None)
    news.disconnected(B)
    news.disconnected(C)
    assert (news.count, news.take()) == (0, [])


def test_what_is_remembered_is_bounded_and_the_oldest_is_forgotten() -> None:
    news = spread(A, limits=GossipLimits(remembered_max=2))
    for raw in (b"one", b"two", b"three"):
        news.add(raw, body_hash(raw), A)
    for raw in (b"three", b"two", b"one"):
        news.again(raw, body_hash(raw))
    assert heard(news.take()) == {A: [b"one"]}
    assert len(news._known) == 2


@given(st.lists(st.integers(1, 120), max_size=40))
def test_batches_keep_their_bounds_and_lose_nothing(sizes: list[int]) -> None:
    limits = GossipLimits(batch_transactions_max=5, batch_size_max=100)
    news = spread(A, limits=limits)
    sent = [bytes([number]) * size for number, size in enumerate(sizes)]
    for raw in sent:
        news.add(raw, body_hash(raw), None)
    batches = [raws(batch) for batch in news.take()]
    assert [raw for batch in batches for raw in batch] == sent
    for batch in batches:
        assert 1 <= len(batch) <= 5
        assert len(batch) == 1 or sum(map(len, batch)) <= 100


@dataclass
class Post:
    """A network that only notes what is sent."""

    sent: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def network(self) -> "Post":
        return self

    def send(self, peer: bytes, channel: Channel, payload: bytes) -> bool:
        assert channel is Channel.TRANSACTIONS
        self.sent.append((peer, payload))
        return True


@pytest.mark.asyncio
async def test_what_one_round_adds_leaves_together_and_the_next_after_a_pause() -> None:
    post = Post()
    gossip = Gossip(post)
    gossip.connected(A)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(gossip.run())
        for raw in (b"one", b"two"):
            gossip.add(raw, body_hash(raw), None)
        assert post.sent == []
        await eventually(lambda: len(post.sent) == 1)
        for raw in (b"three", b"four"):
            gossip.add(raw, body_hash(raw), None)
        await eventually(lambda: len(post.sent) == 2)
        running.cancel()
    batches = [raws(Batch((peer,), payload)) for peer, payload in post.sent]
    assert batches == [(b"one", b"two"), (b"three", b"four")]


@pytest.mark.asyncio
async def test_a_whole_batch_does_not_wait_for_the_pause() -> None:
    post = Post()
    gossip = Gossip(post, GossipLimits(batch_transactions_max=2, pause_s=3600))
    gossip.connected(A)
    for raw in (b"one", b"two", b"three"):
        gossip.add(raw, body_hash(raw), None)
    assert [raws(Batch((peer,), payload)) for peer, payload in post.sent] == [(b"one", b"two")]


@pytest.mark.asyncio
async def test_spreading_again_what_everybody_has_sends_nothing() -> None:
    post = Post()
    gossip = Gossip(post, GossipLimits(batch_transactions_max=1))
    gossip.connected(A)
    gossip.add(b"one", body_hash(b"one"), None)
    gossip.spread_again(b"one")
    assert len(post.sent) == 1
    gossip.disconnected(A)
    gossip.connected(B)
    gossip.spread_again(b"one")
    assert [peer for peer, _ in post.sent] == [A, B]
