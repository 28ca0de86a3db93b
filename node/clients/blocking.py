"""Driving the core of the client by waiting in this thread, on the standard library alone.

Used as a context it keeps its connections between requests; without, each request has its own.
Threads may share it.
"""

import http.client
import ssl
import threading
import time
from pathlib import Path
from typing import Any, Final, Self

from node.clients.errors import BrokeOff, NodeUnreachable
from node.clients.trust import trusting, untrusted
from node.clients.wire import (
    REPLY_SIZE_MAX,
    Effect,
    Exchange,
    Listen,
    Pause,
    Place,
    Reply,
    Steps,
    T,
)

# Idle connections that are kept to one node.
IDLE_MAX: Final = 4


class Blocking:
    """Sends requests over HTTP and TLS, and waits."""

    def __init__(self, ca: Path | None = None, token: str | None = None) -> None:
        self._ca = ca
        self._token = token
        self._context: ssl.SSLContext | None = None if ca is None else trusting(ca)
        self._idle: dict[Place, list[http.client.HTTPConnection]] = {}
        self._lock = threading.Lock()
        self._keeps = False

    def __enter__(self) -> Self:
        self._keeps = True
        return self

    def __exit__(self, *_: object) -> None:
        self._keeps = False
        with self._lock:
            for connections in self._idle.values():
                for connection in connections:
                    connection.close()
            self._idle.clear()

    def run(self, steps: Steps[T]) -> T:
        """Do what a conversation wants until it ends."""
        try:
            effect = next(steps)
            while True:
                try:
                    result = self._do(effect)
                except NodeUnreachable as error:
                    effect = steps.throw(error)
                else:
                    effect = steps.send(result)
        except StopIteration as ended:
            value: T = ended.value
            return value
        finally:
            steps.close()

    def _do(self, effect: Effect) -> Any:
        # Nobody would answer a stream's pings while the program is at work.
        assert not isinstance(effect, Listen), "feeds of this client read pages"
        if isinstance(effect, Pause):
            time.sleep(effect.time_s)
            return None
        return self.exchange(effect)

    def exchange(self, effect: Exchange) -> Reply:
        """One request and its reply. `NodeUnreachable`: it never left; `BrokeOff`: it may have."""
        connection = self._idle_connection(effect.place)
        if connection is not None:
            try:
                return self._converse(connection, effect)
            except BrokeOff as error:
                if isinstance(error.__cause__, TimeoutError):
                    raise
                # The node had closed it meanwhile. Every request is safe to repeat, so a fresh
                # connection may say it again.
        return self._converse(self._connected(effect), effect)

    def _idle_connection(self, place: Place) -> http.client.HTTPConnection | None:
        with self._lock:
            kept = self._idle.get(place)
            return kept.pop() if kept else None

    def _connected(self, effect: Exchange) -> http.client.HTTPConnection:
        place, timeout_s = effect.place, effect.asked.timeout_s
        if place.is_secure:
            self._context = self._context or trusting(self._ca)
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                place.host, place.port, timeout=timeout_s, context=self._context
            )
        else:
            connection = http.client.HTTPConnection(place.host, place.port, timeout=timeout_s)
        try:
            connection.connect()
        except ssl.SSLError as error:
            connection.close()
            raise untrusted(place.url, error) from error
        except OSError as error:
            connection.close()
            raise NodeUnreachable(f"{place.url}: {error.strerror or error}") from error
        return connection

    def _converse(self, connection: http.client.HTTPConnection, effect: Exchange) -> Reply:
        place, asked = effect.place, effect.asked
        keeps = False
        try:
            assert connection.sock is not None
            connection.sock.settimeout(asked.timeout_s)
            connection.request(asked.method, asked.path, asked.body, asked.headers(self._token))
            response = connection.getresponse()
            data = response.read(REPLY_SIZE_MAX + 1)
            keeps = self._keeps and response.isclosed() and not response.will_close
        except (OSError, http.client.HTTPException) as error:
            raise BrokeOff(f"{place.url} broke off: {type(error).__name__}") from error
        finally:
            if not (keeps and self._put_back(place, connection)):
                connection.close()
        return Reply(response.status, response.headers.get("Retry-After"), data)

    def _put_back(self, place: Place, connection: http.client.HTTPConnection) -> bool:
        with self._lock:
            kept = self._idle.setdefault(place, [])
            if not self._keeps or len(kept) >= IDLE_MAX or connection.sock is None:
                return False
            kept.append(connection)
            return True


class Conversing:
    """Who asks by a transport, and keeps its connections while used as a context."""

    _transport: Blocking

    def __enter__(self) -> Self:
        self._transport.__enter__()
        return self

    def __exit__(self, *ended: object) -> None:
        self._transport.__exit__(*ended)
