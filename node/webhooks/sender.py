"""One message to one webhook: signed, to a checked address, within a time, without a redirect.

Headers beside the standard's: `Idempotency-Key` names what the message tells, and is the same in
every repetition of it; `GS1-Signature: t=TIME,v1=HEX` is the HMAC-SHA256, by the subscriber's
signatureToken, over the time in milliseconds, a dot and the body, so that a receiver can refuse
what is old or not from this node.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final, Self

import aiohttp

from node.clients.trust import trusting_besides
from node.webhooks.addresses import AllowedPlaces, CheckedResolver, DestinationRefused

TIMEOUT_S: Final = 10.0
CONNECT_TIMEOUT_S: Final = 5.0
# Connections to webhooks at once, and to one of them.
IN_FLIGHT_MAX: Final = 16
PER_HOST_MAX: Final = 2
SIGNATURE: Final = "GS1-Signature"
IDEMPOTENCY: Final = "Idempotency-Key"
_WORDS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told to whom; `key` names it."""

    dest: str
    secret: bytes | None
    key: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """How a webhook took a message: the HTTP status, or 0 and why there was none."""

    status: int
    words: str

    @property
    def is_taken(self) -> bool:
        """Has it arrived?"""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_too_large(self) -> bool:
        """Does the receiver ask for smaller messages?"""
        return self.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def signature_of(secret: bytes, time_ms: int, body: bytes) -> str:
    """The value of the header `GS1-Signature`."""
    signed = str(time_ms).encode() + b"." + body
    digest = hmac.new(secret, signed, hashlib.sha256).hexdigest()
    return f"t={time_ms},v1={digest}"


class Sender:
    """Holds the connections; use as a context."""

    def __init__(
        self, places: AllowedPlaces, timeout_s: float = TIMEOUT_S, *, ca: Path | None = None
    ) -> None:
        """`ca`: a file of CAs that webhooks' certificates may be of, besides the system's."""
        self.places = places
        self._trust = trusting_besides(ca)
        self._timeout = aiohttp.ClientTimeout(
            total=timeout_s, connect=min(timeout_s, CONNECT_TIMEOUT_S)
        )
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=CheckedResolver(self.places),
            ssl=self._trust,
            use_dns_cache=False,
            limit=IN_FLIGHT_MAX,
            limit_per_host=PER_HOST_MAX,
        )
        self._http = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._http is not None
        await self._http.close()

    async def send(self, message: Message, time_ms: int) -> Answer:
        """Send once; every failure of the other side is an answer."""
        assert self._http is not None
        headers = {"User-Agent": "hushang", IDEMPOTENCY: message.key, **message.headers}
        if message.secret is not None:
            headers[SIGNATURE] = signature_of(message.secret, time_ms, message.body)
        try:
            # Addresses written as numbers never come to the resolver.
            self.places.check_url(message.dest)
            response = await self._http.post(
                message.dest, data=message.body, headers=headers, allow_redirects=False
            )
        except DestinationRefused as error:
            return Answer(0, str(error)[:_WORDS_MAX])
        except TimeoutError:
            return Answer(0, "no answer in time")
        except (aiohttp.ClientError, OSError, asyncio.IncompleteReadError) as error:
            return Answer(0, f"no connection: {error}"[:_WORDS_MAX])
        # Its body is nobody's business here, however long it is.
        response.close()
        return Answer(response.status, f"HTTP status {response.status}")
