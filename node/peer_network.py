"""The network to the other nodes, as every part of this program makes it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

from chain.committee import Committee
from node.clock import now_ms
from node.hearsay import Hearsay
from node.membership import Admitted, role_of
from node.service import CertificateState, PeerView
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


@dataclass(frozen=True, slots=True)
class PeerViews:
    """Peers as the API tells of them: what the network knows, the chain says and they let slip."""

    hearsay: Hearsay

    def of(self, peer: PeerStatus, committee: Committee) -> PeerView:
        """One peer, under the committee that decides the next block."""
        key, now = peer.public_key, now_ms()
        heard = self.hearsay.height(key) if peer.connected else None
        return PeerView(
            name=peer.name,
            public_key=key,
            connected=peer.connected,
            height=peer.height if heard is None else heard,
            last_seen_ms=peer.last_seen_ms,
            queued=sum(queue.frames for queue in peer.queues.values()),
            dropped=sum(queue.dropped for queue in peer.queues.values()),
            bytes_in=peer.size_in,
            bytes_out=peer.size_out,
            last_error=peer.last_error or None,
            on_two_hosts=peer.on_two_hosts,
            address=None if peer.address is None else host_and_port(*peer.address),
            direction=None if peer.direction is None else peer.direction.value,
            connected_ms=None if peer.age_ms is None else now - peer.age_ms,
            agent=peer.agent,
            seat=committee.index_of(key),
            role=role_of(committee, key),
            clock_skew_ms=self.hearsay.skew_ms(key),
        )


def host_and_port(host: str, port: int) -> str:
    """An address as people write it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def certificate_state(network: Network) -> CertificateState:
    """The certificate that peers are shown; the node's own, which has no names."""
    dates = network.certificate_dates
    return CertificateState("peers", (), dates.start_ms, dates.end_ms)
