"""The client of the control socket believes only whole answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.control_client import ControlBroken, ControlBusy, ControlFailed, ask_status, run_job
from node.control_socket import ControlUnreachable, listen

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"


@contextmanager
def answering(directory: Path, answer: bytes) -> Iterator[None]:
    """Somebody who answers one request so, and hangs up."""
    made = listen(directory)
    made.settimeout(20)

    def serve() -> None:
        client, _ = made.accept()
        with client:
            asked = b""
            # Hanging up on what is not read would break the client's writing.
            while not asked.endswith(b"{}") and (piece := client.recv(65536)):
                asked += piece
            client.sendall(answer)
            client.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        thread.join()
        made.close()


def test_progress_comes_before_the_result(tmp_path: Path) -> None:
    told: list[object] = []
    lines = b'{"progress":{"rows":1}}\n{"progress":{"rows":2}}\n{"result":{"rows":3}}\n'
    with answering(tmp_path, HEAD + lines):
        assert run_job(tmp_path, "/backup", {}, told.append) == {"rows": 3}
    assert told == [{"rows": 1}, {"rows": 2}]


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"HTTP/1.1 200", b"what?\r\n\r\n", HEAD, HEAD + b'{"progress":{"rows":1}}\n'),
        *(HEAD + b"{", HEAD + b"[]\n", HEAD.replace(b"200", b"500")),
    ],
)
def test_an_answer_that_breaks_off_is_no_success(tmp_path: Path, answer: bytes) -> None:
    with answering(tmp_path, answer), pytest.raises(ControlBroken):
        run_job(tmp_path, "/backup", {})


def test_what_the_node_refuses_keeps_its_code_and_hint(tmp_path: Path) -> None:
    line = b'{"error":{"code":"BackupExists","message":"b exists","hint":"--force"}}\n'
    with answering(tmp_path, HEAD + line), pytest.raises(ControlFailed) as refused:
        run_job(tmp_path, "/backup", {})
    told = refused.value
    assert (told.told_code, str(told), told.told_hint) == ("BackupExists", "b exists", "--force")
    busy = HEAD.replace(b"200 OK", b"409 Conflict")
    with answering(tmp_path, busy + line), pytest.raises(ControlBusy):
        run_job(tmp_path, "/backup", {})


def test_no_node_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(ControlUnreachable):
        ask_status(tmp_path)
