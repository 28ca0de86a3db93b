"""The timers of a genesis: defaults, ranges, scale, and that a running order keeps its own."""

import dataclasses

import pytest

from chain.errors import GenesisInvalid
from chain.genesis import Genesis
from chain.state import Overlay
from commerce.parameters import current_parameters, store_parameters
from commerce.timers import DAY_MS, MINUTE_MS, TIMERS, Timers, check_timers
from tests.commerce.shop import Shop
from tests.commerce.world import World, genesis


def test_the_timers_have_one_field_for_each_timer_in_their_order() -> None:
    names = [field.name for field in dataclasses.fields(Timers)]
    assert names == [rule.name for rule in TIMERS]


@pytest.mark.parametrize("rule", TIMERS, ids=lambda rule: rule.name)
def test_a_timer_stays_within_its_legal_range(rule: object) -> None:
    (timer,) = [entry for entry in TIMERS if entry is rule]
    assert timer.min_ms <= timer.default_ms <= timer.max_ms
    for value_ms in (timer.min_ms, timer.default_ms, timer.max_ms):
        check_timers({timer.name: value_ms})
    for value_ms in (timer.min_ms - 1, timer.max_ms + 1):
        with pytest.raises(GenesisInvalid, match=timer.name):
            check_timers({timer.name: value_ms})
        with pytest.raises(GenesisInvalid, match=timer.name):
            World(genesis(timers={timer.name: value_ms}))


def test_a_timer_that_nobody_knows_is_refused() -> None:
    with pytest.raises(GenesisInvalid, match="coffee_ms"):
        World(genesis(timers={"coffee_ms": 1}))


def timers_in(founded: Genesis) -> Timers:
    """What a chain of this genesis goes by."""
    return current_parameters(World(founded).state).timers


def test_a_genesis_overrides_and_scales() -> None:
    plain = timers_in(genesis(timers={"pay_ms": 30 * MINUTE_MS}))
    assert (plain.pay_ms, plain.lost_ms) == (30 * MINUTE_MS, 30 * DAY_MS)
    fast = timers_in(genesis(time_scale=1_000))
    assert (fast.pay_ms, fast.lost_ms) == (7_200, 2_592_000)


def test_chains_of_other_timers_or_scales_never_share_them() -> None:
    chains = [genesis(timers={"pay_ms": n * MINUTE_MS}, time_scale=n) for n in range(5, 60)]
    for _ in range(2):
        for n, founded in enumerate(chains, start=5):
            assert timers_in(founded).pay_ms == MINUTE_MS
            assert timers_in(founded).lost_ms == -(-30 * DAY_MS // n)


def test_a_change_of_parameters_never_moves_a_running_clock() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 1))
    changed = Overlay(shop.state)
    store_parameters(shop.genesis, changed, 1, shop.time_ms, {"lost_ms": 15 * DAY_MS}, ())
    shop.state.write(changed.changes)
    parcel_id = shop.ship(order_id)
    assert shop.parcel(parcel_id).due_ms == shop.time_ms + 30 * DAY_MS
