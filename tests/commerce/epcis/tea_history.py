"""A tea maker's history as EPCIS events, as large as you like: leaves to pallets, in six levels.

Leaf lots are roasted, roasts mixed in tanks (one transformation of many events), blends filled into
totes by weight, totes bottled (with or without a lot of their own), bottles packed in cases, cases
on pallets, pallets shipped on trailers. One leaf lot is bad. It is commingled with good ones; a
lot is drawn from before and after the bad leaf went in; cases are repacked, some used up for gift
boxes; a tote is emptied and used for something good; two statements are corrected.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.commerce.epcis.statements import Members

PREFIX = "6901234"
BAD = f"urn:epc:class:lgtin:{PREFIX}.000001.LEAF0"
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
DECLARED = {"declarationTime": "2025-12-31T00:00:00Z", "reason": "incorrect_data"}
# Items that one event brings into being, or one case holds, at most.
FILLED_MAX = 2_500
CASE_SIZE = 100
PALLET_CASES = 20
TRAILER_PALLETS = 10


def leaf(name: object) -> str:
    return f"urn:epc:class:lgtin:{PREFIX}.000001.LEAF{name}"


def roast(name: object) -> str:
    return f"urn:epc:class:lgtin:{PREFIX}.000002.ROAST{name}"


def blend(name: object) -> str:
    return f"urn:epc:class:lgtin:{PREFIX}.000003.BLEND{name}"


def bottle(number: int) -> str:
    return f"urn:epc:id:sgtin:{PREFIX}.000004.{number:07}"


def gift(number: int) -> str:
    return f"urn:epc:id:sgtin:{PREFIX}.000005.{number}"


def unit(kind: int, number: int) -> str:
    """A logistic unit: totes are of kind 1, cases 2, pallets 3, trailers 4."""
    return f"urn:epc:id:sscc:{PREFIX}.{kind}{number:09}"


def some(uri: str, kilograms: int) -> Members:
    return {"epcClass": uri, "quantity": kilograms, "uom": "KGM"}


@dataclass(slots=True)
class History:
    """The events, each a minute after the one before."""

    bottles: int
    events: int = 0
    packed: int = 0
    gifts: int = 0
    full: list[tuple[int, list[str]]] = field(default_factory=list)

    def stated(self, kind: str, **members: object) -> Members:
        """One event with its time."""
        moment = BEGIN + timedelta(minutes=self.events)
        self.events += 1
        return {
            "type": kind,
            "eventTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventTimeZoneOffset": "+00:00",
            **members,
        }

    def run(self) -> Iterator[Members]:
        """All of it, in order of time; what corrects an event comes right after it."""
        yield from self.leaves()
        yield from self.tanks()
        for filling in range(-(-self.bottles // FILLED_MAX)):
            yield from self.fill(filling)
            if len(self.full) >= PALLET_CASES:
                yield from self.stack()
        yield from self.stack()

    def leaves(self) -> Iterator[Members]:
        """Lots of leaves, and what is roasted of each; the bad one is mixed with its neighbour."""
        lots = [some(leaf(n), 100) for n in range(12)]
        yield self.stated("ObjectEvent", action="ADD", quantityList=lots, bizStep="commissioning")
        for n in range(12):
            used = [some(leaf(n), 50), some(leaf(n + 1), 50)] if n == 0 else [some(leaf(n), 50)]
            yield self.turned(used, [some(roast(n), 90)])

    def tanks(self) -> Iterator[Members]:
        """Roast 0 to 5 into the bad blends, the others into the good one."""
        for name, roasts, made in (
            ("bad", range(6), [blend("BAD1"), blend("BAD2")]),
            ("good", range(6, 12), [blend("GOOD")]),
        ):
            joined = f"urn:uuid:tank-{name}"
            for n in roasts:
                yield self.turned([some(roast(n), 90)], [], transformationID=joined)
            for uri in made:
                yield self.turned([], [some(uri, 250)], transformationID=joined)

    def turned(self, used: list[Members], made: list[Members], **members: object) -> Members:
        """Classes of things into others."""
        return self.stated(
            "TransformationEvent",
            inputQuantityList=used,
            outputQuantityList=made,
            bizStep="creating_class_instance",
            **members,
        )

    def fill(self, filling: int) -> Iterator[Members]:
        """A tote of a blend becomes bottles; every twelfth tote is emptied and filled with good."""
        good = filling % 12 == 5
        tote, uri = unit(1, filling), blend(f"BAD{1 + filling % 2}")
        kilograms = [some(uri, 100)]
        yield self.put(tote, "ADD", childQuantityList=kilograms)
        if good:
            half, rest = [some(uri, 60)], [some(uri, 40)]
            yield self.put(tote, "DELETE", childQuantityList=half)
            yield self.put(tote, "DELETE", childQuantityList=rest)
            yield self.put(tote, "ADD", childQuantityList=[some(blend("GOOD"), 100)])
        first = filling * FILLED_MAX
        made = [bottle(n) for n in range(first, min(first + FILLED_MAX, self.bottles))]
        if filling % 2:
            yield from self.fill_lot(filling, tote, made)
        else:
            yield from self.fill_bottles(filling, tote, made)
        for start in range(0, len(made), CASE_SIZE):
            yield from self.pack(made[start : start + CASE_SIZE])

    def fill_bottles(self, filling: int, tote: str, made: list[str]) -> Iterator[Members]:
        """At once; once the wrong tote is named first, and that is corrected."""
        if filling == 4:
            wrong = self.bottled(unit(1, 5_000_000), made)
            yield wrong
            yield wrong | {"errorDeclaration": DECLARED}
        yield self.bottled(tote, made)

    def bottled(self, tote: str, made: list[str]) -> Members:
        return self.stated(
            "TransformationEvent", inputEPCList=[tote], outputEPCList=made, bizStep="commissioning"
        )

    def fill_lot(self, filling: int, tote: str, made: list[str]) -> Iterator[Members]:
        """First a lot of bottles, then its serial numbers; once it is said of a wrong tote."""
        name = f"FILL{filling}"
        lot = [{"epcClass": f"urn:epc:class:lgtin:{PREFIX}.000004.{name}", "quantity": len(made)}]
        members: Members = {"outputQuantityList": lot, "bizStep": "creating_class_instance"}
        if filling == 5:
            bad = unit(1, 4)
            wrong = self.stated("TransformationEvent", inputEPCList=[bad], **members)
            yield wrong
            yield wrong | {"errorDeclaration": DECLARED}
        yield self.stated("TransformationEvent", inputEPCList=[tote], **members)
        yield self.stated(
            "ObjectEvent",
            action="ADD",
            epcList=made,
            bizStep="commissioning",
            ilmd={"cbvmda:lotNumber": name},
        )

    def pack(self, inside: list[str]) -> Iterator[Members]:
        """A case; every fifty-first is repacked, every hundredth used up for gift boxes."""
        number = self.packed
        self.packed += 1
        case = unit(2, number)
        yield self.put(case, "ADD", childEPCs=inside)
        if number % 51 == 50:
            taken, inside = inside[:40], inside[40:]
            mixed = unit(2, 900_000 + number)
            yield self.put(case, "DELETE", childEPCs=taken)
            yield self.put(mixed, "ADD", childEPCs=taken)
            self.full.append((900_000 + number, taken))
        if number % 100 == 99:
            boxes = [gift(self.gifts + n) for n in range(20)]
            self.gifts += len(boxes)
            yield self.stated("TransformationEvent", inputEPCList=[case], outputEPCList=boxes)
            return
        self.full.append((number, inside))

    def stack(self) -> Iterator[Members]:
        """Full cases onto a pallet each twenty, which is shipped and received; at last unpacked."""
        while self.full:
            cases = [unit(2, number) for number, _ in self.full[:PALLET_CASES]]
            number = self.full[0][0]
            del self.full[:PALLET_CASES]
            pallet, trailer = unit(3, number), unit(4, number % TRAILER_PALLETS)
            yield self.put(pallet, "ADD", childEPCs=cases)
            yield self.put(trailer, "ADD", childEPCs=[pallet])
            yield self.seen(trailer, "shipping")
            yield self.put(trailer, "DELETE")
            yield self.seen(pallet, "receiving")
            if number % 7 == 0:
                yield self.put(pallet, "DELETE")
                yield self.seen(pallet, "storing")

    def put(self, container: str, action: str, **inside: object) -> Members:
        """Into a container, or out of it."""
        step = "packing" if action == "ADD" else "unpacking"
        return self.stated(
            "AggregationEvent", parentID=container, action=action, bizStep=step, **inside
        )

    def seen(self, thing: str, step: str) -> Members:
        return self.stated("ObjectEvent", action="OBSERVE", epcList=[thing], bizStep=step)
