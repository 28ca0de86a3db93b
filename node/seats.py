"""Seats in the committee, prepared outside of a node: who is ready, and the change that takes them.

A seat file is JSON that any machine can carry: the readiness that a node key has signed for a
recent decided header, and for which organisation and epoch. It is refused unless its signature
holds.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain.bech32m import decode_account
from chain.block import Certificate, Header
from chain.codec import decode
from chain.committees import ready_bytes
from chain.crypto import PrivateKey, verify
from chain.errors import HushangError
from chain.genesis import Genesis
from commerce.committee import CommitteeChange, Seat
from node.api.render import render_fields
from node.client import NodeClient
from node.following import follow_node
from node.json_values import FormRefused, from_json
from node.strict_json import JsonRefused, read_json
from node.validation import did_you_mean, require_head

FORMAT: Final = "hushang-seat"
FORMAT_VERSION: Final = 1
FIELDS: Final = {"format", "version", "name", "epoch", "genesis_hash", "seat"}
POLL_S: Final = 0.05


class SeatFileInvalid(HushangError):
    """The file is no seat that is ready."""

    hint = "hushang committee ready --node-key FILE > seat.json, on the host of the new node"


class SeatForAnotherEpoch(HushangError):
    """The seat was made ready for another epoch than the next, or for another chain."""

    hint = "the committee has changed since: hushang committee ready once more"


class OrganisationUnknown(HushangError):
    """No registered member organisation is meant by this name, account or node key."""

    hint = "first hushang member register, or hushang member keys for a further key"


class ChangeUnderWay(HushangError):
    """A change of the committee is decided and does not govern yet."""

    hint = "try again in a moment: it governs from the second block on"


class NotGoverning(HushangError):
    """The change was decided, and its committee did not begin to govern in time."""

    hint = "hushang committee show; hushang status tells whether the nodes make blocks"


class NothingDecided(HushangError):
    """The chain has no block yet that a node could be ready for."""

    hint = "any transaction makes one"


@dataclass(frozen=True, slots=True)
class ReadySeat:
    """A seat for the committee of `epoch`; `name` is the organisation's, for people."""

    name: str
    epoch: int
    genesis_hash: bytes
    seat: Seat


def to_text(ready: ReadySeat) -> str:
    """The seat's file."""
    return json.dumps(to_record(ready), indent=2, ensure_ascii=False) + "\n"


def to_record(ready: ReadySeat) -> dict[str, Any]:
    """As `to_text`, before it is text."""
    return {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "name": ready.name,
        "epoch": ready.epoch,
        "genesis_hash": ready.genesis_hash.hex(),
        "seat": render_fields(ready.seat),
    }


def from_text(data: bytes | str, where: str) -> ReadySeat:
    """The seat of a file, its signature verified; `SeatFileInvalid`."""
    try:
        ready = _from_record(read_json(data))
    except (JsonRefused, FormRefused) as error:
        raise SeatFileInvalid(f"{where}: {error}") from error
    seat = ready.seat
    signed = ready_bytes(ready.genesis_hash, ready.epoch, seat.ready_height, seat.ready_digest)
    if not verify(seat.node_key, signed, seat.ready_signature):
        raise SeatFileInvalid(f"{where}: the readiness is not signed by its node key")
    return ready


def _from_record(record: Any) -> ReadySeat:
    require_head(record, (FORMAT, FORMAT_VERSION), FIELDS, "no seat file")
    return ReadySeat(
        from_json(str, record.get("name"), "name"),
        from_json(int, record.get("epoch"), "epoch"),
        from_json(bytes, record.get("genesis_hash"), "genesis_hash"),
        from_json(Seat, record.get("seat"), "seat"),
    )


def find_organisation(
    client: NodeClient, *, name: str | None = None, node_key: bytes | None = None
) -> Mapping[str, Any]:
    """The member organisation of this name or account (hs1…), or of this node key."""
    organisations: Sequence[Mapping[str, Any]] = client.get("/v1/members")["members"]
    wanted = None if node_key is None else node_key.hex()
    for entry in organisations:
        named = name in (None, entry["organisation"], entry["account"])
        if named and wanted in (None, *entry["node_keys"]):
            return entry
    whose = "" if name is None else f"{name} "
    if wanted is not None:
        raise OrganisationUnknown(f"no member {whose}has registered the node key {wanted}")
    known = [str(entry["organisation"]) for entry in organisations]
    raise OrganisationUnknown(f"no member {whose.strip()}{did_you_mean(str(name), known)}")


def make_ready(
    client: NodeClient, genesis: Genesis, key: PrivateKey, name: str | None = None
) -> ReadySeat:
    """Sign with a node key that its node follows the chain, up to the node's newest header.

    The header is believed for its certificate, by the committees from the genesis on.
    """
    organisation = find_organisation(client, name=name, node_key=key.public_key)
    now = _settled(client)
    told = client.get("/v1/headers/latest")
    header = decode(Header, bytes.fromhex(told["raw_header"]))
    if not header.height:
        raise NothingDecided("the newest block is the genesis")
    certificate = decode(Certificate, bytes.fromhex(told["raw_certificate"]))
    follow_node(client, genesis, header.epoch).check(header, certificate)
    epoch, height, digest = int(now["epoch"]) + 1, header.height, header.digest()
    signature = key.sign(ready_bytes(genesis.hash(), epoch, height, digest))
    account = decode_account(organisation["account"])
    seat = Seat(account, key.public_key, height, digest, signature)
    return ReadySeat(str(organisation["organisation"]), epoch, genesis.hash(), seat)


def make_change(
    client: NodeClient,
    genesis_hash: bytes,
    *,
    add: Sequence[ReadySeat] = (),
    remove: Sequence[str] = (),
    replace: Sequence[ReadySeat] = (),
) -> tuple[CommitteeChange, Mapping[str, Any]]:
    """The change of the committee that governs, and that committee as the node tells it."""
    now = _settled(client)
    epoch = int(now["epoch"])
    for ready in (*add, *replace):
        if (ready.epoch, ready.genesis_hash) != (epoch + 1, genesis_hash):
            words = f"{ready.name} is ready for epoch {ready.epoch}, the next is {epoch + 1}"
            raise SeatForAnotherEpoch(words)
    change = CommitteeChange(
        epoch,
        tuple(sorted((ready.seat for ready in add), key=_account)),
        tuple(sorted(_seated(now, name) for name in remove)),
        tuple(sorted((ready.seat for ready in replace), key=_account)),
    )
    return change, now


def _account(seat: Seat) -> bytes:
    return seat.account


def _seated(now: Mapping[str, Any], name: str) -> bytes:
    """The account of a member with a seat, by its name or account."""
    for member in now["members"]:
        if name in (member["name"], member["account"]):
            return decode_account(member["account"])
    names = ", ".join(str(member["name"]) for member in now["members"])
    raise OrganisationUnknown(f"{name} has no seat in the committee of {names}")


def _settled(client: NodeClient) -> Mapping[str, Any]:
    now: Mapping[str, Any] = client.get("/v1/committee")
    if now["pending"] is not None:
        epoch, height = now["pending"]["epoch"], now["pending"]["first_height"]
        raise ChangeUnderWay(f"epoch {epoch} begins at height {height}")
    return now


def wait_until_governs(client: NodeClient, epoch: int, timeout_s: float) -> Mapping[str, Any]:
    """The committee once that of `epoch` decides blocks, as the node tells it; `NotGoverning`."""
    deadline = time.monotonic() + timeout_s
    while True:
        now: Mapping[str, Any] = client.get("/v1/committee")
        if int(now["epoch"]) >= epoch:
            return now
        if time.monotonic() > deadline:
            raise NotGoverning(f"epoch {now['epoch']} still governs after {timeout_s:g} s")
        time.sleep(POLL_S)


def accounts_of(now: Mapping[str, Any]) -> dict[bytes, str]:
    """The members of a told committee: names by account."""
    return {decode_account(entry["account"]): str(entry["name"]) for entry in now["members"]}
