"""Where the API listens: plain, or with TLS.

With TLS a stranger costs a handshake before it is a connection with deadlines of its own
(`connections.py`): as between nodes (`p2p/door.py`) few may be in one at a time, in all and from
one address, and each has a few seconds. Where places run short, who has been in one longest gives
its own up to who comes, as connections do: silence keeps nobody out.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from node.api.certificate import ApiCertificate
from node.api.connections import SHED
from p2p.arrivals import Arrival
from p2p.door import Door
from p2p.limits import Limits

logger = logging.getLogger(__name__)

HANDSHAKE_S: Final = 5.0
# An honest client is through by then, over any line.
SHED_AFTER_S: Final = 1.0
SHUTDOWN_S: Final = 1.0
TICK_S: Final = 0.5
ACCEPT_PAUSE_S: Final = 0.2
BACKLOG: Final = 128
ACCEPTED_AT_ONCE: Final = 32
# A browser opens six connections, a page of a shop's users behind one address many.
LIMITS: Final = Limits(
    strangers_max=256,
    strangers_per_host_max=64,
    strangers_reserved=64,
    arrivals_per_tick_max=128,
)

Protocols = Callable[[], asyncio.Protocol]


@dataclass(slots=True)
class _Greeting:
    """A handshake under way; `shed`: its place is somebody else's already."""

    host: str
    began_s: float
    shed: bool = False


class Listener:
    """Gives each connection a protocol. `start` once, `stop` once; tasks end with it."""

    def __init__(self, protocols: Protocols, certificate: ApiCertificate | None) -> None:
        self._protocols = protocols
        self._certificate = certificate
        self._door = Door(LIMITS)
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        # Who began first stands first.
        self._greetings: dict[asyncio.Future[None], _Greeting] = {}
        self._shed = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def refused(self) -> Counter[str]:
        """Connections that never got through a handshake, by reason."""
        status = self._door.status()
        # Before each shed the door had turned one away.
        told = {**status.refused, "turned away": status.turned_away - self._shed, SHED: self._shed}
        return +Counter(told)

    @property
    def greeting(self) -> int:
        """How many are in a handshake."""
        return len(self._greetings)

    async def start(self, host: str, port: int) -> int:
        """Listen; the bound port. An address in use raises `OSError`."""
        loop = asyncio.get_running_loop()
        if self._certificate is None:
            self._server = await loop.create_server(self._protocols, host, port, backlog=BACKLOG)
            return _port_of(self._server.sockets[0])
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=BACKLOG)
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        loop.add_reader(self._socket, self._accept)
        self._tick()
        return _port_of(self._socket)

    async def stop(self) -> None:
        """Take no more; connections that stand go on."""
        if self._server is not None:
            self._server.close()
        if self._timer is not None:
            self._timer.cancel()
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
        for greeting in self._greetings:
            greeting.cancel()
        if self._greetings:
            await asyncio.wait(self._greetings)

    def _tick(self) -> None:
        self._door.tick()
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _accept(self) -> None:
        assert self._socket is not None
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                accepted, address = self._socket.accept()
            except BlockingIOError:
                return
            except OSError as error:
                # Out of descriptors, or gone again: neither is final.
                self._door.refuse(error)
                self._pause()
                return
            self._receive(Arrival(accepted, str(address[0])))

    def _pause(self) -> None:
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        loop.call_later(ACCEPT_PAUSE_S, self._resume)

    def _resume(self) -> None:
        if self._socket is not None and self._socket.fileno() >= 0:
            asyncio.get_running_loop().add_reader(self._socket, self._accept)

    def _receive(self, came: Arrival) -> None:
        if not self._enters(came.host):
            came.sock.close()
            return
        came.sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        greeting = asyncio.ensure_future(self._greet(came))
        began_s = asyncio.get_running_loop().time()
        self._greetings[greeting] = _Greeting(came.host, began_s)
        greeting.add_done_callback(partial(self._greeted, came))

    def _enters(self, host: str) -> bool:
        """Is there a place for one more of this host, or was one made?"""
        return self._door.enter(host) or (self._make_room(host) and self._door.enter(host))

    def _make_room(self, host: str) -> bool:
        """Drop who has greeted longest: of this host, if it has its share, or else of all."""
        inside = [item for item in self._greetings.items() if not item[1].shed]
        own = [item for item in inside if item[1].host == host]
        if len(own) >= LIMITS.strangers_per_host_max:
            inside = own
        elif len(inside) + LIMITS.strangers_reserved < LIMITS.strangers_max:
            # It is turned away for its rush, not for want of a place.
            return False
        task, longest = inside[0]
        if asyncio.get_running_loop().time() - longest.began_s < SHED_AFTER_S:
            return False
        longest.shed = True
        self._shed += 1
        self._door.leave(longest.host)
        task.cancel()
        return True

    async def _greet(self, came: Arrival) -> None:
        """Through the handshake; the connection goes on by itself. `OSError` if there is none."""
        came.begun = True
        assert self._certificate is not None
        await asyncio.get_running_loop().connect_accepted_socket(
            self._protocols,
            came.sock,
            ssl=self._certificate.context(),
            ssl_handshake_timeout=HANDSHAKE_S,
            ssl_shutdown_timeout=SHUTDOWN_S,
        )

    def _greeted(self, came: Arrival, done: asyncio.Future[None]) -> None:
        if not self._greetings.pop(done).shed:
            self._door.leave(came.host)
        came.close_unless_begun()
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._door.learn(came.host)
        elif isinstance(error, OSError):
            self._door.refuse(error)
            logger.debug("no TLS with %s: %s", came.host, error)
        else:
            logger.error("greeting %s failed", came.host, exc_info=error)


def _port_of(listening: Any) -> int:
    # A socket, or what asyncio shows of one.
    port: int = listening.getsockname()[1]
    return port
