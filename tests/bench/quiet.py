"""A simulated cluster in which nothing goes wrong: what its nodes send can be counted exactly.

The nodes are those of `tests.sim`: real replicas, ledgers, pools, gossip. Messages take long, and
all alike, so that every member has done its part before the messages of the next phase come.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from chain.block import VoteType
from p2p.frames import Channel
from tests.sim.network import Quality
from tests.sim.profile import plan
from tests.sim.simulation import Simulation
from tests.sim.world import MS, SECOND

DELAY_US = 10 * MS
SETTLE_MAX_US = 20 * SECOND
# What nodes that have just started ask each other is answered by then.
START_US = 3 * SECOND
REST_US = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent from one node to another, by kind: messages and bytes, without TLS."""

    messages: Counter[str]
    size: Counter[str]


class QuietCluster:
    """`nodes` members that all are well; `sent` is what they have said."""

    def __init__(self, nodes: int) -> None:
        quality = Quality(delay_min_us=DELAY_US, delay_mean_us=1)
        drawn = plan(1, nodes, "calm", real_signatures=False)
        drawn = replace(drawn, chaos=quality, calm=quality, fsync_us=1, time_scale=1)
        self._simulation = Simulation(1, drawn)
        self.nodes = self._simulation.nodes
        self.sent = Sent(Counter(), Counter())
        self._simulation.network.tamper = self._note
        for node in self.nodes:
            node.start()
        self._simulation.world.run(START_US)

    @property
    def height(self) -> int:
        """What all have written."""
        return min(node.ledger.tip.height for node in self.nodes)

    def forget(self) -> None:
        """Begin to count anew."""
        self.sent = Sent(Counter(), Counter())

    def payments(self, count: int) -> list[bytes]:
        """Signed payments."""
        return [self._simulation.workload.pay() for _ in range(count)]

    def decide(self, raws: Iterable[bytes]) -> int:
        """Hand them to the leader at once and wait until all is written, sealed and at rest.

        Returns how many blocks that took.
        """
        before = self.height
        world = self._simulation.world
        leader = self.nodes[self.nodes[0].leader or 0]
        for raw in raws:
            refusal = leader.submit(raw)
            assert refusal is None, refusal
        is_decided = world.run(world.now_us + SETTLE_MAX_US, self._is_decided)
        assert is_decided, "nothing was decided"
        # Votes that are still under way are answered, where anything is.
        world.run(world.now_us + 10 * DELAY_US)
        return self.height - before

    def rest(self) -> None:
        """Let a long time pass in which nobody wants anything."""
        world = self._simulation.world
        world.run(world.now_us + REST_US)

    def _is_decided(self) -> bool:
        return self._simulation._settled()

    def _note(self, _source: int, _place: int, channel: Channel, payload: bytes) -> tuple[bytes]:
        kind = channel.name.lower()
        if channel is Channel.CONSENSUS:
            kind = VoteType(payload[0]).name
        self.sent.messages[kind] += 1
        self.sent.size[kind] += len(payload)
        return (payload,)
