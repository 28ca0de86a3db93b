"""What the service manager hears: real datagrams, on a path and in the abstract."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.notify import STATUS_SIZE_MAX, Notifier


class Manager:
    """systemd's end of the socket."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.socket.settimeout(30.0)

    def heard(self) -> dict[str, str]:
        """The fields of the next datagram."""
        lines = self.socket.recv(65_536).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture(params=["path", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "notify") if request.param == "path" else f"@{tmp_path}/notify"


@pytest.fixture
def manager(address: str) -> Iterator[Manager]:
    made = Manager(address)
    yield made
    made.socket.close()


def test_each_word_is_one_datagram(manager: Manager, address: str) -> None:
    notifier = Notifier(address)
    notifier.starting("joining", 60.0)
    assert manager.heard() == {"STATUS": "joining", "EXTEND_TIMEOUT_USEC": "60000000"}
    notifier.ready("height 7")
    assert manager.heard() == {"READY": "1", "STATUS": "height 7"}
    notifier.alive()
    assert manager.heard() == {"WATCHDOG": "1"}
    before = time.monotonic_ns() // 1000
    notifier.reloading()
    told = manager.heard()
    assert told.keys() == {"RELOADING", "MONOTONIC_USEC"}
    assert before <= int(told["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    notifier.stopping()
    assert manager.heard() == {"STOPPING": "1", "STATUS": "stopping"}


def test_a_node_that_was_ready_asks_for_no_more_time_to_start(
    manager: Manager, address: str
) -> None:
    notifier = Notifier(address)
    notifier.ready("height 7")
    manager.heard()
    notifier.starting("joining", 60.0)
    assert manager.heard() == {"STATUS": "joining"}


def test_no_text_makes_a_second_line(manager: Manager, address: str) -> None:
    Notifier(address).status("a peer says\nWATCHDOG=1\r\nREADY=1" + "x" * 10_000)
    told = manager.heard()
    assert told.keys() == {"STATUS"}
    assert len(told["STATUS"]) == STATUS_SIZE_MAX


def test_a_manager_that_is_gone_or_full_holds_nobody_up(manager: Manager, address: str) -> None:
    notifier = Notifier(address)
    for _ in range(10_000):
        notifier.alive()
    manager.socket.close()
    notifier.alive()


@pytest.mark.parametrize(
    ("variables", "watchdog_s"),
    [
        ({"NOTIFY_SOCKET": "/x"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "6000000"}, 6.0),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "6000000", "WATCHDOG_PID": "7"}, 6.0),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "6000000", "WATCHDOG_PID": "8"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "0"}, None),
        ({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "6000000"}, None),
    ],
)
def test_the_watchdog_is_this_process_own_or_none(
    variables: dict[str, str], watchdog_s: float | None
) -> None:
    notifier = Notifier.of(variables, 7)
    assert notifier.watchdog_s == watchdog_s
    assert notifier.is_listened_to == ("NOTIFY_SOCKET" in variables)


def test_without_a_manager_nothing_is_told() -> None:
    Notifier.of({}, 7).ready("height 7")
