"""What a node tells the service manager that started it: systemd's sd_notify(3), in a few lines.

One datagram of NAME=VALUE lines to the socket that $NOTIFY_SOCKET names; without it nothing is
told. A manager that doesn't read never holds the node up: what it can't take at once is dropped.
"""

import logging
import os
import socket
from collections.abc import Mapping
from time import CLOCK_MONOTONIC, clock_gettime_ns
from typing import Final

logger = logging.getLogger(__name__)

SOCKET_VARIABLE: Final = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE: Final = "WATCHDOG_USEC"
WATCHDOG_PID_VARIABLE: Final = "WATCHDOG_PID"
# `systemctl status` shows one line.
STATUS_SIZE_MAX: Final = 500


class Notifier:
    """Tells the manager. `watchdog_s`: how long it waits for a sign of life, None if for ever."""

    def __init__(self, address: str | None, watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s if address else None
        self._address = _socket_address(address) if address else None
        self._is_ready = False

    @classmethod
    def of(cls, environ: Mapping[str, str], pid: int) -> "Notifier":
        """As the manager's variables say; the watchdog may be another process's."""
        usec = environ.get(WATCHDOG_VARIABLE, "")
        whose = environ.get(WATCHDOG_PID_VARIABLE) or str(pid)
        is_ours = usec.isdigit() and int(usec) > 0 and whose == str(pid)
        return cls(environ.get(SOCKET_VARIABLE), int(usec) / 1e6 if is_ours else None)

    @property
    def is_listened_to(self) -> bool:
        """Is there anybody to tell?"""
        return self._address is not None

    def ready(self, status: str) -> None:
        """It serves: once after the start, and again after `reloading`."""
        self._is_ready = True
        self._tell("READY=1", f"STATUS={_line(status)}")

    def status(self, words: str) -> None:
        """One line for `systemctl status`."""
        self._tell(f"STATUS={_line(words)}")

    def starting(self, words: str, further_s: float) -> None:
        """It is not ready yet, and goes on: the start may take so much longer."""
        if self._is_ready:
            self.status(words)
            return
        self._tell(f"STATUS={_line(words)}", f"EXTEND_TIMEOUT_USEC={int(further_s * 1e6)}")

    def alive(self) -> None:
        """What must make progress has made some."""
        self._tell("WATCHDOG=1")

    def reloading(self) -> None:
        """It reads its settings again; `ready` ends it."""
        # The manager compares it with its own clock (systemd 253 and later ask for it).
        monotonic_usec = clock_gettime_ns(CLOCK_MONOTONIC) // 1000
        self._tell("RELOADING=1", f"MONOTONIC_USEC={monotonic_usec}")

    def stopping(self) -> None:
        """It ends by itself, or because it was told to."""
        self._tell("STOPPING=1", "STATUS=stopping")

    def _tell(self, *lines: str) -> None:
        if self._address is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.settimeout(0.0)
                sending.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            logger.debug("the service manager was not told: %s", error)


def _socket_address(named: str) -> bytes:
    """A path, or an abstract name: @ in the variable, a zero byte to the kernel."""
    data = os.fsencode(named)
    return b"\0" + data[1:] if data.startswith(b"@") else data


def _line(words: str) -> str:
    """No text of a peer makes a second line."""
    return " ".join(words.split())[:STATUS_SIZE_MAX]
