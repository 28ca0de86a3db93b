"""Who runs which test when: with pytest-xdist's part played by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from tests.conftest import FIGURES, figures, skip_reasons
from tests.schedule import ALONE, TOGETHER, SharedThenAlone

LAST = f"{ALONE[1]}::test_"
SHARED = [f"tests/chain/test_{file}.py::test_{number}" for file in "abc" for number in range(3)]


@dataclass(eq=False, slots=True)
class Worker:
    """Runs what it knows the successor of, or all once it may end."""

    name: str
    queue: list[int] = field(default_factory=list)
    ran: list[int] = field(default_factory=list)
    shutting_down: bool = False

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        assert not self.shutting_down
        self.queue.extend(indices)

    def shutdown(self) -> None:
        self.shutting_down = True

    @property
    def can_run(self) -> bool:
        return len(self.queue) > (0 if self.shutting_down else 1)

    def run(self) -> int:
        self.ran.append(self.queue.pop(0))
        return self.ran[-1]


def begun(tests: Sequence[str], workers: int) -> tuple[SharedThenAlone, list[Worker]]:
    schedule, crew = SharedThenAlone(workers), [Worker(str(number)) for number in range(workers)]
    for worker in crew:
        schedule.add_node(worker)
    for worker in crew:
        assert not schedule.collection_is_completed
        schedule.add_node_collection(worker, tests)
    assert schedule.collection_is_completed
    schedule.schedule()
    return schedule, crew


def test_a_test_that_was_given_back_is_run_by_another_worker_and_none_is_run_twice() -> None:
    schedule, (one, other) = begun(SHARED, 2)
    given = one.queue.pop()
    schedule.remove_pending_tests_from_node(one, [given])
    while any(worker.can_run for worker in (one, other)):
        step(schedule, (other, one))
    assert sorted(one.ran + other.ran) == list(range(len(SHARED)))
    with pytest.raises(pytest.UsageError, match="second time"):
        schedule.mark_test_pending(SHARED[0])


def step(schedule: SharedThenAlone, crew: Sequence[Worker]) -> list[tuple[int, int]]:
    """Each worker runs one test, and ends when it may and has none: (workers there, test)."""
    ran: list[tuple[int, int]] = []
    for worker in crew:
        if worker.can_run:
            ran.append((len(schedule.nodes), worker.run()))
            schedule.mark_test_complete(worker, worker.ran[-1])
        elif worker in schedule.nodes and worker.shutting_down:
            assert schedule.remove_node(worker) is None
    return ran


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
@pytest.mark.parametrize("shared", [0, 1, len(SHARED)])
@pytest.mark.parametrize("alone", [0, 1, 4])
def test_every_test_runs_once_and_what_is_alone_runs_last_with_nobody_beside_it(
    workers: int, shared: int, alone: int
) -> None:
    tests = [*(f"{LAST}{number}" for number in range(alone)), *SHARED[:shared]]
    schedule, crew = begun(tests, workers)
    order: list[tuple[int, str]] = []
    while schedule.nodes:
        order.extend((there, tests[number]) for there, number in step(schedule, crew))
    assert sorted(test for _, test in order) == sorted(tests)
    assert [test.startswith(LAST) for _, test in order] == [False] * shared + [True] * alone
    assert all(there == 1 for there, test in order if test.startswith(LAST))
    assert schedule.tests_finished
    assert not schedule.has_pending


@pytest.mark.parametrize("place", [*ALONE, *TOGETHER])
def test_what_is_named_is_there(place: str) -> None:
    assert (Path(__file__).parent.parent / place).exists()


def test_the_tests_of_a_file_stay_with_one_worker_in_their_order() -> None:
    schedule, crew = begun(SHARED, 2)
    while schedule.nodes:
        step(schedule, crew)
    for worker in crew:
        assert worker.ran == sorted(worker.ran)
    files = [{SHARED[number].partition("::")[0] for number in worker.ran} for worker in crew]
    assert files[0].isdisjoint(files[1])
    assert all(files)


def test_a_folder_that_shares_a_network_is_one_workers_and_not_of_the_one_that_stays() -> None:
    commands = [f"{TOGETHER[0]}test_{file}.py::test_1" for file in "abcd"]
    tests = [*SHARED, *commands, f"{LAST}0"]
    schedule, crew = begun(tests, 2)
    while schedule.nodes:
        step(schedule, crew)
    first, last = ({tests[number] for number in worker.ran} for worker in crew)
    assert set(commands) <= first
    assert f"{LAST}0" in last


def test_a_worker_that_dies_names_its_test_and_no_other_begins() -> None:
    schedule, (first, second) = begun([*SHARED, f"{LAST}0"], 2)
    schedule.mark_test_complete(first, first.run())
    assert schedule.remove_node(first) == SHARED[first.queue[0]]
    while schedule.nodes:
        step(schedule, [second])
    assert f"{LAST}0" not in {[*SHARED, f"{LAST}0"][number] for number in second.ran}
    assert len(first.ran) + len(second.ran) < len(SHARED)
    assert schedule.tests_finished


def test_workers_that_find_different_tests_are_no_run() -> None:
    schedule, crew = SharedThenAlone(2), [Worker("0"), Worker("1")]
    for worker, tests in zip(crew, (SHARED, SHARED[1:]), strict=True):
        schedule.add_node(worker)
        schedule.add_node_collection(worker, tests)
    with pytest.raises(AssertionError, match="test_0"):
        schedule.schedule()


def report(
    when: Literal["setup", "call", "teardown"],
    properties: list[tuple[str, object]],
    outcome: Literal["passed", "skipped"] = "passed",
) -> object:
    longrepr = ("f.py", 1, "Skipped: no data") if outcome == "skipped" else None
    return pytest.TestReport(
        nodeid="t",
        location=("t", 1, "t"),
        keywords={},
        outcome=outcome,
        longrepr=longrepr,
        when=when,
        user_properties=properties,
    )


def test_figures_are_told_once_each_whichever_report_of_a_test_has_them() -> None:
    told: list[tuple[str, object]] = [(FIGURES[0], "220 seeds"), (FIGURES[0], "5 crashes")]
    reports = [report("setup", told[:1]), report("call", told), report("teardown", told)]
    assert figures([*reports, "another report"]) == {
        FIGURES[0]: ["220 seeds", "5 crashes"],
        FIGURES[1]: [],
    }


def test_a_skip_is_counted_by_its_reason() -> None:
    skipped = report("setup", [], "skipped")
    assert isinstance(skipped, pytest.TestReport)
    assert skip_reasons([skipped, skipped]) == {"no data": 2}
