"""A sample of planted bugs is found, and nothing passes for found that is not."""

import pytest

from chain import block
from consensus import patience
from tests.sim import teeth
from tests.sim.bugs import Plant, PlantMisplaced, everywhere
from tests.sim.plants import PLANTS, planted
from tests.sim.simulation import Verdict, simulate
from tests.sim.teeth import bite, bites, read_violation

PROCESSES = 2
# Quick to find, of different kinds; `python -m tests.sim.teeth` plants all (docs/simulation.md).
SAMPLE = {
    "a quorum of 2f": 60,
    "a ViewChange hides what is prepared": 30,
    "a NewView is not recomputed": 60,
    "the lowest prepared certificate wins": 250,
    "a committee follows from an uncertified result": 30,
    "signatures do not cover the height": 60,
    "votes are not journalled": 5,
    "bodies are not journalled": 5,
    "own votes are forgotten by a restart": 15,
    "nothing is sent again": 15,
    "one member moves everybody's view": 30,
    "blocks are not checked": 60,
    "policies are not rechecked": 100,
    "transactions are executed twice": 5,
}


def test_a_sample_of_known_bugs_is_found() -> None:
    found = {entry.name: entry for entry in bites(list(SAMPLE), max(SAMPLE.values()), PROCESSES)}
    missed = [found[name] for name, limit in SAMPLE.items() if not 0 < found[name].seeds <= limit]
    assert missed == []


def test_every_plant_has_its_place_and_a_name_of_its_own() -> None:
    for plant in PLANTS:
        with planted(plant):
            pass
    assert len({plant.name for plant in PLANTS}) == len(PLANTS)


def test_a_plant_is_gone_afterwards() -> None:
    before = [(place, name, vars(place)[name]) for p in PLANTS for place, name, _ in p.patches()]
    for plant in PLANTS:
        with planted(plant):
            pass
    assert all(vars(place)[name] is original for place, name, original in before)


def test_a_plant_without_a_place_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Plant("lost", lambda: [(patience, "no_such_function", lambda *_: None)])
    monkeypatch.setattr(teeth, "PLANTS", (lost,))
    found = bite("lost", 1)
    assert (found.seeds, found.by) == (0, "misplaced")
    with pytest.raises(PlantMisplaced):
        everywhere(block, "no_such_function", lambda: None)


def test_a_plant_that_crashes_by_itself_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise TypeError

    monkeypatch.setattr(teeth, "PLANTS", (Plant("bad", lambda: [(patience, "watch", crash)]),))
    found = bite("bad", 1)
    assert found.seeds == 0
    assert "crashed" in found.detail


def _always_fails(*_: object, **__: object) -> tuple[Verdict, None]:
    return Verdict(1, 4, "all", ok=False, violation="Violation: agreement: another block"), None


def test_a_bug_that_nobody_calls_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    unused = Plant("unused", lambda: [(patience, "watch", lambda *_: None)])
    monkeypatch.setattr(teeth, "PLANTS", (unused,))
    monkeypatch.setattr(teeth, "simulate", _always_fails)
    found = bite("unused", 1)
    assert found.seeds == 0
    assert "never calls" in found.detail


def test_a_seed_that_fails_without_the_bug_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object, **__: object) -> tuple[Verdict, None]:
        vars(patience)["watch"](None)
        return _always_fails()

    plant = Plant("harmless", lambda: [(patience, "watch", lambda *_: None)])
    monkeypatch.setattr(teeth, "PLANTS", (plant,))
    monkeypatch.setattr(patience, "watch", lambda *_: None)
    monkeypatch.setattr(teeth, "simulate", run)
    found = bite("harmless", 1)
    assert found.seeds == 0
    assert "fails without it" in found.detail


@pytest.mark.parametrize(
    ("violation", "by"),
    [
        ("Violation: agreement: 3 decides another", "agreement"),
        ("StateDiverged: another root (act.py:80)", "StateDiverged"),
        ("AssertionError:  (consensus/act.py:80)", "an assert of the product"),
        ("AssertionError:  (sim/bugs_of_memory.py:30)", ""),
        ("KeyError: 7 (consensus/act.py:80)", ""),
    ],
)
def test_only_promises_and_named_refusals_count(violation: str, by: str) -> None:
    assert read_violation(violation)[0] == by


def test_the_guided_fault_has_two_blocks_prepared_at_one_height() -> None:
    def happens(seed: int) -> bool:
        _, simulation = simulate(seed, nodes=4, profile="network")
        return simulation.world.counts["prepared_twice"] > 0

    assert any(happens(seed) for seed in range(1, 100))
