"""A genesis from any file that has one, without pydantic, whose import takes longer than a proof.

Whoever uses it knows which hash the genesis must have: what is read here from genesis.json counts
only then. Else `node.genesis_file`, which alone decides what that file says, reads it again.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from chain import genesis as core
from chain.account import KeyPolicy, WeightedKey
from chain.codec import decode, encode
from chain.errors import HushangError
from node.durations import parse_duration
from node.strict_json import read_json


def quick_genesis(data: bytes) -> core.Genesis | None:
    """The genesis in canonical bytes, the JSON of `GET /v1/genesis` or genesis.json, if any."""
    try:
        return _read(data)
    except (HushangError, LookupError, TypeError, ValueError, AttributeError, OverflowError):
        return None


def _read(data: bytes) -> core.Genesis:
    if not data.lstrip().startswith(b"{"):
        return decode(core.Genesis, data)
    document = read_json(data)
    if "raw" in document:
        return decode(core.Genesis, bytes.fromhex(document["raw"]))
    # Reading the canonical bytes back applies the bounds of every field.
    return decode(core.Genesis, encode(_genesis(document)))


def _genesis(document: Mapping[str, Any]) -> core.Genesis:
    consensus = document["consensus"]
    parameters = {
        field.name: parse_duration(consensus.get(field.name.removesuffix("_ms"), field.default))
        for field in fields(core.ConsensusParameters)
    }
    timers = {f"{name}_ms": parse_duration(value) for name, value in document["timers"].items()}
    return core.Genesis(
        version=document["version"],
        chain_id=document["chain_id"],
        time_ms=document["time_ms"],
        time_scale=document.get("time_scale", 1),
        consensus=core.ConsensusParameters(**parameters),  # type: ignore[arg-type]
        timers=timers,  # type: ignore[arg-type]
        members=tuple(_member(entry) for entry in document["members"]),
        accounts=tuple(_account(entry) for entry in document.get("accounts", ())),
        assets=tuple(
            core.GenesisAsset(entry["symbol"], entry["decimals"], entry["issuer"])
            for entry in document.get("assets", ())
        ),
        limits=dict(document.get("limits", {}).items()),
    )


def _member(entry: Mapping[str, Any]) -> core.GenesisMember:
    node_key = bytes.fromhex(entry["node_key"])
    return core.GenesisMember(entry["name"], _policy(entry["policy"]), node_key)


def _account(entry: Mapping[str, Any]) -> core.GenesisAccount:
    roles = tuple(
        core.GenesisRole(role["role"], role.get("scope", "")) for role in entry.get("roles", ())
    )
    return core.GenesisAccount(entry["name"], _policy(entry["policy"]), entry["sponsor"], roles)


def _policy(entry: Mapping[str, Any]) -> KeyPolicy:
    keys = sorted((bytes.fromhex(key), weight) for key, weight in entry["keys"].items())
    return KeyPolicy(tuple(WeightedKey(*pair) for pair in keys), entry.get("threshold", 1))
