"""The two addresses where a node listens: free for a stopped node, its own where one runs."""

import errno
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from node.config import NodeConfig
from node.doctor.report import Check, Code, failed, not_checked, ok
from node.own_api import reachable
from node.words import said

CONNECT_S: Final = 3.0


def check_ports(config: NodeConfig, *, runs: bool) -> Iterator[Check]:
    """Both, in the order p2p, API."""
    for name, host, port in (
        (said("p2p port"), config.p2p_host, config.p2p_port),
        (said("api port"), config.api_host, config.api_port),
    ):
        if not port:
            yield not_checked(name, said("port 0: the system chooses one at each start"))
        elif runs:
            yield _answers(name, host, port)
        else:
            yield _is_free(name, host, port)


def _is_free(name: str, host: str, port: int) -> Check:
    do = said("stop what listens there (ss -ltnp), or name another port")
    try:
        with closing(_bound(host, port)):
            return ok(name, said("{host}:{port} is free", host=host, port=port))
    except OSError as error:
        words = said("{host}:{port}: {error}", host=host, port=port, error=error.strerror or error)
        if error.errno == errno.EADDRINUSE:
            words = said(
                "another process listens on {host}:{port}, and it is no node on this data",
                host=host,
                port=port,
            )
        if error.errno == errno.EADDRNOTAVAIL:
            do = said("name an address of this machine, or 0.0.0.0")
        return failed(name, words, do, Code.BAD_CONFIG)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def _answers(name: str, host: str, port: int) -> Check:
    try:
        socket.create_connection((reachable(host), port), timeout=CONNECT_S).close()
    except OSError as error:
        words = said(
            "{host}:{port} doesn't answer although the node runs: {error}",
            host=host,
            port=port,
            error=error.strerror or error,
        )
        do = said("was the file changed after the start? Restart the node; look at the firewall")
        return failed(name, words, do, Code.UNREACHABLE)
    return ok(name, said("{host}:{port} answers", host=host, port=port))
