"""How much one client may ask, and who may submit: by address, and by token.

A read costs a node's threads time, and a trace or a query of events more than a status. Each client
address has a bucket of permits; one that asks all the time waits, the others don't. An address is
an IPv4 address or an IPv6 network of 64 bits, which one subscriber has whole (RFC 6177).
"""

import asyncio
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import ClassVar, Final

from aiohttp import web

from node.api.bearer import bearer_token
from node.api.problems import ApiProblem
from node.api.settings import ADDRESSES_KEPT_MAX, ApiSettings
from node.gateway.rates import Rates, TooManyRequests
from node.gateway.tokens import SubmitBook, TokenEntry

# Of one address that isn't this machine's, where the settings name no rate.
QUERY_RATE: Final = 100
# Addresses whose buckets are remembered.
CLIENTS_MAX: Final = 16_384
# Proxies that one request may have come through.
HOPS_MAX: Final = 16
FORWARDED: Final = "X-Forwarded-For"
_HOST_BITS: Final = 64


class AskedTooOften(ApiProblem):
    """This address, or this token, has asked as often as it may for now."""

    status: ClassVar[int] = 429
    hint = "wait retry_after_ms; an event stream or a webhook tells news without being asked"

    def __init__(self, refused: TooManyRequests) -> None:
        super().__init__(str(refused))
        self.retry_after_ms = refused.retry_after_ms


class SubmitTokenNeeded(ApiProblem):
    """This node takes these transactions only from holders of its tokens."""

    status: ClassVar[int] = 401
    # RFC 9110 §11.6.1
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}
    hint = (
        "--token-file FILE, or HUSHANG_TOKEN_FILE; by REST Authorization: Bearer TOKEN; the node's "
        "operator makes one: hushang capture-token create NAME --for submit"
    )


class Visitors:
    """One for each server."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._clients = Rates(CLIENTS_MAX)
        self._submitters = Rates()
        path = settings.submit_tokens
        self._tokens = None if path is None else SubmitBook(path)

    def admit(self, request: web.BaseRequest, cost: int) -> None:
        """Let a request of this cost pass, or `AskedTooOften`."""
        client = client_of(
            request.remote or "", request.headers.getall(FORWARDED, []), self._settings
        )
        rate = self._settings.query_rate_max
        if rate is None:
            if _is_own(client):
                return
            rate = QUERY_RATE
        self._take(self._clients, network_of(client), rate, cost)

    async def require_submitter(self, request: web.BaseRequest, *, is_batch: bool) -> None:
        """Let a submission pass, or `SubmitTokenNeeded`, the same for no token and a wrong one."""
        if self._tokens is None or not (is_batch or self._settings.submit_tokens_for == "all"):
            return
        loop = asyncio.get_running_loop()
        find: Callable[[str | None], TokenEntry | None] = self._tokens.find
        # Reads a file where it has changed.
        entry = await loop.run_in_executor(None, find, bearer_token(request))
        if entry is None:
            msg = "the request is not authorised"
            raise SubmitTokenNeeded(msg, "header.Authorization")
        self._take(self._submitters, entry.name, entry.rate, 1)

    def _take(self, rates: Rates, name: str, rate: int, cost: int) -> None:
        try:
            rates.take(name, rate, asyncio.get_running_loop().time(), cost)
        except TooManyRequests as error:
            raise AskedTooOften(error) from error


def client_of(remote: str, forwarded: list[str], settings: ApiSettings) -> str:
    """The address that asks: of those that trusted proxies tell the last that is no proxy.

    Whatever stands before that one is the client's own invention (RFC 7239 §8.1).
    """
    address = remote
    hops = ",".join(forwarded).split(",")
    for hop in reversed(hops[-HOPS_MAX:]):
        if not settings.is_proxy(address) or _address(hop.strip()) is None:
            break
        address = hop.strip()
    return address


@lru_cache(ADDRESSES_KEPT_MAX)
def network_of(address: str) -> str:
    """What shares a bucket with this address."""
    found = _address(address)
    if isinstance(found, IPv6Address):
        prefix = int(found) >> _HOST_BITS << _HOST_BITS
        return str(IPv6Network((prefix, _HOST_BITS)))
    return str(found)


def _is_own(address: str) -> bool:
    """Is it this machine's own, or a socket without an address?"""
    found = _address(address)
    return found is None or found.is_loopback


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
