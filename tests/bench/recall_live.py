"""A recall in a million items on four live nodes: `python -m tests.bench.recall_live`.

Real processes on this machine. The tea maker's history of `tests.bench.million_items` is captured
over their APIs, then one lot is recalled while a client at each node pays all the time. Prints how
long the captures took, whether the product was held in the recall's own block, how long it took
until all marks stood, and the longest time without an acknowledged payment, before and meanwhile.
"""

import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import gtin_of, identity
from commerce.products import ProductRegister
from commerce.recalls.recalls import RecallOpen
from commerce.registry import operation
from tests.bench.command import command, say, tell
from tests.bench.million_items import BOTTLES, documents
from tests.commerce.epcis.tea_history import BAD, History
from tests.processes.net import Load, Net, running, until

MAKER: Final = "merchant"
CLIENTS: Final = 8
# Payments before the recall, against which those meanwhile are held.
BASE_PAYMENTS: Final = 200
SPREAD_TIMEOUT_S: Final = 600.0


class Clients:
    """Threads that capture documents, each at one node after the other's turn."""

    def __init__(self, net: Net, texts: Sequence[bytes]) -> None:
        self._net = net
        self._texts: Iterator[tuple[int, bytes]] = enumerate(texts)
        self._lock = threading.Lock()
        self.claims = 0

    def run(self) -> float:
        """Capture all; the seconds that it took."""
        began = time.monotonic()
        threads = [threading.Thread(target=self._capture) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return time.monotonic() - began

    def _next(self) -> tuple[int, bytes] | None:
        with self._lock:
            return next(self._texts, None)

    def _capture(self) -> None:
        nodes = self._net.testnet.nodes
        while (found := self._next()) is not None:
            number, text = found
            capture = operation("epcis.capture", EpcisCapture(text, "public"))
            outcome = self._net.decide(nodes[number % len(nodes)], self._net.signed(MAKER, capture))
            captured = [event["data"] for event in outcome.events]
            with self._lock:
                self.claims += sum(bool(data.get("claim")) for data in captured)
            if number % 50 == 0:
                tell(f"{number} documents")


@dataclass(frozen=True, slots=True)
class Spread:
    """What a recall took on the live network."""

    told: dict[str, Any]
    held: bool
    seconds: float
    blocks: int
    pause_before_s: float
    pause_meanwhile_s: float


def recall(net: Net) -> Spread:
    """Recall the bad lot under a load of payments."""
    node, gtin = net.testnet.nodes[0], gtin_of(BAD)
    assert gtin is not None
    product = ProductRegister(gtin, "leaf", "food", True, "dry", ())  # noqa: FBT003
    net.decide(node, net.signed(MAKER, operation("product.register", product)))
    opening = RecallOpen(gtin, 1, bytes(32), None, (identity(BAD).rpartition("/")[2],))
    with Load(net) as load:
        start = time.monotonic()
        until(lambda: len(load.acknowledged) >= BASE_PAYMENTS, "a base line")
        began = time.monotonic()
        outcome = net.decide(node, net.signed(MAKER, operation("recall.open", opening)))
        recall_id = outcome.event("recall.opened")["recall_id"]
        path = f"/v1/recalls/{recall_id}"
        held = bool(net.get(node, path)["spreading"])
        until(lambda: not net.get(node, path)["spreading"], "marks", SPREAD_TIMEOUT_S)
        ended = time.monotonic()
    blocks = net.height([node]) - outcome.height
    before = longest([at for at in load.after(start) if at < began])
    meanwhile = longest([at for at in load.after(began) if at < ended])
    return Spread(net.get(node, path), held, ended - began, blocks, before, meanwhile)


def longest(moments: Sequence[float]) -> float:
    """The longest time between two of them."""
    return max((after - before for before, after in pairwise(moments)), default=0.0)


def bench(net: Net, bottles: int) -> None:
    """Capture, recall, print."""
    events = list(History(bottles).run())
    texts = list(documents(events))
    tell(f"capturing {len(events):,} events in {len(texts)} documents")
    clients = Clients(net, texts)
    took_s = clients.run()
    say(f"captured {len(events):,} events in {took_s:.0f} s ({len(events) / took_s:.0f} a second)")
    say(f"claims among them: {clients.claims}")
    spread = recall(net)
    say(f"held in the recall's own block: {spread.held}")
    say(f"all marks after {spread.seconds:.1f} s, {spread.blocks} blocks")
    say(f"the recall: {spread.told}")
    say(
        "longest time without an acknowledged payment: "
        f"{spread.pause_before_s:.2f} s before, {spread.pause_meanwhile_s:.2f} s meanwhile"
    )
    net.at_rest()
    say("all nodes have the same block and state")


def main() -> None:
    """Parse the command line and run."""
    parser = command("recall_live", __doc__)
    parser.add_argument("--bottles", type=int, default=BOTTLES, help="size of the history")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as net:
        bench(net, arguments.bottles)


if __name__ == "__main__":
    main()
