"""Where a node's operator reaches it: DATA_DIR/control.sock, for the node's own user alone.

The socket is made with mode 0600, which the kernel asks for at each connect. A path that is longer
than a socket's address may be goes through the directory's handle where /proc is there.
"""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from chain.errors import HushangError

NAME: Final = "control.sock"
# sun_path of unix(7) holds 108 bytes with the final zero; macOS 104.
ADDRESS_SIZE_MAX: Final = 103
CONNECT_TIMEOUT_S: Final = 5.0
BACKLOG: Final = 16


class ControlSocketUnusable(HushangError):
    """The control socket can't be made there, or what is there may not be trusted."""

    hint = (
        "the data directory must be a local one that only the node's user can write to, with a "
        "short path where the system has no /proc"
    )


class ControlUnreachable(HushangError):
    """No node answers on the control socket of this data directory."""

    hint = "start the node, or name the data_dir of a running one (--data-dir, or --config)"


def listen(directory: Path) -> socket.socket:
    """A socket that listens for the directory's owner. What a killed node left is replaced."""
    _refuse_open_directory(directory)
    _remove_stale(directory)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _address(directory) as address:
            before = os.umask(0o177)
            try:
                listening.bind(address)
            finally:
                os.umask(before)
        listening.listen(BACKLOG)
        listening.settimeout(0.0)
    except OSError as error:
        listening.close()
        raise ControlSocketUnusable(f"{directory / NAME}: {error}") from error
    except ControlSocketUnusable:
        listening.close()
        raise
    return listening


def connect(directory: Path) -> socket.socket:
    """A connection to the node that runs on this data directory, or `ControlUnreachable`."""
    path = directory / NAME
    try:
        status = path.lstat()
    except OSError as error:
        raise ControlUnreachable(f"{path}: {error.strerror}") from error
    if not stat.S_ISSOCK(status.st_mode):
        raise ControlSocketUnusable(f"{path} is no socket")
    if status.st_uid not in {os.geteuid(), 0, directory.stat().st_uid}:
        raise ControlSocketUnusable(f"{path} is another user's")
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(CONNECT_TIMEOUT_S)
    try:
        with _address(directory) as address:
            made.connect(address)
    except OSError as error:
        made.close()
        raise ControlUnreachable(f"{path}: {error.strerror or error}") from error
    except ControlSocketUnusable:
        made.close()
        raise
    made.settimeout(None)
    return made


def remove(directory: Path) -> None:
    """Take the socket of this process away."""
    (directory / NAME).unlink(missing_ok=True)


def _refuse_open_directory(directory: Path) -> None:
    """Who can write there can put a socket of their own in the place of the node's."""
    mode = directory.stat().st_mode
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise ControlSocketUnusable(f"everybody may write to {directory}")


def _remove_stale(directory: Path) -> None:
    path = directory / NAME
    if not os.path.lexists(path):
        return
    if not stat.S_ISSOCK(path.lstat().st_mode):
        raise ControlSocketUnusable(f"{path} is no socket")
    try:
        connect(directory).close()
    except ControlUnreachable:
        path.unlink(missing_ok=True)
        return
    raise ControlSocketUnusable(f"another node answers on {path}")


@contextmanager
def _address(directory: Path) -> Iterator[str]:
    """A text that names the socket and fits into a socket's address."""
    path = str(directory / NAME)
    if len(os.fsencode(path)) <= ADDRESS_SIZE_MAX:
        yield path
        return
    if not Path("/proc/self/fd").is_dir():
        words = f"{path} has more than {ADDRESS_SIZE_MAX} bytes"
        raise ControlSocketUnusable(words)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{NAME}"
    finally:
        os.close(handle)
