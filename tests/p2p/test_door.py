"""Slots for strangers: bounded in all and by host, some kept for hosts of members."""

from p2p.door import Door
from p2p.limits import Limits

LIMITS = Limits(strangers_max=4, strangers_reserved=2, strangers_per_host_max=3, known_hosts_max=2)


def test_a_host_gets_no_more_than_its_share() -> None:
    door = Door(Limits(strangers_per_host_max=2))
    assert [door.enter("10.0.0.1") for _ in range(3)] == [True, True, False]
    assert door.enter("10.0.0.2")
    assert door.status().turned_away == 1


def test_reserved_slots_are_for_hosts_where_members_were_seen() -> None:
    door = Door(LIMITS)
    door.learn("10.0.0.9")
    assert [door.enter(f"10.0.0.{i}") for i in range(4)] == [True, True, False, False]
    assert [door.enter("10.0.0.9") for _ in range(3)] == [True, True, False]
    assert door.status().strangers == LIMITS.strangers_max


def test_a_slot_given_back_can_be_taken_again() -> None:
    door = Door(LIMITS)
    assert door.enter("10.0.0.1")
    assert door.enter("10.0.0.2")
    assert not door.enter("10.0.0.3")
    door.leave("10.0.0.1")
    assert door.enter("10.0.0.3")


def test_the_hosts_remembered_are_bounded_and_the_latest_stay() -> None:
    door = Door(LIMITS)
    for host in ("10.0.0.1", "10.0.0.2", "10.0.0.1", "10.0.0.3"):
        door.learn(host)
    for host in ("10.0.1.1", "10.0.1.2"):
        assert door.enter(host)
    assert not door.enter("10.0.0.2")
    assert door.enter("10.0.0.1")
    assert door.enter("10.0.0.3")


def test_refusals_are_counted_by_their_name() -> None:
    door = Door(LIMITS)
    for error in (TimeoutError(), ConnectionResetError(), TimeoutError()):
        door.refuse(error)
    assert door.status().refused == {"TimeoutError": 2, "ConnectionResetError": 1}


def test_a_rush_of_short_calls_is_turned_away_until_the_next_beat() -> None:
    door = Door(Limits(arrivals_per_tick_max=3))
    door.learn("10.0.0.9")

    def call(host: str) -> bool:
        let_in = door.enter(host)
        if let_in:
            door.leave(host)
        return let_in

    assert [call(f"10.0.0.{i}") for i in range(5)] == [True, True, True, False, False]
    assert [call("10.0.0.9") for _ in range(4)] == [True, True, True, False]
    door.tick()
    assert call("10.0.0.1")
    assert call("10.0.0.9")
