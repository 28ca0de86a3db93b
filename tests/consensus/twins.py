"""Twins (Bano et al., 2021): one member runs twice under one key, in a network that is split.

Both copies run honest code; what makes them Byzantine is that neither knows of the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product

from typing_extensions import override

from chain.genesis import ConsensusParameters
from consensus.config import ChainTip, ReplicaConfig
from tests.consensus.cluster import Cluster, Node
from tests.consensus.stub_chain import sign_as

FAST = ConsensusParameters(
    leader_period=2,
    request_timeout_ms=100,
    seal_timeout_ms=100,
    seal_delay_ms=20,
    view_timeout_ms=150,
    view_timeout_max_ms=600,
    resend_ms=50,
)

# Who is on the one side; the others are on the other.
Side = frozenset[int]


def partitions(nodes: int) -> Iterator[Side]:
    """All ways to split the nodes in two, node 0's side first; one of them is no split."""
    for others in product((True, False), repeat=nodes - 1):
        yield frozenset([0, *(i for i, near in enumerate(others, 1) if near)])


class TwinCluster(Cluster):
    """n members and one node more: a second copy of `member`, with its key and its own disk."""

    def __init__(self, n: int, member: int) -> None:
        self.member, self.twin = member, n
        self.side: Side = frozenset()
        super().__init__(n, FAST, faulty=[member])
        self.faulty = frozenset({member, self.twin})
        copy = self._replica(self.twin, ChainTip(*self._tip([])), [])
        self.nodes.append(Node(self.twin, copy))
        for index in (member, self.twin):
            node = self.nodes[index]
            node.alive = True
            self.obey(node, node.replica.tick(self.now_ms, 0))

    @override
    def config(self, index: int) -> ReplicaConfig:
        own = super().config(self.member if index == self.twin else index)
        # A copy that asked for its votes would hear of the other's, and be silent.
        return replace(own, nonce=None) if index in {self.member, self.twin} else own

    @override
    def _signer(self, index: int) -> Callable[[bytes], bytes]:
        if index == self.member:
            # It may sign two digests: its copies don't know of each other.
            return lambda message: sign_as(index, message)
        return super()._signer(index)

    def split(self, side: Side, ticks: int) -> None:
        """So long nothing passes between the sides; what is said across is lost."""
        for _ in range(ticks):
            self.drain(lambda e: (e.source in side) == (e.target in side))
            self.pass_ticks()

    def heal(self, height: int) -> None:
        """All are connected, the copies too, until everybody is there."""
        self.run(lambda: self.height() >= height, ticks=600)
