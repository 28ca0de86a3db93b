"""Where a webhook may lead: into the internet, never into the node's own neighbourhood.

Whoever subscribes chooses a URL that this node then calls (server-side request forgery, OWASP
API7). Refused are addresses that are not globally routable (loopback, private, link-local with the
clouds' metadata, shared, multicast, reserved), also where an IPv6 address carries such an IPv4 one.
A name is resolved once and the connection goes to the address that was checked; redirects are not
followed and no proxy is asked. Networks that the operator names are allowed besides.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from chain.errors import HushangError

URL_SIZE_MAX: Final = 2_048
HOST_SIZE_MAX: Final = 253
# Names that are looked up at once.
THREADS: Final = 4
SCHEMES: Final = ("https", "http")
# IPv6 that reaches IPv4: NAT64 (RFC 6052, 8215), IPv4-compatible (RFC 4291 §2.5.5.1).
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL: Final = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE: Final = ipaddress.IPv6Network("::/96")
_IPV4_MASK: Final = 2**32 - 1
# Protocol assignments and relays (RFC 6890), of which Python's releases think differently, and the
# services that a cloud offers its machines under an address that looks public.
_SPECIAL: Final = tuple(
    ipaddress.IPv4Network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
)

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class DestinationRefused(HushangError):
    """A webhook may not lead there."""

    hint = "https://host/path of a public address; the node's webhook_networks allows others"


class AllowedPlaces:
    """Which addresses webhooks may lead to: the internet's, and the networks given here."""

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._networks: list[Network] = []
        self.renew(networks)

    def renew(self, networks: Sequence[str]) -> None:
        """From now on these networks besides the internet, for each address looked up."""
        self._networks = [ipaddress.ip_network(text) for text in networks]

    def allow(self, address: Address) -> bool:
        """May a webhook lead to this address?"""
        if any(address in network for network in self._networks):
            return True
        carried = _carried(address)
        if carried is not None:
            return self.allow(carried)
        return _is_public(address)

    def check_url(self, url: str) -> None:
        """`DestinationRefused` unless the URL may be called, as far as it says so itself."""
        parts = _parts(url)
        literal = _literal(parts.hostname or "")
        if literal is not None and not self.allow(literal):
            raise DestinationRefused(f"{literal} is no public address")


class CheckedResolver(AbstractResolver):
    """Resolves a name for aiohttp, which then connects to nothing but what this returned."""

    def __init__(self, places: AllowedPlaces) -> None:
        self._places = places
        # Of its own: a slow name server must not hold the threads that others wait for.
        self._threads = ThreadPoolExecutor(THREADS, "webhook-names")

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        look_up = partial(socket.getaddrinfo, host, port, family, socket.SOCK_STREAM)
        found = await loop.run_in_executor(self._threads, look_up)
        results = [
            ResolveResult(
                hostname=host,
                host=str(place[0]),
                port=port,
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, place in found
            if self._is_allowed(str(place[0]))
        ]
        if not results:
            raise DestinationRefused(f"{host} has no public address")
        return results

    def _is_allowed(self, text: str) -> bool:
        # An address with a zone (fe80::1%eth0) is one of this machine's links.
        address = _literal(text)
        return address is not None and self._places.allow(address)

    @override
    async def close(self) -> None:
        """Wait for no name server any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _parts(url: str) -> SplitResult:
    """The parts of an acceptable URL."""
    if len(url) > URL_SIZE_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise DestinationRefused(f"a URL has at most {URL_SIZE_MAX} characters of ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise DestinationRefused(f"no URL: {error}") from error
    if parts.scheme not in SCHEMES or not parts.hostname or len(parts.hostname) > HOST_SIZE_MAX:
        raise DestinationRefused("a webhook is an https:// or http:// URL with a host")
    if parts.username is not None or parts.password is not None or parts.fragment or "\\" in url:
        raise DestinationRefused("no user, password or fragment may stand in the URL")
    if port == 0:
        raise DestinationRefused("port 0 is none")
    return parts


def _literal(host: str) -> Address | None:
    """The address that a host is by itself; None for a name."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _carried(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that packets to an IPv6 one may end at."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & _IPV4_MASK)
    # What a Teredo address carries is its client's; its server is another's.
    teredo = address.teredo[1] if address.teredo is not None else None
    return address.ipv4_mapped or address.sixtofour or teredo


def _is_public(address: Address) -> bool:
    if any(address in network for network in _SPECIAL):
        return False
    if isinstance(address, ipaddress.IPv6Address) and (
        address.is_site_local or address.scope_id is not None or address in _NAT64_LOCAL
    ):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
    )
