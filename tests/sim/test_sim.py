"""Seeds of the simulator over all sizes and profiles, and its determinism."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from tests.sim.batch import MUST_HAPPEN, Done, Total, mixed, run_all
from tests.sim.network import Network, Quality
from tests.sim.profile import PROFILES, SIZES, SMALL_MAX, nodes_of, plan
from tests.sim.progress import Progress, progress_line
from tests.sim.simulation import Verdict, simulate
from tests.sim.world import MS, Trace, World

ROOT = Path(__file__).parent.parent.parent
SEEDS = 220
PROCESSES = 2


@pytest.fixture(scope="module")
def total() -> Total:
    total = Total()
    for done in run_all(mixed(1, SEEDS), PROCESSES):
        total.add(done)
    return total


def test_no_seed_breaks_a_promise(
    total: Total, record_property: Callable[[str, object], None]
) -> None:
    record_property(
        "simulated",
        f"{total.seeds} seeds, n = {min(total.nodes)} to {max(total.nodes)}, "
        f"{total.failed} failed, 0 excluded; {total.heights} blocks, "
        f"{total.virtual_s:.0f} s of virtual time; {total.byzantine_seeds} seeds with liars, "
        f"{total.reproposing_seeds} with a re-proposal",
    )
    happened = ", ".join(f"{total.counts[name]} {name}" for name in MUST_HAPPEN)
    record_property("simulated", happened)
    assert total.failures == []
    assert total.seeds == SEEDS


def test_every_size_was_simulated_and_every_fault_happened(total: Total) -> None:
    assert set(total.nodes) == {*SIZES, *range(1, SMALL_MAX + 1)} == {1, 2, 3, 4, 5, 6, 7, 10}
    assert set(total.profiles) == set(PROFILES)
    assert total.too_tame() == []


def test_every_profile_meets_every_size() -> None:
    met = {(job.profile, job.nodes) for job in mixed(1, 660)}
    assert met == {(profile, nodes_of(seed)) for profile in PROFILES for seed in range(33)}


def test_a_run_of_honest_members_only_is_too_tame() -> None:
    total = Total()
    total.add(Done(Verdict(1, 4, "calm"), 1.0))
    assert {"no lies", "0 of 1 seeds with liars"} < set(total.too_tame())
    assert total.summary()["byzantine_percent"] == 0


def test_progress_is_told_in_one_line() -> None:
    assert (
        progress_line(120, 2000, 1, 15.0) == "120 of 2000 seeds, 8.0/s, 3 min 55 s to go, 1 failed"
    )
    assert progress_line(0, 2000, 0, 0.0).startswith("0 of 2000 seeds, 0.0/s")
    out = StringIO()
    Progress(10, out).tell(1, 0)
    assert out.getvalue() == "", "a log is told every half minute"


def test_a_seed_gives_the_same_history_under_any_hash_seed_and_without_asserts() -> None:
    def traces(hash_seed: str, *flags: str) -> list[str]:
        command = [sys.executable, *flags, "-m", "tests.sim", "--seeds", "3..5", "--json"]
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        run = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return [json.loads(line).get("trace", "") for line in run.stdout.splitlines()]

    first = traces("0")
    assert len(set(first)) == len(first)
    assert traces("4711", "-O") == first


def test_a_seed_run_twice_in_one_process_gives_the_same_history() -> None:
    first, again = (simulate(17, nodes=4, profile="all")[0] for _ in range(2))
    assert first == again
    assert first.ok


def test_real_signatures_change_the_bytes_but_no_promise() -> None:
    verdict, _ = simulate(6, nodes=4, profile="byzantine", real_signatures=True)
    assert verdict.ok, verdict.violation
    assert verdict.heights


def test_what_happens_at_the_same_time_happens_in_order_of_asking() -> None:
    world, happened = World(1), list[str]()
    world.after(5, lambda: happened.append("b"))
    world.after(5, lambda: happened.append("c"))
    world.after(1, lambda: happened.append("a"))
    assert not world.run(4, lambda: False)
    assert happened == ["a"]
    world.run(5)
    assert happened == ["a", "b", "c"]


def test_a_stream_of_one_concern_is_not_shifted_by_another() -> None:
    one, other = World(7), World(7)
    one.stream("faults").random()
    assert one.stream("network").random() == other.stream("network").random()
    assert World(8).stream("network").random() != World(7).stream("network").random()


def test_a_trace_tells_histories_apart_by_their_bytes() -> None:
    def digest(data: bytes) -> str:
        trace = Trace()
        trace.note(1, "event", data)
        return trace.digest()

    assert digest(b"a") == digest(b"a")
    assert digest(b"a") != digest(b"b")


def test_at_most_f_members_lie_or_stay_away() -> None:
    for seed in range(200):
        drawn = plan(seed, None, "all")
        useless = [member for member, _ in drawn.byzantine] + [*drawn.skewed, *drawn.dead]
        assert len(set(useless)) == len(useless) <= (drawn.nodes - 1) // 3
        useless += [member for member, _ in drawn.forgetful]
        assert len(set(useless)) == len(useless) <= (drawn.nodes - 1) // 3
        damaged = {member for member, _ in drawn.damaged}
        assert damaged <= {*useless} - {*drawn.skewed}


def test_a_twin_talks_to_each_place_from_one_home_only() -> None:
    network = Network(World(1), Quality(delay_mean_us=MS))
    network.homes = {0: [0], 1: [1], 2: [2, 3]}
    network.sides[2] = {0: 2, 1: 3}
    assert network.places_of(2, 0) == [2]
    assert network.places_of(2, 1) == [3]
