"""Settings of the API: where it listens and every limit of its door. Times are seconds."""

from pydantic import BaseModel, ConfigDict, Field


class ApiSettings(BaseModel):
    """One node's own choice; nothing here is agreed with the other nodes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    # 0 lets the system choose; `ApiServer.start` returns what it chose.
    port: int = Field(default=0, ge=0, le=65_535)
    # Names besides localhost and IP addresses that a Host header may give (DNS rebinding).
    hosts: tuple[str, ...] = ()
    # Origins of web pages, besides this node's own, that may call this API.
    origins: tuple[str, ...] = ()

    connections_max: int = Field(default=512, ge=1)
    connections_per_address_max: int = Field(default=256, ge=1)
    streams_max: int = Field(default=256, ge=0)
    waits_max: int = Field(default=256, ge=0)
    # Proofs that are being made; each may wait for a block and for what members sign.
    proofs_max: int = Field(default=64, ge=0)
    # The largest transaction is 1 MiB, in JSON as hex twice that.
    body_size_max: int = Field(default=2 * 1024 * 1024 + 4096, ge=1024)
    batch_size_max: int = Field(default=8 * 1024 * 1024, ge=1024)
    # All bodies that are being read or worked on at once.
    bodies_size_max: int = Field(default=64 * 1024 * 1024, ge=1024)

    # From the connection, or the first byte of a next request, to the end of the header.
    header_timeout_s: float = Field(default=10.0, gt=0)
    body_timeout_s: float = Field(default=30.0, gt=0)
    # Between two requests on one connection.
    idle_timeout_s: float = Field(default=60.0, gt=0)
    # A client that reads so slowly that our bytes pile up is dropped after this long.
    write_timeout_s: float = Field(default=10.0, gt=0)
    wait_max_s: float = Field(default=60.0, gt=0)
    # A quiet stream says so this often; pings are as frequent, and half of it waits for a pong.
    heartbeat_s: float = Field(default=10.0, gt=0)
