"""An independent reader of what a genesis founds: the state of height 0. Nothing of ours."""

from typing import Any

from tests.vectors.reader_bytes import RefusedError, Value, array, fields, parse, write
from tests.vectors.reader_core import read_policy, tagged, tree_root

TIME, MEMBERS, ACCOUNTS, ASSETS, FIELDS = 2, 6, 7, 8, 10
SYMBOL_WIDTH = 12
# The table besides, of a role in a scope of this kind.
HOLDINGS = {"gcp": "gcp", "gln": "location"}


def check_genesis(vectors: Any) -> int:
    """The hash of genesis.json's bytes, and every entry of the state that they found."""
    data = bytes.fromhex(vectors["genesis"])
    if tagged("genesis", data).hex() != vectors["genesis_hash"]:
        raise RefusedError("GenesisInvalid", "the hash is not that of the bytes")
    state = founded(fields(parse(data), FIELDS))
    if [[key.hex(), value.hex()] for key, value in sorted(state.items())] != vectors["state"]:
        raise RefusedError("GenesisInvalid", "the state is not what the genesis founds")
    if tree_root(state).hex() != vectors["state_root"]:
        raise RefusedError("GenesisInvalid", "the root is not that of the state")
    return len(state)


def founded(genesis: list[Value]) -> dict[bytes, bytes]:
    """The state of height 0."""
    time, state, ids = genesis[TIME], dict[bytes, bytes](), dict[str, bytes]()
    for name, policy, node_key in array(genesis[MEMBERS], 1, 128):
        own = ids[name] = _id(policy)
        state[b"account/" + own] = write([policy, own, None])
        state[b"member/" + own] = write([name, [node_key], None, time])
    for name, policy, sponsor, roles in array(genesis[ACCOUNTS], 0, 10_000):
        own = ids[name] = _id(policy)
        state[b"account/" + own] = write([policy, ids[sponsor], None])
        for role, scope in array(roles, 0, 64):
            state |= _held(own, role, scope, time)
    for symbol, decimals, issuer in array(genesis[ASSETS], 0, 64):
        padded = symbol.encode().ljust(SYMBOL_WIDTH, b"\0")
        state[b"asset/" + padded] = write([symbol, decimals, ids[issuer], 0, 0])
    return state


def _id(policy: Value) -> bytes:
    read_policy(policy)
    return tagged("account", write(policy))


def _held(own: bytes, role: str, scope: str, time: Value) -> dict[bytes, bytes]:
    key = b"role/" + own + role.encode() + b"\0" + scope.encode()
    held = {key: write([role, scope, None, time])}
    kind, _, digits = scope.partition(":")
    if kind in HOLDINGS:
        held[f"{HOLDINGS[kind]}/{digits}".encode()] = write([own, None, time])
    return held
