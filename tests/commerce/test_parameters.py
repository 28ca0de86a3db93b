"""Parameters: numbered versions, of which the newest is in force and none ever changes."""

from chain.state import Overlay
from commerce.parameters import (
    PARAMETERS,
    current_parameters,
    parameters_of,
    store_parameters,
    timers_of,
)
from commerce.timers import DAY_MS, HOUR_MS
from tests.commerce.world import World, genesis


def test_version_0_is_the_geneses_own() -> None:
    world = World(genesis(timers={"lost_ms": 20 * DAY_MS}, time_scale=10))
    known = current_parameters(world.state)
    assert (known.version, known.since_ms, known.holidays) == (0, world.genesis.time_ms, ())
    assert known.own == {"lost_ms": 20 * DAY_MS}
    assert (known.timers.lost_ms, known.timers.pay_ms) == (2 * DAY_MS, HOUR_MS // 5)


def test_a_new_version_is_in_force_and_the_old_one_stays_as_it_was() -> None:
    world = World()
    before = current_parameters(world.state)
    changes = Overlay(world.state)
    made = store_parameters(world.genesis, changes, 1, 5, {"lost_ms": 15 * DAY_MS}, (20_000,))
    world.state.write(changes.changes)
    assert current_parameters(world.state) == made
    assert parameters_of(world.state, 0) == before
    assert timers_of(world.state, 0).lost_ms == 30 * DAY_MS
    assert timers_of(world.state, 1).lost_ms == 15 * DAY_MS
    assert len(list(PARAMETERS.items(world.state))) == 2
