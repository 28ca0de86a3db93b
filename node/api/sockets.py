"""Streams over a WebSocket: what tells pages as they come, whatever the pages are of.

The client sends nothing but pongs. It is asked for one at once and after each silence, and told
nothing more until it answers: who never reads costs a ping and no page. One that doesn't read, or
answers no ping, is dropped: code 1008 (its copy of the reason waits behind what it has not read).
When the node stops it says 1001.
"""

import asyncio
import logging
from abc import ABC, abstractmethod

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from chain.errors import HistoryPruned, HushangError
from chain.store_contract import StorageError
from node.api.problems import RequestInvalid, TooManyStreams
from node.api.replies import SECURITY_HEADERS
from node.api.routing import Call

log = logging.getLogger(__name__)

MESSAGE_SIZE_MAX = 1024
CLOSE_TIMEOUT_S = 1.0
# Nobody reads what was sent to one that ended so.
SLOW_READER = "slow reader"
NO_PONG = "no pong"


class _Ended(Exception):
    """The stream ends: close code and reason."""

    def __init__(self, code: WSCloseCode, reason: str) -> None:
        super().__init__(reason)
        self.close_code = code
        self.reason = reason


class Stream(ABC):
    """One open stream; `tell` sends what there is and waits for more, without end."""

    def __init__(self, call: Call, socket: web.WebSocketResponse) -> None:
        self.call = call
        self.socket = socket
        self.settings = call.edge.settings
        self.loop = asyncio.get_running_loop()
        self.sent_at = self.loop.time()
        self.heard_at = self.sent_at
        # Since the last ping the client has said something.
        self._answered = asyncio.Event()

    @abstractmethod
    async def tell(self) -> None:
        """Send pages from the cursor on; an empty one after a quiet while."""

    async def run(self) -> None:
        """Tell until the client leaves, doesn't read, or the node stops."""
        # So it stays where the connection breaks, or is dropped: then this task is cancelled.
        code, reason = WSCloseCode.OK, "connection lost"
        damage: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._ping())
                group.create_task(self._stop())
                group.create_task(self.tell())
        except* _Ended as ended:
            first = ended.exceptions[0]
            assert isinstance(first, _Ended)
            code, reason = first.close_code, first.reason
        except* ConnectionError:
            log.debug("the connection of a stream broke")
        except* HistoryPruned:
            code, reason = WSCloseCode.POLICY_VIOLATION, "history pruned"
        except* StorageError as found:
            # Fatal to the node, as by any other request (`node.api.server`).
            reason, damage = "storage failed", found.exceptions[0]
        except* HushangError as refused:
            # What the stream tells of is no more.
            code, reason = WSCloseCode.POLICY_VIOLATION, code_of(refused)
        finally:
            self.call.edge.metrics.edge.streams_ended.labels(reason).inc()
        if damage is not None:
            raise damage
        if reason in (SLOW_READER, NO_PONG):
            self.call.discard_unsent()
        await self.socket.close(code=code, message=reason.encode(), drain=False)

    async def send(self, text: str) -> None:
        """Send one message, once the client is there; who doesn't take it in time is dropped."""
        # `_ping` bounds this.
        await self._answered.wait()
        try:
            async with asyncio.timeout(self.settings.write_timeout_s):
                await self.socket.send_str(text)
        except TimeoutError:
            raise _Ended(WSCloseCode.POLICY_VIOLATION, SLOW_READER) from None
        self.sent_at = self.loop.time()

    def is_quiet(self) -> bool:
        """Is a sign of life due?"""
        return self.loop.time() >= self.sent_at + self.settings.heartbeat_s

    def quiet_left_ms(self) -> int:
        """How long until a sign of life is due; at least 1 ms."""
        left_s = self.sent_at + self.settings.heartbeat_s - self.loop.time()
        return max(1, int(left_s * 1000))

    async def _listen(self) -> None:
        """Pings, pongs and the close frame; anything else the client has no business to send."""
        message = await self._heard()
        while message.type in {WSMsgType.PING, WSMsgType.PONG}:
            if message.type is WSMsgType.PING:
                await self.socket.pong(message.data)
            message = await self._heard()
        if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED}:
            raise _Ended(WSCloseCode.OK, "client left")
        if message.type is WSMsgType.ERROR:
            raise _Ended(WSCloseCode.PROTOCOL_ERROR, "protocol error")
        raise _Ended(WSCloseCode.POLICY_VIOLATION, "this stream takes no messages")

    async def _heard(self) -> WSMessage:
        message = await self.socket.receive()
        self.heard_at = self.loop.time()
        self._answered.set()
        return message

    async def _ping(self) -> None:
        """Ask at once, and whenever it was silent for a while, whether the client is there.

        aiohttp's own way would leave what it doesn't read with the kernel, for minutes.
        """
        ping_s = self.settings.ping_s
        while True:
            reason = SLOW_READER
            self._answered.clear()
            try:
                async with asyncio.timeout(ping_s / 2):
                    await self.socket.ping()
                    reason = NO_PONG
                    await self._answered.wait()
            except TimeoutError:
                raise _Ended(WSCloseCode.POLICY_VIOLATION, reason) from None
            await self._silence(ping_s)

    async def _silence(self, seconds: float) -> None:
        """Return when the client was silent for so long."""
        while True:
            left_s = self.heard_at + seconds - self.loop.time()
            if left_s <= 0:
                return
            await asyncio.sleep(left_s)

    async def _stop(self) -> None:
        await self.call.edge.stopping.wait()
        raise _Ended(WSCloseCode.GOING_AWAY, "the node stops")


def code_of(group: BaseExceptionGroup[HushangError]) -> str:
    """The name of the first rule that was broken."""
    first = group.exceptions[0]
    return code_of(first) if isinstance(first, BaseExceptionGroup) else first.code


def is_upgrade(call: Call) -> bool:
    """Does the request ask for a stream?"""
    return "upgrade" in call.request.headers.get("Connection", "").lower()


async def serve_stream(call: Call, kind: type[Stream]) -> web.StreamResponse:
    """Open a stream of this kind, if there is a place for it, and serve it to its end."""
    if not call.edge.streams.free:
        msg = f"{call.edge.streams.count_max} streams are open"
        raise TooManyStreams(msg)
    socket = web.WebSocketResponse(
        timeout=CLOSE_TIMEOUT_S,
        autoclose=False,
        autoping=False,
        compress=False,
        max_msg_size=MESSAGE_SIZE_MAX,
    )
    if not socket.can_prepare(call.request):
        msg = "no WebSocket handshake (RFC 6455 §4.2.1)"
        raise RequestInvalid(msg, "header.Upgrade")
    socket.headers.update(SECURITY_HEADERS)
    with call.edge.streams.place():
        await socket.prepare(call.request)
        call.streaming()
        await kind(call, socket).run()
    return socket
