"""Where the members of a cluster in memory stand, as their nodes would tell it over the API."""

from collections.abc import Collection
from typing import Any

from node.consensus_view import Surroundings, place_of
from node.rendering import render_fields
from node.service import PeerView, SyncView
from tests.consensus.cluster import Cluster
from tests.consensus.stub_chain import key


def place(
    cluster: Cluster, index: int, away: Collection[int] = (), bodies_missing: int = 0
) -> dict[str, Any]:
    """`GET /v1/consensus` of a member that reaches all that are up and not `away`."""
    node = cluster.nodes[index]
    replica = node.replica
    peers = [
        PeerView(
            name=f"m{other.index}",
            public_key=key(other.index),
            connected=other.alive and other.index not in away,
            height=other.replica.height,
            last_seen_ms=cluster.now_ms,
            queued=0,
            dropped=0,
            bytes_in=0,
            bytes_out=0,
            last_error=None,
        )
        for other in cluster.nodes
        if other.index != index
    ]
    around = Surroundings(
        name=f"m{index}",
        public_key=key(index),
        committee_of=cluster.committees.__getitem__,
        peers=peers,
        withheld=replica.withheld,
        pool=(len(node.pool), sum(map(len, node.pool))),
        bodies_missing=bodies_missing,
        decided_ms=cluster.now_ms if node.chain else None,
        written=len(node.chain),
        sync=SyncView(replica.height, 0, 0, 0, None),
        now_ms=cluster.now_ms,
    )
    return render_fields(place_of(replica.picture(), around))
