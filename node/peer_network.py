"""The network to the other nodes, as every part of this program makes it."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version

from node.clock import now_ms
from node.membership import Admitted
from node.service import PeerView
from p2p.handler import Handler
from p2p.network import Network, NetworkSettings
from p2p.peer import PeerStatus
from p2p.tls import NodeIdentity


@cache
def own_version() -> str:
    """The installed version. Looked up once: it reads a file, and statuses are often asked for."""
    return version("hushang")


def make_network(
    identity: NodeIdentity,
    genesis_hash: bytes,
    listen: tuple[str, int],
    jitter: Callable[[], float],
    nodes: Sequence[Admitted],
    handler: Handler,
) -> Network:
    """It is not started. `jitter` draws from [0, 1), for the delays of reconnecting."""
    settings = NetworkSettings(
        genesis_hash=genesis_hash,
        listen=listen,
        clock_ms=now_ms,
        jitter=jitter,
        agent=f"hushang/{own_version()}",
    )
    return Network(identity, nodes, handler, settings)


def peer_view(peer: PeerStatus) -> PeerView:
    """A peer as the API tells of it."""
    return PeerView(
        name=peer.name,
        public_key=peer.public_key,
        connected=peer.connected,
        height=peer.height,
        last_seen_ms=peer.last_seen_ms,
        queued=sum(queue.frames for queue in peer.queues.values()),
        dropped=sum(queue.dropped for queue in peer.queues.values()),
        bytes_in=peer.size_in,
        bytes_out=peer.size_out,
        last_error=peer.last_error or None,
        on_two_hosts=peer.on_two_hosts,
    )
