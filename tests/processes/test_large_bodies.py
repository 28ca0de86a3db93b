"""Bodies of a megabyte that are refused leave nothing in a node's memory."""

from collections import Counter
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from threading import Thread
from typing import Final
from urllib.parse import urlsplit

from node import processes
from tests.hostile.malformed import rss_mib
from tests.processes.net import running

SUBMIT, BATCH = "/v1/transactions", "/v1/transactions/batch"
JSON, MSGPACK = "application/json", "application/msgpack"
BODIES: Final = (
    (SUBMIT, MSGPACK, bytes(1_000_000)),
    (SUBMIT, MSGPACK, b"\xc6\x00\x0f\x42\x40" + bytes(1_000_000)),
    (SUBMIT, JSON, b'{"transaction":"' + b"00" * 900_000 + b'"}'),
    (SUBMIT, JSON, b'{"transaction":"' + b"\\u0030" * 300_000 + b'"}'),
    (SUBMIT, JSON, b'{"transaction":"' + b"00" * 900_000),
    (BATCH, JSON, b'{"transactions":["' + b"00" * 1_900_000 + b'"]}'),
    ("/v1/transactions/dry-run", JSON, b'{"content":"' + b"00" * 900_000 + b'"}'),
)
CONNECTIONS: Final = 4
EACH: Final = 40
# As of malformed frames and requests; before, it was a gigabyte.
GROWTH_MAX_MIB: Final = 64


def test_large_bodies_that_are_refused_are_let_go(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    with running(tmp_path) as net:
        node = net.testnet.nodes[0]
        pid = processes.state_of(net.testnet, node).pid
        assert pid is not None
        base = peak = rss_mib(pid)
        answered: Counter[int] = Counter()

        def post(path: str, media_type: str, body: bytes) -> None:
            connection = HTTPConnection(urlsplit(node.api).netloc, timeout=60)
            for _ in range(EACH):
                connection.request("POST", path, body, {"Content-Type": media_type})
                answer = connection.getresponse()
                assert b'"code"' in answer.read()
                answered[answer.status] += 1
            connection.close()

        for entry in BODIES:
            threads = [Thread(target=post, args=entry) for _ in range(CONNECTIONS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            peak = max(peak, rss_mib(pid))
        tell(f"large refused bodies: {dict(answered)}; memory grew by {peak - base:.0f} MiB")
        # A batch is answered item by item.
        each = CONNECTIONS * EACH
        assert answered == {400: (len(BODIES) - 1) * each, 200: each}
        assert peak - base <= GROWTH_MAX_MIB
        net.level()
