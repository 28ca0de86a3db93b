"""What a node says of itself while it joins: the same status as ever, of what is known by then."""

from chain.context import Chain
from chain.genesis import Genesis
from node.clock import now_ms
from node.config import NodeConfig
from node.hearsay import Hearsay
from node.joining import Underway
from node.joining_progress import joining_words
from node.membership import role_of
from node.peer_network import PeerViews, own_version
from node.service import NodeStatus, SyncView


class JoiningNode:
    """One attempt to join, as the API tells of it."""

    def __init__(
        self, config: NodeConfig, genesis: Genesis, node_key: bytes, underway: Underway
    ) -> None:
        self._config = config
        self._node_key = node_key
        self._underway = underway
        self._started_ms = now_ms()
        self._peers = PeerViews(Hearsay())
        committee = underway.standing.committee
        self.chain = Chain(genesis, genesis.hash(), committee)

    def status(self) -> NodeStatus:
        """What the node says of itself now."""
        standing, progress = self._underway.standing, self._underway.progress
        tip, committee = standing.tip, standing.committee
        view = progress.view()
        return NodeStatus(
            name=self._config.name,
            version=own_version(),
            store=self._config.store,
            time_ms=now_ms(),
            started_ms=self._started_ms,
            height=tip.height,
            block_hash=tip.digest,
            state_root=tip.state_root,
            view=0,
            primary="",
            member_index=committee.index_of(self._node_key),
            pool_count=0,
            pool_bytes=0,
            ready=False,
            not_ready_because=(joining_words(progress),),
            peers=tuple(self._peers.of(peer, committee) for peer in self._underway.peers()),
            role=role_of(committee, self._node_key),
            epoch=committee.epoch,
            withheld="the node joins by a snapshot",
            sync=SyncView(tip.height, max(tip.height, view.target), 0, 0, None),
            p2p_port=self._config.p2p_port,
            node_key=self._node_key,
            joining=view,
        )
