"""When steps become due, and how many are under way."""

from collections.abc import Sequence

import pytest
from typing_extensions import override

from chain.block import OK
from node.bench import loops
from node.bench.loops import (
    NOT_SENT,
    Schedule,
    batch_wanted,
    offer_at_rate,
    offer_in_flight,
    shares_of,
)
from node.bench.tally import Tally
from node.bench.targets import Offer, Offering, Target
from node.bench.workloads import Chain, Step


def chains(*lengths: int) -> list[Chain]:
    return [Chain(tuple(Step(b"", 1, "pay") for _ in range(length))) for length in lengths]


def dues(schedule: Schedule) -> list[float]:
    found = []
    while schedule.due_s is not None:
        found.append(round(schedule.take().due_s, 6))
    return found


def test_single_steps_are_due_at_the_rate() -> None:
    assert dues(Schedule(iter(chains(*[1] * 5)), 10, 60.0)) == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_the_steps_of_all_chains_together_come_at_the_rate() -> None:
    assert dues(Schedule(iter(chains(5, 1, 5, 5)), 10, 60.0)) == [0.0, 0.5, 0.6, 1.1]


def test_nothing_is_due_from_the_end_on() -> None:
    assert dues(Schedule(iter(chains(*[1] * 100)), 10, 0.5)) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert dues(Schedule(iter([]), 10, 0.5)) == []


@pytest.mark.parametrize("in_flight", [1, 2, 3, 7, 64, 1000, 4096])
def test_all_batches_together_are_what_is_in_flight(in_flight: int) -> None:
    shares = shares_of(in_flight, 4, 100)
    assert sum(batch for _, batch in shares) == in_flight
    assert all(1 <= batch <= 100 for _, batch in shares)
    by_node = [sum(batch for at, batch in shares if at == node) for node in range(4)]
    assert max(by_node) - min(by_node) <= 1


def test_requests_are_small_until_answers_come_slowly() -> None:
    assert [batch_wanted(under_way, 100) for under_way in (0, 50, 100)] == [1, 1, 1]
    assert 1 < batch_wanted(200, 100) < batch_wanted(300, 100) <= 100
    assert batch_wanted(10_000, 100) == 100


class Instant(Offering):
    """An offering whose node decides each step at once, at a time that goes on by itself."""

    def __init__(self, ends_s: float) -> None:
        self.targets = [Target("a"), Target("b")]
        self.tally = Tally()
        self.ended = False
        self.ends_s = ends_s
        self.sent: list[list[Offer]] = []
        self._now_s = 0.0
        self.clock = self._tick
        self._turn = 0

    def _tick(self) -> float:
        self._now_s += 0.01
        self.ended = self._now_s >= self.ends_s
        return self._now_s

    @override
    async def carry(self, target: Target, offers: Sequence[Offer]) -> list[Offer]:
        self.sent.append(list(offers))
        following = [offer.following(self._now_s) for offer in offers]
        for offer in offers:
            self.tally.decide(offer.step, offer.due_s, self._now_s, OK)
        return [offer for offer in following if offer is not None]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "SPACING_S", 0.0)
    monkeypatch.setattr(loops, "SLEEP_MAX_S", 0.0)


@pytest.mark.asyncio
async def test_an_open_loop_offers_everything_that_was_due_and_what_follows_from_it() -> None:
    offering = Instant(100.0)
    schedule = Schedule(iter(chains(5, 1, 5)), 100, 100.0)
    await offer_at_rate(offering, schedule, 2)
    assert (offering.tally.offered, offering.tally.decided) == (11, 11)
    assert max(len(sent) for sent in offering.sent) <= 2


@pytest.mark.asyncio
async def test_what_could_not_be_sent_is_counted_as_refused() -> None:
    offering = Instant(1.0)
    for target in offering.targets:
        target.down_until_s = 1_000.0
    await offer_at_rate(offering, Schedule(iter(chains(*[1] * 500)), 100, 1.0), 100)
    assert offering.tally.offered == offering.tally.refused[NOT_SENT] == 100


@pytest.mark.asyncio
async def test_a_closed_loop_ends_with_what_was_signed() -> None:
    offering = Instant(100.0)
    await offer_in_flight(offering, iter(chains(*[5] * 7)), 4, 2)
    assert offering.tally.decided == 35
    assert max(len(sent) for sent in offering.sent) <= 2


@pytest.mark.asyncio
async def test_a_closed_loop_ends_by_time() -> None:
    offering = Instant(1.0)
    await offer_in_flight(offering, (one for _ in range(10**6) for one in chains(1)), 4, 2)
    assert 0 < offering.tally.decided < 10_000
    assert offering.tally.waiting == 0
