"""One key, two hosts: told apart from a node that restarts, however often."""

from p2p.instances import Instances
from p2p.limits import Limits

LIMITS = Limits(instances_kept=4, returns_min=3, calm_ticks=10)


def met(*instances: int) -> Instances:
    """The instances of a key, in the order of their connections."""
    seen = Instances(LIMITS)
    for instance in instances:
        seen.met(instance)
    return seen


def test_two_processes_that_connect_by_turns_are_noticed() -> None:
    assert not met(1, 2, 1, 2).are_two
    assert met(1, 2, 1, 2, 1).are_two


def test_three_processes_are_noticed_too() -> None:
    assert met(1, 2, 3, 1, 2, 3).are_two


def test_a_node_that_restarts_all_the_time_is_one() -> None:
    assert not met(*range(1_000)).are_two


def test_a_node_that_loses_its_connection_all_the_time_is_one() -> None:
    assert not met(*[7] * 1_000).are_two


def test_connections_that_overtook_each_other_around_a_restart_are_no_two_hosts() -> None:
    assert not met(1, 2, 1, 2).are_two


def test_once_one_process_has_stayed_for_a_while_all_is_well_again() -> None:
    seen = met(1, 2, 1, 2, 1)
    for _ in range(LIMITS.calm_ticks - 1):
        seen.tick()
    assert seen.are_two
    seen.tick()
    assert not seen.are_two


def test_what_is_remembered_is_bounded() -> None:
    seen = met(*range(100))
    assert len(seen._met) == LIMITS.instances_kept
