"""An independent reader of what a genesis founds: the state of height 0. Nothing of ours."""

from typing import Any

from tests.vectors.reader_bytes import RefusedError, Value, array, fields, parse, write
from tests.vectors.reader_core import read_policy, tagged, tree_root

TIME, TIME_SCALE, TIMERS, MEMBERS, ACCOUNTS, ASSETS, FIELDS = 2, 3, 5, 6, 7, 8, 10
SYMBOL_WIDTH = 12
# What each node key may sign for its member (docs/protocol-beacon.md), and until when.
NODE_TYPES, NEVER_MS = ["beacon.acknowledge", "beacon.reveal", "beacon.share"], 253_402_271_999_999
MINUTE, HOUR = 60_000, 3_600_000
DAY = 24 * HOUR
# docs/transactions.md § Timers, in its order.
DEFAULTS_MS = {
    "pay_ms": 120 * MINUTE,
    "ship_ms": 72 * HOUR,
    "ship_refund_ms": 15 * DAY,
    "lost_ms": 30 * DAY,
    "confirm_shipped_ms": 10 * DAY,
    "confirm_delivered_ms": 3 * DAY,
    "quality_ms": 15 * DAY,
    "answer_unshipped_ms": 2 * DAY,
    "answer_shipped_ms": 5 * DAY,
    "counter_ms": 3 * DAY,
    "return_ship_ms": 7 * DAY,
    "return_lost_ms": 15 * DAY,
    "return_accept_ms": 7 * DAY,
    "exchange_ms": 7 * DAY,
    "recall_ms": 48 * HOUR,
    "draw_ms": 3 * DAY,
    "evidence_ms": 3 * DAY,
    "commit_ms": 2 * DAY,
    "reveal_ms": DAY,
    "appeal_ms": 3 * DAY,
    "dispute_cap_ms": 60 * DAY,
    "unbond_ms": 30 * DAY,
    "deposit_exit_ms": 90 * DAY,
    "deposit_tail_ms": 15 * DAY,
    "notice_ms": 7 * DAY,
    "claim_ms": 10 * MINUTE,
    "report_ms": DAY,
    "penalty_ms": 2 * DAY,
}
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
    state |= _parameters(genesis)
    state[b"recalled/"] = write([[], False])
    for name, policy, node_key in array(genesis[MEMBERS], 1, 128):
        own = ids[name] = _id(policy)
        state[b"account/" + own] = write([policy, own, None])
        state[b"member/" + own] = write([name, [node_key], None, time])
        state[b"delegation/" + own + node_key] = write([NODE_TYPES, 0, 0, NEVER_MS])
    for name, policy, sponsor, roles in array(genesis[ACCOUNTS], 0, 10_000):
        own = ids[name] = _id(policy)
        state[b"account/" + own] = write([policy, ids[sponsor], None])
        for role, scope in array(roles, 0, 64):
            state |= _held(own, role, scope, time)
    for symbol, decimals, issuer in array(genesis[ASSETS], 0, 64):
        padded = symbol.encode().ljust(SYMBOL_WIDTH, b"\0")
        state[b"asset/" + padded] = write([symbol, decimals, ids[issuer], 0, 0])
    return state


def _parameters(genesis: list[Value]) -> dict[bytes, bytes]:
    """Version 0: the timers in block time, those that the genesis sets and the defaults."""
    scale, own = genesis[TIME_SCALE], genesis[TIMERS]
    if not isinstance(scale, int) or not isinstance(own, dict):
        raise RefusedError("GenesisInvalid", "its fields have other forms")
    scaled = [max(1, -(-own.get(name, value) // scale)) for name, value in DEFAULTS_MS.items()]
    version = write([0, genesis[TIME], [list(row) for row in sorted(own.items())], scaled, []])
    return {b"parameters/" + bytes(4): version, b"parameters-current/": write([0])}


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
