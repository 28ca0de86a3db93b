"""Four replicas that have a proposal of height 1 and whose checks of it wait for the test."""

from consensus.messages import PrePrepare
from consensus.output import CheckRequest
from tests.consensus.cluster import Cluster


def proposed() -> tuple[Cluster, bytes]:
    """Height 1 is proposed to all and checked by nobody yet; its digest."""
    cluster = Cluster(4)
    cluster.queue.clear()
    cluster.submit(b"one")
    for entry in [e for e in cluster.queue if isinstance(e.event, PrePrepare)]:
        cluster.deliver(entry)
    return cluster, cluster.nodes[1].replica._state.slot.proposals[0].digest


def checks(cluster: Cluster, member: int) -> list[CheckRequest]:
    """What a member wants checked."""
    found = [e.event for e in cluster.queue if e.target == member]
    return [event for event in found if isinstance(event, CheckRequest)]
