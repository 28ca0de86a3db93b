"""A plan is cut among processes and stretches of time, and signed in them."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from chain.transaction import read_transaction
from commerce.registry import Registry
from node.bench.crowd import Crowd, crowd_seed
from node.bench.plan import BenchRefused, Load
from node.bench.signer import read_task, task_text
from node.bench.signing import STEPS_MAX, STRETCH_S, make_tasks, sign
from node.bench.stock import read_stock
from tests.node.bench.market import keys, plan

CROWD = Crowd(crowd_seed(bytes(32)), 5)


def test_all_steps_are_shared_and_no_two_parts_are_of_one_run(tmp_path: Path) -> None:
    load = Load("transfer", 3 * STRETCH_S, 100, 100, None)
    wanted = replace(plan("transfer", 70_001), load=load)
    parts = [part for task in make_tasks(wanted, keys(), CROWD, tmp_path) for part in task.parts]
    assert sum(part.count for part in parts) == 70_001
    assert len({part.run for part in parts}) == len(parts)
    turns = sorted((part.first, part.first + part.count) for part in parts)
    assert all(end == begin for (_, end), (begin, _) in pairwise(turns))


def test_a_stretch_is_valid_from_when_it_is_offered(tmp_path: Path) -> None:
    load = Load("transfer", 3 * STRETCH_S, 100, 100, None)
    wanted = replace(plan("transfer", 100), load=load)
    (task,) = make_tasks(wanted, keys(), CROWD, tmp_path)
    times = [part.now_ms for part in task.parts]
    assert [time - times[0] for time in times] == [0, 240_000, 480_000]


def test_more_than_can_be_signed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchRefused, match="shorter"):
        make_tasks(plan("transfer", STEPS_MAX + 1), keys(), CROWD, tmp_path)


def test_a_task_travels_to_its_process(tmp_path: Path) -> None:
    (task,) = make_tasks(plan("trade", 10), keys(), CROWD, tmp_path)
    read = read_task(task_text(task))
    assert "\n" not in task_text(task)
    assert (read.seeds, read.parts, read.crowd) == (task.seeds, task.parts, CROWD)
    whole = read.whole_plan(read.parts[0])
    assert len(whole.senders) == len(task.plan.senders) + CROWD.count
    assert [one.role for one in whole.senders[:6]] == [one.role for one in task.plan.senders]
    assert whole.senders[-1].account == CROWD.account(4) == whole.accounts[-1]
    assert read.keys()[-1].public_key == CROWD.key(4).public_key


def test_signing_processes_leave_what_a_node_can_read(tmp_path: Path) -> None:
    told: list[str] = []
    signed = sign(plan("transfer", 25), keys(), CROWD, tmp_path, told.append)
    assert (signed.signing.steps, signed.signing.processes) == (25, 1)
    chains = list(read_stock(tmp_path))
    ids = {read_transaction(one.steps[0].raw, Registry()).id for one in chains}
    assert len(ids) == 25
    assert told[0].startswith("signing 25 ")
