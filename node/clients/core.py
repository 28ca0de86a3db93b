"""What both clients can do, as conversations that never wait (`node.clients.wire`)."""

import secrets
import time
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypedDict

from chain.bech32m import encode_account
from chain.bundle_check import verify_bundle
from chain.bundle_facts import Verified
from chain.codec import decode
from chain.errors import HushangError
from chain.genesis import Genesis
from chain.transaction import Operation
from node.clients.errors import NodeFailed
from node.clients.fates import Fate
from node.clients.outbox import Outbox
from node.clients.settling import Trade, sent, sent_once, settled
from node.clients.signing import VALID_FOR_S, Made, Signer, operation
from node.clients.views import read_view, view_of
from node.clients.wire import (
    NODES_MAX,
    REQUEST_TIMEOUT_S,
    Answer,
    Asked,
    Steps,
    ask,
    read_place,
    segment,
    with_query,
)
from node.clock import now_ms

if TYPE_CHECKING:
    from commerce.order_views import OrderView, ParcelView
    from commerce.views import ListingView, ProductView
    from node.api.accounts import AccountView, BalanceView
    from node.api.order_lists import OrderEntry
    from node.api.traces import TraceView
    from node.clients.feeds import Source

WAIT_S: Final = 60.0
NONCE_BITS: Final = 64
PROOFS: Final = ("state", "transaction", "receipt", "event")
LIST_MAX: Final = 10_000


class SignerMissing(HushangError):
    """This client has no key, and the call signs something."""

    hint = "Client(urls, key=Path(KEY_FILE))"


class OutboxMissing(HushangError):
    """This client has no outbox to keep a transaction in before it is sent."""

    hint = "Client(urls, key=..., outbox=Path(DIRECTORY)): a directory that survives your program"


class GenesisMissing(HushangError):
    """To check what nodes say, the genesis must be known from elsewhere."""

    hint = "Client(urls, genesis=Path('genesis.json')), with the file of a member whom you trust"


class AddressesRefused(HushangError):
    """A client asks at least one node, and not more than 64."""

    hint = (
        "Client([URL, …]) with the URLs of 1 to 64 nodes; two of different members are better "
        "than one"
    )


class Options(TypedDict, total=False):
    """What a client is made with besides its nodes' URLs.

    `key`: a key file or a `Signer`. `genesis`: a genesis.json that you trust, by which proofs and
    events are checked. `outbox`: a directory for `submit_once`. `ca`: a file of the CAs that sign
    the nodes' certificates. `token`: a bearer token. `timeout_s`: of one request. `wait_s`: how
    long a decision is waited for. `valid_for_s`: how long a transaction may wait for its block.
    """

    key: Path | Signer
    genesis: Path | Genesis
    outbox: Path
    ca: Path
    token: str
    timeout_s: float
    wait_s: float
    valid_for_s: int


class Core:
    """The conversations; each method's meaning is told in `node.clients.blocking_client`."""

    def __init__(self, urls: Sequence[str], options: Options) -> None:
        if not 0 < len(urls) <= NODES_MAX:
            raise AddressesRefused(f"{len(urls)} URLs, not 1 to {NODES_MAX}")
        self.places = [read_place(url) for url in urls]
        self.timeout_s = options.get("timeout_s", REQUEST_TIMEOUT_S)
        self.wait_s = options.get("wait_s", WAIT_S)
        self._valid_for_ms = options.get("valid_for_s", VALID_FOR_S) * 1000
        key = options.get("key")
        self._signer = Signer.load(key) if isinstance(key, Path) else key
        outbox = options.get("outbox")
        self._outbox = None if outbox is None else Outbox(outbox)
        self._trusted = _genesis(options.get("genesis"))
        self._told: Genesis | None = None

    @property
    def signer(self) -> Signer:
        """Who signs; `SignerMissing`."""
        if self._signer is None:
            raise SignerMissing("this client has no key")
        return self._signer

    def require_genesis(self) -> Genesis:
        """The genesis that was given; `GenesisMissing`."""
        if self._trusted is None:
            raise GenesisMissing("this client was made without a genesis")
        return self._trusted

    # Reading.

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Steps[Any]:
        """The JSON under a path."""
        answer: Answer = yield from ask(
            self.places, Asked("GET", with_query(path, query), timeout_s=self.timeout_s)
        )
        return answer.body

    def view(self, name: str, path: str, query: Mapping[str, object] | None = None) -> Steps[Any]:
        """An answer as its dataclass (`node.clients.views.VIEWS`)."""
        told = yield from self.get(path, query)
        return read_view(view_of(name), told)

    def listed(self, name: str, path: str, query: Mapping[str, object]) -> Steps[Sequence[Any]]:
        """All entries of a paged list, up to a limit."""
        cls = view_of(name)
        found: list[Any] = []
        cursor: object = None
        while len(found) < LIST_MAX:
            page = yield from self.get(path, {**query, "cursor": cursor, "limit": 100})
            try:
                found += [read_view(cls, entry) for entry in page[name]]
                cursor = page["next"]
            except (KeyError, TypeError) as error:
                raise NodeFailed(f"the node's answer is no list of {name}") from error
            if cursor is None:
                break
        return found

    def account(self, account: bytes | str) -> Steps["AccountView"]:
        """GET /v1/accounts/{account}."""
        return self.view("account", f"/v1/accounts/{address_of(account)}")

    def balances(self, account: bytes | str) -> Steps["Sequence[BalanceView]"]:
        """GET /v1/accounts/{account}/balances."""
        told = yield from self.view("balances", f"/v1/accounts/{address_of(account)}/balances")
        found: Sequence[BalanceView] = told.balances
        return found

    def product(self, gtin: str) -> Steps["ProductView"]:
        """GET /v1/products/{gtin}."""
        return self.view("product", f"/v1/products/{segment(gtin)}")

    def listing(self, listing_id: bytes | str) -> Steps["ListingView"]:
        """GET /v1/listings/{id}."""
        return self.view("listing", f"/v1/listings/{segment(hex_of(listing_id))}")

    def order(self, order_id: bytes | str) -> Steps["OrderView"]:
        """GET /v1/orders/{id}."""
        return self.view("order", f"/v1/orders/{segment(hex_of(order_id))}")

    def orders(self, account: bytes | str) -> Steps["Sequence[OrderEntry]"]:
        """GET /v1/orders?account=, all pages up to a limit."""
        return self.listed("orders", "/v1/orders", {"account": address_of(account)})

    def parcel(self, parcel_id: bytes | str) -> Steps["ParcelView"]:
        """GET /v1/parcels/{id}."""
        return self.view("parcel", f"/v1/parcels/{segment(hex_of(parcel_id))}")

    def trace(self, epc: str) -> Steps["TraceView"]:
        """GET /v1/trace?epc=."""
        return self.view("trace", "/v1/trace", {"epc": epc})

    def genesis(self) -> Steps[Genesis]:
        """The genesis that was given, else the one that a node tells."""
        known = self._trusted or self._told
        if known is None:
            told = yield from self.get("/v1/genesis")
            try:
                known = decode(Genesis, bytes.fromhex(told["raw"]))
            except (KeyError, TypeError, ValueError) as error:
                raise NodeFailed("the node's answer is no genesis") from error
            self._told = known
        return known

    def proof(self, kind: str, name: bytes | str) -> Steps[Verified]:
        """A proof that was checked against the genesis."""
        genesis = self.require_genesis()
        if kind not in PROOFS:
            raise NodeFailed(f"no proofs of {kind!r}; there are {', '.join(PROOFS)}")
        path = f"/v1/proof/{kind}/{segment(hex_of(name))}"
        asked = Asked("GET", path, plain=True, timeout_s=self.timeout_s)
        data: bytes = (yield from ask(self.places, asked)).body
        return verify_bundle(data, genesis)

    # Sending.

    def send(
        self, operations: Sequence[Operation], cosign: Sequence[Signer], wait_s: float | None
    ) -> Steps[Fate]:
        """Sign and hand in."""
        trade = yield from self._trade((self.signer, *cosign))
        nonce = secrets.randbits(NONCE_BITS)
        return (yield from sent(trade, operations, nonce, self._wait_s(wait_s)))

    def submit_once(
        self,
        reference: str,
        operations: Sequence[Operation],
        cosign: Sequence[Signer],
        wait_s: float | None,
    ) -> Steps[Fate]:
        """As `send`, never twice for one reference."""
        if self._outbox is None:
            raise OutboxMissing("this client was made without an outbox")
        trade = yield from self._trade((self.signer, *cosign))
        wait_s = self._wait_s(wait_s)
        return (yield from sent_once(trade, self._outbox, reference, operations, wait_s))

    def pay(
        self, to: bytes | str, symbol: str, amount_minor: int, reference: str | None
    ) -> Steps[Fate]:
        """Minor units to an account; with a reference only once."""
        paid = {"to": address_of(to), "symbol": symbol, "amount_minor": amount_minor}
        operations = (operation("pay.transfer", paid),)
        if reference is None:
            return self.send(operations, (), None)
        return self.submit_once(reference, operations, (), None)

    def resubmit(self, raw: bytes, wait_s: float | None) -> Steps[Fate]:
        """The fate of bytes that were signed before."""
        trade = yield from self._trade(())
        deadline_s = time.monotonic() + self._wait_s(wait_s)
        return (yield from settled(trade, Made.read(raw), deadline_s))

    def _wait_s(self, wait_s: float | None) -> float:
        return self.wait_s if wait_s is None else wait_s

    def _trade(self, signers: Sequence[Signer]) -> Steps[Trade]:
        genesis = yield from self.genesis()
        return Trade(
            self.places, genesis.hash(), signers, self._valid_for_ms, self.timeout_s, now_ms
        )

    # Events.

    def source(self, types: Sequence[str], account: bytes | str | None) -> "Source":
        """Where a feed reads: verified with a genesis, else as nodes tell."""
        named = None if account is None else address_of(account)
        verified = import_module("node.clients.verified")
        made: Source = verified.event_source(
            self.places, self.timeout_s, types, named, self._trusted
        )
        return made


def address_of(account: bytes | str) -> str:
    """An account as it is written: hs1…"""
    return account if isinstance(account, str) else encode_account(account)


def hex_of(value: bytes | str) -> str:
    """An id as it is written: hex."""
    return value if isinstance(value, str) else value.hex()


def _genesis(given: Path | Genesis | None) -> Genesis | None:
    if not isinstance(given, Path):
        return given
    loaded: Genesis = import_module("node.genesis_file").load_genesis(given)
    return loaded
