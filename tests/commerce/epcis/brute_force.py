"""An oracle for traces: every item by itself, event after event, nothing shared with the engine.

It reads the statements as they were written and plays them in the order of their times on a picture
of the world (what lies where, how much of it, what is bad). Goods that are bad are bad for all
their life: so it begins anew, with them bad from the first moment, as long as any more turn out to
be, or a transformation of several events to have had a bad input.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from tests.commerce.epcis.statements import Members

Amounts = dict[str, Decimal | None]
# A transformation of several events: its id, and who states them.
Joined = tuple[str, str]


@dataclass(slots=True)
class Found:
    """What is bad at the end, and the places in the list of the events that concern it."""

    bad: set[str]
    steps: set[int]


@dataclass(slots=True)
class World:
    """What lies where, and what is bad, at one moment."""

    bad_joins: set[Joined]
    bad: set[str] = field(default_factory=set)
    inside: dict[str, dict[str, Amounts]] = field(default_factory=dict)
    steps: set[int] = field(default_factory=set)
    # Who says of what that he made it, and who speaks now.
    makers: dict[str, set[str]] = field(default_factory=dict)
    speaker: str = ""

    def holds_bad(self, container: str) -> bool:
        return any(
            child in self.bad or self.holds_bad(child) for child in self.inside.get(container, ())
        )

    def carries_bad(self, thing: str) -> bool:
        return thing in self.bad or self.holds_bad(thing)


def epcs(event: Members, *names: str) -> list[str]:
    return [uri for name in names for uri in event.get(name, ())]


def classes(event: Members, *names: str) -> list[str]:
    return [entry["epcClass"] for name in names for entry in event.get(name, ())]


def lot_of(event: Members, epc: str) -> str | None:
    """The lot that an event says an item is of, as a URN."""
    number = event.get("ilmd", {}).get("cbvmda:lotNumber")
    if number is None or ":sgtin:" not in epc:
        return None
    prefix, item, _ = epc.removeprefix("urn:epc:id:sgtin:").split(".")
    return f"urn:epc:class:lgtin:{prefix}.{item}.{number}"


def oracle(events: Sequence[Members], root: str, speakers: Sequence[str] = ()) -> Found:
    """What became of a lot; `speakers` state the events, or one account all of them."""
    voided = [without_declaration(event) for event in events if "errorDeclaration" in event]
    counted = [
        (event["eventTime"], place, event)
        for place, event in enumerate(events)
        if "errorDeclaration" not in event and event not in voided
    ]
    counted.sort(key=lambda entry: entry[:2])
    makers: dict[str, set[str]] = {}
    for _, place, event in counted:
        for thing in brought_forth(event):
            makers.setdefault(thing, set()).add(speakers[place] if speakers else "")
    joins: set[Joined] = set()
    goods = {root}
    while True:
        world = World(set(joins), set(goods), makers=makers)
        for _, place, event in counted:
            world.speaker = speakers[place] if speakers else ""
            play(world, place, event)
        turned_out = {thing for thing in world.bad if ":sscc:" not in thing}
        if (world.bad_joins, turned_out) == (joins, goods):
            return Found(world.bad, world.steps)
        joins, goods = world.bad_joins, turned_out


def brought_forth(event: Members) -> list[str]:
    """The single things that an event says came into being."""
    if event["type"] == "ObjectEvent" and event["action"] == "ADD":
        return epcs(event, "epcList")
    return epcs(event, "outputEPCList")


def without_declaration(event: Members) -> Members:
    return {name: value for name, value in event.items() if name != "errorDeclaration"}


def play(world: World, place: int, event: Members) -> None:
    match event["type"]:
        case "ObjectEvent":
            appear(world, place, event)
        case "AggregationEvent":
            move(world, place, event)
        case "TransformationEvent":
            turn(world, place, event)
        case other:
            raise AssertionError(other)


def appear(world: World, place: int, event: Members) -> None:
    named = [*epcs(event, "epcList"), *classes(event, "quantityList")]
    for thing in named:
        lot = lot_of(event, thing) if event["action"] == "ADD" else None
        if lot in world.bad:
            world.steps.add(place)
            spoil(world, thing)
    if any(world.carries_bad(thing) for thing in named):
        world.steps.add(place)


def move(world: World, place: int, event: Members) -> None:
    parent, adds = event["parentID"], event["action"] == "ADD"
    inside = world.inside.setdefault(parent, {})
    children = [*epcs(event, "childEPCs"), *classes(event, "childQuantityList")]
    concerned = children or list(inside)
    if parent in world.bad or any(world.carries_bad(child) for child in concerned):
        world.steps.add(place)
    if not children:
        inside.clear()
    for child in epcs(event, "childEPCs"):
        if adds:
            inside[child] = {}
        else:
            inside.pop(child, None)
    for entry in event.get("childQuantityList", ()):
        weigh(inside, entry, adds=adds)


def weigh(inside: dict[str, Amounts], entry: Members, *, adds: bool) -> None:
    """So much more or less of a class; it is gone when nothing is left."""
    amounts = inside.setdefault(entry["epcClass"], {})
    change = Decimal(str(entry["quantity"]))
    unit = entry.get("uom", "")
    before = amounts.get(unit) or Decimal(0)
    amounts[unit] = before + change if adds else before - change
    if all(amount is not None and amount <= 0 for amount in amounts.values()):
        del inside[entry["epcClass"]]


def turn(world: World, place: int, event: Members) -> None:
    used = [*epcs(event, "inputEPCList"), *classes(event, "inputQuantityList")]
    made = [*epcs(event, "outputEPCList"), *classes(event, "outputQuantityList")]
    joined = (event.get("transformationID", ""), world.speaker)
    is_bad = any(world.carries_bad(thing) for thing in used)
    if is_bad:
        world.steps.add(place)
    if joined[0]:
        if is_bad:
            world.bad_joins.add(joined)
        is_bad = joined in world.bad_joins
    if is_bad and made:
        world.steps.add(place)
        for thing in made:
            spoil(world, thing)
    if any(world.carries_bad(thing) for thing in made):
        world.steps.add(place)


def spoil(world: World, made: str) -> None:
    """What is made is bad, and of the single things in it those that the speaker made too."""
    world.bad.add(made)
    look_into(world, made)


def look_into(world: World, container: str) -> None:
    for child in world.inside.get(container, ()):
        if ":class:" not in child:
            if world.speaker in world.makers.get(child, ()):
                world.bad.add(child)
            look_into(world, child)


def link(uri: str) -> str:
    """The identity of a URN as GS1 writes it: `urn:epc:id:sgtin:6901234.000004.1` and its like."""
    _, _, _, scheme, rest = uri.split(":", 4)
    prefix, reference, *serial = rest.split(".")
    body = reference[0] + prefix + reference[1:]
    digits = [int(digit) for digit in body]
    total = 3 * sum(digits[::-2]) + sum(digits[-2::-2])
    key = f"{body}{-total % 10}"
    ai = {"sgtin": "01", "lgtin": "01", "sscc": "00"}[scheme]
    qualifier = {"sgtin": "/21/", "lgtin": "/10/", "sscc": ""}[scheme]
    return f"https://id.gs1.org/{ai}/{key}{qualifier}{''.join(serial)}"
