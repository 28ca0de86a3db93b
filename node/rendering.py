"""Values of the core as JSON, by the rules that docs/protocol-api.md gives to readers.

Bytes are lower-case hex; a 32-byte field named as a party (`ACCOUNT_FIELDS`) is an `hs1…` text.
Integers are JSON numbers, except amounts (`…_minor`) and `nonce`: those may pass 2^53, where
JavaScript loses digits, so they are strings of decimal digits, always. The field's name decides,
never the value. `node.api.render` makes the schemas of these values by the same rules.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache
from types import NoneType
from typing import Any, TypeAlias, Union

from chain.bech32m import encode_account
from chain.crypto import HASH_SIZE

Json: TypeAlias = Union["dict[str, Json]", "list[Json]", str, int, bool, None]

# Fields that name an account, in payloads, events, views and state.
ACCOUNT_FIELDS = frozenset(
    {
        *("account", "sender", "to", "issuer", "sponsor", "member", "holder", "owner", "payer"),
        *("buyer", "seller", "carrier", "merchant", "arbiter", "inspector", "regulator"),
        *("giver", "taker", "brand", "recipient", "party", "capturer", "subject", "granter"),
        *("funder", "consumer", "opener", "creditor", "debtor", "interested", "former", "by"),
        *("remove", "added", "removed", "replaced", "suspended", "reporter", "dealer"),
        *("challenger", "return_carrier", "possessor", "custodian", "maker", "bound_by"),
        "claimant",
    }
)
TEXT_INTEGERS = frozenset({"nonce"})


# Names that are remembered with what they mean; those of the core's fields are fewer.
NAMES_KEPT_MAX = 1024
# Of each dataclass that was rendered; there are only those of the code.
_FIELD_NAMES: dict[type, tuple[str, ...]] = {}


@lru_cache(NAMES_KEPT_MAX)
def is_account_field(name: str) -> bool:
    """Does a 32-byte value under this name (or its plural) name an account?"""
    return name in ACCOUNT_FIELDS or name.removesuffix("s") in ACCOUNT_FIELDS


@lru_cache(NAMES_KEPT_MAX)
def is_text_integer(name: str) -> bool:
    """Is an integer under this name written as a string?"""
    return name.endswith("_minor") or name in TEXT_INTEGERS


def render(value: object, name: str = "") -> Json:
    """The JSON form of a value of the core; `name` is that of the field it stands in."""
    # By its exact type: a receipt's events have no others.
    renderer = _RENDERERS.get(type(value))
    if renderer is not None:
        return renderer(value, name)
    if isinstance(value, Enum):
        return word_of(value)
    kinds = [kind for kind in type(value).__mro__ if kind in _RENDERERS]
    return _RENDERERS[kinds[0]](value, name) if kinds else render_fields(value)


def word_of(value: Enum) -> str:
    """A StrEnum's own text, else the member's name in lower case."""
    return value.value if isinstance(value, str) else value.name.lower()


def render_bytes(value: bytes, name: str) -> str:
    """Hex, or `hs1…` where the name is a party's."""
    if len(value) == HASH_SIZE and is_account_field(name):
        return encode_account(value)
    return value.hex()


def render_fields(value: Any) -> dict[str, Json]:
    """The JSON object of a dataclass."""
    return {name: render(getattr(value, name), name) for name in _names_of(type(value))}


def _names_of(kind: type) -> tuple[str, ...]:
    names = _FIELD_NAMES.get(kind)
    if names is None:
        assert dataclasses.is_dataclass(kind), kind
        names = _FIELD_NAMES[kind] = tuple(field.name for field in dataclasses.fields(kind))
    return names


def _as_it_is(value: Any, _name: str) -> Json:
    same: Json = value
    return same


def _render_integer(value: int, name: str) -> Json:
    return str(value) if is_text_integer(name) else value


def _render_items(value: Iterable[object], name: str) -> Json:
    return [render(entry, name) for entry in value]


def _render_map(value: Mapping[object, object], _name: str) -> Json:
    return {str(key): render(entry, str(key)) for key, entry in value.items()}


_RENDERERS: dict[type, Callable[[Any, str], Json]] = {
    NoneType: _as_it_is,
    bool: _as_it_is,
    str: _as_it_is,
    int: _render_integer,
    bytes: render_bytes,
    tuple: _render_items,
    list: _render_items,
    dict: _render_map,
}
