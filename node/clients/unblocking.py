"""Driving the core of the client on an event loop, over aiohttp, which only this file imports.

A task that is cancelled in the middle of a request closes its connection; what it had handed in is
safe to hand in again, as ever.
"""

import asyncio
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Self, TypeAlias, assert_never

import aiohttp

from node.clients.errors import BrokeOff, NodeUnreachable
from node.clients.trust import trusting, untrusted
from node.clients.wire import (
    REPLY_SIZE_MAX,
    Asked,
    Effect,
    Exchange,
    Listen,
    Pause,
    Place,
    Reply,
    Steps,
    T,
)

Socket: TypeAlias = aiohttp.ClientWebSocketResponse

CONNECTIONS_MAX: Final = 32
CONNECTIONS_PER_NODE_MAX: Final = 16
# Open streams of one client, all to one node at worst: half of the connections stay for requests.
STREAMS_MAX: Final = 8
# A page of a stream has up to 100 events.
MESSAGE_SIZE_MAX: Final = 16 * 1024 * 1024
CLOSE_TIMEOUT_S: Final = 1.0
_PIECE_SIZE: Final = 1024 * 1024


class Unblocking:
    """Sends requests over HTTP and TLS without holding up the loop. Use as a context."""

    def __init__(self, ca: Path | None = None, token: str | None = None) -> None:
        self._token = token
        self._ca = ca
        self._http: aiohttp.ClientSession | None = None
        # Those with an open stream; who was used longest ago stands first.
        self._ears: dict[Ear, None] = {}

    async def __aenter__(self) -> Self:
        # Reading the CAs takes some milliseconds of the disk.
        context = await asyncio.to_thread(trusting, self._ca)
        connector = aiohttp.TCPConnector(
            ssl=context, limit=CONNECTIONS_MAX, limit_per_host=CONNECTIONS_PER_NODE_MAX
        )
        self._http = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
            trace_configs=[_refusing_redirects()],
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for ear in list(self._ears):
            await ear.close()
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def run(self, steps: Steps[T], ear: "Ear | None" = None) -> T:
        """Do what a conversation wants until it ends; `ear`: for one that listens."""
        try:
            effect = next(steps)
            while True:
                try:
                    result = await self._do(effect, ear)
                except NodeUnreachable as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(result)
        except StopIteration as ended:
            value: T = ended.value
            return value
        finally:
            steps.close()

    async def _do(self, effect: Effect, ear: "Ear | None") -> Any:
        match effect:
            case Exchange():
                return await self.exchange(effect)
            case Pause(time_s):
                return await asyncio.sleep(time_s)
            case Listen():
                assert ear is not None
                return await ear.listen(effect)
            case _:
                assert_never(effect)

    async def exchange(self, effect: Exchange) -> Reply:
        """One request and its reply. `NodeUnreachable`: it never left; `BrokeOff`: it may have."""
        if self._http is None:
            raise NodeUnreachable("the client is closed: use it inside `async with`")
        place, asked = effect.place, effect.asked
        try:
            async with self._http.request(
                asked.method,
                place.url + asked.path,
                data=asked.body,
                headers=asked.headers(self._token),
                timeout=aiohttp.ClientTimeout(total=asked.timeout_s),
                allow_redirects=False,
            ) as response:
                data = await _limited(response)
                return Reply(response.status, response.headers.get("Retry-After"), data)
        except aiohttp.ClientConnectorCertificateError as error:
            raise untrusted(place.url, _ssl_error(error.certificate_error)) from error
        except aiohttp.ClientConnectorSSLError as error:
            raise untrusted(place.url, _ssl_error(error.os_error)) from error
        except aiohttp.ClientConnectorError as error:
            raise NodeUnreachable(f"{place.url}: {error.os_error.strerror or error}") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise BrokeOff(f"{place.url} broke off: {type(error).__name__}") from error

    async def stream(self, ear: "Ear", place: Place, asked: Asked) -> Socket:
        """A new stream for an ear; those beyond a limit take the place of one nobody waits at."""
        if self._http is None:
            raise NodeUnreachable("the client is closed: use it inside `async with`")
        if len(self._ears) >= STREAMS_MAX:
            idle = next((other for other in self._ears if not other.is_listening), None)
            if idle is None:
                raise NodeUnreachable(f"{STREAMS_MAX} streams are listened to")
            await idle.close()
        self._ears[ear] = None
        return await self._http.ws_connect(
            place.url + asked.path,
            headers=asked.headers(self._token),
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            max_msg_size=MESSAGE_SIZE_MAX,
        )

    def used(self, ear: "Ear") -> None:
        """It was used last of all."""
        if ear in self._ears:
            self._ears[ear] = self._ears.pop(ear)

    def closed(self, ear: "Ear") -> None:
        """It has no stream any more."""
        self._ears.pop(ear, None)


class Ear:
    """The stream of one feed, kept open between its messages; pings are answered while it listens.

    A program that takes longer over an event than a node waits for a pong finds the stream ended,
    behind whatever was told before: the feed goes on at its cursor.
    """

    def __init__(self, transport: Unblocking) -> None:
        self._transport = transport
        self._place: Place | None = None
        self._socket: Socket | None = None
        self.is_listening = False

    async def listen(self, effect: Listen) -> Reply:
        """The next message. A task that is cancelled here has lost none."""
        url = effect.place.url
        self.is_listening = True
        try:
            async with asyncio.timeout(effect.asked.timeout_s):
                socket = await self._open(effect)
                message = await socket.receive()
        except aiohttp.WSServerHandshakeError as error:
            await self.close()
            raise NodeUnreachable(f"{url} gives no stream: HTTP status {error.status}") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            await self.close()
            raise BrokeOff(f"{url} told nothing: {type(error).__name__}") from error
        finally:
            self.is_listening = False
        if message.type is aiohttp.WSMsgType.TEXT:
            return Reply(HTTPStatus.OK, None, message.data.encode())
        await self.close()
        raise BrokeOff(f"{url} ended the stream: {message.extra or message.type.name}")

    async def _open(self, effect: Listen) -> Socket:
        if self._socket is None or self._place != effect.place:
            await self.close()
            self._socket = await self._transport.stream(self, effect.place, effect.asked)
            self._place = effect.place
        self._transport.used(self)
        return self._socket

    async def close(self) -> None:
        """Leave; the next message is that of a new stream."""
        socket, self._socket = self._socket, None
        self._transport.closed(self)
        if socket is not None:
            await socket.close()


async def _limited(response: aiohttp.ClientResponse) -> bytes:
    """The body, up to one byte more than it may have."""
    data = bytearray()
    async for piece in response.content.iter_chunked(_PIECE_SIZE):
        data += piece
        if len(data) > REPLY_SIZE_MAX:
            break
    return bytes(data)


def _refusing_redirects() -> aiohttp.TraceConfig:
    """Requests are sent so that none is followed; opening a WebSocket has no such option."""

    async def refuse(
        _session: object, _context: object, params: aiohttp.TraceRequestRedirectParams
    ) -> None:
        params.response.close()
        raise aiohttp.ClientError("the node sends elsewhere")

    config = aiohttp.TraceConfig()
    config.on_request_redirect.append(refuse)
    return config


def _ssl_error(error: BaseException) -> ssl.SSLError:
    return error if isinstance(error, ssl.SSLError) else ssl.SSLError(str(error))
