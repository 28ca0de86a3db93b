"""Documents at random, good and bad, and what becomes of each: one digest for all of them.

`python -m tests.commerce.epcis.variations --count 20000` prints the digest of more than the tests
take; whoever makes reading or hashing faster compares it with that of the code before.
"""

import argparse
import copy
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from random import Random
from typing import Any, TypeVar

from chain.errors import LedgerError
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.cbv_hash import prehash
from commerce.epcis.document import read_document
from tests.commerce.epcis.statements import (
    Members,
    blending,
    document,
    fitting,
    harvest,
    ordering,
    packing,
    sensing,
)
from tests.commerce.world import World

T = TypeVar("T")

_LINK = "https://id.gs1.org/"
_WORDS = [
    *("", " ", "x", "ADD", "OBSERVE", "DELETE", "shipping", "commissioning", "active", "sipping"),
    *("cbv:BizStep-shipping", " cbv:Disp-active ", "gs1:Temperature", "urn:epcglobal:cbv:btt:po"),
    *("https://ref.gs1.org/cbv/BizStep-packing", "https://ref.gs1.org/cbv/BizStep-x", "tea:leaf"),
    *("tea://leaf", "other:leaf", "urn:uuid:1", "urn:x:y z", "http://a.example/01/06901234123456"),
    *(_LINK + "01/06901234123456/10/L1/21/5", _LINK + "01/06901234123457", _LINK + "gtin/96385074"),
    *(_LINK + "00/069012341234567897", _LINK + "414/6901234000016/254/9", _LINK + "8004/69012x"),
    *("2024-04-05T08:30:00.000+08:00", "2024-04-05T08:30:00.0005Z", "2024-02-30T00:00:00Z", "1Z"),
    *("2024-04-05T08:30:00", "9999-12-31T23:59:59.9996Z", "+08:00", "-14:00", "+15:00", "02.50"),
    *("-0", ".5", "5.", "1e3", "1e999", "雨前", "e\u0301", "\u00e9", "a\tb", "a\u0001", 'say "x"'),
    *("http://example.com/%zz", "urn:epc:id:sgtin:6901234.012345.a%2Fb", "urn:epc:id:sgln:x"),
    *("urn:epc:id:sgtin:6901234.012345.a%2fb", "urn:epc:id:sgtin:6901234.012345.!()*+,:;='"),
    *("urn:epc:idpat:sgtin:6901234.012345.*", "urn:epc:idpat:sgtin:6901234.012345.1", "\u3000x"),
    *("urn:epc:id:itip:6901234.012345.01.02.9", "urn:epc:id:giai:6901234.a.b", "KGM", "CEL"),
]
_URIS = [
    *("urn:uuid:1", "tea:leaf", "urn:x:y", "gs1:x", "https://a.example/b", "dcterms:x", "a:b"),
    *("http://a.example/01/06901234123456", "urn:epc:id:sgln:6901234.00001.0", "https://c.example"),
    *(_LINK + "414/6901234000016/254/9", _LINK + "01/06901234123456/10/L%2f1/21/5?x=1"),
]
_NAMES = [
    *("type", "eventTime", "eventID", "epcList", "action", "bizStep", "readPoint", "parentID"),
    *("sensorElementList", "ilmd", "quantityList", "id", "value", "time", "tea:leaf", "other:x"),
    *("https://tea.example/epcis/leaf", "@context", "@type", "recordTime", "tea: x", "x", ""),
]
_TIMES = [
    *(
        "2024-04-05T08:30:00.00049999+08:00",
        "2024-12-31T23:59:59.9995-05:30",
        "0001-01-01t00:00:00z",
    ),
    *("1969-12-31T23:59:59.9994Z", "2024-02-29T12:00:00Z", "2023-02-29T12:00:00Z"),
]
_SCHEMES = [
    *("sgtin", "sscc", "sgln", "pgln", "grai", "giai", "gsrn", "gsrnp", "gdti", "sgcn", "cpi"),
    *("ginc", "gsin", "itip", "upui", "sgtin", "sgtin", "none"),
]
_PREFIXES = ["6901234", "690123", "690123412345", "69012341", "4012345", "69012a4", "69012"]
_SERIALS = ["1", "0", "12345678901234567890", "123456789012345678901", "a-b", "a%2Fb", "%zz", "*"]
_NUMBERS = ["0", "-0.0", "26.10", "2.6e1", "26.1", "4.5", "12", "0.1e-3", "-7", "1.0E+2", "4.50"]
_BAD_NUMBERS = ["NaN", "1e400", "1.2345678901234567890123456789012345", "01", "1.", "-Infinity"]


class Chance:
    """Choices that are the same on every Python: only `Random.random` is promised to be."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random

    def below(self, count: int) -> int:
        """0 to count - 1."""
        return int(self._random() * count)

    def of(self, choices: Sequence[T]) -> T:
        """One of them."""
        return choices[self.below(len(choices))]

    def is_one_in(self, count: int) -> bool:
        """True once in so many times."""
        return self.below(count) == 0


def documents(seed: int) -> Iterator[bytes]:
    """Documents without end; most differ from a good one in a place or two."""
    chance = Chance(seed)
    while True:
        events = [_event(chance) for _ in range(1 + chance.below(3))]
        whole = copy.deepcopy(document(*events))
        for _ in range(chance.below(3) if chance.is_one_in(2) else 0):
            _mutate(chance, whole)
        if chance.is_one_in(10):
            whole["tea:ignoreFields"] = ["tea:leaf", chance.of(_WORDS)]
        yield _text(chance, whole)


def _text(chance: Chance, whole: Members) -> bytes:
    text = json.dumps(whole, ensure_ascii=chance.is_one_in(4))
    text = text.replace('"#', "").replace('#"', "")
    if chance.is_one_in(12):
        text = text.replace("urn:", "\\u0075rn:", 1 + chance.below(3))
    if chance.is_one_in(25):
        at = chance.below(len(text))
        text = text[:at] + chance.of(['"', "\\", "}", ",", "\x7f", '"a":1,', "", " "]) + text[at:]
    if chance.is_one_in(40):
        text = text[: 1 + chance.below(len(text))]
    return text.encode("utf-8", "surrogatepass")


def _event(chance: Chance) -> Members:
    make = chance.of([harvest, packing, fitting, blending, ordering, harvest, harvest])
    event = make()
    extras: list[Members] = [
        {"sensorElementList": sensing({"type": "Temperature", "value": _number(chance)})},
        {"sensorElementList": sensing(None, {"time": event["eventTime"]})},
        {"sensorElementList": sensing({"type": _word(chance), "time": _word(chance)})},
        {"tea:leaf": {"tea:by": [_word(chance), _number(chance)], "@type": "tea:x"}},
        {"tea:leaf": [_word(chance), {"tea:a": _word(chance), "b": "tea:c"}]},
        {"ilmd": {"cbvmda:lotNumber": chance.of(["L1", " L2 ", "a/b", ""])}, "action": "ADD"},
        {"bizTransactionList": [{"type": "po", "bizTransaction": _word(chance)}]},
        {"sourceList": [{"type": "location", "source": random_uri(chance)}]},
        {"destinationList": [{"type": _word(chance), "destination": "urn:uuid:3"}]},
        {"persistentDisposition": {"set": ["active"], "unset": [_word(chance), "damaged"]}},
        {"errorDeclaration": {"declarationTime": "2024-05-01T00:00:00Z"}},
        {
            "quantityList": [
                {"epcClass": random_uri(chance), "quantity": _number(chance), "uom": "KGM"}
            ]
        },
        {"childQuantityList": [{"epcClass": random_uri(chance)}]},
        {"readPoint": {"id": _word(chance)}, "bizLocation": {"id": random_uri(chance), "tea:x": 1}},
        {"@context": {"box": "urn:example:box:"}, "box:seal": _word(chance)},
        {"@context": [{"tea": "urn:tea:"}], "tea:seal": "tea:2", "https://a.example/b": None},
        {"eventID": _word(chance), "certificationInfo": ["urn:x:1", "tea:2"]},
        {"eventTime": chance.of(_TIMES), "recordTime": "2024-05-01T00:00:00Z"},
        {"transformationID": "urn:x:7", "bizStep": _word(chance), "disposition": "tea:odd"},
    ]
    for _ in range(chance.below(4)):
        event.update(copy.deepcopy(chance.of(extras)))
    for name in ("epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        if name in event:
            event[name] = [*event[name], *(random_uri(chance) for _ in range(chance.below(3)))]
    return event


def _word(chance: Chance) -> str:
    """Mostly what may stand in many places."""
    return chance.of(_WORDS if chance.is_one_in(6) else _URIS)


def _number(chance: Chance) -> str:
    """A number of any spelling: `_text` takes the marks and quotes away."""
    return f"#{chance.of(_BAD_NUMBERS if chance.is_one_in(30) else _NUMBERS)}#"


def random_uri(chance: Chance) -> str:
    """A URN of any scheme, right or nearly so; sometimes a link or another word."""
    if chance.is_one_in(30):
        return chance.of(_WORDS)
    if chance.is_one_in(8):
        return f"urn:epc:class:lgtin:6901234.012345.{chance.of(_SERIALS)}"
    scheme = "sgtin" if chance.is_one_in(2) else chance.of(_SCHEMES)
    prefix = "6901234" if not chance.is_one_in(12) else chance.of(_PREFIXES)
    total = 17 if scheme in ("sscc", "gsrn", "gsrnp") else 16 if scheme == "gsin" else 13
    total = 12 if scheme in ("sgln", "pgln", "grai", "gdti", "sgcn") else total
    size = total - len(prefix) + (chance.below(3) - 1 if chance.is_one_in(40) else 0)
    fields = [prefix, "".join(str(chance.below(10)) for _ in range(size))]
    if scheme not in ("sscc", "pgln", "gsrn", "gsrnp", "gsin", "giai", "ginc"):
        fields.append(chance.of(_SERIALS) if chance.is_one_in(3) else str(chance.below(10**9)))
    if chance.is_one_in(60):
        fields.append("1")
    return f"urn:epc:{'idpat' if chance.is_one_in(40) else 'id'}:{scheme}:{'.'.join(fields)}"


def _mutate(chance: Chance, whole: Members) -> None:
    """Replace, remove, rename, repeat one node of the tree."""
    found = _place(chance, whole)
    if found is None:
        return
    node, key = found
    kind = chance.below(4)
    if kind == 0:
        node[key] = chance.of([chance.of(_WORDS), _number(chance), None, True, [], {}, [[]]])
    elif kind == 1:
        node[key] = chance.of(_WORDS)
    elif kind == 2:
        del node[key]
    elif isinstance(node, dict):
        node[chance.of(_NAMES)] = copy.deepcopy(node[key])
    else:
        node.append(copy.deepcopy(node[key]))


def _place(chance: Chance, whole: Members) -> tuple[Any, Any] | None:
    """An object or array of the document, and a key in it."""
    body: Any = whole.get("epcisBody", whole)
    node: Any = whole if chance.is_one_in(8) else body.get("eventList", body)
    while isinstance(node, dict | list) and node:
        key = chance.of(list(node) if isinstance(node, dict) else range(len(node)))
        if not isinstance(node[key], dict | list) or chance.is_one_in(4):
            return None if key == "epcisBody" else (node, key)
        node = node[key]
    return None


def outcome(at: World, stated: bytes) -> str:
    """Everything that becomes of a document: the refusal in its words, or hashes and rows."""
    try:
        read = read_document(stated)
        hashed = [prehash(event, read.hash_ignored) for event in read.events]
    except LedgerError as refusal:
        hashed = [f"{refusal.code}: {refusal}"]
    at.indexes.clear()
    receipt = at.send("merchant", ("epcis.capture", EpcisCapture(stated, "public")))
    events = [sorted(event.data.items()) for event in receipt.events]
    rows = sorted(at.indexes.items())
    return f"{hashed} {receipt.status} {receipt.failed_operation} {events} {rows}"


def digest_of(seed: int, count: int) -> tuple[str, int]:
    """One hash over the outcomes of so many documents, and how many were accepted."""
    at = World()
    at.audited = False
    hashed, accepted = hashlib.sha256(), 0
    for stated in islice(documents(seed), count):
        said = outcome(at, stated)
        accepted += " ok None " in said
        hashed.update(said.encode("utf-8", "surrogatepass"))
    state = sorted(at.state.values.items())
    hashed.update(repr([row for row in state if row[0].startswith(b"epcis")]).encode())
    return hashed.hexdigest(), accepted


def main() -> None:
    """Parse the command line and print the digest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    digest, accepted = digest_of(arguments.seed, arguments.count)
    sys.stdout.write(f"{digest}, {accepted} accepted\n")


if __name__ == "__main__":
    main()
