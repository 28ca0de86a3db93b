"""Values of the core as JSON, by the rules that docs/protocol-api.md gives to readers.

Bytes are lower-case hex; a 32-byte field named as a party (`ACCOUNT_FIELDS`) is an `hs1…` text.
Integers are JSON numbers, except amounts (`…_minor`) and `nonce`: those may pass 2^53, where
JavaScript loses digits, so they are strings of decimal digits, always. The field's name decides,
never the value. `node.api.render` makes the schemas of these values by the same rules.
"""

import dataclasses
from enum import Enum
from typing import TypeAlias, Union

from chain.bech32m import encode_account
from chain.crypto import HASH_SIZE

Json: TypeAlias = Union["dict[str, Json]", "list[Json]", str, int, bool, None]

# Fields that name an account, in payloads, events, views and state.
ACCOUNT_FIELDS = frozenset(
    {
        *("account", "sender", "to", "issuer", "sponsor", "member", "holder", "owner", "payer"),
        *("buyer", "seller", "carrier", "merchant", "arbiter", "inspector", "regulator"),
        *("giver", "taker", "brand", "recipient", "party", "capturer", "subject", "granter"),
        *("remove", "added", "removed", "replaced", "suspended", "reporter"),
    }
)
TEXT_INTEGERS = frozenset({"nonce"})


def is_account_field(name: str) -> bool:
    """Does a 32-byte value under this name (or its plural) name an account?"""
    return name in ACCOUNT_FIELDS or name.removesuffix("s") in ACCOUNT_FIELDS


def is_text_integer(name: str) -> bool:
    """Is an integer under this name written as a string?"""
    return name.endswith("_minor") or name in TEXT_INTEGERS


def render(value: object, name: str = "") -> Json:
    """The JSON form of a value of the core; `name` is that of the field it stands in."""
    match value:
        case Enum():
            return word_of(value)
        case None | bool() | str():
            return value
        case int():
            return str(value) if is_text_integer(name) else value
        case bytes():
            return render_bytes(value, name)
        case tuple() | list():
            return [render(entry, name) for entry in value]
        case dict():
            return {str(key): render(entry, str(key)) for key, entry in value.items()}
        case _:
            return render_fields(value)


def word_of(value: Enum) -> str:
    """A StrEnum's own text, else the member's name in lower case."""
    return value.value if isinstance(value, str) else value.name.lower()


def render_bytes(value: bytes, name: str) -> str:
    """Hex, or `hs1…` where the name is a party's."""
    if len(value) == HASH_SIZE and is_account_field(name):
        return encode_account(value)
    return value.hex()


def render_fields(value: object) -> dict[str, Json]:
    """The JSON object of a dataclass."""
    assert dataclasses.is_dataclass(value), type(value)
    return {
        field.name: render(getattr(value, field.name), field.name)
        for field in dataclasses.fields(value)
    }
