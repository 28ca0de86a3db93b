"""docs/client.md as its readers follow it: every block of Python in order, both receivers."""

import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright._impl._driver import compute_driver_executable

from node.clients.feed import FeedCursor
from node.webhooks.sender import signature_of
from tests.commands.command_line import ROOT
from tests.commands.conftest import Shop
from tests.node.scripted import serving

PAGE = ROOT / "docs" / "client.md"
SECRET = b"0123456789-abcdefghi"
SECRET_FILE = "hushang-listen.secret"


def blocks(language: str) -> list[str]:
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.fixture
def place(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory in which the network is called `testnet`, as on the page."""
    (tmp_path / "testnet").symlink_to(shop.network.directory)
    (tmp_path / SECRET_FILE).write_bytes(SECRET + b"\n")
    (tmp_path / SECRET_FILE).chmod(0o600)
    # Where the page waits for what happens next, that has happened.
    FeedCursor(tmp_path / "events.cursor").keep("0.0.0")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_block_of_python_runs_in_the_order_of_the_page(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page: dict[str, Any] = {}
    *parts, receiver = blocks("python")
    for number, part in enumerate(parts):
        exec(compile(part, f"{PAGE.name}, block {number + 1}", "exec"), page)
    told = capsys.readouterr().out
    assert "paid in block" in told
    assert re.search(r"order\.released True\n25800\n", told)
    assert len(list((place / "outbox").glob("*.json"))) == 6
    assert receiver.count("\n") < 25


def status(url: str, body: bytes, headers: dict[str, str]) -> int:
    """What a receiver answers to a message."""
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@contextmanager
def in_python(place: Path) -> Iterator[str]:
    """The page's receiver in this process; the URL."""
    *_, text = blocks("python")
    page: dict[str, Any] = {"Path": Path}
    exec(compile(text.replace("8000", "0"), "the receiver", "exec"), page)
    server = page["server"]
    assert isinstance(server, HTTPServer)
    assert place.is_dir()
    with serving(server) as url:
        yield f"{url}/hook"


@contextmanager
def in_javascript(place: Path) -> Iterator[str]:
    """The same in another process, of the Node.js that drives the tests' browser."""
    script = place / "receiver.cjs"
    script.write_text(blocks("javascript")[0])
    executable, _ = compute_driver_executable()
    with subprocess.Popen(
        [executable, str(script)], stdout=subprocess.PIPE, env={**os.environ, "PORT": "0"}
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/hook"
        finally:
            process.kill()


@pytest.mark.parametrize("receiver", [in_python, in_javascript])
def test_a_receiver_takes_what_listen_sends_and_nothing_else(
    shop: Shop, place: Path, receiver: Any
) -> None:
    with receiver(place) as url:
        words = ("listen", "--forward-to", url, "--from", "0.0.0", "--count", "2")
        ran = shop.ok(*words, "-o", "ndjson")
        # The receiver in this process prints what it takes between the lines of the command.
        assert ran.out.count(b'"status":204') == 2
        now_ms = time.time_ns() // 1_000_000
        body = b"{}"
        for signature, answer in (
            (signature_of(SECRET, now_ms, body), 204),
            (signature_of(SECRET, now_ms, b"other"), 403),
            (signature_of(b"another secret here", now_ms, body), 403),
            (signature_of(SECRET, now_ms - 600_000, body), 403),
        ):
            headers = {"GS1-Signature": signature, "Idempotency-Key": "a"}
            assert status(url, body, headers) == answer, signature
