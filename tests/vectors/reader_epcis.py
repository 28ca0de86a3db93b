"""An independent reader of event keys, written from docs/protocol-epcis.md § Event key.

The CBV prehash is taken as the vector has it; its hash is recomputed. Nothing of ours.
"""

import json
from decimal import Decimal
from typing import Any

from tests.vectors.reader_bytes import RefusedError
from tests.vectors.reader_core import sha, tagged

PREFIXES = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "dcterms": "http://purl.org/dc/terms/",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
}


def check_epcis(vectors: Any) -> int:
    """Canonical JSON, event key and CBV hash of every row."""
    for row in vectors:
        document = json.loads(row["document"], parse_float=Decimal, parse_int=Decimal)
        (event,) = document["epcisBody"]["eventList"]
        outer = PREFIXES | _declared(document["@context"])
        prefixes = outer | _declared(event.get("@context", []))
        said = {k: v for k, v in event.items() if k not in ("@context", "recordTime")}
        canonical = _write(said, prefixes)
        _same(row["canonical"], canonical)
        capturer = bytes.fromhex(row["capturer"])
        _same(row["event_key"], tagged("epcis-event", capturer + canonical.encode()).hex())
        _same(row["cbv_hash"], sha(row["prehash"].encode()).hex())
    return len(vectors)


def _same(said: str, computed: str) -> None:
    if said != computed:
        raise RefusedError("EventMismatch", f"the vector says {said}, the page gives {computed}")


def _declared(context: Any) -> dict[str, str]:
    """The prefixes of the inline parts of a context."""
    found: dict[str, str] = {}
    for part in context:
        if isinstance(part, dict):
            for name, target in part.items():
                found[name] = target["@id"] if isinstance(target, dict) else target
    return found


def _write(value: Any, prefixes: dict[str, str]) -> str:
    if isinstance(value, dict):
        full = {_expand(name, prefixes): entry for name, entry in value.items()}
        members = [f"{_quote(name)}:{_write(full[name], prefixes)}" for name in sorted(full)]
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join([_write(entry, prefixes) for entry in value]) + "]"
    if isinstance(value, str):
        return _quote(_expand(value, prefixes))
    if isinstance(value, Decimal):
        return _number(value)
    return {None: "null", True: "true", False: "false"}[value]


def _expand(text: str, prefixes: dict[str, str]) -> str:
    prefix, colon, local = text.partition(":")
    if colon and prefix in prefixes and not local.startswith("//"):
        return prefixes[prefix] + local
    return text


def _quote(text: str) -> str:
    control = {chr(code): f"\\u{code:04x}" for code in range(0x20)}
    return '"' + "".join([(control | ESCAPES).get(letter, letter) for letter in text]) + '"'


def _number(value: Decimal) -> str:
    sign, digits, exponent = value.normalize().as_tuple()
    if not value:
        return "0"
    whole = "".join(map(str, digits))
    return f"{'-' if sign else ''}{whole}{f'e{exponent}' if exponent else ''}"
