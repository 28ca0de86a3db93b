"""Random worlds, as tangled as anybody could state them: the trace is what the oracle plays.

`python -m pytest tests/commerce/epcis/test_trace_random.py` tries WORLDS of them; a failing one is
told by its number.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from commerce.epcis.graph import BEGINNING
from commerce.epcis.path import Direction
from commerce.epcis.spread import LOT, Mark, continues, mark_part, spread, things_of
from commerce.epcis.trace import trace
from tests.commerce.epcis.brute_force import link, oracle
from tests.commerce.epcis.memory_index import MemoryIndex
from tests.commerce.epcis.statements import Members, data, document
from tests.commerce.epcis.test_spread import reached

WORLDS = 80
EVENTS = 25
PREFIX = "6901234"
LOTS = [f"urn:epc:class:lgtin:{PREFIX}.000001.L{n}" for n in range(5)]
ITEMS = [f"urn:epc:id:sgtin:{PREFIX}.000001.{n}" for n in range(6)]
CASES = [f"urn:epc:id:sscc:{PREFIX}.{n:010}" for n in range(1, 5)]
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
DECLARED = {"declarationTime": "2025-12-31T00:00:00Z"}


def moment(minute: int) -> Members:
    at = BEGIN + timedelta(minutes=minute)
    return {"eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "eventTimeZoneOffset": "+00:00"}


def turned(chance: Random) -> Members:
    used, made = chance.sample(LOTS + ITEMS + CASES, 2), chance.sample(LOTS + ITEMS + CASES, 2)
    event: Members = {"type": "TransformationEvent"}
    if chance.random() < 0.25:
        event["transformationID"] = f"urn:uuid:{chance.randrange(2)}"
        used, made = chance.choice(((used, []), ([], made), (used, made)))
    for name, things in (("input", used), ("output", made)):
        event[f"{name}EPCList"] = [thing for thing in things if ":id:" in thing]
        classes = [thing for thing in things if ":class:" in thing]
        event[f"{name}QuantityList"] = [{"epcClass": thing} for thing in classes]
    return event


def put(chance: Random) -> Members:
    # The last item is a box.
    parent = chance.choice([*CASES, ITEMS[-1]])
    event: Members = {"type": "AggregationEvent", "parentID": parent}
    event["action"] = chance.choice(("ADD", "ADD", "ADD", "DELETE"))
    if event["action"] == "DELETE" and chance.random() < 0.3:
        return event
    if chance.random() < 0.3:
        quantity = {"quantity": chance.randint(1, 3), "uom": "KGM"}
        event["childQuantityList"] = [{"epcClass": chance.choice(LOTS), **quantity}]
        return event
    # Lower cases lie in higher ones only: what lies in itself is tried elsewhere.
    inside = ITEMS[:-1] if parent in ITEMS else ITEMS + CASES[: CASES.index(parent)]
    event["childEPCs"] = chance.sample(inside, chance.randint(1, 3))
    return event


def commissioned(chance: Random) -> Members:
    event: Members = {"type": "ObjectEvent", "action": "ADD", "bizStep": "commissioning"}
    event["epcList"] = chance.sample(ITEMS + CASES[:2], chance.randint(1, 2))
    if chance.random() < 0.7:
        event["ilmd"] = {"cbvmda:lotNumber": f"L{chance.randrange(len(LOTS))}"}
    return event


def seen(chance: Random) -> Members:
    thing = chance.choice(ITEMS + CASES)
    return {"type": "ObjectEvent", "action": "OBSERVE", "epcList": [thing]}


MAKERS: tuple[Callable[[Random], Members], ...] = (
    turned,
    turned,
    put,
    put,
    put,
    commissioned,
    seen,
)


@dataclass(frozen=True, slots=True)
class World:
    """The statements of a world, who makes them, and which of them are void."""

    events: list[Members]
    speakers: list[str]
    void: list[Members]


def world(number: int) -> World:
    """A world of two accounts; only what one of them states is one transformation."""
    chance = Random(number)
    events = [chance.choice(MAKERS)(chance) | moment(minute) for minute in range(EVENTS)]
    speakers = [chance.choice(("one", "two")) for _ in events]
    for event, speaker in zip(events, speakers, strict=True):
        if "transformationID" in event:
            event["transformationID"] += f"-{speaker}"
    return World(events, speakers, [event for event in events if chance.random() < 0.1])


def index_of(made: World, chance: Random) -> MemoryIndex:
    """An index that learns of the events in any order."""
    index = MemoryIndex()
    stated = list(zip(made.events, made.speakers, strict=True))
    for event, speaker in chance.sample(stated, len(stated)):
        keys = index.capture(event, capturer=speaker.encode().ljust(32))
        if event in made.void:
            index.void.update(keys)
    return index


@pytest.mark.parametrize("number", range(WORLDS))
def test_the_trace_of_a_random_world_is_what_the_oracle_plays(number: int) -> None:
    made = world(number)
    events, speakers = made.events, made.speakers
    index = index_of(made, Random(number))
    declared = [event | {"errorDeclaration": DECLARED} for event in made.void]
    for root in LOTS[:2]:
        expected = oracle([*events, *declared], root, [*speakers, *("" for _ in declared)])
        found = trace(index, link(root), Direction.FORWARD)
        assert set(found.things) == {link(uri) for uri in expected.bad}
        assert reached(index, Mark(LOT, link(root), BEGINNING), limit=3) == set(found.things)
        minutes = sorted(events[place]["eventTime"] for place in expected.steps)
        told = [
            datetime.fromtimestamp(step.time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for step in found.steps
        ]
        assert told == minutes


@pytest.mark.parametrize("number", range(WORLDS))
def test_back_from_what_was_reached_leads_to_where_it_came_from(number: int) -> None:
    index = index_of(world(number), Random(number))
    roots = [link(root) for root in LOTS]
    forward = {root: set(trace(index, root, Direction.FORWARD).things) for root in roots}
    # Asked about a box, what lies in it is asked about too.
    for thing in map(link, (*LOTS, *ITEMS[:-1])):
        back = set(trace(index, thing, Direction.BACK).things)
        assert {root for root in roots if thing in forward[root]} == back & set(roots)


@pytest.mark.parametrize("number", range(WORLDS))
def test_events_that_are_told_of_one_by_one_carry_the_marks_to_where_the_oracle_ends(
    number: int,
) -> None:
    made = world(number)
    stated = [
        (event, speaker)
        for event, speaker in zip(made.events, made.speakers, strict=True)
        # What a late DELETE would have kept clean stays marked.
        if event.get("action") != "DELETE"
    ]
    index = MemoryIndex()
    marks: dict[tuple[str, str], Mark] = {}
    queue = [Mark(LOT, link(LOTS[0]), BEGINNING)]
    for event, speaker in Random(number).sample(stated, len(stated)):
        (key,) = index.capture(event, capturer=speaker.encode().ljust(32))
        for begun in continues(index, key):
            for mark in marks.values():
                if mark_part(mark.kind, mark.name).startswith(mark_part(*begun)):
                    queue += spread(index, mark)[0]
        while queue:
            mark = queue.pop()
            known = marks.get((mark.kind, mark.name))
            if known is None or known.since_ms > mark.since_ms:
                marks[mark.kind, mark.name] = mark
                queue += spread(index, mark)[0]
    found = {thing for mark in marks.values() for thing in things_of(index, mark)}
    events, speakers = [event for event, _ in stated], [speaker for _, speaker in stated]
    assert found == {link(uri) for uri in oracle(events, LOTS[0], speakers).bad}


def test_random_worlds_are_valid_documents() -> None:
    assert data(document(*world(1).events))
