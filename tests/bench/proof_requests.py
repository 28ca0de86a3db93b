"""What a proof costs its client: `python -m tests.bench.proof_requests [SECONDS]` (5 by default).

Four real processes on this machine; every answer is verified from the genesis. First the chain
rests, then clients pay without a pause: there a proof of state waits for the block above.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from statistics import quantiles

from chain.bundle_check import verify_bundle
from chain.genesis import Genesis
from commerce.money import BALANCES, asset_part
from node.clock import now_ms
from node.genesis_file import load_genesis
from node.testnet_layout import GENESIS
from tests.processes.net import Load, Net, running

SECONDS = 5.0
# What is proven must be no older, under load and at rest.
AGE_MS = 3_000


def paths(net: Net, paid: str) -> dict[str, str]:
    """Names and paths of what is asked for."""
    key = BALANCES.key(net.account("merchant"), asset_part("CNY")).hex()
    return {
        "state": f"/v1/proof/state/{key}",
        "state, heads": f"/v1/proof/state/{key}?heads=true",
        "transaction": f"/v1/proof/transaction/{paid}",
        "receipt": f"/v1/proof/receipt/{paid}",
    }


def measure(
    net: Net, genesis: Genesis, seconds: float, path: str, *, fresh: bool
) -> tuple[list[float], int]:
    """Seconds of each request one after another, by turns on all nodes; bytes of the largest."""
    took: list[float] = []
    size = 0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        node = net.testnet.nodes[len(took) % len(net.testnet.nodes)]
        began = time.monotonic()
        data = net.client(node).file(path)
        took.append(time.monotonic() - began)
        size = max(size, len(data))
        age_ms = AGE_MS if fresh else None
        verify_bundle(data, genesis, now_ms=now_ms(), max_age_ms=age_ms)
    return took, size


def main(seconds: float, tell: Callable[[str], None]) -> None:
    """Measure at rest and under load, and tell."""
    with tempfile.TemporaryDirectory() as place, running(Path(place)) as net:
        genesis = load_genesis(net.testnet.directory / GENESIS)
        paid = net.decide(net.testnet.nodes[0], net.payment()).id
        net.at_rest()
        for state in ("at rest", "under load"):
            paying = Load(net) if state == "under load" else nullcontext()
            with paying:
                for name, path in paths(net, paid).items():
                    fresh = "heads" in name
                    took, size = measure(net, genesis, seconds / 4, path, fresh=fresh)
                    cuts = [1000 * cut for cut in quantiles(took, n=100)]
                    times = f"median {cuts[49]:.1f} ms, 99 of 100 within {cuts[98]:.1f} ms"
                    tell(f"{state}: {name}: {times}, {size} bytes ({len(took)} requests)")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS, print)
