"""A scripted node: what it answers is given, what it was asked is kept."""

import json
import socket
import ssl
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any

from typing_extensions import override

BREAK_OFF: tuple[int, object] = (0, {})

Reply = tuple[int, Any]


class Quiet(BaseHTTPRequestHandler, ABC):
    """Deals with each request by `answer`, and writes nothing on the tests' stderr."""

    @abstractmethod
    def answer(self) -> None:
        """What a test's own node does with a request."""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def reply(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Not a word."""


class Served:
    """What a scripted node was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        # Of the clients: each connection has its own.
        self.ports: set[int] = set()


class Server(ThreadingHTTPServer):
    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or that this node's certificate did not please."""


def handler(served: Served, replies: list[Reply]) -> type[BaseHTTPRequestHandler]:
    """Gives the replies in turn, the last one for ever; notes what is asked."""

    class Handler(Quiet):
        protocol_version = "HTTP/1.1"

        @override
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            served.asked.append((self.command, self.path, body))
            served.headers.append(dict(self.headers))
            served.ports.add(self.client_address[1])
            status, document = replies.pop(0) if len(replies) > 1 else replies[0]
            if status == 0:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.reply(status, data)

    return Handler


@contextmanager
def serving(server: HTTPServer) -> Iterator[str]:
    """Let it answer, in a thread of its own; its URL."""
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def node(*script: Reply, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    """A node that gives these replies in turn, the last one for ever; over TLS with a context."""
    served = Served("")
    server = Server(("127.0.0.1", 0), handler(served, list(script)))
    if tls is not None:
        # The handshake is the handler's thread's: a client that breaks it off holds nobody up.
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    scheme = "http" if tls is None else "https"
    served.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        yield served
