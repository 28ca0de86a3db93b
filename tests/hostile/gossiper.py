"""A member that only floods: `python -m tests.hostile.gossiper`, in the place of its node.

Reads a `Gossip` as one line of JSON, connects with the member's node key to the others, says
`ready`, waits for a line, and sends them signed transactions of a stock as fast as asked. It takes
no part in anything else. At the end it tells how many it sent to each.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Awaitable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from node.bench.stock import read_stock
from node.clock import now_ms
from node.keystore import find_passphrase, load_key
from p2p.frames import Channel
from p2p.messages import Hello, Transactions, write_message
from p2p.network import Network, NetworkSettings
from p2p.tls import NodeIdentity
from tests.p2p.net import Seat

# As many as a frame may carry, and how often some are sent.
FRAME_MAX: Final = 256
TICK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Gossip:
    """Who floods whom: `others` are (name, node key in hex, port)."""

    name: str
    key_file: str
    genesis_hash: str
    others: tuple[tuple[str, str, int], ...]
    directory: str
    rate_per_s: int
    seconds: float


class Deaf:
    """A handler that hears who is there, and nothing else."""

    def __init__(self, others: int) -> None:
        self.left = others
        self.all_there = asyncio.Event()

    def height(self) -> int:
        """Says nothing of itself."""
        return 0

    def connected(self, _peer: bytes, _hello: Hello) -> None:
        """One more."""
        self.left -= 1
        if not self.left:
            self.all_there.set()

    def disconnected(self, peer: bytes, reason: str) -> None:
        """Who throws it out is dialled again by the network."""
        sys.stderr.write(f"gossiper: {peer.hex()[:8]}: {reason}\n")
        self.left += 1

    def received(self, _peer: bytes, _channel: Channel, _payload: bytes) -> Awaitable[None] | None:
        """Reads everything and does nothing."""
        return None


async def flood(gossip: Gossip) -> int:
    """Connect, wait for the word, send; how many were sent to each."""
    key = load_key(Path(gossip.key_file), find_passphrase)
    seats = [
        Seat(bytes.fromhex(node_key), name, ("127.0.0.1", port))
        for name, node_key, port in gossip.others
    ]
    handler = Deaf(len(seats))
    identity = NodeIdentity(gossip.name, key.seed)
    settings = NetworkSettings(
        bytes.fromhex(gossip.genesis_hash), ("127.0.0.1", 0), now_ms, random.random
    )
    network = Network(identity, seats, handler, settings)
    async with asyncio.TaskGroup() as group:
        await network.start(group)
        await handler.all_there.wait()
        _say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        sent = await _send(network, gossip)
        await network.stop()
    return sent


async def _send(network: Network, gossip: Gossip) -> int:
    raws = (step.raw for chain in read_stock(Path(gossip.directory)) for step in chain.steps)
    began, sent = time.monotonic(), 0
    while (passed_s := time.monotonic() - began) < gossip.seconds:
        due = int(passed_s * gossip.rate_per_s) - sent
        while due > 0 and (batch := tuple(islice(raws, min(due, FRAME_MAX)))):
            network.broadcast(*write_message(Transactions(batch)))
            sent += len(batch)
            due -= len(batch)
        await asyncio.sleep(TICK_S)
    return sent


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Follow the protocol of this file's head."""
    record = json.loads(sys.stdin.readline())
    others = tuple((name, key, port) for name, key, port in record["others"])
    gossip = Gossip(**{**record, "others": others})
    _say(str(asyncio.run(flood(gossip))))


if __name__ == "__main__":
    main()
