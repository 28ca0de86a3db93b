"""What waits to be sent to one peer: a bounded queue per channel, urgent channels first.

A peer that reads slowly costs bounded memory and nobody else's time: a full queue drops its oldest
frame. The oldest is the one that the protocol can best do without: votes are sent again by their
senders, transactions and blocks are asked for.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from p2p.frames import HEADER, Channel, frame_header
from p2p.limits import Limits, QueueLimits

_URGENT: Final = (Channel.CONTROL, Channel.CONSENSUS)


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """One queue as seen from outside; `dropped` counts since the process started."""

    frames: int
    size: int
    dropped: int


class _Queue:
    """Payloads in order. Invariants: len(payloads) <= frames_max, size = sum of sizes <= max."""

    __slots__ = ("dropped", "limits", "payloads", "size")

    def __init__(self, limits: QueueLimits) -> None:
        self.limits = limits
        self.payloads: deque[bytes] = deque()
        self.size = 0
        self.dropped = 0

    def push(self, payload: bytes) -> None:
        self.payloads.append(payload)
        self.size += len(payload)
        while len(self.payloads) > self.limits.frames_max or self.size > self.limits.size_max:
            self.pop()
            self.dropped += 1

    def pop(self) -> bytes:
        payload = self.payloads.popleft()
        self.size -= len(payload)
        return payload


class Outbox:
    """The queues of one peer; outlives a connection that is replaced by a better one."""

    __slots__ = ("_bulk_turn", "_queues")

    def __init__(self, limits: Limits) -> None:
        self._queues = {
            Channel.CONTROL: _Queue(limits.control_out),
            Channel.CONSENSUS: _Queue(limits.consensus_out),
            Channel.TRANSACTIONS: _Queue(limits.transactions_out),
            Channel.SYNC: _Queue(limits.sync_out),
        }
        self._bulk_turn = (Channel.TRANSACTIONS, Channel.SYNC)

    def push(self, channel: Channel, payload: bytes) -> None:
        """Queue a payload; the channel's oldest go when its limits are reached."""
        self._queues[channel].push(payload)

    def take(self, size: int) -> list[bytes]:
        """Whole frames (header, payload, header, …) until `size` is reached; at least one."""
        parts: list[bytes] = []
        taken = 0
        while taken < size:
            channel = self._next_channel()
            if channel is None:
                break
            payload = self._queues[channel].pop()
            parts += (frame_header(channel, len(payload)), payload)
            taken += HEADER.size + len(payload)
        return parts

    def clear(self) -> None:
        """Forget what waits: whoever it was for has gone."""
        for queue in self._queues.values():
            queue.payloads.clear()
            queue.size = 0

    def status(self) -> dict[Channel, QueueStatus]:
        """Each channel's figures."""
        return {
            channel: QueueStatus(len(queue.payloads), queue.size, queue.dropped)
            for channel, queue in self._queues.items()
        }

    def __bool__(self) -> bool:
        return any(queue.payloads for queue in self._queues.values())

    def _next_channel(self) -> Channel | None:
        """Urgent ones in strict order; the two bulk channels take turns, so that none starves."""
        for channel in _URGENT:
            if self._queues[channel].payloads:
                return channel
        for channel in self._bulk_turn:
            if self._queues[channel].payloads:
                first, second = self._bulk_turn
                self._bulk_turn = (first, second) if channel is second else (second, first)
                return channel
        return None
