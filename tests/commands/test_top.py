"""`hushang top` on a terminal of its own, and on a pipe."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

import pytest
from typing_extensions import override

from node.client import NodeClient
from node.commands.top import Watched
from tests.commands.command_line import ROOT
from tests.commands.conftest import Shop
from tests.node.scripted import Quiet, serving
from tests.node.test_top_figures import STATUS

ROWS, COLUMNS = 24, 80
ENTER_SCREEN, LEAVE_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
HIDE_CURSOR, SHOW_CURSOR = b"\x1b[?25l", b"\x1b[?25h"
PATIENCE_S = 60.0


@dataclass
class Screen:
    """A process on a terminal, and all that it wrote there."""

    process: subprocess.Popen[bytes]
    master: int
    slave: int
    written: bytearray = field(default_factory=bytearray)

    def until(self, *words: bytes) -> None:
        """Read until all of these were written."""
        while not all(word in self.written for word in words):
            ready, _, _ = select.select([self.master], [], [], PATIENCE_S)
            assert ready, bytes(self.written[-500:])
            self.written += os.read(self.master, 65536)

    def ends(self) -> int:
        """Its exit code, when it has written its last."""
        code = self.process.wait(PATIENCE_S)
        while select.select([self.master], [], [], 0)[0]:
            self.written += os.read(self.master, 65536)
        return code


@contextmanager
def screen(shop: Shop) -> Iterator[Screen]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    command = [sys.executable, str(ROOT / "cli.py"), "--context", str(shop.network.directory)]
    process = subprocess.Popen(
        [*command, "top", "--every", "0.2"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm-256color"},
        start_new_session=True,
    )
    try:
        yield Screen(process, master, slave)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


@pytest.mark.parametrize("end", ["q", "ctrl-c"])
def test_on_a_terminal_it_is_redrawn_and_leaves_it_as_it_was(shop: Shop, end: str) -> None:
    with screen(shop) as shown:
        before = termios.tcgetattr(shown.slave)
        names = [node.name.encode() for node in shop.network.nodes]
        shown.until(ENTER_SCREEN, HIDE_CURSOR, b"4 of 4 nodes answer", b"ready", *names)
        assert termios.tcgetattr(shown.slave) != before
        if end == "q":
            os.write(shown.master, b"q")
        else:
            shown.process.send_signal(signal.SIGINT)
        assert shown.ends() == (0 if end == "q" else 130)
        assert shown.written.rindex(LEAVE_SCREEN) > shown.written.rindex(ENTER_SCREEN)
        assert shown.written.rindex(SHOW_CURSOR) > shown.written.rindex(HIDE_CURSOR)
        assert termios.tcgetattr(shown.slave) == before


def test_on_a_pipe_one_period_is_one_snapshot(shop: Shop) -> None:
    out = shop.run("top", "--once", "--every", "0.2").out.decode()
    assert out.startswith("hushang top ")
    assert "\x1b" not in out
    told = json.loads(shop.run("top", "--once", "--every", "0.2", "-o", "ndjson").out)
    assert [row["name"] for row in told["nodes"]] == [node.name for node in shop.network.nodes]
    assert all(row["there"] and row["blocks_s"] is not None for row in told["nodes"])


class Telling(Quiet):
    """A node's status and no metrics."""

    @override
    def answer(self) -> None:
        body = json.dumps(STATUS | {"name": "xuhui"}).encode() if self.path == "/v1/status" else b""
        self.reply(200, body)


def telling(port: int) -> AbstractContextManager[str]:
    return serving(ThreadingHTTPServer(("127.0.0.1", port), Telling))


def test_a_node_that_goes_away_keeps_its_row_and_is_greeted_when_it_is_back() -> None:
    with telling(0) as url:
        watched = Watched([(url, NodeClient([url], timeout_s=5.0))])
        watched.look()
        assert [(row.name, row.there) for row in watched.rows] == [("xuhui", True)]
    watched.look()
    assert [(row.name, row.there) for row in watched.rows] == [("xuhui", False)]
    assert "0 of 1 nodes answer" in watched.title
    with telling(int(url.rpartition(":")[2])):
        watched.look()
    assert watched.rows[0].there
    told = [words.partition("+08:00 ")[2] for words in watched.happened]
    assert told == ["xuhui went away", "xuhui is back"]
