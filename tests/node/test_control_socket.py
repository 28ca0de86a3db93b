"""The control socket is its user's alone, and a dead node's is no hindrance."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.control_socket import (
    ADDRESS_SIZE_MAX,
    NAME,
    ControlSocketUnusable,
    ControlUnreachable,
    connect,
    listen,
    remove,
)


@contextmanager
def listening(directory: Path) -> Iterator[socket.socket]:
    with listen(directory) as made:
        yield made


def exchange(directory: Path, made: socket.socket) -> bytes:
    """One byte from a client to whoever listens."""
    made.settimeout(10)
    with connect(directory) as client:
        client.sendall(b"x")
        server, _ = made.accept()
        with server:
            return server.recv(1)


def test_only_the_user_may_connect_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with listening(tmp_path) as made:
            assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
            assert exchange(tmp_path, made) == b"x"
        assert os.umask(0) == 0, "it is put back"
    finally:
        os.umask(before)


def test_a_directory_that_everybody_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ControlSocketUnusable, match="everybody"):
        listen(tmp_path)
    assert list(tmp_path.iterdir()) == []
    tmp_path.chmod(0o1777)
    listen(tmp_path).close()


def test_the_socket_of_a_killed_node_is_replaced(tmp_path: Path) -> None:
    listen(tmp_path).close()
    with pytest.raises(ControlUnreachable, match="refused"):
        connect(tmp_path)
    with listening(tmp_path) as made:
        assert exchange(tmp_path, made) == b"x"


def test_a_socket_on_which_somebody_answers_is_left(tmp_path: Path) -> None:
    with listening(tmp_path) as made:
        with pytest.raises(ControlSocketUnusable, match="another node"):
            listen(tmp_path)
        made.accept()[0].close()  # the question
        assert exchange(tmp_path, made) == b"x"


def test_what_is_no_socket_is_neither_removed_nor_asked(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("mine")
    for attempt in (listen, connect):
        with pytest.raises(ControlSocketUnusable, match="no socket"):
            attempt(tmp_path)
    assert (tmp_path / NAME).read_text() == "mine"


def test_where_no_node_is_the_client_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ControlUnreachable, match="No such file") as refused:
        connect(tmp_path)
    assert "--data-dir" in refused.value.hint


def test_a_strangers_socket_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(tmp_path):
        mine = (tmp_path / NAME).lstat().st_uid
        monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
        # Root's and the directory's owner's are trusted, so neither may be the socket's.
        real = Path.lstat

        def lstat(path: Path) -> os.stat_result:
            status = real(path)
            return os.stat_result((*status[:4], mine + 2, *status[5:10]))

        monkeypatch.setattr(Path, "lstat", lstat)
        with pytest.raises(ControlSocketUnusable, match="another user's"):
            connect(tmp_path)


def test_a_path_longer_than_an_address_works_where_there_is_proc(tmp_path: Path) -> None:
    directory = tmp_path / ("d" * 100) / ("e" * 100)
    directory.mkdir(parents=True)
    assert len(str(directory)) > ADDRESS_SIZE_MAX
    with listening(directory) as made:
        assert (directory / NAME).is_socket()
        assert exchange(directory, made) == b"x"
    listen(directory).close()
    remove(directory)
    assert list(directory.iterdir()) == []


def test_without_proc_a_long_path_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path / ("d" * 100)
    directory.mkdir()
    real = Path.is_dir
    monkeypatch.setattr(
        Path, "is_dir", lambda path: False if str(path).startswith("/proc") else real(path)
    )
    with pytest.raises(ControlSocketUnusable, match="more than") as refused:
        listen(directory)
    assert "short path" in refused.value.hint


def test_removing_is_harmless_when_repeated(tmp_path: Path) -> None:
    listen(tmp_path).close()
    remove(tmp_path)
    remove(tmp_path)
    assert list(tmp_path.iterdir()) == []
