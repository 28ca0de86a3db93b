"""Sockets that are held and not used: `python -m tests.hostile.squatters`, a process of its own.

Reads a `Siege` as one line of JSON, opens its sockets, drips a byte a second where one drips, reads
nothing from anybody, and notes when each was dropped. It says `open` once all are, and at the end
what it saw, as JSON lines.
"""

import errno
import json
import resource
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Final

SOURCE: Final = "127.0.0.2"
DRIP_S: Final = 1.0
# Connections begun at a time: the listeners' queues are short.
OPENING_MAX: Final = 64
# Linux: choose the port at connect, so that each destination has all of them (ip(7)).
IP_BIND_ADDRESS_NO_PORT: Final = 24
_GONE: Final = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR

# The first bytes of each kind; the second part is what drips.
REQUEST: Final = b"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: "
BODY: Final = (
    b"POST /v1/transactions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/msgpack\r\nContent-Length: 100000\r\n\r\n"
)
STREAM: Final = (
    b"GET /v1/events?cursor=0.0.0 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TLS: Final = b"\x16\x03\x01\x40\x00"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of socket is held."""

    name: str
    peer: bool
    first: bytes
    drips: bool


STREAM_KIND: Final = Kind("stream that never reads", peer=False, first=STREAM, drips=False)
KINDS: Final = (
    Kind("idle", peer=False, first=b"", drips=False),
    Kind("header drips", peer=False, first=REQUEST, drips=True),
    Kind("body drips", peer=False, first=BODY, drips=True),
    Kind("peer idle", peer=True, first=b"", drips=False),
    Kind("peer drips", peer=True, first=TLS, drips=True),
)


@dataclass(frozen=True, slots=True)
class Siege:
    """What is held against which nodes: (API port, peer port) of each."""

    nodes: tuple[tuple[int, int], ...]
    sockets: int
    streams: int
    seconds: float


@dataclass(slots=True)
class Held:
    """One socket."""

    kind: Kind
    sock: socket.socket
    opened_s: float = 0.0
    dropped_s: float = 0.0


@dataclass(slots=True)
class Seen:
    """What came of it: the longest life of each kind, and who still lives at the end."""

    opened: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    lasted_s: dict[str, float] = field(default_factory=dict)
    opening_s: float = 0.0
    # From the moment when all were open until the last was dropped.
    cleared_s: float = 0.0

    def text(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


def count(counted: dict[str, int], name: str) -> None:
    """One more of this name."""
    counted[name] = counted.get(name, 0) + 1


def kinds_of(siege: Siege) -> Iterator[Kind]:
    """The kind of each socket, streams first: theirs is the longest life."""
    for _ in range(siege.streams):
        yield STREAM_KIND
    for number in range(siege.sockets):
        yield KINDS[number % len(KINDS)]


class Squatters:
    """Opens, drips, and notes the end of each."""

    def __init__(self, siege: Siege, clock: Callable[[], float] = time.monotonic) -> None:
        self.siege = siege
        self.seen = Seen()
        self._clock = clock
        self._poll = select.epoll()
        self._held: dict[int, Held] = {}
        self._opening: set[int] = set()
        self._drip_s = 0.0

    def run(self, told: Callable[[str], None]) -> Seen:
        """Hold them all for the siege's time, or until the last is dropped."""
        began = self._clock()
        for number, kind in enumerate(kinds_of(self.siege)):
            while len(self._opening) >= OPENING_MAX:
                self._look(0.05)
            self._open(kind, self.siege.nodes[number % len(self.siege.nodes)])
            self._look(0.0)
        while self._opening:
            self._look(0.05)
        opened = self._clock()
        self.seen.opening_s = opened - began
        told("open")
        while self._held and self._clock() - opened < self.siege.seconds:
            self._look(0.05)
        self.seen.cleared_s = self._clock() - opened
        for held in self._held.values():
            count(self.seen.left, held.kind.name)
            held.sock.close()
        return self.seen

    def _open(self, kind: Kind, ports: tuple[int, int]) -> None:
        sock = socket.socket()
        sock.setblocking(False)  # noqa: FBT003 - has no name
        sock.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((SOURCE, 0))
        code = sock.connect_ex(("127.0.0.1", ports[kind.peer]))
        if code not in (0, errno.EINPROGRESS):
            count(self.seen.failed, errno.errorcode[code])
            sock.close()
            return
        self._held[sock.fileno()] = Held(kind, sock)
        self._opening.add(sock.fileno())
        self._poll.register(sock, select.EPOLLOUT | _GONE)

    def _look(self, timeout_s: float) -> None:
        for number, events in self._poll.poll(timeout_s):
            if number in self._opening:
                self._begin(number)
            elif events & _GONE:
                self._end(number)
        if self._clock() - self._drip_s >= DRIP_S:
            self._drip_s = self._clock()
            self._drip()

    def _begin(self, number: int) -> None:
        """It is connected, or was refused."""
        self._opening.remove(number)
        held = self._held[number]
        held.opened_s = self._clock()
        code = held.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            count(self.seen.failed, errno.errorcode[code])
            self._forget(number)
            return
        count(self.seen.opened, held.kind.name)
        self._poll.modify(number, _GONE)
        self._send(held, held.kind.first)

    def _drip(self) -> None:
        for number, held in list(self._held.items()):
            if held.kind.drips and number not in self._opening:
                self._send(held, b"\x01" if held.kind.peer else b"a")

    def _send(self, held: Held, data: bytes) -> None:
        try:
            held.sock.send(data)
        except OSError:
            # The poll tells of its end.
            return

    def _end(self, number: int) -> None:
        held = self._held[number]
        name, lasted_s = held.kind.name, self._clock() - held.opened_s
        self.seen.lasted_s[name] = max(lasted_s, self.seen.lasted_s.get(name, 0.0))
        self._forget(number)

    def _forget(self, number: int) -> None:
        self._poll.unregister(number)
        self._held.pop(number).sock.close()


def read_siege(line: str) -> Siege:
    """What `json.dumps(asdict(siege))` wrote."""
    record = json.loads(line)
    nodes = tuple((int(api), int(peer)) for api, peer in record["nodes"])
    return Siege(nodes, record["sockets"], record["streams"], record["seconds"])


def read_seen(line: str) -> Seen:
    """What `Seen.text` wrote."""
    return Seen(**json.loads(line))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Follow the protocol of this file's head."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    siege = read_siege(sys.stdin.readline())
    _say(Squatters(siege).run(_say).text())


if __name__ == "__main__":
    main()
