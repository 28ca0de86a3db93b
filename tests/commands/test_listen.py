"""`hushang listen`: each event once, signed, in order, again after a refusal; its place is kept."""

import hashlib
import hmac
import json
import math
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from node.commands import listen
from tests.commands.command_line import ROOT
from tests.commands.conftest import Shop
from tests.node.scripted import Quiet, serving


@dataclass
class Hook:
    """A receiver; `statuses` are those of its next answers, then 200."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    # So many are answered at once, the others when `goes_on` is set.
    answers_max: float = math.inf
    goes_on: threading.Event = field(default_factory=threading.Event)


@contextmanager
def receiving(*statuses: int) -> Iterator[Hook]:
    hook = Hook(statuses=list(statuses))

    class Handler(Quiet):
        @override
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.told.append((dict(self.headers), body))
            if len(hook.told) > hook.answers_max:
                hook.goes_on.wait()
            # Whoever was interrupted waits for no answer.
            with suppress(OSError):
                self.reply(hook.statuses.pop(0) if hook.statuses else 200)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    with serving(server) as url:
        hook.url = f"{url}/hook"
        try:
            yield hook
        finally:
            hook.goes_on.set()


def run(shop: Shop, hook: Hook, place: Path, *words: str) -> Any:
    """What listen printed of the events it passed on."""
    secret = str(place / "secret")
    given = ("listen", "--forward-to", hook.url, "--secret-file", secret, *words)
    ran = shop.ok(*given, "-o", "ndjson")
    return [json.loads(line) for line in ran.out.splitlines()], ran.err


def test_each_event_is_posted_once_in_order_and_signed(shop: Shop, tmp_path: Path) -> None:
    with receiving() as hook:
        told, err = run(shop, hook, tmp_path, "--from", "0.0.0", "--count", "3")
    secret = (tmp_path / "secret").read_bytes().strip()
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
    assert len(secret) >= 32
    assert secret.decode() not in err
    assert [entry["status"] for entry in told] == [200] * 3
    chain = shop.network.genesis_hash
    for entry, (headers, body) in zip(told, hook.told, strict=True):
        assert json.loads(body) == {k: v for k, v in entry.items() if k != "status"}
        parts = dict(part.split("=") for part in headers["GS1-Signature"].split(","))
        signed = parts["t"].encode() + b"." + body
        assert parts["v1"] == hmac.new(secret, signed, hashlib.sha256).hexdigest()
        cursor = entry["cursor"]
        assert headers["Idempotency-Key"] == f"{chain}/{cursor}-{cursor}"
        assert headers["Content-Type"] == "application/json"
    assert f"go on with --from {told[-1]['next']}" in err


def test_what_is_refused_is_sent_again_before_anything_else(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listen, "RETRY_FIRST_S", 0.001)
    with receiving(500, 302, 200, 413) as hook:
        told, err = run(shop, hook, tmp_path, "--from", "0.0.0", "--count", "2")
    keys = [headers["Idempotency-Key"] for headers, _ in hook.told]
    assert keys == [keys[0]] * 3 + [keys[-1]] * 2
    assert len(set(keys)) == len(told) == 2
    for status in (500, 302, 413):
        assert f"HTTP status {status}; again in" in err


def test_the_cursor_file_goes_on_where_it_ended(shop: Shop, tmp_path: Path) -> None:
    file = ("--cursor-file", str(tmp_path / "cursor"), "--from", "0.0.0", "--count")
    with receiving() as hook:
        first, err = run(shop, hook, tmp_path, *file, "2")
        second, _ = run(shop, hook, tmp_path, *file, "1")
    assert "go on with" not in err
    assert [entry["cursor"] for entry in second] == [
        json.loads(shop.ok("watch", "--from", first[-1]["next"], "--count", "1").out)["cursor"]
    ]


def test_types_account_and_genesis_are_those_of_watch(shop: Shop, tmp_path: Path) -> None:
    genesis = str(shop.network.directory / "genesis.json")
    wanted = ("--type", "asset", "--account", "buyer", "--genesis", genesis)
    with receiving() as hook:
        (told,), _ = run(shop, hook, tmp_path, "--from", "0.0.0", *wanted, "--count", "1")
    assert told["type"] == "asset.issued"
    assert told["data"]["to"] == shop.network.account("buyer").account


@pytest.mark.parametrize(
    ("secret", "mode", "code"),
    [(b"short", 0o600, (2, "UsageWrong")), (b"x" * 40, 0o644, (4, "KeyFileTooOpen"))],
)
def test_a_secret_that_is_none_is_refused(
    shop: Shop, tmp_path: Path, secret: bytes, mode: int, code: tuple[int, str]
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(secret)
    path.chmod(mode)
    words = ("listen", "--forward-to", "http://127.0.0.1:1/", "--secret-file", str(path))
    assert shop.refused(*words, "--count", "1") == code


def test_what_is_no_url_is_refused_before_a_secret_is_made(shop: Shop, tmp_path: Path) -> None:
    words = ("listen", "--forward-to", "8000", "--secret-file", str(tmp_path / "secret"))
    assert shop.refused(*words)[1] == "DestinationRefused"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_loses_nothing_and_the_next_run_goes_on(shop: Shop, tmp_path: Path) -> None:
    place = ("--context", str(shop.network.directory))
    file = ("--cursor-file", str(tmp_path / "cursor"), "--from", "0.0.0")
    secret = ("--secret-file", str(tmp_path / "secret"))
    with receiving() as hook:
        # One is passed on, and the next one's answer never comes: however short the chain is.
        hook.answers_max = 1
        words = (*place, "listen", "--forward-to", hook.url, *file, *secret, "-o", "ndjson")
        command = [sys.executable, str(ROOT / "cli.py"), *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        passed = len(hook.told)
        hook.goes_on.set()
        run(shop, hook, tmp_path, *file, "--count", "1")
    keys = [headers["Idempotency-Key"] for headers, _ in hook.told]
    # What was on its way when it was interrupted may come once more, under its own key.
    assert passed <= len(set(keys)) <= passed + 1
    first, *_ = [json.loads(body) for _, body in hook.told]
    assert first["cursor"] in keys[0]
    listed = shop.ok("watch", "--from", "0.0.0", "--count", str(len(set(keys))), "-o", "ndjson")
    told = [json.loads(line)["cursor"] for line in listed.out.splitlines()]
    assert [key.rpartition("-")[2] for key in dict.fromkeys(keys)] == told
