"""A random hall of goods against a model written from provenance.md: nothing is in two hands.

`python -m tests.commerce.goods.hall --seeds 20` walks on; each line says how to replay its walk.
"""

import argparse
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from commerce.epcis.capture import EpcisCapture
from commerce.goods.offers import CustodyAccept, CustodyReject, CustodyWithdraw
from tests.commerce.epcis.statements import case, data, document, packing, serial
from tests.commerce.goods.handing import ACCEPT, OFFER, REJECT, WITHDRAW, hands, newest, offered
from tests.commerce.world import HOUR_MS, MINUTE_MS, World

PARTIES = ("merchant", "carrier", "buyer", "friend")
ITEMS = tuple(serial(number) for number in range(1, 6))
UNITS = tuple(case(number) for number in (1, 2, 3))
PALLET = "urn:epc:id:grai:6901234.55555.17"
THINGS = (*ITEMS, *UNITS, PALLET)
KINDS = ("possessing", "owning", "both")


@dataclass
class Pending:
    """An open offer: what it names, and what went along when it was made."""

    giver: str
    taker: str
    what: str
    things: tuple[str, ...]
    along: tuple[frozenset[str], frozenset[str]]
    due_ms: int


@dataclass
class Model:
    """Who has what, who owns it, and what lies where; everything begins with its maker."""

    has: dict[str, str] = field(default_factory=lambda: dict.fromkeys(THINGS, "merchant"))
    owns: dict[str, str] = field(default_factory=lambda: dict.fromkeys(THINGS, "merchant"))
    lies_in: dict[str, str] = field(default_factory=dict)
    offers: dict[bytes, Pending] = field(default_factory=dict)

    def inside(self, thing: str) -> set[str]:
        """What lies in a thing, at any depth."""
        near = {child for child, parent in self.lies_in.items() if parent == thing}
        return near.union(*[self.inside(child) for child in near])

    def along(
        self, giver: str, things: tuple[str, ...], what: str
    ) -> tuple[frozenset[str], frozenset[str]]:
        """What goes along in possession, and in ownership."""
        moved = {child for thing in things for child in self.inside(thing)} - {*things}
        sold = {child for thing in things if thing in UNITS for child in self.inside(thing)}
        return (
            frozenset(t for t in moved if what != "owning" and self.has[t] == giver),
            frozenset(
                t for t in sold - {*things} if what != "possessing" and self.owns[t] == giver
            ),
        )

    def rights(self, giver: str, things: tuple[str, ...], what: str) -> str:
        """The first right that is missing, thing by thing."""
        for thing in things:
            if what != "owning" and self.has[thing] != giver:
                return "ThingNotPossessed"
            if what != "possessing" and self.owns[thing] != giver:
                return "ThingNotOwned"
        return "ok"

    def offer(self, giver: str, things: tuple[str, ...], what: str) -> str:
        """What comes of an offer."""
        held = {t for open_ in self.offers.values() if open_.giver == giver for t in open_.things}
        return "ThingOffered" if held & {*things} else self.rights(giver, things, what)

    def accept(self, offer_id: bytes) -> str:
        """What comes of an acceptance; it moves all, or nothing."""
        open_ = self.offers[offer_id]
        missing = self.rights(open_.giver, open_.things, open_.what)
        if missing != "ok":
            return missing
        if self.along(open_.giver, open_.things, open_.what) != open_.along:
            return "ContentsChanged"
        moved, sold = open_.along
        if open_.what != "owning":
            self.has.update(dict.fromkeys((*open_.things, *moved), open_.taker))
        if open_.what != "possessing":
            self.owns.update(dict.fromkeys((*open_.things, *sold), open_.taker))
        del self.offers[offer_id]
        return "ok"

    def expire(self, now_ms: int) -> None:
        """Open offers whose time is over."""
        self.offers = {
            known: open_ for known, open_ in self.offers.items() if open_.due_ms > now_ms
        }


class Hall:
    """One walk; everything that chance decides follows from the seed."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.world = World()
        self.model = Model()
        self.outcomes: Counter[str] = Counter()

    def run(self, steps: int) -> Counter[str]:
        """So many attempts; how often each outcome came."""
        doing = (*[self.offer] * 5, *[self.accept] * 4, self.answer, self.pack)
        for _ in range(steps):
            self.world.time_ms += self.chance.choice((1_000, MINUTE_MS, 5 * MINUTE_MS))
            # What has expired by now ends first in its block, before any operation on it.
            self.chance.choice((*doing, self.unpack))()
            self.model.expire(self.world.time_ms)
            self.check()
        return self.outcomes

    def check(self) -> None:
        """The ledger says what the model says, of each thing."""
        for thing in THINGS:
            assert hands(self.world, thing) == (self.model.has[thing], self.model.owns[thing])

    def attempt(self, sender: str, type_: str, payload: Any, expected: str) -> bool:
        """Send one operation, which must come out so; did it succeed?"""
        status = self.world.send(sender, (type_, payload)).status
        assert status == expected, (sender, type_, payload)
        self.outcomes[f"{type_} {status}"] += 1
        return status == "ok"

    def offer(self) -> None:
        """Anybody offers anything; mostly what is its own."""
        model, chance = self.model, self.chance
        model.expire(self.world.time_ms)
        giver, taker = chance.sample(PARTIES, 2)
        what = chance.choice(KINDS)
        own = [t for t in THINGS if model.rights(giver, (t,), what) == "ok"]
        pool = own if own and chance.random() < 0.8 else list(THINGS)
        things = tuple(chance.sample(pool, min(len(pool), chance.choice((1, 1, 2)))))
        within_ms = chance.choice((5 * MINUTE_MS, 5 * HOUR_MS, 20 * HOUR_MS))
        expected = model.offer(giver, things, what)
        payload = offered(*things, to=taker, what=what, within_ms=within_ms)
        if self.attempt(giver, OFFER, payload, expected):
            along = model.along(giver, things, what)
            due_ms = self.world.time_ms + within_ms
            model.offers[newest(self.world)] = Pending(giver, taker, what, things, along, due_ms)

    def accept(self) -> None:
        """An open offer is accepted, if there is one."""
        known = self.one_open()
        if known is not None:
            taker = self.model.offers[known].taker
            payload = CustodyAccept(known, None)
            self.attempt(taker, ACCEPT, payload, self.model.accept(known))

    def answer(self) -> None:
        """An open offer is rejected or withdrawn."""
        known = self.one_open()
        if known is None:
            return
        open_ = self.model.offers.pop(known)
        if self.chance.random() < 0.5:
            self.attempt(open_.taker, REJECT, CustodyReject(known, ""), "ok")
        else:
            self.attempt(open_.giver, WITHDRAW, CustodyWithdraw(known), "ok")

    def one_open(self) -> bytes | None:
        """Any open offer."""
        self.model.expire(self.world.time_ms)
        known = list(self.model.offers)
        return self.chance.choice(known) if known else None

    def pack(self) -> None:
        """Somebody puts something that lies nowhere into something that is with it."""
        parent = self.chance.choice((*UNITS, PALLET))
        by = self.model.has[parent]
        outer = {thing for thing in THINGS if parent in self.model.inside(thing)} | {parent}
        free = [
            thing
            for thing in (*ITEMS, *UNITS)
            if self.model.has[thing] == by
            and thing not in self.model.lies_in
            and thing not in outer
        ]
        if free:
            child = self.chance.choice(free)
            self.state(by, parent, child, "ADD")
            self.model.lies_in[child] = parent

    def unpack(self) -> None:
        """Who has both takes something out of something."""
        both = [
            (child, parent)
            for child, parent in self.model.lies_in.items()
            if self.model.has[child] == self.model.has[parent]
        ]
        if both:
            child, parent = self.chance.choice(both)
            self.state(self.model.has[child], parent, child, "DELETE")
            del self.model.lies_in[child]

    def state(self, by: str, parent: str, child: str, action: str) -> None:
        """Capture that as a fact."""
        now = datetime.fromtimestamp(self.world.time_ms / 1000, tz=UTC).isoformat(
            "T", "milliseconds"
        )
        step = "packing" if action == "ADD" else "unpacking"
        told = packing(
            parentID=parent, childEPCs=[child], action=action, bizStep=step, eventTime=now
        )
        (event,) = self.world.done(
            by, ("epcis.capture", EpcisCapture(data(document(told)), "public"))
        )
        assert event.data["claim"] is False
        self.outcomes[step] += 1


def main() -> None:
    """Walk from several seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--steps", type=int, default=400)
    chosen = parser.parse_args()
    for seed in range(chosen.first, chosen.first + chosen.seeds):
        print(f"--first {seed} --seeds 1 --steps {chosen.steps}", end=": ", flush=True)  # noqa: T201
        print(dict(sorted(Hall(seed).run(chosen.steps).items())))  # noqa: T201


if __name__ == "__main__":
    main()
