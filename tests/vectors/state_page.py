"""docs/protocol-state.md from the tables themselves: `python -m tests.vectors.state_page --write`.

What the code knows is taken from it; what a key's parts mean is said here.
"""

import dataclasses
import importlib
import pkgutil
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import chain
import commerce
from chain.codec import Range, Size
from chain.state import Table

PAGE = Path(__file__).parent.parent.parent / "docs" / "protocol-state.md"

# Table: the parts of its keys, in order; where widths differ, only the last part has no fixed one.
KEYS = {
    "account": "account id",
    "arbiter": 'H("arbiter", account id)',
    "arbiter-trade": "arbiter's account id ‖ the other's account id",
    "asset": "symbol, padded with zero bytes to 12",
    "balance": "account id ‖ symbol, padded with zero bytes to 12",
    "beacon-deal": "dealer's account id ‖ u64(number)",
    "beacon-dealer": "account id",
    "beacon-draw": "draw id",
    "beacon-reserved": "draw id ‖ the secret's place in the draw, one byte",
    "beacon-reveal": "draw id ‖ seat, one byte",
    "case": "case id",
    "certificate": "certificate id",
    "certified": 'H("epcis-name", identity) of what is certified ‖ issuer\'s account id ‖ '
    "certificate id",
    "claim": "claim id",
    "claim-group": "buyer's account id ‖ seller's account id ‖ symbol, padded ‖ kind, one byte ‖ "
    "u64(time of the first purchase)",
    "claimed": "order id ‖ line, one byte ‖ kind, one byte",
    "code-active": "batch id ‖ the stretch's last index, four bytes, big-endian",
    "code-batch": "batch id",
    "code-commit-count": "nothing: one row, once somebody has committed to a claim",
    "code-commits": "claimant's account id",
    "code-dead": "batch id ‖ the stretch's last index, four bytes, big-endian",
    "code-item": 'H("code-item", GTIN-14 ‖ / ‖ serial in ASCII)',
    "code-line": "order id ‖ line, one byte",
    "code-report": "report id",
    "code-reporter": "reporter's account id ‖ code id",
    "code-tag": "brand's account id ‖ uid of the tag, seven bytes",
    "committee": "u64(2^64 − 1 − epoch), from epoch 1",
    "coupon": "coupon id",
    "coupon-buyer": "coupon id ‖ buyer's account id",
    "coupon-use": "coupon id",
    "custody-offer": "offer id",
    "custody-offered": 'H("epcis-name", identity) of the thing ‖ giver\'s account id',
    "custody-open": "giver's account id",
    "deadline": "u64(time_ms) ‖ object id",
    "debt": "account id ‖ symbol, padded with zero bytes to 12 ‖ u64(number)",
    "debtor": "account id",
    "delegation": "account id ‖ public key",
    "deposit": 'H("deposit", account id ‖ symbol, padded with zero bytes to 12)',
    "deposit-request": "request id",
    "deposit-request-count": "holder's account id",
    "device": "device's account id",
    "device-name": 'H("epcis-name", identity) of the device',
    "dispute": "id of the case, claim or penalty",
    "dispute-draw": "draw id",
    "dispute-queue": "u64(cap_ms) ‖ id of the case, claim or penalty",
    "epcis": "event key ([EPCIS events](protocol-epcis.md))",
    "epcis-declared": "capturer's account id ‖ statement ([EPCIS events](protocol-epcis.md))",
    "evidence": "account id ‖ u64(epoch)",
    "fee-pool": "symbol, padded with zero bytes to 12",
    "fee-schedule": "nothing: one row, once fees were announced",
    "freezes": 'H("freezes", account id ‖ symbol, padded with zero bytes to 12)',
    "fund": "symbol, padded with zero bytes to 12",
    "gcp": "company prefix, digits in ASCII",
    "item": 'H("item", order id ‖ canonical link of an item with a serial)',
    "leaders": "nothing: one row, once a view has failed in the epoch",
    "liability": "id of the parcel or case",
    "licence": "GTIN-14, digits in ASCII ‖ merchant's account id",
    "listing": "listing id",
    "location": "GLN, digits in ASCII",
    "member": "account id",
    "offer": "listing id ‖ version, four bytes, big-endian",
    "order": "order id",
    "parameter-change": 'H("parameter-change", nothing): one row, while a change waits',
    "parameters": "version, four bytes, big-endian",
    "parameters-current": "nothing: one row",
    "owed": "account id ‖ symbol, padded with zero bytes to 12",
    "parcel": "parcel id",
    "penalty": "penalty id",
    "prepaid": "card id",
    "prepaid-count": "consumer's account id",
    "product": "GTIN-14, digits in ASCII",
    "protocol": "nothing: one row, once a protocol version was announced",
    "product-past": "GTIN-14, digits in ASCII ‖ version, four bytes, big-endian",
    "recall": "recall id",
    "recall-demand": 'H("epcis-name", name of a thing) ‖ recall id ‖ order id',
    "recall-mark": 'kind, one byte ‖ H("epcis-name", name) ‖ tail, 32 bytes ‖ recall id',
    "recall-notice": "recall id ‖ order id ‖ number of the parcel, one byte",
    "recall-product": "GTIN-14, digits in ASCII ‖ recall id",
    "recall-queue": "recall id ‖ u64(number)",
    "recall-sweep": "nothing: one row, once a recall was swept or spread",
    "recall-watch": "nothing: one row, once a recall of lots or items was opened",
    "recalled": "nothing: one row",
    "reference": 'H("reference-" ‖ kind, owner ‖ reference)',
    "remembered": "u64(expiry minute)",
    "review": "order id ‖ line, one byte",
    "role": "account id ‖ role in UTF-8 ‖ 0x00 ‖ scope in UTF-8",
    "sla": "order id",
    "thing": 'H("epcis-name", identity ([EPCIS events](protocol-epcis.md)))',
    "thing-share": 'H("epcis-name", identity of a class) ‖ account id',
    "unpaid": "listing id ‖ buyer's account id",
    "watch": 'H("watch", parcel id)',
    "withdraw-request": "request id",
    "withdraw-request-count": "holder's account id",
}

HEAD = """# State tables: what the state root commits to

Generated by `python -m tests.vectors.state_page --write`; don't edit. A state key is the table's
name, `/` and the key parts; a value is the canonical array of the fields, in this order
([protocol](protocol.md)). Ids, keys and hashes have 32 bytes.
"""


def tables() -> dict[str, Table[Any]]:
    """Every table of the core and of commerce, by name."""
    found: dict[str, Table[Any]] = {}
    for package in (chain, commerce):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Table):
                    found[value.prefix[:-1].decode()] = value
    return dict(sorted(found.items()))


def page() -> str:
    """The whole page."""
    known = tables()
    assert set(known) == set(KEYS), "say what the parts of every table's key mean"
    lines = [HEAD]
    structures: dict[str, Any] = {}
    for name, table in known.items():
        lines += [f"## {name}", "", f"`{name}/` ‖ {KEYS[name]}", "", *_fields(table.cls)]
        for nested in _nested(table.cls):
            structures[nested.__name__] = nested
    lines += ["# Structures inside values", ""]
    for title, cls in sorted(structures.items()):
        lines += [f"## {title}", "", *_fields(cls)]
    return "\n".join(lines).rstrip() + "\n"


def _fields(cls: Any) -> Iterator[str]:
    hints = get_type_hints(cls, include_extras=True)
    yield "| field | holds |"
    yield "|---|---|"
    for field in dataclasses.fields(cls):
        yield f"| {field.name} | {describe(hints[field.name])} |"
    yield ""


def _nested(cls: Any) -> Iterator[Any]:
    hints = get_type_hints(cls, include_extras=True)
    for field in dataclasses.fields(cls):
        for inner in _structures(hints[field.name]):
            yield inner
            yield from _nested(inner)


def _structures(annotation: Any) -> Iterator[Any]:
    if dataclasses.is_dataclass(annotation):
        yield annotation
    for inner in get_args(annotation):
        if not isinstance(inner, (Range, Size)):
            yield from _structures(inner)


def describe(annotation: Any) -> str:
    """A field's annotation in the words of docs/protocol.md."""
    if get_origin(annotation) in (Union, types.UnionType):
        (inner,) = [arg for arg in get_args(annotation) if arg is not types.NoneType]
        return f"{describe(inner)}, or nil"
    if get_origin(annotation) is Annotated:
        base, bounds = get_args(annotation)[:2]
        return _bounded(base, bounds)
    return "true or false" if annotation is bool else str(annotation.__name__)


def _bounded(base: Any, bounds: Range | Size) -> str:
    if isinstance(bounds, Range):
        return f"{bounds.min:,} … {_number(bounds.max)}"
    span = f"{bounds.min}" if bounds.min == bounds.max else f"{bounds.min}…{bounds.max}"
    if base is bytes:
        return f"{span} bytes"
    if base is str:
        return f"text {span}"
    inner = get_args(base)
    return f"[{describe(inner[0])}; {span}]"


def _number(value: int) -> str:
    power = (value + 1).bit_length() - 1
    return f"2^{power} − 1" if value >= 2**31 - 1 and value + 1 == 2**power else f"{value:,}"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/protocol-state.md is out of date")
