"""Ports for tests: whatever runs beside a test, nobody else of the same run is given its ports."""

import os
import random
import socket
from collections.abc import Iterator
from itertools import cycle
from typing import Final

HOST: Final = "127.0.0.1"
# Below what systems hand out to outgoing connections (`node.testnet_genesis.PORTS`), beside the
# ports of test networks and of the operator's tutorial.
PORTS: Final = range(10_000, 17_000)


def share(ports: range) -> range:
    """This worker's of these ports: every n-th where there are n workers (pytest-xdist), or all."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return ports[number :: int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))]


def _in_turn(ports: range) -> Iterator[int]:
    """All of them again and again; where another run on this machine hardly is just then."""
    start = random.SystemRandom().randrange(len(ports))
    return cycle((*ports[start:], *ports[:start]))


_own: Final = _in_turn(share(PORTS))


def free_port() -> int:
    """A port that is free, and is not given again before all others were."""
    for port in _own:
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise AssertionError("the ports never end")
