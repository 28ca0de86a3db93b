"""Accepting connections so that none is lost between the kernel and the task that greets it.

asyncio's `sock_accept` drops a socket that arrives in the moment it is cancelled, and a task that
is cancelled before its first step never looks at what it was given: both leave the peer waiting on
a socket that nobody will close.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Arrival:
    """An accepted connection; `begun` once its task cares for the socket."""

    sock: socket.socket
    host: str
    begun: bool = False

    def close_unless_begun(self) -> bool:
        """After the end of its task: was it cancelled before it began? Then close the socket."""
        if not self.begun:
            self.sock.close()
        return not self.begun


async def arrival(listener: socket.socket) -> Arrival | None:
    """The next connection, or None if it was gone again. Raises what `accept` does."""
    await _readable(listener)
    try:
        # Nothing is awaited from here on.
        sock, address = listener.accept()
    except BlockingIOError:
        return None
    sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return Arrival(sock, str(address[0]))


async def _readable(listener: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    wake: Callable[[], None] = ready.set
    loop.add_reader(listener, wake)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(listener)
