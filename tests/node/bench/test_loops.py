"""When steps become due, and how many are under way."""

import pytest

from node.bench.loops import Schedule, batch_wanted, shares_of
from node.bench.workloads import Chain, Step


def chains(*lengths: int) -> list[Chain]:
    return [Chain(tuple(Step(b"", 1, "pay") for _ in range(length))) for length in lengths]


def dues(schedule: Schedule) -> list[float]:
    found = []
    while schedule.due_s is not None:
        found.append(round(schedule.take().due_s, 6))
    return found


def test_single_steps_are_due_at_the_rate() -> None:
    assert dues(Schedule(iter(chains(*[1] * 5)), 10, 60.0)) == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_the_steps_of_all_chains_together_come_at_the_rate() -> None:
    assert dues(Schedule(iter(chains(5, 1, 5, 5)), 10, 60.0)) == [0.0, 0.5, 0.6, 1.1]


def test_nothing_is_due_from_the_end_on() -> None:
    assert dues(Schedule(iter(chains(*[1] * 100)), 10, 0.5)) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert dues(Schedule(iter([]), 10, 0.5)) == []


@pytest.mark.parametrize("in_flight", [1, 2, 3, 7, 64, 1000, 4096])
def test_all_batches_together_are_what_is_in_flight(in_flight: int) -> None:
    shares = shares_of(in_flight, 4, 100)
    assert sum(batch for _, batch in shares) == in_flight
    assert all(1 <= batch <= 100 for _, batch in shares)
    by_node = [sum(batch for at, batch in shares if at == node) for node in range(4)]
    assert max(by_node) - min(by_node) <= 1


def test_requests_are_small_until_answers_come_slowly() -> None:
    assert [batch_wanted(under_way, 100) for under_way in (0, 50, 100)] == [1, 1, 1]
    assert 1 < batch_wanted(200, 100) < batch_wanted(300, 100) <= 100
    assert batch_wanted(10_000, 100) == 100
