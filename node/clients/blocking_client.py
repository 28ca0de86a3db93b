"""The client for programs that wait: an ERP's job, a script. Threads may share it.

    with Client(["https://node-1:8443", "https://node-2:8443"], key=Path("shop.key")) as client:
        client.pay(carrier, "CNY", 1200).done()

Any node may answer. What is sent is safe to send again, and is, until its fate is known or the time
is over; docs/client.md tells what is promised.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from chain.bundle_facts import Verified
from chain.genesis import Genesis
from chain.transaction import Operation
from node.clients.blocking import Blocking, Conversing
from node.clients.core import Core, Options
from node.clients.fates import Fate
from node.clients.feed import Feed, FeedCursor, Keep
from node.clients.feeds import FROM_NOW, PATIENCE_S
from node.clients.signing import Signer
from node.clients.wire import Steps

if TYPE_CHECKING:
    from commerce.order_views import OrderView, ParcelView
    from commerce.views import ListingView, ProductView
    from node.api.accounts import AccountView, BalanceView
    from node.api.order_lists import OrderEntry
    from node.api.traces import TraceView

T = TypeVar("T")


class Client(Conversing):
    """Asks nodes, checks what can be checked, and sends. Use it as a context.

    Reads raise `NotFound`, `NodeUnreachable` or another error of `node.client`; what is sent has a
    `Fate`: `Done`, `Refused`, `Lapsed` or `Unknown`; `.done()` raises for all but the first.
    """

    def __init__(self, urls: Sequence[str], **options: Unpack[Options]) -> None:
        self._core = Core(urls, options)
        self._transport = Blocking(options.get("ca"), options.get("token"))

    @cached_property
    def signer(self) -> Signer:
        """Who signs; `signer.address` is the account."""
        return self._core.signer

    # Reading.

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """The JSON under any path of the API."""
        return self._run(self._core.get(path, query))

    def status(self) -> Any:
        """What the first node that answers tells of itself."""
        return self.get("/v1/status")

    def genesis(self) -> Genesis:
        """What the chain started from: as given, else as a node tells."""
        return self._run(self._core.genesis())

    def account(self, account: bytes | str) -> "AccountView":
        """Who may speak for an account, its roles and what it has."""
        return self._run(self._core.account(account))

    def balances(self, account: bytes | str) -> "Sequence[BalanceView]":
        """What an account has, by asset."""
        return self._run(self._core.balances(account))

    def product(self, gtin: str) -> "ProductView":
        """A product by its GTIN of 14 digits."""
        return self._run(self._core.product(gtin))

    def listing(self, listing_id: bytes | str) -> "ListingView":
        """An offer, with its price, terms and stock."""
        return self._run(self._core.listing(listing_id))

    def order(self, order_id: bytes | str) -> "OrderView":
        """An order: its lines, parcels, money and what may happen next."""
        return self._run(self._core.order(order_id))

    def orders(self, account: bytes | str) -> "Sequence[OrderEntry]":
        """Orders that an account has a part in, newest first."""
        return self._run(self._core.orders(account))

    def parcel(self, parcel_id: bytes | str) -> "ParcelView":
        """A parcel: where it is and which clock runs."""
        return self._run(self._core.parcel(parcel_id))

    def trace(self, epc: str) -> "TraceView":
        """Where a thing has been and what it was made of; the first page of it."""
        return self._run(self._core.trace(epc))

    def proof(self, kind: str, name: bytes | str) -> Verified:
        """A `state`, `transaction`, `receipt` or `event` by its id, checked from the genesis.

        Raises `GenesisMissing`, or the `LedgerError` that names what doesn't hold.
        """
        return self._run(self._core.proof(kind, name))

    # Sending.

    def send(
        self,
        *operations: Operation,
        cosign: Sequence[Signer] = (),
        wait_s: float | None = None,
    ) -> Fate:
        """Sign these as one transaction (`cosign`: others too), hand it in, wait for its fate.

        Called again it is another transaction: a job that may be run again uses `submit_once`.
        Raises the door's refusal (`NodeRefused`); `NodeUnreachable` if it came to no node.
        """
        return self._run(self._core.send(operations, cosign, wait_s))

    def submit_once(
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
        return self._run(self._core.submit_once(reference, operations, cosign, wait_s))

    def resubmit(self, raw: bytes, wait_s: float | None = None) -> Fate:
        """The fate of bytes that were signed before, such as those of an `Unknown`."""
        return self._run(self._core.resubmit(raw, wait_s))

    def pay(
        self, to: bytes | str, symbol: str, amount_minor: int, *, reference: str | None = None
    ) -> Fate:
        """Pay minor units (fen) to an account; with a reference only once."""
        return self._run(self._core.pay(to, symbol, amount_minor, reference))

    # Events.

    def feed(
        self,
        cursor: str | FeedCursor = FROM_NOW,
        *,
        types: Sequence[str] = (),
        account: bytes | str | None = None,
        keep: Keep | None = None,
        patience_s: float | None = PATIENCE_S,
    ) -> Feed:
        """Events from a cursor on, without end: `0.0.0` is the beginning, `latest` is now.

        With a `FeedCursor` it goes on where the file says and keeps its place there; or `keep` is
        called with each place. With a genesis every event is verified and none can be left out.
        `patience_s`: how long no node may answer; None waits for ever.
        """
        source = self._core.source(types, account)
        return Feed(self._run, source, cursor, keep, patience_s)

    def _run(self, steps: Steps[T]) -> T:
        return self._transport.run(steps)
