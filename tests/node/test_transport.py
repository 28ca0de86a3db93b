"""From committee indexes to network keys: who is sent what, each message encoded once."""

from dataclasses import dataclass, field
from itertools import chain as joined
from typing import cast

import pytest

from chain.context import Chain
from consensus.messages import Complaint, decode_message
from consensus.output import ALL, Send
from node.transport import Transport
from p2p import messages as wire
from p2p.frames import Channel
from p2p.messages import BodiesRequest
from p2p.network import Network
from tests.chain.world import genesis

COMMITTEE = Chain.of(genesis(4)).committee
KEYS = tuple(member.node_key for member in COMMITTEE.members)
COMPLAINT = Complaint(3, 4, 0, bytes(64))


@dataclass
class Wire:
    """In the place of a network: remembers."""

    there: tuple[bytes, ...] = ()
    sent: list[tuple[bytes, Channel, bytes]] = field(default_factory=list)
    shouted: list[tuple[Channel, bytes]] = field(default_factory=list)

    def send(self, peer: bytes, channel: Channel, payload: bytes) -> None:
        self.sent.append((peer, channel, payload))

    def connected(self) -> tuple[bytes, ...]:
        return self.there

    def broadcast(self, channel: Channel, payload: bytes) -> None:
        self.shouted.append((channel, payload))


def attached(own: int = 0) -> tuple[Transport, Wire]:
    transport, network = Transport(), Wire(tuple(key_ for key_ in KEYS if key_ != KEYS[own]))
    transport.network = cast("Network", network)
    return transport, network


def asked(network: Wire) -> list[int]:
    return [KEYS.index(peer) for peer, _, _ in network.sent]


def test_without_a_network_it_is_silent() -> None:
    transport = Transport()
    transport.send_votes([Send(ALL, COMPLAINT)])
    transport.send(KEYS[1], wire.Ping())
    assert transport.connected() == ()


def test_a_vote_for_all_is_broadcast_and_one_for_some_goes_to_them() -> None:
    transport, network = attached()
    transport.send_votes([Send(ALL, COMPLAINT), Send((KEYS[1], KEYS[3]), COMPLAINT)])
    ((channel, payload),) = network.shouted
    assert channel is Channel.CONSENSUS
    assert decode_message(payload) == COMPLAINT
    assert network.sent == [(KEYS[member], Channel.CONSENSUS, payload) for member in (1, 3)]


def test_a_message_goes_on_its_channel() -> None:
    transport, network = attached()
    transport.send(KEYS[2], wire.BlocksRequest(1, 2))
    ((peer, channel, payload),) = network.sent
    assert (peer, wire.read_message(channel, payload)) == (KEYS[2], wire.BlocksRequest(1, 2))


def test_those_who_vouched_are_asked_for_bodies_first() -> None:
    transport, network = attached()
    transport.ask_bodies([bytes(32)], (KEYS[2], KEYS[3]), 0)
    assert asked(network) == [2, 3]


def test_as_attempts_go_on_everybody_gets_a_turn_but_never_oneself() -> None:
    for own in range(4):
        transport, network = attached(own)
        for attempt in range(6):
            transport.ask_bodies([bytes(32)], (KEYS[1],) if own != 1 else (), attempt)
        assert set(asked(network)) == {0, 1, 2, 3} - {own}


def test_without_peers_nobody_is_asked() -> None:
    transport, network = Transport(), Wire()
    transport.network = cast("Network", network)
    transport.ask_bodies([bytes(32)], (), 0)
    assert network.sent == []


def test_a_long_list_of_hashes_is_split(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "BODIES_MAX", 2)
    transport, network = attached()
    hashes = [bytes([number] * 32) for number in range(5)]
    transport.ask_bodies(hashes, (KEYS[1],), 0)
    requests = [wire.read_message(channel, payload) for _, channel, payload in network.sent]
    assert all(isinstance(request, BodiesRequest) for request in requests)
    half = [request.body_hashes for request in requests if isinstance(request, BodiesRequest)]
    assert [len(part) for part in half] == [2, 2, 1] * 2
    assert list(joined.from_iterable(half[:3])) == hashes
