"""The nodes that are offered transactions, as the load process sees them: batches over HTTP.

What a node does not answer goes to another one, as a client's would: the same bytes are safe to
offer again anywhere. A latency goes on counting meanwhile.
"""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from chain.block import OK
from chain.codec import pack
from node.bench.tally import Tally
from node.bench.workloads import Chain, Step

UNREACHABLE: Final = "NodeUnreachable"
# How long a node may wait for the decision before it must answer; it is asked again.
WAIT_MS: Final = 10_000
# How long a request may take beyond that.
ANSWER_S: Final = 10.0
# Of one node at a time: below its limits of connections from one address and of waiting requests.
REQUESTS_MAX: Final = 100
# A node that didn't answer is left alone for so long.
DOWN_S: Final = 1.0
PAUSE_S: Final = 0.1
HEADERS: Final = {"Content-Type": "application/msgpack", "Accept": "application/json"}


@dataclass(slots=True)
class Offer:
    """The step of a chain that is offered now, and when it was due, in seconds from the begin."""

    chain: Chain
    at: int
    due_s: float

    @property
    def step(self) -> Step:
        """What is offered."""
        return self.chain.steps[self.at]

    def following(self, due_s: float) -> "Offer | None":
        """The next step, due now that this one is decided; None at the chain's end."""
        if self.at + 1 == len(self.chain.steps):
            return None
        return Offer(self.chain, self.at + 1, due_s)


@dataclass(slots=True, eq=False)
class Target:
    """One node: requests under way, and until when it counts as down."""

    url: str
    requests: int = 0
    down_until_s: float = 0.0

    def is_free(self, now_s: float) -> bool:
        """May it be sent a further request?"""
        return self.requests < REQUESTS_MAX and now_s >= self.down_until_s


class Offering:
    """Carries offers to nodes until each has an outcome, which goes into the tally.

    `patient`: a refusal that says when to come again is waited out (closed loop), else it is the
    outcome. `clock` tells seconds since the begin.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        urls: Sequence[str],
        tally: Tally,
        clock: Callable[[], float],
        acknowledge: Callable[[bytes], object],
        *,
        patient: bool,
    ) -> None:
        query = f"wait=decided&timeout_ms={WAIT_MS}"
        self.targets = [Target(f"{url}/v1/transactions/batch?{query}") for url in urls]
        self.tally = tally
        self.clock = clock
        self.ended = False
        self._session = session
        self._acknowledge = acknowledge
        self._patient = patient
        self._turn = 0

    def free_target(self) -> Target | None:
        """The next node in turn that may be sent a request."""
        now_s = self.clock()
        for _ in self.targets:
            self._turn = (self._turn + 1) % len(self.targets)
            if self.targets[self._turn].is_free(now_s):
                return self.targets[self._turn]
        return None

    async def carry(self, target: Target, offers: Sequence[Offer]) -> list[Offer]:
        """Offer these until each has an outcome; the steps that may now follow."""
        following: list[Offer] = []
        waiting = list(offers)
        while waiting:
            status, answer = await self._post(target, waiting)
            if status == 0:
                target = await self._another(target, len(waiting))
                continue
            if "results" not in answer:
                code, after_ms = str(answer.get("code", f"Http{status}")), _after_ms(answer)
                if not await self._wait_out(code, after_ms, len(waiting)):
                    self._refuse(waiting, code, after_ms)
                    break
                continue
            waiting, after_ms = self._sort(waiting, answer["results"], following)
            if waiting:
                await asyncio.sleep(max(PAUSE_S, after_ms / 1000))
        return following

    async def _post(self, target: Target, offers: Sequence[Offer]) -> tuple[int, Mapping[str, Any]]:
        """(HTTP status, answer); status 0 if there was none."""
        body = pack(tuple(offer.step.raw for offer in offers))
        target.requests += 1
        try:
            async with self._session.post(target.url, data=body, headers=HEADERS) as response:
                status, data = response.status, await response.read()
                header = response.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError):
            return 0, {}
        finally:
            target.requests -= 1
        answer = _read(data)
        if "results" not in answer and header.isascii() and header.isdigit():
            answer.setdefault("retry_after_ms", int(header) * 1000)
        return status, answer

    async def _another(self, target: Target, count: int) -> Target:
        """A node in the place of one that didn't answer, as soon as there is one."""
        target.down_until_s = self.clock() + DOWN_S
        self.tally.retry(UNREACHABLE, count)
        while True:
            other = self.free_target()
            if other is not None:
                return other
            await asyncio.sleep(PAUSE_S)

    async def _wait_out(self, code: str, after_ms: int, count: int) -> bool:
        """Wait as told, if it is told and this load is patient."""
        if not (self._patient and after_ms) or self.ended:
            return False
        self.tally.retry(code, count, after_ms)
        await asyncio.sleep(after_ms / 1000)
        return True

    def _refuse(self, offers: Sequence[Offer], code: str, after_ms: int) -> None:
        for offer in offers:
            self.tally.refuse(code, after_ms)
            self._end(offer)

    def _sort(
        self,
        offers: Sequence[Offer],
        results: Sequence[Mapping[str, Any]],
        following: list[Offer],
    ) -> tuple[list[Offer], int]:
        """Note what has an outcome; the offers to repeat, and the longest wait they ask for."""
        now_s = self.clock()
        again: list[Offer] = []
        longest_ms = 0
        for offer, result in zip(offers, results, strict=True):
            if result["state"] == "decided":
                self._decided(offer, result, now_s, following)
            elif result["state"] == "pending":
                again.append(offer)
            else:
                problem = result["problem"]
                code, after_ms = str(problem["code"]), _after_ms(problem)
                if self._patient and after_ms and not self.ended:
                    self.tally.retry(code, 1, after_ms)
                    longest_ms = max(longest_ms, after_ms)
                    again.append(offer)
                else:
                    self._refuse([offer], code, after_ms)
        return again, longest_ms

    def _decided(
        self, offer: Offer, result: Mapping[str, Any], now_s: float, following: list[Offer]
    ) -> None:
        status = result["receipt"]["status"]
        self._acknowledge(bytes.fromhex(result["id"]))
        self.tally.decide(offer.step, offer.due_s, now_s, status)
        follower = offer.following(now_s)
        if follower is None:
            return
        if status != OK:
            self._end(offer)
        elif not self.ended:
            following.append(follower)

    def _end(self, offer: Offer) -> None:
        """What comes after this step in its chain will not be offered."""
        if offer.at + 1 < len(offer.chain.steps):
            self.tally.broken_chains += 1


def _after_ms(problem: Mapping[str, Any]) -> int:
    told = problem.get("retry_after_ms")
    return told if isinstance(told, int) else 0


def _read(data: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(data)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
