"""The client for programs on an event loop: the same calls as `Client`, to be awaited.

    async with AsyncClient(["https://node-1:8443"], key=Path("shop.key")) as client:
        (await client.pay(carrier, "CNY", 1200)).done()

A task that is cancelled while it waits has lost nothing: what it handed in is decided or not, and
`submit_once` with the same reference tells which.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from chain.bundle_facts import Verified
from chain.genesis import Genesis
from chain.transaction import Operation
from node.clients.core import Core, Options
from node.clients.fates import Fate
from node.clients.feed import AsyncFeed, FeedCursor, Keep
from node.clients.feeds import FROM_NOW, PATIENCE_S
from node.clients.signing import Signer
from node.clients.unblocking import Ear, Unblocking
from node.clients.wire import Steps

if TYPE_CHECKING:
    from commerce.order_views import OrderView, ParcelView
    from commerce.views import ListingView, ProductView
    from node.api.accounts import AccountView, BalanceView
    from node.api.order_lists import OrderEntry
    from node.api.traces import TraceView

T = TypeVar("T")


class AsyncClient:
    """Asks nodes, checks what can be checked, and sends. Use it as a context.

    Reads raise `NotFound`, `NodeUnreachable` or another error of `node.client`; what is sent has a
    `Fate`: `Done`, `Refused`, `Lapsed` or `Unknown`; `.done()` raises for all but the first.
    """

    def __init__(self, urls: Sequence[str], **options: Unpack[Options]) -> None:
        self._core = Core(urls, options)
        self._transport = Unblocking(options.get("ca"), options.get("token"))

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *ended: object) -> None:
        await self._transport.__aexit__(*ended)

    @cached_property
    def signer(self) -> Signer:
        """Who signs; `signer.address` is the account."""
        return self._core.signer

    # Reading.

    async def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """The JSON under any path of the API."""
        return await self._run(self._core.get(path, query))

    async def status(self) -> Any:
        """What the first node that answers tells of itself."""
        return await self.get("/v1/status")

    async def genesis(self) -> Genesis:
        """What the chain started from: as given, else as a node tells."""
        return await self._run(self._core.genesis())

    async def account(self, account: bytes | str) -> "AccountView":
        """Who may speak for an account, its roles and what it has."""
        return await self._run(self._core.account(account))

    async def balances(self, account: bytes | str) -> "Sequence[BalanceView]":
        """What an account has, by asset."""
        return await self._run(self._core.balances(account))

    async def product(self, gtin: str) -> "ProductView":
        """A product by its GTIN of 14 digits."""
        return await self._run(self._core.product(gtin))

    async def listing(self, listing_id: bytes | str) -> "ListingView":
        """An offer, with its price, terms and stock."""
        return await self._run(self._core.listing(listing_id))

    async def order(self, order_id: bytes | str) -> "OrderView":
        """An order: its lines, parcels, money and what may happen next."""
        return await self._run(self._core.order(order_id))

    async def orders(self, account: bytes | str) -> "Sequence[OrderEntry]":
        """Orders that an account has a part in, newest first."""
        return await self._run(self._core.orders(account))

    async def parcel(self, parcel_id: bytes | str) -> "ParcelView":
        """A parcel: where it is and which clock runs."""
        return await self._run(self._core.parcel(parcel_id))

    async def trace(self, epc: str) -> "TraceView":
        """Where a thing has been and what it was made of; the first page of it."""
        return await self._run(self._core.trace(epc))

    async def proof(self, kind: str, name: bytes | str) -> Verified:
        """A `state`, `transaction`, `receipt` or `event` by its id, checked from the genesis.

        Raises `GenesisMissing`, or the `LedgerError` that names what doesn't hold.
        """
        return await self._run(self._core.proof(kind, name))

    # Sending.

    async def send(
        self,
        *operations: Operation,
        cosign: Sequence[Signer] = (),
        wait_s: float | None = None,
    ) -> Fate:
        """Sign these as one transaction (`cosign`: others too), hand it in, wait for its fate.

        Called again it is another transaction: a job that may be run again uses `submit_once`.
        Raises the door's refusal (`NodeRefused`); `NodeUnreachable` if it came to no node.
        """
        return await self._run(self._core.send(operations, cosign, wait_s))

    async def submit_once(
        self,
        reference: str,
        *operations: Operation,
        cosign: Sequence[Signer] = (),
        wait_s: float | None = None,
    ) -> Fate:
        """As `send`, once for ever: the same reference is the same transaction, also after a crash.

        Its bytes are on disk in the outbox before any node gets them. Raises `ReferenceReused` if
        the reference stands for something else.
        """
        return await self._run(self._core.submit_once(reference, operations, cosign, wait_s))

    async def resubmit(self, raw: bytes, wait_s: float | None = None) -> Fate:
        """The fate of bytes that were signed before, such as those of an `Unknown`."""
        return await self._run(self._core.resubmit(raw, wait_s))

    async def pay(
        self, to: bytes | str, symbol: str, amount_minor: int, *, reference: str | None = None
    ) -> Fate:
        """Pay minor units (fen) to an account; with a reference only once."""
        return await self._run(self._core.pay(to, symbol, amount_minor, reference))

    # Events.

    def feed(
        self,
        cursor: str | FeedCursor = FROM_NOW,
        *,
        types: Sequence[str] = (),
        account: bytes | str | None = None,
        keep: Keep | None = None,
        patience_s: float | None = PATIENCE_S,
    ) -> AsyncFeed:
        """Events from a cursor on, without end: `0.0.0` is the beginning, `latest` is now.

        With a `FeedCursor` it goes on where the file says and keeps its place there; or `keep` is
        called with each place. With a genesis every event is verified and none can be left out.
        `patience_s`: how long no node may answer; None waits for ever.
        """
        source = self._core.source(types, account)
        run = partial(self._transport.run, ear=Ear(self._transport))
        return AsyncFeed(run, source, cursor, keep, patience_s)

    async def _run(self, steps: Steps[T]) -> T:
        return await self._transport.run(steps)
