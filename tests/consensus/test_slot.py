"""The active slot: what is held there, and what follows when a block's bodies come late."""

from consensus.messages import Commit, PrePrepare
from consensus.output import CheckRequest
from tests.consensus.cluster import Cluster, Envelope, Node


class Forgetful(Cluster):
    """Nobody answers member 2 for single bodies: the others have decided and let them go."""

    def _check(self, node: Node, request: CheckRequest) -> None:
        if node.index != 2 or request.bodies is not None:
            super()._check(node, request)


def test_a_certified_block_that_comes_whole_is_executed_though_its_bodies_were_waited_for() -> None:
    cluster = Forgetful(4)
    cluster.submit(b"pay", to=(0, 1, 3))

    def passes(envelope: Envelope) -> bool:
        return envelope.target != 2 or isinstance(envelope.event, PrePrepare | Commit)

    others = [cluster.nodes[index] for index in (0, 1, 3)]
    cluster.run(lambda: all(node.replica.height == 1 for node in others), passes=passes)
    assert cluster.nodes[2].replica.height == 0

    cluster.run(lambda: cluster.nodes[2].replica.height >= 1)
