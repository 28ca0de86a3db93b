"""What the beacon costs by the size of the committee: `python -m tests.bench.beacon [--help]`.

CPU time of each handler alone, without the transaction around it, the best of several; the bytes of
a deal; and what making a deal and opening a share cost a node. A draw uses one secret of every
member. "last reveal" is the one that makes the seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import thread_time_ns
from typing import Final

from chain.codec import encode
from chain.context import Context
from chain.state import Overlay
from commerce.beacon.acknowledge import BeaconAcknowledge
from commerce.beacon.records import Reserved
from commerce.beacon.reveal import BeaconReveal
from commerce.registry import operation
from tests.bench.command import command, say
from tests.commerce.beacon.ring import DRAW, Ring, member
from tests.commerce.seats import node_of
from tests.commerce.world import Sent, account

SIZES: Final = (4, 7, 31)
REPEATS: Final = 5


@dataclass(frozen=True, slots=True)
class Costs:
    """Microseconds, but for the bytes of a deal's payload."""

    size: int
    deal: float
    open: float
    share: float
    acknowledge: float
    reveal: float
    last_reveal: float


def measure(n: int, repeats: int = REPEATS) -> Costs:
    """Each step of a draw among n members."""
    ring = Ring(n)
    ring.world.audited = False
    made = ring.made(0)
    deal_us = _best(repeats, lambda: ring.made(0))
    share_us = _handler(ring, 0, "beacon.share", made, repeats)
    for dealer in ring.seats:
        assert ring.deal(dealer).status == "ok"
    open_us = _best(repeats, lambda: ring.opened(1, 0))
    others = sorted(account(member(dealer)) for dealer in ring.seats if dealer != 1)
    acknowledged = BeaconAcknowledge(0, tuple(Reserved(name, 0) for name in others))
    acknowledge_us = _handler(ring, 1, "beacon.acknowledge", acknowledged, repeats)
    for seat in ring.seats:
        ring.acknowledge(seat, *(dealer for dealer in ring.seats if dealer != seat))
    assert ring.start()
    committee = ring.world.chain.committee
    reveal_us = _reveal_us(ring, 0, repeats)
    for seat in range(committee.f):
        assert ring.reveal(seat).status == "ok"
    return Costs(
        size=len(encode(made)),
        deal=deal_us,
        open=open_us,
        share=share_us,
        acknowledge=acknowledge_us,
        reveal=reveal_us,
        last_reveal=_reveal_us(ring, committee.f, repeats),
    )


def _reveal_us(ring: Ring, seat: int, repeats: int) -> float:
    return _handler(ring, seat, "beacon.reveal", BeaconReveal(DRAW, ring.shares(seat)), repeats)


def _handler(ring: Ring, seat: int, name: str, payload: object, repeats: int) -> float:
    """The handler on the present state; nothing is kept."""
    world = ring.world
    sent = Sent(member(seat), (operation(name, payload),))
    received = world.transaction(sent, keys=(node_of(member(seat)),))
    handler = world.rules.types[name].handler

    def once() -> None:
        overlay, height = Overlay(world.state), world.height + 1
        context = Context(overlay, world.chain, height, world.time_ms, received=received)
        assert handler(payload, context)

    return _best(repeats, once)


def _best(repeats: int, act: Callable[[], object]) -> float:
    times = []
    for _ in range(repeats):
        began = thread_time_ns()
        act()
        times.append(thread_time_ns() - began)
    return min(times) / 1_000


def print_costs(sizes: Sequence[int]) -> None:
    """One line for each size of the committee."""
    say("     n  bytes  deal µs  open µs  share µs  acknowledge µs  reveal µs  last reveal µs")
    for n in sizes:
        costs = measure(n)
        say(
            f"{n:6}{costs.size:7}{costs.deal:9.0f}{costs.open:9.0f}{costs.share:10.0f}"
            f"{costs.acknowledge:16.0f}{costs.reveal:11.0f}{costs.last_reveal:16.0f}"
        )


def main() -> None:
    """Measure and print."""
    parser = command("beacon", __doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=SIZES, help="sizes, 4 or more")
    print_costs(parser.parse_args().nodes)


if __name__ == "__main__":
    main()
