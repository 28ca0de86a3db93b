"""Protocol versions: what governs a height, what sleeps until then, and who must stop."""

import pytest

from chain import upgrades
from chain.errors import BlockInvalid, OperationNotInForce
from chain.execution import require_in_force
from chain.ledger import Ledger
from chain.state import Overlay
from chain.upgrades import SoftwareOutdated, Upgrade
from tests.chain.toy import EmptyState, ToyRules, add, plan
from tests.chain.toy_world import OK, ToyWorld

HEIGHT = 4


def test_a_chain_begins_with_the_first_version_and_no_row_says_so() -> None:
    found = upgrades.plan(EmptyState())
    assert found.governing(10**6) == Upgrade(1, 0)
    assert found.pending(1) is None


def test_a_version_governs_from_its_height_on_and_not_before() -> None:
    state = Overlay(EmptyState())
    upgrades.announce(state, 3, Upgrade(2, 20))
    found = upgrades.plan(state)
    assert [found.governing(height).version for height in (3, 19, 20, 21)] == [1, 1, 2, 2]
    assert found.pending(19) == Upgrade(2, 20)
    assert found.pending(20) is None


def test_what_governs_stays_when_the_next_version_is_announced() -> None:
    state = Overlay(EmptyState())
    upgrades.announce(state, 3, Upgrade(2, 20))
    upgrades.announce(state, 20, Upgrade(5, 40))
    found = upgrades.plan(state)
    assert [found.governing(height).version for height in (20, 39, 40)] == [2, 2, 5]


def test_a_plan_that_is_replaced_before_its_height_never_governs() -> None:
    state = Overlay(EmptyState())
    upgrades.announce(state, 3, Upgrade(2, 20))
    upgrades.announce(state, 19, Upgrade(2, 30))
    assert upgrades.plan(state).governing(29).version == 1
    upgrades.announce(state, 29, None)
    assert upgrades.plan(state).governing(10**6).version == 1


def upgrading(version: int, height: int = HEIGHT) -> ToyWorld:
    """A toy chain of this software whose additions need version 2, planned for `height`."""
    world = ToyWorld()
    world.toy.version = version
    world.toy.later = {"toy.add": 2}
    assert world.statuses(world.signed("m0", plan(2, height))) == [OK]
    return world


def reopened(world: ToyWorld, version: int) -> Ledger:
    """The same data under software of this version."""
    rules = ToyRules()
    rules.version = version
    return Ledger(world.store, world.genesis, rules)


def test_an_operation_of_a_later_version_stands_in_no_block_before_its_height() -> None:
    world = upgrading(version=2)
    early = world.signed("m0", add("a"))
    for height in range(2, HEIGHT):
        with pytest.raises(BlockInvalid, match="OperationNotInForce"):
            world.execute(early)
        with pytest.raises(OperationNotInForce, match="version 2, 1 governs"):
            require_in_force(early, world.rules, world.ledger.chain)
        assert world.decide().height == height
    require_in_force(early, world.rules, world.ledger.chain)
    assert world.statuses(early) == [OK]
    assert world.value("a") == 1


def test_a_ledger_whose_software_is_too_old_writes_all_below_the_height_and_nothing_more() -> None:
    world = upgrading(version=1)
    while world.ledger.tip.height < HEIGHT - 1:
        world.ledger.require_software()
        world.decide()
    with pytest.raises(SoftwareOutdated, match=f"version 2 governs from height {HEIGHT}"):
        world.ledger.require_software()
    with pytest.raises(SoftwareOutdated):
        world.execute()
    assert world.ledger.tip.height == HEIGHT - 1


def test_data_that_old_software_left_is_refused_by_it_and_goes_on_under_newer() -> None:
    world = upgrading(version=1)
    while world.ledger.tip.height < HEIGHT - 1:
        world.decide()
    with pytest.raises(SoftwareOutdated):
        reopened(world, version=1)
    assert reopened(world, version=2).chain.version == 2


def test_the_version_that_governs_is_found_again_after_a_restart() -> None:
    world = upgrading(version=2)
    assert reopened(world, version=2).chain.version == 1
    while world.ledger.tip.height < HEIGHT:
        world.decide()
    assert world.ledger.chain.version == 2
    assert reopened(world, version=3).chain.version == 2


def test_software_of_any_version_makes_the_same_state_below_the_height() -> None:
    roots = set()
    for version in (1, 2, 3):
        world = upgrading(version)
        while world.ledger.tip.height < HEIGHT - 1:
            world.decide()
        roots.add(world.ledger.tip.state_root)
    assert len(roots) == 1
