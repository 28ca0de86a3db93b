"""From members of the committee (indexes) to peers of the network (keys), and out."""

from collections.abc import Sequence

from chain.committee import Committee
from consensus.messages import encode_message
from consensus.output import ALL, Send
from p2p import messages as wire
from p2p.frames import Channel
from p2p.network import Network


class Transport:
    """Sends messages to members; never waits. Silent until `network` is attached."""

    def __init__(self, committee: Committee, own_key: bytes) -> None:
        self.network: Network | None = None
        self._keys = tuple(member.node_key for member in committee.members)
        self._indexes = {key: index for index, key in enumerate(self._keys)}
        self._own = self._indexes.get(own_key)

    def index(self, key: bytes) -> int | None:
        """The committee index of a node key."""
        return self._indexes.get(key)

    def send(self, member: int, message: wire.Message) -> None:
        """One message of `p2p.messages` to one member."""
        channel, payload = wire.write_message(message)
        if self.network is not None:
            self.network.send(self._keys[member], channel, payload)

    def send_votes(self, sends: Sequence[Send]) -> None:
        """Consensus messages to their recipients, each encoded once."""
        if self.network is None:
            return
        for send in sends:
            payload = encode_message(send.message)
            if send.recipients == ALL:
                self.network.broadcast(Channel.CONSENSUS, payload)
            for member in send.recipients:
                self.network.send(self._keys[member], Channel.CONSENSUS, payload)

    def ask_bodies(self, hashes: Sequence[bytes], vouched: tuple[int, ...], attempt: int) -> None:
        """Ask two members for the bodies of these hashes; all get their turn as attempts go on."""
        others = [member for member in range(len(self._keys)) if member not in vouched]
        turns = [member for member in (*vouched, *others) if member != self._own]
        for turn in range(min(2, len(turns))):
            member = turns[(2 * attempt + turn) % len(turns)]
            for at in range(0, len(hashes), wire.BODIES_MAX):
                self.send(member, wire.BodiesRequest(tuple(hashes[at : at + wire.BODIES_MAX])))
