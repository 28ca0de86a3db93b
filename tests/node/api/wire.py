"""Raw sockets against a served node: clients that a well-behaved HTTP library can't imitate."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Wire:
    """One TCP connection; `read_all` reads until the server closes it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, data: bytes) -> None:
        """Send without waiting."""
        self.writer.write(data)

    async def read_all(self, timeout_s: float = 20.0) -> bytes:
        """Everything until the end; a reset is an end."""
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(timeout_s):
                while part := await self.reader.read(65_536):
                    parts.append(part)
        except ConnectionError:
            pass
        return b"".join(parts)


@asynccontextmanager
async def wire(port: int, *, receive_buffer: int | None = None) -> AsyncIterator[Wire]:
    """Connect; a small receive buffer makes a reader that doesn't read felt at once."""
    sock = socket.socket()
    if receive_buffer is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)  # noqa: FBT003 - has no name
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    # A small limit, so that the stream's own buffer doesn't read for a client that doesn't.
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()


async def until(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    """Wait for something that nobody announces."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the server has no event for its own cleaning
            await asyncio.sleep(0.01)


def request(path: str = "/health", *headers: str, method: str = "GET") -> bytes:
    """The bytes of a request without a body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode()
