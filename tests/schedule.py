"""Which tests run beside which, when several workers share them (`make test`, `pytest -n 2`).

First every worker takes files, one after the other. What measures time, or starts networks by
commands, has no other test beside it: when all the rest is done one worker stays, for that.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final, NoReturn, Protocol

import pytest

# Folders and files whose tests run alone, after all others: they measure, or bound, how long the
# nodes of a network take, or their network's ports are drawn by a command, out of all.
ALONE: Final = (
    "tests/commands/test_testnet.py",
    "tests/hostile/test_chaos.py",
    "tests/hostile/test_clocks.py",
    "tests/hostile/test_rolling.py",
    "tests/node/test_demo.py",
    "tests/processes/test_backup.py",
    "tests/processes/test_bench.py",
    "tests/processes/test_crowds.py",
    "tests/processes/test_degraded.py",
    "tests/processes/test_growth.py",
    "tests/processes/test_insider.py",
    "tests/processes/test_kills.py",
    "tests/processes/test_malformed.py",
    "tests/processes/test_power_cut.py",
    "tests/processes/test_proofs.py",
    "tests/processes/test_soak.py",
    "tests/processes/test_timers.py",
    "tests/tutorials/",
)
# Folders whose tests share something costly, so that one worker has them all; they come first.
TOGETHER: Final = ("tests/commands/",)
# A worker runs a test when it knows the next one, or that there is none.
KNOWN_MIN: Final = 2


class Worker(Protocol):
    """What is asked of a worker (pytest-xdist's `WorkerController`)."""

    @property
    def shutting_down(self) -> bool:
        """Will it end after what it has?"""

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Have it run these tests too."""

    def shutdown(self) -> None:
        """Have it end after what it has."""


def unit_of(test: str) -> str:
    """What goes to one worker whole: a test's file, or its folder."""
    together = next((folder for folder in TOGETHER if test.startswith(folder)), "")
    return together or test.partition("::")[0]


def is_alone(test: str) -> bool:
    """Must nothing else run beside it?"""
    return test.startswith(ALONE)


class SharedThenAlone:
    """The order of the tests of one run, as pytest-xdist asks for it (its `Scheduling`)."""

    def __init__(self, workers: int) -> None:
        self._expected = workers
        self._collected: dict[Worker, list[str]] = {}
        # Numbers of tests that a worker was given and hasn't told the end of.
        self._given: dict[Worker, set[int]] = {}
        self._shared: deque[list[int]] = deque()
        self._alone: list[int] = []
        self._is_begun = False

    @property
    def nodes(self) -> list[Worker]:
        """The workers that are there."""
        return list(self._given)

    @property
    def collection_is_completed(self) -> bool:
        """Does every worker know all tests?"""
        return len(self._collected) >= self._expected

    @property
    def tests_finished(self) -> bool:
        """Was every test given to a worker? Each then ends by itself."""
        return self._is_begun and not self._shared and not self._alone

    @property
    def has_pending(self) -> bool:
        """Is any test still to be run?"""
        return bool(self._shared or self._alone or any(self._given.values()))

    def add_node(self, node: Worker) -> None:
        """A worker is there."""
        self._given[node] = set()

    def add_node_collection(self, node: Worker, collection: Sequence[str]) -> None:
        """A worker has found these tests."""
        self._collected[node] = list(collection)

    def schedule(self) -> None:
        """Every worker has found its tests: begin."""
        first, *others = self._collected.values()
        differ = sorted({test for other in others for test in set(other) ^ set(first)})
        assert not differ, f"workers don't find the same tests: {differ[:5]}"
        assert all(other == first for other in others), "workers find tests in another order"
        units: dict[str, list[int]] = {folder: [] for folder in TOGETHER}
        for number, test in enumerate(first):
            if is_alone(test):
                self._alone.append(number)
            else:
                units.setdefault(unit_of(test), []).append(number)
        self._shared.extend(filter(None, units.values()))
        self._is_begun = True
        for node in self.nodes:
            self._feed(node)

    def mark_test_complete(self, node: Worker, item_index: int, _duration: float = 0) -> None:
        """A worker has run a test."""
        self._given[node].discard(item_index)
        self._feed(node)

    def remove_node(self, node: Worker) -> str | None:
        """A worker has ended; the test in which it died, if it did: then no further one begins."""
        left = self._given.pop(node)
        if left:
            self._shared.clear()
            self._alone.clear()
        for other in self.nodes:
            self._feed(other)
        return self._collected[node][min(left)] if left else None

    def mark_test_pending(self, item: str) -> NoReturn:
        """Asked by plugins that repeat tests; a test that needs that is broken."""
        raise pytest.UsageError(f"{item}: no test is run a second time here")

    def remove_pending_tests_from_node(self, node: Worker, indices: Sequence[int]) -> None:
        """A worker has given tests back, which another one runs."""
        self._given[node].difference_update(indices)
        self._shared.append(list(indices))
        for other in self.nodes:
            self._feed(other)

    def _feed(self, node: Worker) -> None:
        """Give a worker more when it is near its end, or let it end."""
        given = self._given[node]
        while self._shared and len(given) < KNOWN_MIN:
            self._give(node, self._shared.popleft())
        if self._shared or node.shutting_down:
            return
        # The last one stays: it is not the first, which had what is costly and may hold it still.
        if node is not self.nodes[-1] or not self._alone:
            node.shutdown()
        elif len(self.nodes) == 1:
            self._give(node, self._alone)
            self._alone = []
            node.shutdown()

    def _give(self, node: Worker, tests: list[int]) -> None:
        self._given[node].update(tests)
        node.send_runtest_some(tests)
