"""The limit on open files: raised as far as it goes, and connections that fit into it."""

import resource
import subprocess
import sys

import pytest

from node.descriptors import OTHERS, connections_within, raise_limit

PROGRAM = """
import resource, sys
from node.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (64, int(sys.argv[1])))
print(raise_limit(int(sys.argv[2])), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(("hard", "wanted", "found"), [(200, 500, 200), (300, 100, 100)])
def test_the_soft_limit_is_raised_as_far_as_the_hard_one_and_the_wish(
    hard: int, wanted: int, found: int
) -> None:
    # In a process of its own: nobody may raise a hard limit again.
    command = [sys.executable, "-c", PROGRAM, str(hard), str(wanted)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split() == [str(found), str(found)]


def test_a_limit_that_is_high_enough_stays() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert raise_limit(16) == before[0]
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before


def test_a_limit_that_the_system_does_not_grant_is_told_and_left(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_which: int, _limits: tuple[int, int]) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(resource, "getrlimit", lambda _which: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    assert raise_limit(1_000) == 256
    assert "stays 256" in caplog.text


def test_connections_leave_room_for_everything_else(caplog: pytest.LogCaptureFixture) -> None:
    assert connections_within(4_096, 512) == 512
    assert not caplog.records
    assert connections_within(1_024, 512) == 1_024 - 1_024 // 5 - OTHERS
    assert "api_connections_max is 512" in caplog.text
    assert connections_within(64, 512) == 1
