"""Signs of life of one connection, counted in ticks of the heartbeat; no I/O, no clock.

A peer that lives says something each `keepalive_ticks`, gets on with the frame it began, and reads.
"""

from chain.errors import ProtocolError
from p2p.limits import Limits


class PeerSilent(ProtocolError):
    """Nothing was heard for longer than a live peer keeps silent."""

    hint = (
        "this node dials again by itself; check the line and whether the peer still runs: "
        "hushang peers"
    )


class FrameTooSlow(ProtocolError):
    """A frame has begun and doesn't get on."""

    hint = "this node dials again by itself; check the line between the two for loss and its rate"


class PeerNotReading(ProtocolError):
    """The peer took nothing of what was sent for too long."""

    hint = (
        "this node dials again by itself; the peer's operator looks whether its node hangs or "
        "is overloaded"
    )


class Pulse:
    """Ticks since something last happened, and the verdict on them."""

    __slots__ = ("_frame", "_limits", "_partial", "_silent", "_unread", "_unread_size", "_unsent")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._silent = 0  # since any byte came
        self._unsent = 0  # since we wrote anything
        self._frame = 0  # since the frame that isn't whole was begun
        self._partial = 0  # bytes there are of it
        self._unread = 0  # since the peer took anything of what waits in the transport
        self._unread_size = 0  # bytes that wait there

    def heard(self) -> None:
        """Bytes came, of whatever kind."""
        self._silent = 0

    def framed(self) -> None:
        """A frame is whole."""
        self._frame = 0

    def sent(self) -> None:
        """Something was written."""
        self._unsent = 0

    def taken(self) -> None:
        """The peer took so much that writing may go on."""
        self._unread = 0

    def tick(self, *, unread: int | None, partial: int | None, reading: bool) -> None:
        """A beat passed.

        `unread`: bytes the transport holds while writing is paused. `partial`: bytes there are of
        a frame that isn't whole. `reading` False: we pause on our own account, so the peer is not
        to blame for what we don't hear.
        """
        self._unsent += 1
        if unread is None or unread < self._unread_size:
            self._unread = 0
        else:
            self._unread += 1
        self._unread_size = unread or 0
        if reading:
            self._silent += 1
            self._frame = 0 if partial is None else self._frame + 1
            self._partial = partial or 0

    def ping_due(self) -> bool:
        """Should something be said, so that the peer doesn't take us for dead?"""
        return self._unsent >= self._limits.keepalive_ticks

    def verdict(self) -> ProtocolError | None:
        """Why the connection should end now, if it should."""
        limits = self._limits
        if self._silent > limits.silent_ticks_max:
            return PeerSilent(f"nothing heard for {self._silent * limits.tick_s:g} s")
        if self._unread > limits.unread_ticks_max:
            return PeerNotReading(f"nothing taken for {self._unread * limits.tick_s:g} s")
        if self._frame > limits.frame_grace_ticks + self._partial // limits.frame_progress_min:
            return FrameTooSlow(f"{self._partial} bytes in {self._frame * limits.tick_s:g} s")
        return None
