"""What the nodes say before and after a run, and what their system says of their processes."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.crypto import PrivateKey, require_valid
from node.bench.measured import Probe
from node.client import NodeClient

MESSAGE_SIZE: Final = 300
VERIFIED: Final = 200
TRIES: Final = 5
PROC: Final = Path("/proc")
KIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Node:
    """A node that is measured; `pid` and `data` are known of those on this machine."""

    name: str
    url: str
    pid: int | None = None
    data: Path | None = None

    def get(self, path: str, **query: object) -> Any:
        """JSON from this node alone."""
        return NodeClient([self.url]).get(path, query)


def probe(node: Node) -> Probe:
    """Ask a node, and this machine's system where the node runs here."""
    status = node.get("/v1/status")
    told = read_metrics(NodeClient([node.url]).text("/metrics"))
    cpu_s, rss = told.get("process_cpu_seconds_total"), told.get("process_resident_memory_bytes")
    return Probe(
        cpu_s=cpu_s,
        rss_bytes=None if rss is None else int(rss),
        rss_anon_bytes=None if node.pid is None else rss_anon(node.pid),
        height=int(status["height"]),
        view=int(status["view"]),
        sent_bytes=sum(peer["bytes_out"] for peer in status["peers"]),
        received_bytes=sum(peer["bytes_in"] for peer in status["peers"]),
        disk_bytes=None if node.data is None else size_on_disk(node.data),
        started_ms=int(status["started_ms"]),
    )


def read_metrics(text: str) -> dict[str, float]:
    """The metrics without labels of an exposition text."""
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {words[0]: float(words[1]) for words in lines if "{" not in words[0]}


def rss_anon(pid: int) -> int | None:
    """Bytes of a process's memory that no file backs; None where the system doesn't tell."""
    try:
        text = (PROC / str(pid) / "status").read_text("ascii", "replace")
    except OSError:
        return None
    words = next((line.split() for line in text.splitlines() if line.startswith("RssAnon:")), None)
    return None if words is None else int(words[1]) * KIB


def size_on_disk(directory: Path) -> int:
    """Bytes of all files below, as long as they are (LevelDB replaces files meanwhile)."""
    total = 0
    for folder, _, names in os.walk(directory):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total


def load_average() -> float | None:
    """How many processes wanted a core in the last minute."""
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def verify_us() -> float:
    """Microseconds of CPU that one signature takes to verify here now: the bound of every node.

    The best of a few tries, so that what else the machine does counts as little as it can.
    """
    key = PrivateKey(bytes(32))
    message = bytes(MESSAGE_SIZE)
    signature = key.sign(message)
    best_s = float("inf")
    for _ in range(TRIES):
        began = time.thread_time()
        for _ in range(VERIFIED):
            require_valid(key.public_key, message, signature)
        best_s = min(best_s, time.thread_time() - began)
    return best_s / VERIFIED * 1e6
