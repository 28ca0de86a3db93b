"""Settings of the API: where it listens and every limit of its door. Times are seconds."""

from functools import lru_cache
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

# Addresses of which it is remembered whether they are a proxy's.
ADDRESSES_KEPT_MAX: Final = 1_024


class ApiSettings(BaseModel):
    """One node's own choice; nothing here is agreed with the other nodes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    # 0 lets the system choose; `ApiServer.start` returns what it chose.
    port: int = Field(default=0, ge=0, le=65_535)
    # With both the API speaks HTTPS (`certificate.py`).
    certificate: Path | None = None
    key: Path | None = None
    # Names besides localhost and IP addresses that a Host header may give (DNS rebinding).
    hosts: tuple[str, ...] = ()
    # Origins of web pages, besides this node's own, that may call this API.
    origins: tuple[str, ...] = ()

    # Networks of reverse proxies: who asks through one is told by its X-Forwarded-For.
    proxies: tuple[str, ...] = ()

    # What one client address may read a second (`Route.cost`); None: a figure of the node's own,
    # and no bound for this machine itself.
    query_rate_max: int | None = Field(default=None, ge=1)
    # Who may submit, by token; None: everybody.
    submit_tokens: Path | None = None
    submit_tokens_for: Literal["batch", "all"] = "batch"

    connections_max: int = Field(default=512, ge=1)
    connections_per_address_max: int = Field(default=256, ge=1)
    streams_max: int = Field(default=256, ge=0)
    waits_max: int = Field(default=256, ge=0)
    # Proofs that are being made; each may wait for a block and for what members sign.
    proofs_max: int = Field(default=64, ge=0)
    # Dry runs under way or waiting; they take turns with other long reads.
    dry_runs_max: int = Field(default=8, ge=0)
    # The largest transaction is 1 MiB, in JSON as hex twice that.
    body_size_max: int = Field(default=2 * 1024 * 1024 + 4096, ge=1024)
    batch_size_max: int = Field(default=8 * 1024 * 1024, ge=1024)
    # All bodies that are being read or worked on at once.
    bodies_size_max: int = Field(default=64 * 1024 * 1024, ge=1024)

    # From the connection, or the first byte of a next request, to the end of the header.
    header_timeout_s: float = Field(default=5.0, gt=0)
    body_timeout_s: float = Field(default=30.0, gt=0)
    # Between two requests on one connection.
    idle_timeout_s: float = Field(default=60.0, gt=0)
    # A client that reads so slowly that our bytes pile up is dropped after this long.
    write_timeout_s: float = Field(default=10.0, gt=0)
    wait_max_s: float = Field(default=60.0, gt=0)
    # A quiet stream says so this often.
    heartbeat_s: float = Field(default=10.0, gt=0)
    # A client of a stream that sends nothing is pinged this often; half of it waits for a pong.
    ping_s: float = Field(default=6.0, gt=0)

    def is_proxy(self, address: str) -> bool:
        """Does what this address forwards count by who asked there?"""
        return bool(self.proxies) and _is_in(address, self.proxies)


@lru_cache(ADDRESSES_KEPT_MAX)
def _is_in(address: str, networks: tuple[str, ...]) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(text) for text in networks)
