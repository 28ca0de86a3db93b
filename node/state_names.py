"""Names of state keys for people: `order/HEX`, `account/hs1...`, `balance/hs1.../CNY`.

docs/protocol-state.md has the bytes of every key. A key that nobody writes is proven to be absent
just as well as one that is gone: so where the form is known, a part of another form is refused.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from chain.account import ACCOUNTS, DELEGATIONS
from chain.committees import COMMITTEES, state_key
from chain.crypto import HASH_SIZE
from chain.errors import HushangError
from chain.state import STATE_KEY_MAX, u64
from commerce.banking.cards import CARDS
from commerce.banking.fees import POOLS
from commerce.banking.frozen import FREEZES
from commerce.banking.requests import DEPOSIT_REQUESTS, WITHDRAW_REQUESTS
from commerce.epcis.capture import EVENTS
from commerce.evidence import EVIDENCE
from commerce.listings import LISTINGS
from commerce.members import MEMBERS
from commerce.money import ASSETS, BALANCES, asset_part, is_symbol
from commerce.orders import ORDERS
from commerce.parcels import PARCELS
from commerce.products import PRODUCTS
from commerce.reviews.records import REVIEWS, line_part
from commerce.rights import LOCATIONS, PREFIXES
from commerce.roles import HELD_ROLES, role_part
from node.state_rows import TABLES

# The bytes of one part of a name; `ValueError` in words for people.
Part = Callable[[str], bytes]

# Of an id, in a file's name.
NAME_DIGITS: Final = 16
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")
_TABLE: Final = re.compile(r"[a-z][a-z-]{0,30}")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_ROLE: Final = re.compile(r"[a-z][a-z0-9_.-]{0,31}")
_SCOPE: Final = re.compile(r"|(gcp|gln):[0-9]{4,13}")
_LINE: Final = re.compile(r"0|[1-9][0-9]?")
_GTIN: Final = re.compile(r"[0-9]{14}")
_GLN: Final = re.compile(r"[0-9]{13}")
_PREFIX: Final = re.compile(r"[0-9]{4,12}")


class StateNameInvalid(HushangError):
    """A text names no state key."""

    hint = "for example order/HEX, account/hs1..., balance/hs1.../CNY; or --state-key HEX for any"


def _matching(pattern: re.Pattern[str], words: str, made: Part = str.encode) -> Part:
    def parse(text: str) -> bytes:
        if not pattern.fullmatch(text):
            raise ValueError(words)
        return made(text)

    return parse


def _hash(text: str) -> bytes:
    if len(text) != 2 * HASH_SIZE or not _HEX.fullmatch(text):
        msg = "64 lower-case hex digits"
        raise ValueError(msg)
    return bytes.fromhex(text)


def _symbol(text: str) -> bytes:
    if not is_symbol(text):
        msg = "an asset's symbol"
        raise ValueError(msg)
    return asset_part(text)


_digits_of_hex = _matching(_HEX, "lower-case hex", bytes.fromhex)
_number = _matching(_NUMBER, "a number", lambda text: u64(int(text)))
_role = _matching(_ROLE, "a role", role_part)
_line = _matching(_LINE, "a line of an order, from 0", lambda text: line_part(int(text)))
_scope = _matching(_SCOPE, "gcp:PREFIX, gln:LOCATION or nothing")


def _parts(account: Part) -> dict[bytes, Sequence[Part]]:
    """By table, the parts of its names; what is not here takes hex."""
    return {
        ACCOUNTS.prefix: (account,),
        DELEGATIONS.prefix: (account, _hash),
        MEMBERS.prefix: (account,),
        BALANCES.prefix: (account, _symbol),
        ASSETS.prefix: (_symbol,),
        PRODUCTS.prefix: (_matching(_GTIN, "a GTIN of 14 digits"),),
        PREFIXES.prefix: (_matching(_PREFIX, "a company prefix"),),
        LOCATIONS.prefix: (_matching(_GLN, "a GLN of 13 digits"),),
        HELD_ROLES.prefix: (account, _role, _scope),
        EVIDENCE.prefix: (account, _number),
        LISTINGS.prefix: (_hash,),
        ORDERS.prefix: (_hash,),
        PARCELS.prefix: (_hash,),
        REVIEWS.prefix: (_hash, _line),
        EVENTS.prefix: (_hash,),
        DEPOSIT_REQUESTS.prefix: (_hash,),
        WITHDRAW_REQUESTS.prefix: (_hash,),
        FREEZES.prefix: (_hash,),
        CARDS.prefix: (_hash,),
        POOLS.prefix: (_symbol,),
    }


def key_of(name: str, account: Part) -> bytes:
    """The state key of `TABLE/PART/...`; `StateNameInvalid`. `account` reads an account's text."""
    table, _, rest = name.partition("/")
    texts = rest.split("/")
    if not _TABLE.fullmatch(table) or not rest:
        raise StateNameInvalid(f"{name!r} is not TABLE/ID")
    prefix = f"{table}/".encode()
    if table not in TABLES:
        # It would be proven absent, like everything that nobody ever writes.
        raise StateNameInvalid(f"{name!r}: the state has no table {table}, but {', '.join(TABLES)}")
    if prefix == COMMITTEES.prefix and len(texts) == 1 and _NUMBER.fullmatch(rest):
        return state_key(_epoch(rest))
    parts = _parts(account).get(prefix, (_digits_of_hex,) * len(texts))
    # A role without a scope has it everywhere.
    texts += [""] * (prefix == HELD_ROLES.prefix and len(texts) == len(parts) - 1)
    if len(texts) != len(parts):
        raise StateNameInvalid(f"{name!r}: {table} takes {len(parts)} parts")
    key = prefix
    for part, text in zip(parts, texts, strict=True):
        try:
            key += part(text)
        except ValueError as error:
            raise StateNameInvalid(f"{name!r}: {text!r} is not {error}") from error
    if len(key) > STATE_KEY_MAX:
        raise StateNameInvalid(f"a key of {len(key)} bytes, at most {STATE_KEY_MAX}")
    return key


def _epoch(text: str) -> int:
    if text == "0":
        raise StateNameInvalid("the committee of epoch 0 follows from the genesis")
    return int(text)


def key_of_hex(text: str) -> bytes:
    """A state key from its bytes in hex; `StateNameInvalid`."""
    if len(text) > 2 * STATE_KEY_MAX or not _HEX.fullmatch(text):
        raise StateNameInvalid(f"--state-key takes 1 to {STATE_KEY_MAX} bytes in lower-case hex")
    return bytes.fromhex(text)


def proof_name(kind: str, wanted: bytes, height: int) -> str:
    """The name of a proof's file, without its ending: `receipt-3fa9c2d1e0b4a7c8-at-120`.

    `height` is that of the newest header in it.
    """
    return f"{kind}-{wanted.hex()[:NAME_DIGITS]}-at-{height}"


def state_proof_name(key: bytes, height: int) -> str:
    """As `proof_name`, by the key's table where it has one: `order-3fa9c2d1e0b4a7c8-at-120`."""
    table, _, rest = key.partition(b"/")
    kind = table.decode("ascii", "replace")
    if rest and _TABLE.fullmatch(kind):
        return proof_name(kind, rest, height)
    return proof_name("state", key, height)
