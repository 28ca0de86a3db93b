"""What a verifier tells, in one form for Python and JavaScript: plain JSON to compare.

Bytes are "0x…", numbers "#…", fields have JavaScript's names; maps and texts are as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from chain.bundle_check import Verified

Json = Any

# The same of a value in a page: what `struct` read from is left out, as Python has no such field.
TOLD_IN_PAGE = """
function told(value) {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return `#${value}`;
  if (value instanceof Uint8Array) {
    return "0x" + Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
  if (Array.isArray(value)) return value.map(told);
  const pairs = value instanceof Map ? [...value] : Object.entries(value);
  const shown = pairs.filter(([name]) => value instanceof Map || name !== "encoded");
  return Object.fromEntries(shown.map(([name, entry]) => [name, told(entry)]));
}
"""


def camel(name: str) -> str:
    """`time_ms` as `timeMs`."""
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


def told(value: object) -> Json:
    """Any value of the core."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return f"#{value}"
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, (tuple, list)):
        return [told(entry) for entry in value]
    if isinstance(value, Mapping):
        return {name: told(entry) for name, entry in value.items()}
    assert is_dataclass(value), type(value)
    return {camel(entry.name): told(getattr(value, entry.name)) for entry in fields(value)}


def facts(verified: Verified, chain_id: str) -> Json:
    """All that `verifyBundle` tells."""
    made = told(verified)
    del made["trusted"]
    made["chainId"] = chain_id
    for entry, header in zip(verified.headers, made["headers"], strict=True):
        header["digest"] = told(entry.header.digest())
        for fact in header["transactions"]:
            fact["signatures"] = fact.pop("signed")["signatures"]
    return made
