"""How a machine asks its own node: the URL and the client that the node's settings lead to."""

from pathlib import Path
from typing import Final

from node.client import NodeClient
from node.config import NodeConfig

TIMEOUT_S: Final = 5.0


def own_url(config: NodeConfig) -> str | None:
    """Where this machine asks the node; None where the system chose the port."""
    if not config.api_port:
        return None
    scheme = "http" if config.api_certificate is None else "https"
    host = reachable(config.api_host)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.api_port}"


def client_of(
    url: str, ca: Path | None, config: NodeConfig | None, timeout_s: float = TIMEOUT_S
) -> NodeClient:
    """A client of one node, which may be this machine's."""
    own = None if config is None else config.api_certificate
    return NodeClient([url], timeout_s=timeout_s, ca=ca or own)


def reachable(host: str) -> str:
    """Where this machine reaches what listens there."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound here
