"""The network to the other nodes, as every part of this program makes it."""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version

from node.clock import now_ms
from node.membership import Admitted
from p2p.handler import Handler
from p2p.network import Network, NetworkSettings
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
