"""An independent light client for committees.json: who decides, from the genesis alone.

Written from docs/protocol.md § Committee; imports nothing of ours.
"""

from typing import Any

from tests.vectors.reader_bytes import (
    RefusedError,
    Value,
    array,
    fields,
    hash32,
    integer,
    parse,
    write,
)
from tests.vectors.reader_chain import committee_of, require
from tests.vectors.reader_core import (
    U64,
    check_certificate,
    signature_holds,
    tagged,
    u64,
)
from tests.vectors.reader_evidence import convicted, read_evidence
from tests.vectors.reader_votes import read_header


class LightClient:
    """The committee that decides the next header, and the height that was shown last."""

    def __init__(self, genesis: bytes) -> None:
        self.genesis = tagged("genesis", genesis)
        self.committee: Value = committee_of(parse(genesis))
        self.first_height = 1

    def show(self, header: bytes, certificate: bytes, following: bytes | None) -> int:
        """Take a header; `RefusedError` if it is not proven. Returns its height."""
        values, signed = read_header(parse(header)), parse(certificate)
        require(values["genesis_hash"] == self.genesis, "another chain")
        require(values["epoch"] == self.committee[0], "another epoch")
        require(values["height"] >= self.first_height, "before its epoch")
        require(signed[0] == values["height"], "a certificate of another height")
        require(signed[2] == tagged("header", header), "a certificate of another block")
        check_certificate(signed, self.committee, self.genesis)
        named = values["next_committee_hash"]
        if following is None:
            require(named == bytes(32), "the next committee is not shown")
        else:
            require(named == tagged("committee", following), "another committee is named")
            read = read_committee(parse(following))
            require(read[0] == self.committee[0] + 1, "an epoch is missing")
            self.committee, self.first_height = read, values["height"] + 1
        return int(values["height"])


def read_committee(value: Value) -> Value:
    """A committee within its bounds."""
    epoch, members = fields(value, 2)
    integer(epoch, 0, U64)
    for member in array(members, 1, 128):
        _, account, node_key, suspended = fields(member, 4)
        hash32(account), hash32(node_key)
        require(isinstance(suspended, bool), "suspended is true or false")
    return value


def check_committees(vectors: Any) -> int:
    """Follow all headers, refuse what is none, and check why the committee changed."""
    rows = vectors["committees"]
    by_hash = {}
    for row in rows:
        committee = bytes.fromhex(row["bytes"])
        require(row["hash"] == tagged("committee", committee).hex(), "committee")
        require(parse(committee)[0] == row["epoch"], "epoch")
        by_hash[bytes.fromhex(row["hash"])] = committee
    client = LightClient(bytes.fromhex(vectors["genesis"]))
    require(write(client.committee).hex() == rows[0]["bytes"], "the founders")
    for height, shown in enumerate(vectors["headers"], 1):
        _check_refused(vectors, height, client)
        named = read_header(parse(bytes.fromhex(shown["header"])))["next_committee_hash"]
        found = client.show(
            bytes.fromhex(shown["header"]),
            bytes.fromhex(shown["certificate"]),
            by_hash.get(bytes(named)),
        )
        require(found == height, "a height is missing")
    require(write(client.committee).hex() == rows[-1]["bytes"], "the last committee")
    _check_ready(vectors, client.genesis)
    _check_evidence(vectors, client.genesis)
    return len(rows) + len(vectors["headers"]) + len(vectors["refused"]) + 2


def _check_refused(vectors: Any, height: int, client: LightClient) -> None:
    for row in vectors["refused"]:
        if row["shown_before"] != height - 1:
            continue
        following = row["next_committee"]
        try:
            client.show(
                bytes.fromhex(row["header"]),
                bytes.fromhex(row["certificate"]),
                None if following is None else bytes.fromhex(following),
            )
        except RefusedError:
            continue
        raise RefusedError("ChainInvalid", f"{row['name']}: it was taken")


def _check_ready(vectors: Any, genesis: bytes) -> None:
    row = vectors["ready"]
    header = bytes.fromhex(vectors["headers"][row["height"] - 1]["header"])
    place = u64(row["epoch"]) + u64(row["height"])
    signed = b"hushang/1/ready\x00" + genesis + place + tagged("header", header)
    require(row["signed"] == signed.hex(), "what a node that is ready signs")
    node_key = bytes.fromhex(row["node_key"])
    require(signature_holds(node_key, signed, bytes.fromhex(row["signature"])), "ready")
    (committee,) = [r["bytes"] for r in vectors["committees"] if r["epoch"] == row["epoch"]]
    members = parse(bytes.fromhex(committee))[1]
    require(node_key in [member[2] for member in members], "the seat")


def _check_evidence(vectors: Any, genesis: bytes) -> None:
    """It convicts a member of its epoch, who is suspended in the next."""
    made, said = (vectors["evidence"][name] for name in ("bytes", "convicts"))
    epoch = read_evidence(bytes.fromhex(made))[1]
    committee = parse(bytes.fromhex(vectors["committees"][epoch]["bytes"]))
    member = convicted(bytes.fromhex(made), committee, genesis)
    require(committee[1][member][1].hex() == said, "another member is convicted")
    convict = [
        member
        for member in parse(bytes.fromhex(vectors["committees"][epoch + 1]["bytes"]))[1]
        if member[1].hex() == said
    ]
    require([member[3] for member in convict] == [True], "whoever is convicted is suspended")
