"""What peers let slip by what they send anyway: how high they are, and what their clock says.

Claims, like the greeting's: for people to read, never for a decision. A peer's word is about itself
alone, so that nobody can say something of another here.
"""

from dataclasses import dataclass, field

from consensus.messages import Commit, Message, Prepare, PrePrepare, Status


@dataclass(slots=True)
class _Heard:
    """Of one peer: decided height, the newest proposal's height, its clock less ours then."""

    height: int
    proposed: int = 0
    skew_ms: int | None = None


@dataclass(slots=True)
class Hearsay:
    """The newest word of each connected peer, by node key."""

    _heard: dict[bytes, _Heard] = field(default_factory=dict)

    def connected(self, peer: bytes, height: int) -> None:
        """A peer greeted with this height; what was heard before was another connection's."""
        self._heard[peer] = _Heard(height)

    def disconnected(self, peer: bytes) -> None:
        """It is gone; nothing is known of it any more."""
        self._heard.pop(peer, None)

    def consensus(self, peer: bytes, message: Message, now_ms: int) -> None:
        """A consensus message came from this peer."""
        heard = self._heard.get(peer)
        if heard is None:
            return
        match message:
            case Status():
                heard.height = max(heard.height, message.height)
            case PrePrepare():
                self._proposal(heard, message, now_ms)
                heard.height = max(heard.height, message.height - 1)
            case Prepare() | Commit():
                # Nobody votes before the height below is decided and on its disk.
                heard.height = max(heard.height, message.height - 1)
            case _:
                # Of views, or of what somebody else did.
                pass

    def _proposal(self, heard: _Heard, message: PrePrepare, now_ms: int) -> None:
        """A block's first proposal is made at the primary's time; a repetition tells of delay."""
        if message.height <= heard.proposed or message.header.view != message.view:
            return
        heard.proposed = message.height
        heard.skew_ms = message.header.time_ms - now_ms

    def height(self, peer: bytes) -> int | None:
        """The decided height that a connected peer was last heard to have."""
        heard = self._heard.get(peer)
        return None if heard is None else heard.height

    def skew_ms(self, peer: bytes) -> int | None:
        """Its clock less ours, by its last proposal, the way here included; None: it made none."""
        heard = self._heard.get(peer)
        return None if heard is None else heard.skew_ms
