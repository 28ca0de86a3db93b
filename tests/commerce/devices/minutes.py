"""Random trips beside plain books that go minute by minute and know nothing of the handlers.

`python -m tests.commerce.devices.minutes --trips 1000` plays that many; a trip that goes wrong is
told with the seed that plays it alone.
"""

import argparse
import random
import sys
import time
from dataclasses import dataclass

from commerce.deposits.holding import deposit_of
from tests.commerce.devices.cold import CAP_MINOR, DEPOSIT_MINOR, Chain
from tests.commerce.world import DAY_MS, FUNDS_MINOR, account

TOLERATED_MIN, GAP_MIN = 30, 20
# What an hour costs in per mille: within the limits, beyond them, far beyond.
READINGS = {0: ("3", "7"), 50: ("1", "7"), 200: ("5", "13")}
NAMES = ("carrier", "haulier")


@dataclass(frozen=True, slots=True)
class Leg:
    """`silent` minutes without a report, then one of `length` minutes that costs `rate` an hour;
    `hands_over` in the middle of it, to the other carrier.
    """

    silent: int
    length: int
    rate: int
    hands_over: bool


@dataclass(slots=True)
class Books:
    """Minute by minute: who has the box, whether it was outside, and what that costs."""

    outside: int = 0
    weight: int = 0
    paid_minor: int = 0

    def minute(self, rate: int) -> int:
        """What one more minute outside costs."""
        self.outside += 1
        if self.outside > TOLERATED_MIN:
            self.weight += rate
        # 10,000 fen, so many per mille of it in sixty minutes.
        cost_minor = min(CAP_MINOR, self.weight * 10_000 // 60_000) - self.paid_minor
        self.paid_minor += cost_minor
        return cost_minor


def by_hand(legs: list[Leg], arrives: int) -> dict[str, int]:
    """What each carrier pays."""
    rates: list[int] = []
    handed: list[int] = []
    for leg in legs:
        gap = 50 if leg.silent > GAP_MIN else 0
        rates += [gap] * leg.silent
        if leg.hands_over:
            handed.append(len(rates) + leg.length // 2)
        rates += [leg.rate] * leg.length
    last = arrives - len(rates)
    rates += [50 if last > GAP_MIN else 0] * last
    books, paid = Books(), dict.fromkeys(NAMES, 0)
    for minute, rate in enumerate(rates):
        holder = NAMES[sum(1 for at in handed if at <= minute) % 2]
        if rate:
            paid[holder] += books.minute(rate)
    return paid


def random_legs(seed: int) -> tuple[list[Leg], int]:
    """Up to five legs, and the minutes from the last report to the arrival."""
    drawn = random.Random(seed)
    legs = [
        Leg(
            silent=drawn.choice((0, 0, 10, 20, 21, 45)),
            length=drawn.randint(2, 90),
            rate=drawn.choice(tuple(READINGS)),
            hands_over=drawn.random() < 0.5,
        )
        for _ in range(drawn.randint(1, 5))
    ]
    return legs, drawn.choice((0, 20, 21, 60))


def play(legs: list[Leg], rest: int) -> None:
    """One trip on a chain, to the end of its money, and beside it the books."""
    chain = Chain()
    chain.shop.audited = False
    now, holder = 0, 0
    for leg in legs:
        start, end = now + leg.silent, now + leg.silent + leg.length
        if leg.hands_over:
            holder = 1 - holder
            chain.hand_over(start + leg.length // 2, taker=NAMES[holder])
        chain.report(start, end, READINGS[leg.rate])
        now = end
    chain.arrive(now + rest)
    chain.settle()
    chain.shop.audited = True
    chain.settle()
    expected = by_hand(legs, now + rest)
    charged = dict.fromkeys(NAMES, 0)
    for name, amount_minor in chain.amounts():
        assert name is not None
        charged[name] += amount_minor
    assert charged == expected
    for name in NAMES:
        deposit = deposit_of(chain.shop.state, account(name), "CNY")
        assert (deposit.held_minor, deposit.reserved_minor) == (DEPOSIT_MINOR - charged[name], 0)
    total_minor = sum(charged.values())
    assert chain.shop.money("buyer") == FUNDS_MINOR - 10_000 + total_minor
    assert chain.shop.money("merchant") == total_minor
    chain.shop.wait(20 * DAY_MS)
    assert chain.shop.money("merchant") == 10_000


def main() -> None:
    """Play many trips."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trips", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=0, help="the first one")
    asked = parser.parse_args()
    began = time.perf_counter()
    for seed in range(asked.seed, asked.seed + asked.trips):
        try:
            play(*random_legs(seed))
        except AssertionError:
            sys.stdout.write(f"python -m tests.commerce.devices.minutes --trips 1 --seed {seed}\n")
            raise
    took_s = time.perf_counter() - began
    sys.stdout.write(f"{asked.trips} trips in {took_s:.0f} s, each as by hand\n")


if __name__ == "__main__":
    main()
