"""What the peer network asks of the node: the narrow side of it that hears about peers."""

from collections.abc import Awaitable
from typing import Protocol

from p2p.frames import Channel
from p2p.messages import Hello


class Handler(Protocol):
    """What the node does with its peers; called from the event loop's thread only.

    For each peer: `connected`, then any `received`, then `disconnected`, never interleaved with
    those of a later connection. A `ProtocolError` raised by `received` ends the connection and
    names the peer's fault; any other exception is our own bug and ends the network.
    """

    def height(self) -> int:
        """The decided height, for the greeting."""

    def connected(self, peer: bytes, hello: Hello) -> None:
        """A member's node is there; `hello` is what it claims."""

    def disconnected(self, peer: bytes, reason: str) -> None:
        """It is gone; what was queued for it is dropped."""

    def received(self, peer: bytes, channel: Channel, payload: bytes) -> Awaitable[None] | None:
        """A payload of 1 byte to `FRAME_SIZE_MAX`, not of the control channel.

        An awaitable is awaited before the next payload of its class (consensus on one hand,
        transactions and sync on the other): when too much has piled up, reading from that peer
        stops. Within a class, order is the sender's; consensus may overtake the rest.
        """
