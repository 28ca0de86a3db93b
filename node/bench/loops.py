"""How steps become due: at a fixed rate whatever comes of them (open), or as fast as it goes.

Open loop: chain after chain begins so that all their steps together come at the rate; the later
steps of a chain are due as soon as the one before is decided. What is due at one moment goes to one
node in one request, the nodes taking turns: with a request every few milliseconds at most, the load
process stays small at any rate.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Final

from node.bench.targets import Offer, Offering, Target
from node.bench.workloads import Chain

# Between two requests, so that what is due together travels together. A request costs the load
# process half a millisecond: from `FAST_PER_S` on fewer and larger ones keep it at 0.1 cores.
SPACING_S: Final = 0.005
SPACING_FAST_S: Final = 0.010
FAST_PER_S: Final = 1_000
# The end, and a stop, are noticed within this time.
SLEEP_MAX_S: Final = 0.1
# Up to so many requests under way each may be small; for each so many more it must hold one more.
REQUESTS_CALM: Final = 100
REQUESTS_STEP: Final = 3
NOT_SENT: Final = "NotSent"


class Schedule:
    """When the next chain is due: chains of k steps are k / rate apart."""

    def __init__(self, chains: Iterator[Chain], rate_per_s: float, ends_s: float) -> None:
        self.spacing_s = SPACING_S if rate_per_s < FAST_PER_S else SPACING_FAST_S
        self._chains = chains
        self._rate_per_s = rate_per_s
        self._ends_s = ends_s
        self._steps = 0
        self._next = next(chains, None)

    @property
    def due_s(self) -> float | None:
        """When the next chain is due; None if no further one is."""
        due_s = self._steps / self._rate_per_s
        return None if self._next is None or due_s >= self._ends_s else due_s

    def take(self) -> Offer:
        """The first step of the chain that is due."""
        due_s, chain = self.due_s, self._next
        assert due_s is not None
        assert chain is not None
        self._steps += len(chain.steps)
        self._next = next(self._chains, None)
        return Offer(chain, 0, due_s)


async def offer_at_rate(offering: Offering, schedule: Schedule, batch_max: int) -> None:
    """Open loop: offer each step when it is due, whatever became of those before it.

    Where every connection waits for an answer, what can't be sent by the end counts as refused.
    """
    due: deque[Offer] = deque()
    under_way = 0

    async def send(target: Target, offers: list[Offer]) -> None:
        nonlocal under_way
        due.extend(await offering.carry(target, offers))
        under_way -= 1

    async with asyncio.TaskGroup() as group:
        is_last = False
        while not is_last and (due or under_way or schedule.due_s is not None):
            # What was due before the end is offered, however late the end is noticed.
            is_last, now_s = offering.ended, offering.clock()
            while (next_s := schedule.due_s) is not None and next_s <= now_s:
                due.append(schedule.take())
            wanted = 1 if is_last else batch_wanted(under_way, batch_max)
            while len(due) >= wanted and (target := offering.free_target()) is not None:
                offers = [due.popleft() for _ in range(min(batch_max, len(due)))]
                for offer in offers:
                    offering.tally.offer(offer.due_s, now_s)
                under_way += 1
                group.create_task(send(target, offers))
            pause_s = 0.0 if next_s is None else next_s - offering.clock()
            await asyncio.sleep(min(max(schedule.spacing_s, pause_s), SLEEP_MAX_S))
        for offer in due:
            offering.tally.offer(offer.due_s, offering.clock())
            offering.tally.refuse(NOT_SENT)


def batch_wanted(requests: int, batch_max: int) -> int:
    """How many should be due before a further request is made, with so many under way.

    One, unless answers come so slowly that a request every few milliseconds would take all
    connections: then the requests grow instead.
    """
    return max(1, min(batch_max, (requests - REQUESTS_CALM) // REQUESTS_STEP))


async def offer_in_flight(
    offering: Offering, chains: Iterator[Chain], in_flight: int, batch_max: int
) -> None:
    """Closed loop: so many chains are under way at any time, evenly over the nodes."""

    async def client(target: Target, batch: int) -> None:
        held: list[Offer] = []
        while not offering.ended:
            now_s = offering.clock()
            while len(held) < batch and (chain := next(chains, None)) is not None:
                held.append(Offer(chain, 0, now_s))
            if not held:
                return
            for offer in held:
                offering.tally.offer(offer.due_s, now_s)
            held = await offering.carry(target, held)

    async with asyncio.TaskGroup() as group:
        for at, batch in shares_of(in_flight, len(offering.targets), batch_max):
            group.create_task(client(offering.targets[at], batch))


def shares_of(in_flight: int, nodes: int, batch_max: int) -> list[tuple[int, int]]:
    """(node, batch) of each client, so that all batches together are what is in flight."""
    shares: list[tuple[int, int]] = []
    for at in range(nodes):
        share = in_flight // nodes + (at < in_flight % nodes)
        # Two clients a node at least: while one waits, the other's are being taken in.
        clients = min(share, max(2, -(-share // batch_max)))
        shares += [(at, share // clients + (i < share % clients)) for i in range(clients)]
    return shares
