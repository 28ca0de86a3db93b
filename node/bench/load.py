"""The load process: `python -m node.bench.load` signs, waits for the word, offers, and reports.

Protocol on its standard streams, a line each: plan in, `ready` out, anything in, result out.
Each transaction counts from the moment when it was *due* (open loop) or handed over (closed loop)
until the answer that carries its receipt has arrived: a slow node can't slow the count down.
"""

import asyncio
import gc
import json
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from chain.codec import decode, pack
from chain.crypto import require_valid
from chain.transaction import SignedTransaction, signing_bytes
from node.bench.plan import LoadPlan, LoadResult, Sample, read_plan
from node.bench.workloads import sign_all, workload_of
from node.clock import now_ms
from node.keystore import find_passphrase, load_key

UNKNOWN: Final = "OutcomeUnknown"
UNREACHABLE: Final = "NodeUnreachable"
# Between two requests to one node, so that what is due together travels together.
SPACING_S: Final = 0.005
# How long after the end answers are still waited for.
GRACE_S: Final = 20.0
WAIT_MS: Final = 5_000
# Below the node's own limit of connections from one address and of waiting requests.
CONNECTIONS_PER_NODE: Final = 128
VERIFIED_MAX: Final = 500
HEADERS: Final = {"Content-Type": "application/msgpack", "Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Offer:
    """Signed bytes and when they are due, in seconds from the begin (closed loop: when taken)."""

    raw: bytes
    due_s: float


@dataclass(slots=True)
class Run:
    """One run: its begin in the loop's time, and what has been seen."""

    began: float
    ends_s: float
    samples: list[Sample] = field(default_factory=list)
    late_ms: float = 0.0

    def now_s(self) -> float:
        """Seconds since the begin."""
        return asyncio.get_running_loop().time() - self.began

    def note(self, offer: Offer, answered_s: float, outcome: str, id_: str = "") -> None:
        """Keep what became of an offer."""
        self.samples.append(Sample(offer.due_s, answered_s, outcome, id_))


class Target:
    """One node that is offered transactions."""

    def __init__(self, session: aiohttp.ClientSession, url: str, run: Run) -> None:
        self._session = session
        self._url = f"{url}/v1/transactions/batch?wait=decided&timeout_ms={WAIT_MS}"
        self._run = run

    async def offer(self, offers: Sequence[Offer]) -> None:
        """Hand these in, again while they are pending, until each has an outcome."""
        waiting = list(offers)
        while waiting:
            body = pack(tuple(offer.raw for offer in waiting))
            try:
                async with self._session.post(self._url, data=body, headers=HEADERS) as response:
                    data = await response.read()
            except aiohttp.ClientConnectorError:
                self._all(waiting, UNREACHABLE)
                return
            except (aiohttp.ClientError, TimeoutError):
                self._all(waiting, UNKNOWN)
                return
            answered_s = self._run.now_s()
            answer = _read(data)
            if "results" not in answer:
                self._all(waiting, str(answer.get("code", UNKNOWN)))
                return
            waiting = self._sort(waiting, answer["results"], answered_s)
            if self._run.now_s() > self._run.ends_s + GRACE_S:
                self._all(waiting, UNKNOWN)
                return

    def _all(self, offers: Sequence[Offer], outcome: str) -> None:
        answered_s = self._run.now_s()
        for offer in offers:
            self._run.note(offer, answered_s, outcome)

    def _sort(
        self, offers: Sequence[Offer], results: Sequence[Mapping[str, Any]], answered_s: float
    ) -> list[Offer]:
        """Note what has an outcome; those that are still pending."""
        pending: list[Offer] = []
        for offer, result in zip(offers, results, strict=True):
            if result["state"] == "decided":
                self._run.note(offer, answered_s, result["receipt"]["status"], result["id"])
            elif result["state"] == "refused":
                self._run.note(offer, answered_s, result["problem"]["code"])
            else:
                pending.append(offer)
        return pending


def _read(data: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(data)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


async def offer_at_rate(
    run: Run, targets: Sequence[Target], raws: Sequence[bytes], rate_per_s: int, batch_max: int
) -> None:
    """Open loop: offer each when it is due, whatever became of those before it."""
    count = len(targets)

    async def feed(at: int) -> None:
        offers = deque(
            Offer(raw, turn / rate_per_s) for turn, raw in enumerate(raws) if turn % count == at
        )
        while offers:
            await asyncio.sleep(max(SPACING_S, offers[0].due_s - run.now_s()))
            due: list[Offer] = []
            while offers and offers[0].due_s <= run.now_s() and len(due) < batch_max:
                due.append(offers.popleft())
            if due:
                run.late_ms = max(run.late_ms, (run.now_s() - due[0].due_s) * 1000)
                group.create_task(targets[at].offer(due))

    async with asyncio.TaskGroup() as group:
        for at in range(count):
            group.create_task(feed(at))


async def offer_in_flight(
    run: Run, targets: Sequence[Target], raws: Sequence[bytes], in_flight: int, batch_max: int
) -> None:
    """Closed loop: so many are under way at any time, evenly over the nodes."""
    left = deque(raws)
    shares = shares_of(in_flight, len(targets), batch_max)

    async def client(target: Target, batch: int) -> None:
        while left and run.now_s() < run.ends_s:
            taken_s = run.now_s()
            taken = [left.popleft() for _ in range(min(batch, len(left)))]
            await target.offer([Offer(raw, taken_s) for raw in taken])

    async with asyncio.TaskGroup() as group:
        for at, batch in shares:
            group.create_task(client(targets[at], batch))


def shares_of(in_flight: int, nodes: int, batch_max: int) -> list[tuple[int, int]]:
    """(node, batch) of each client, so that all batches together are what is in flight."""
    shares: list[tuple[int, int]] = []
    for at in range(nodes):
        share = in_flight // nodes + (at < in_flight % nodes)
        # Two clients a node at least: while one waits, the other's are being taken in.
        clients = min(share, max(2, -(-share // batch_max)))
        shares += [(at, share // clients + (i < share % clients)) for i in range(clients)]
    return shares


async def offer_all(plan: LoadPlan, raws: Sequence[bytes]) -> Run:
    """The run itself."""
    loop = asyncio.get_running_loop()
    limits = aiohttp.TCPConnector(limit=0, limit_per_host=CONNECTIONS_PER_NODE)
    timeout = aiohttp.ClientTimeout(total=plan.load.seconds + GRACE_S + WAIT_MS / 1000)
    async with aiohttp.ClientSession(connector=limits, timeout=timeout) as session:
        run = Run(loop.time(), plan.load.seconds)
        targets = [Target(session, url, run) for url in plan.urls]
        if plan.load.rate_per_s is not None:
            await offer_at_rate(run, targets, raws, plan.load.rate_per_s, plan.load.batch)
        elif plan.load.in_flight is not None:
            await offer_in_flight(run, targets, raws, plan.load.in_flight, plan.load.batch)
    return run


def verify_us(raws: Sequence[bytes]) -> float:
    """Microseconds that one signature takes to verify here now: the bound of every node."""
    signed = [decode(SignedTransaction, raw) for raw in raws[:VERIFIED_MAX]]
    messages = [signing_bytes(one.content) for one in signed]
    began = time.process_time()
    for one, message in zip(signed, messages, strict=True):
        require_valid(one.signatures[0].public_key, message, one.signatures[0].signature)
    return (time.process_time() - began) / len(signed) * 1e6


def main() -> None:
    """Follow the protocol of this file's head."""
    plan = read_plan(sys.stdin.readline())
    keys = [load_key(sender.key_file, find_passphrase) for sender in plan.senders]
    began = time.process_time()
    raws = list(sign_all(plan, keys, now_ms()))
    signing_s = time.process_time() - began
    us = verify_us(raws)
    # What is signed lives to the end: the collector need not walk it during the run.
    gc.collect()
    gc.freeze()
    _answer("ready")
    if not sys.stdin.readline():
        return
    began = time.process_time()
    run = asyncio.run(offer_all(plan, raws))
    result = LoadResult(
        samples=run.samples,
        operations_per_transaction=workload_of(plan.load.workload).operations_per_transaction,
        cpu_s=time.process_time() - began,
        signing_s=signing_s,
        verify_us=us,
        late_ms=run.late_ms,
    )
    _answer(result.text())


def _answer(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
