"""Every bound of the peer network in one block: sizes, counts, deadlines.

Ticks are those of `Network`'s heartbeat, not of a clock: a node whose event loop stood still for
ten seconds has missed one tick, and does not take its peers for dead.
"""

from dataclasses import dataclass, field
from typing import Final

from p2p.frames import FRAME_SIZE_MAX

KIB: Final = 1024
MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """What one queue of frames may hold. Invariant: one frame of the largest size always fits."""

    frames_max: int
    size_max: int

    def __post_init__(self) -> None:
        assert self.frames_max >= 1
        assert self.size_max >= FRAME_SIZE_MAX


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults suit a consortium over the internet; tests shorten the deadlines."""

    # A stranger: from accept to an accepted Hello. A dialler waits a little longer than that.
    handshake_s: float = 3.0
    dial_s: float = 5.0
    shutdown_s: float = 1.0
    strangers_max: int = 64
    strangers_per_host_max: int = 16
    # Of `strangers_max`, kept for hosts that members were seen at.
    strangers_reserved: int = 16
    known_hosts_max: int = 256
    # Handshakes begun in one tick, by each known host and by all others together: each costs some
    # 2 ms of the event loop.
    arrivals_per_tick_max: int = 32
    accept_pause_s: float = 0.2

    # The heartbeat. A peer sends something each `keepalive_ticks`; one that was not heard for
    # `silent_ticks_max` is gone (4 s).
    tick_s: float = 0.5
    keepalive_ticks: int = 2
    silent_ticks_max: int = 8
    # A frame that has begun makes progress, 32 KiB/s after a grace, or its sender is dripping.
    frame_grace_ticks: int = 10
    frame_progress_min: int = 16 * KIB
    # The peer took nothing of what we wrote for so long.
    unread_ticks_max: int = 30
    # Two connections begun within this time come from both sides dialling at once.
    crossing_ticks_max: int = 4

    # Instances of one key remembered; so many of them came back until two hosts are suspected, and
    # so many ticks without another until they aren't any more (a minute).
    instances_kept: int = 8
    returns_min: int = 3
    calm_ticks: int = 120

    # What waits to be sent to one peer, and what one peer sent and was not yet looked at.
    control_out: QueueLimits = field(default=QueueLimits(64, FRAME_SIZE_MAX))
    consensus_out: QueueLimits = field(default=QueueLimits(4096, 8 * MIB))
    transactions_out: QueueLimits = field(default=QueueLimits(1024, 8 * MIB))
    sync_out: QueueLimits = field(default=QueueLimits(256, 16 * MIB))
    urgent_in: QueueLimits = field(default=QueueLimits(1024, 8 * MIB))
    bulk_in: QueueLimits = field(default=QueueLimits(1024, 8 * MIB))
    # One write: many votes, or the end of one large frame. The transport holds about as much more.
    write_size: int = 64 * KIB
    # So long frames that wait are handled before other work of the event loop gets its turn: by
    # time, not by number, for what one frame costs is up to whoever sent it.
    burst_s: float = 0.002

    backoff_first_s: float = 0.1
    backoff_max_s: float = 5.0
    # A connection that held this long starts the backoff anew.
    stable_ticks: int = 4
