"""The hot path calls no more than a tenth more functions than was accepted (`hot_path.json`)."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.transaction import signing_bytes
from tests.bench import hot_path
from tests.bench.counting import Calls, Counting
from tests.bench.hot_path import base_line, count, grown, shrunk

LOOK = "look: python -m tests.bench.hot_path --stage NAME; accept: ... --write"


def calls(total: int) -> Calls:
    made = Calls(10)
    made.python = Counter({"chain/x.py:f": total})
    return made


def test_no_stage_of_the_hot_path_has_grown_by_more_than_a_tenth() -> None:
    counted, accepted = count(), base_line()
    for name in shrunk(counted, accepted):
        # Nobody is stopped by what has become better; the base line follows at the end.
        print(f"{name} has shrunk by more than a tenth: accept it with --write")  # noqa: T201
    worse = grown(counted, accepted)
    assert not worse, "\n".join([*worse, LOOK])


def test_a_stage_may_grow_by_a_tenth_and_no_more() -> None:
    accepted = {"write": 10.0}
    assert grown({"write": calls(110)}, accepted) == []
    assert grown({"write": calls(111)}, accepted) == ["write: 11.1 calls, 10.0 accepted"]
    assert shrunk({"write": calls(90)}, accepted) == []
    assert shrunk({"write": calls(89)}, accepted) == ["write"]


def test_a_stage_that_nobody_accepted_and_one_that_is_gone_are_told() -> None:
    assert grown({"new": calls(10)}, {"old": 1.0}) == [
        "new: 1.0 calls, and none are accepted",
        "old: accepted, and no stage any more",
    ]


def twice() -> bytes:
    return signing_bytes(b"a") + signing_bytes(b"b")


def by_comprehension() -> list[int]:
    """A C function from outside the project doesn't count, neither does the comprehension."""
    return [len(signing_bytes(data)) for data in (b"a", b"b")]


@pytest.mark.parametrize("job", [twice, by_comprehension])
def test_calls_into_the_project_count_and_calls_outside_of_it_do_not(
    job: Callable[[], object],
) -> None:
    counting = Counting()
    with counting.watching():
        signing_bytes(b"not in a stage")
        with counting.stage("two", 2):
            job()
    found = counting.stages["two"]
    assert found.python["chain/transaction.py:signing_bytes"] == 2
    assert all("/" in name for name in found.python if "signing" in name)
    assert found.per_unit == (found.python.total() + found.c.total()) / 2
    assert found.top(1)[0][1] >= 1.0


def test_what_is_accepted_is_rounded_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "accepted.json"
    monkeypatch.setattr(hot_path, "BASE_LINE", file)
    hot_path.write({"write": calls(111)})
    assert base_line() == {"write": 11.1}
