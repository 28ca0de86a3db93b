"""Out to the peers, by node key: votes, questions, answers. Nothing here waits."""

from collections.abc import Sequence

from consensus.messages import encode_message
from consensus.output import ALL, Send
from p2p import messages as wire
from p2p.frames import Channel
from p2p.network import Network

# Peers asked at a time for the bodies of a proposal.
BODIES_ASKED = 2


class Transport:
    """Sends messages to peers; never waits. Silent until `network` is attached."""

    def __init__(self) -> None:
        self.network: Network | None = None

    def send(self, peer: bytes, message: wire.Message) -> None:
        """One message of `p2p.messages` to one peer."""
        channel, payload = wire.write_message(message)
        if self.network is not None:
            self.network.send(peer, channel, payload)

    def send_votes(self, sends: Sequence[Send]) -> None:
        """Consensus messages to their recipients, each encoded once."""
        if self.network is None:
            return
        for send in sends:
            payload = encode_message(send.message)
            if send.recipients == ALL:
                self.network.broadcast(Channel.CONSENSUS, payload)
            for peer in send.recipients:
                self.network.send(peer, Channel.CONSENSUS, payload)

    def connected(self) -> tuple[bytes, ...]:
        """The peers that are there now."""
        return () if self.network is None else self.network.connected()

    def ask_bodies(self, hashes: Sequence[bytes], vouched: tuple[bytes, ...], attempt: int) -> None:
        """Ask two peers for the bodies of these hashes; all get their turn as attempts go on."""
        others = (peer for peer in self.connected() if peer not in vouched)
        turns = (*vouched, *others)
        for turn in range(min(BODIES_ASKED, len(turns))):
            peer = turns[(BODIES_ASKED * attempt + turn) % len(turns)]
            for at in range(0, len(hashes), wire.BODIES_MAX):
                self.send(peer, wire.BodiesRequest(tuple(hashes[at : at + wire.BODIES_MAX])))
