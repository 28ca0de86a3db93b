"""The client on a loop against a served node; and that both clients are one."""

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest

from chain.bech32m import encode_account
from node.api.settings import ApiSettings
from node.client import (
    AsyncClient,
    AsyncFeed,
    BrokeOff,
    Client,
    FeedEvent,
    GenesisMissing,
    NodeFailed,
    NotFound,
    OutboxMissing,
    Refused,
    Signer,
    SignerMissing,
    operation,
)
from node.clients import core, hearing, unblocking, wire
from node.clients.core import AddressesRefused
from node.clients.errors import NodeUnreachable
from tests.chain.world import account, key
from tests.node.api.market import GTIN, ITEM, Market, trade
from tests.node.api.service import Served, served
from tests.node.scripted import BREAK_OFF, node

BUYER = Signer(account("buyer"), key("buyer"))


def public(cls: type) -> dict[str, list[str]]:
    """Its public methods and their parameters."""
    return {
        name: [str(entry) for entry in inspect.signature(value).parameters.values()]
        for name, value in vars(cls).items()
        if callable(value) and not name.startswith("_")
    }


def test_both_clients_have_the_same_calls() -> None:
    assert public(Client) == public(AsyncClient)
    assert "submit_once" in public(Client)


def client_of(node: Served, **options: Any) -> AsyncClient:
    return AsyncClient([f"http://127.0.0.1:{node.port}"], **options)


@pytest.mark.asyncio
async def test_a_payment_is_made_once_and_seen_in_typed_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(hurried=True) as one:
        await one.service.fund("buyer", 500)
        # The ledger's clock is its own.
        monkeypatch.setattr(core, "now_ms", one.service.clock_ms)
        genesis = one.service.chain.genesis
        async with client_of(one, key=BUYER, outbox=tmp_path / "out", genesis=genesis) as client:
            merchant = account("merchant")
            fates = [await client.pay(merchant, "CNY", 7, reference="bill") for _ in range(3)]
            assert [fate.done().height for fate in fates] == [2, 2, 2]
            other = (await client.pay(encode_account(merchant), "CNY", 5)).done()
            assert other.event("pay.transferred")["amount_minor"] == "5"
            refused = await client.pay(merchant, "CNY", 10**6)
            assert isinstance(refused, Refused)
            assert refused.rule == "InsufficientFunds"
            balances = await client.balances(BUYER.account)
            assert [(entry.symbol, entry.available_minor) for entry in balances] == [("CNY", 488)]
            assert (await client.account(BUYER.address)).account == BUYER.account
            assert await client.genesis() == genesis
            proven = (await client.proof("receipt", fates[0].id)).headers[0].receipts[0]
            assert (proven.receipt.status, proven.receipt.id.hex()) == ("ok", fates[0].id)
            with pytest.raises(NotFound):
                await client.account(bytes(32))
            with pytest.raises(NodeFailed, match="no proofs of"):
                await client.proof("weather", "ab")


@pytest.mark.asyncio
async def test_every_read_of_a_whole_trade_is_typed() -> None:
    async with served(hurried=True) as one:
        sold: Market = await trade(one.service)
        async with client_of(one) as client:
            order = await client.order(sold.order_id)
            assert order.order_id == sold.order_id
            assert order.seller == account("merchant")
            listing = await client.listing(sold.listing_id.hex())
            assert (listing.seller, listing.gtin) == (account("merchant"), GTIN)
            assert (await client.product(GTIN)).gtin == GTIN
            parcel = await client.parcel(sold.parcel_id)
            assert parcel.order_id == sold.order_id
            orders = await client.orders(account("buyer"))
            assert [entry.order_id for entry in orders] == [sold.order_id]
            trace = await client.trace(ITEM)
            assert len(trace.steps) == trace.counts.steps > 0
            assert (await client.status())["height"] == one.service.ledger.tip.height


@pytest.mark.asyncio
async def test_a_newer_nodes_further_fields_are_passed_over_and_missing_ones_are_not() -> None:
    told = {"balances": [], "since_2030": {"new": [1]}}
    with node((200, told), (200, {"unknown": 1})) as shown:
        async with AsyncClient([shown.url]) as client:
            assert await client.balances(bytes(32)) == ()
            with pytest.raises(NodeFailed, match="BalancesView"):
                await client.balances(bytes(32))


@pytest.mark.asyncio
async def test_its_feed_is_that_of_the_node_verified_or_not() -> None:
    async with served(hurried=True) as one:
        for number in range(3):
            await one.service.fund("buyer", 1 + number)
        genesis = one.service.chain.genesis
        async with client_of(one) as plain, client_of(one, genesis=genesis) as careful:
            told = await take(plain.feed("0.0.0"), 3)
            # The newest block's receipts are certain with the next.
            proven = await take(careful.feed("0.0.0"), 2)
            assert [event.json() for event in told[:2]] == [event.json() for event in proven]
            mine = plain.feed("0.0.0", types=["asset"], account=account("buyer"))
            assert len(await take(mine, 3)) == 3
            assert await mine.poll() is None
            assert careful.feed("0.0.0").distrusted == {}


async def take(feed: AsyncFeed, count: int) -> list[FeedEvent]:
    found: list[FeedEvent] = []
    async for event in feed:
        found.append(event)
        if len(found) == count:
            return found
    raise AssertionError


def requests(node: Served) -> dict[str, int]:
    """How often each route was asked and has answered; a stream has when it ends."""
    found: dict[str, int] = {}
    for metric in node.metrics.edge.requests.collect():
        for sample in metric.samples:
            if sample.name.endswith("_total"):
                route = sample.labels["route"]
                found[route] = found.get(route, 0) + int(sample.value)
    return found


# No quiet while is over before a test is.
STEADY = ApiSettings(heartbeat_s=600)


@pytest.mark.asyncio
async def test_a_decided_event_comes_by_the_stream_without_any_request() -> None:
    async with served(STEADY, hurried=True) as one, client_of(one) as client:
        await one.service.fund("buyer", 1)
        feed = client.feed("0.0.0", types=["asset"])
        assert (await anext(feed)).height == 1
        waiting = asyncio.ensure_future(anext(feed))
        await one.service.block_waited_for.wait()
        before = requests(one)
        for number in range(2, 6):
            await one.service.fund("buyer", number)
            told = await waiting
            assert (told.height, told.verified) == (number, False)
            waiting = asyncio.ensure_future(anext(feed))
        assert requests(one) == before
        waiting.cancel()


@pytest.mark.asyncio
async def test_a_verified_feed_reads_on_when_the_stream_rings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Nothing but a ring can end its wait.
    monkeypatch.setattr(hearing, "SILENCE_S", 600)
    async with served(STEADY) as one:
        genesis = one.service.chain.genesis
        await one.service.fund("buyer", 1)
        await one.service.decide()
        async with client_of(one, genesis=genesis) as client:
            feed = client.feed("0.0.0", types=["asset"])
            assert (await anext(feed)).height == 1
            for number in range(2, 5):
                waiting = asyncio.ensure_future(anext(feed))
                await one.service.block_waited_for.wait()
                await one.service.fund("buyer", number)
                await one.service.decide()
                told = await waiting
                assert told.verified
                assert told.data["amount_minor"] == str(number)


@pytest.mark.asyncio
async def test_a_node_that_goes_and_comes_again_neither_loses_nor_repeats_an_event() -> None:
    async with served(STEADY, hurried=True) as one, served(STEADY, hurried=True) as other:
        urls = [f"http://127.0.0.1:{node.port}" for node in (one, other)]
        async with AsyncClient(urls) as client:
            for node in (one, other):
                await node.service.fund("buyer", 1)
            feed = client.feed("0.0.0")
            assert (await anext(feed)).height == 1
            waiting = asyncio.ensure_future(anext(feed))
            await one.service.block_waited_for.wait()
            await one.server.stop()
            # The same blocks on the one that is left.
            await other.service.fund("buyer", 2)
            assert (await waiting).height == 2
            waiting = asyncio.ensure_future(anext(feed))
            await other.service.block_waited_for.wait()
            await other.service.fund("buyer", 3)
            assert (await waiting).height == 3


@pytest.mark.asyncio
async def test_feeds_beyond_the_limit_of_streams_take_the_place_of_idle_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unblocking, "STREAMS_MAX", 2)
    async with served(STEADY, hurried=True) as one, client_of(one) as client:
        feeds = [client.feed("0.0.0") for _ in range(4)]
        for number in range(1, 4):
            await one.service.fund("buyer", number)
            for feed in feeds:
                assert (await anext(feed)).height == number
        assert len(client._transport._ears) <= 2
    assert not client._transport._ears


@pytest.mark.asyncio
async def test_a_proxy_without_upgrades_and_one_that_sends_elsewhere_leave_the_pages() -> None:
    page = {"events": [], "next": "2.0.0", "height": 1, "complete": True}
    event = {
        "cursor": "2.0.0",
        "next": "2.0.1",
        "height": 2,
        "block_hash": "ab" * 32,
        "time_ms": 2,
        "receipt_id": "cd" * 32,
        "type": "pay.transferred",
        "data": {},
    }
    news = {**page, "events": [event], "next": "2.0.1"}
    for refusal in ((200, page), (307, {}), (426, {}), BREAK_OFF):
        with node((200, page), refusal, (200, news)) as shown:
            async with AsyncClient([shown.url], token="a-token") as client:
                assert (await anext(client.feed("1.0.0"))).height == 2
            kinds = [headers.get("Upgrade") for headers in shown.headers]
            # What breaks off on a kept connection aiohttp asks once again.
            assert (kinds[:2], kinds[-1]) == ([None, "websocket"], None)
            assert shown.headers[1]["Authorization"] == "Bearer a-token"


@pytest.mark.asyncio
async def test_a_cancelled_feed_goes_on_where_it_was() -> None:
    async with served(hurried=True) as one, client_of(one) as client:
        await one.service.fund("buyer", 1)
        feed = client.feed("0.0.0")
        assert (await anext(feed)).height == 1
        waiting = asyncio.ensure_future(anext(feed))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await one.service.fund("buyer", 2)
        assert (await anext(feed)).height == 2


@pytest.mark.asyncio
async def test_what_breaks_off_and_what_is_too_long_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with node(BREAK_OFF) as broken:
        async with AsyncClient([broken.url]) as client:
            with pytest.raises(BrokeOff):
                await client.status()
    for module in (wire, unblocking):
        monkeypatch.setattr(module, "REPLY_SIZE_MAX", 5)
    with node((200, {"long": "answer"})) as long:
        async with AsyncClient([long.url], token="a-token") as client:
            with pytest.raises(NodeFailed, match="more than 5 bytes"):
                await client.status()
        assert long.headers[0]["Authorization"] == "Bearer a-token"


@pytest.mark.asyncio
async def test_what_was_never_given_is_asked_for_by_its_name() -> None:
    async with served() as one, client_of(one) as client:
        pay = {"to": encode_account(account("merchant")), "symbol": "CNY", "amount_minor": 1}
        sent = operation("pay.transfer", pay)
        with pytest.raises(SignerMissing):
            await client.send(sent)
        with pytest.raises(OutboxMissing):
            await client.submit_once("a", sent)
        with pytest.raises(GenesisMissing):
            await client.proof("receipt", bytes(32))
    with pytest.raises(AddressesRefused):
        AsyncClient([])


@pytest.mark.asyncio
async def test_a_client_that_is_closed_says_so() -> None:
    with pytest.raises(NodeUnreachable, match="async with"):
        await AsyncClient(["http://127.0.0.1:1"]).status()
