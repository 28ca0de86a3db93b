"""How much may wait: what blocks take away in a second, by the best of the last seconds."""

from dataclasses import dataclass, field

from node.pace import (
    RETRY_MAX_MS,
    RETRY_MIN_MS,
    SECONDS_SEEN,
    WAIT_MAX_MS,
    WAITING_MIN_BYTES,
    Pace,
)

MIB = 1024 * 1024


@dataclass
class Clock:
    ms: int = 1_000_000
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.pace = Pace(lambda: self.ms)


def test_a_resting_network_takes_a_burst() -> None:
    pace = Clock().pace
    assert pace.bytes_per_s == 0
    assert pace.waiting_max_bytes == WAITING_MIN_BYTES
    assert RETRY_MIN_MS <= pace.retry_after_ms(10**9) < RETRY_MAX_MS


def test_the_best_second_of_the_last_half_minute_counts_once_it_is_over() -> None:
    at = Clock()
    for size in (2 * MIB, 3 * MIB, 1 * MIB):
        at.pace.decided(size // 2, more_waited=True)
        at.pace.decided(size // 2, more_waited=False)
        at.ms += 1_000
    assert at.pace.bytes_per_s == 3 * MIB
    assert at.pace.waiting_max_bytes == 3 * MIB * WAIT_MAX_MS // 1_000
    at.ms += (SECONDS_SEEN - 2) * 1_000
    at.pace.decided(1, more_waited=True)
    assert at.pace.bytes_per_s == 3 * MIB
    at.ms += 3_000
    assert at.pace.waiting_max_bytes == WAITING_MIN_BYTES


def test_clients_are_asked_to_come_again_when_there_is_room_within_bounds() -> None:
    at = Clock()
    at.pace.decided(1_000_000, more_waited=True)
    at.ms += 1_000
    at.pace.decided(1, more_waited=True)
    assert at.pace.retry_after_ms(1_500_000) == 1_500
    assert at.pace.retry_after_ms(1) == RETRY_MIN_MS
    assert at.pace.retry_after_ms(10**9) == RETRY_MAX_MS


def test_seconds_in_which_nothing_was_left_waiting_tell_what_was_offered() -> None:
    at = Clock()
    at.pace.decided(9 * MIB, more_waited=False)
    at.ms += 1_000
    at.pace.decided(2 * MIB, more_waited=True)
    at.ms += 1_000
    assert at.pace.bytes_per_s == 2 * MIB
    at.ms += 1_000
    at.pace.decided(8 * MIB, more_waited=False)
    at.ms += 1_000
    assert at.pace.bytes_per_s == 2 * MIB
