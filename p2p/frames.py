"""Frames: how payloads of several channels share one byte stream; no I/O, no clock.

A frame is `length (4 bytes, big-endian) ‖ channel (1 byte) ‖ payload (length bytes)`. The length
is judged as soon as its four bytes are there, before anything is kept for the payload. A stream
that broke a rule has no next frame: the decoder refuses for good, the caller closes the connection.
"""

import enum
import struct
from dataclasses import dataclass
from typing import Final

from chain.errors import ProtocolError

HEADER: Final = struct.Struct(">IB")
FRAME_SIZE_MAX: Final = 4 * 1024 * 1024
GREETING_SIZE_MAX: Final = 4 * 1024


class FrameTooLarge(ProtocolError):
    """A frame's length field is above what the connection allows at this point."""

    hint = "the connection was ended; compare releases with that peer: it may have other limits"


class FrameEmpty(ProtocolError):
    """A frame has no payload: five bytes of work for nothing."""

    hint = (
        "the connection was ended; what dialled is no node of this software: see who has the "
        "address"
    )


class UnknownChannel(ProtocolError):
    """A frame's channel byte names no channel of this protocol version."""

    hint = "the connection was ended; compare releases with that peer: it may run a newer one"


class Channel(enum.IntEnum):
    """What a payload is about; the lower two go out before the upper two."""

    CONTROL = 0
    CONSENSUS = 1
    TRANSACTIONS = 2
    SYNC = 3


@dataclass(frozen=True, slots=True)
class Frame:
    """One payload (1 to the frame cap bytes) and its channel."""

    channel: Channel
    payload: bytes


_CHANNELS: Final = {int(channel): channel for channel in Channel}


def frame_header(channel: Channel, payload_size: int) -> bytes:
    """The five bytes before a payload. Requires 1 <= payload_size <= FRAME_SIZE_MAX."""
    assert 1 <= payload_size <= FRAME_SIZE_MAX, payload_size
    return HEADER.pack(payload_size, channel)


class FrameDecoder:
    """Cuts a byte stream, fed in any pieces, into frames.

    `frame_size_max` may be raised between two frames (a peer that has greeted may send more), so
    callers take one frame at a time. A payload that lies whole in one piece is copied once; one
    that comes in pieces is gathered in a bytearray, whose growth is linear however small they are.
    """

    __slots__ = ("_at", "_channel", "_data", "_header", "_missing", "_partial", "frame_size_max")

    def __init__(self, frame_size_max: int = FRAME_SIZE_MAX) -> None:
        assert 0 < frame_size_max <= FRAME_SIZE_MAX
        self.frame_size_max = frame_size_max
        self._data = b""  # the piece being cut; everything before `_at` is used up
        self._at = 0
        self._header = b""  # the first bytes of a header, when a piece ended inside it
        self._channel: Channel | None = None  # of the payload being read; None: header comes next
        self._missing = 0  # bytes until that payload is whole
        self._partial = bytearray()

    def feed(self, data: bytes) -> None:
        """Add a piece of the stream, after what was not yet taken of the last one."""
        self._data, self._at = self._data[self._at :] + data, 0

    def next_frame(self) -> Frame | None:
        """The next whole frame, None if more bytes are needed, or a `ProtocolError` for good."""
        if self._channel is None:
            self._read_header()
        if self._channel is None:
            return None
        piece = self._take(self._missing)
        self._missing -= len(piece)
        if self._missing:
            self._partial += piece
            return None
        if self._partial:
            self._partial += piece
            piece, self._partial = bytes(self._partial), bytearray()
        frame = Frame(self._channel, piece)
        self._channel = None
        return frame

    @property
    def mid_frame(self) -> bool:
        """Has a frame begun that is not whole yet?"""
        return bool(self._header) or self._channel is not None

    @property
    def held_size(self) -> int:
        """Bytes kept for a frame that is not whole yet."""
        return len(self._header) + len(self._partial)

    def _take(self, size: int) -> bytes:
        """Up to `size` bytes of the piece, which is let go once used up."""
        start, end = self._at, min(self._at + size, len(self._data))
        taken = self._data[start:end]
        self._at = end
        if end == len(self._data):
            self._data, self._at = b"", 0
        return taken

    def _read_header(self) -> None:
        self._header += self._take(HEADER.size - len(self._header))
        if len(self._header) < HEADER.size:
            return
        size, channel = HEADER.unpack(self._header)
        # The header stays where it is until it passed, so that a refused stream stays refused.
        if size > self.frame_size_max:
            msg = f"{size} bytes, at most {self.frame_size_max}"
            raise FrameTooLarge(msg)
        if size == 0:
            msg = "a frame without payload"
            raise FrameEmpty(msg)
        if channel not in _CHANNELS:
            msg = f"channel {channel}"
            raise UnknownChannel(msg)
        self._channel, self._missing, self._header = _CHANNELS[channel], size, b""
