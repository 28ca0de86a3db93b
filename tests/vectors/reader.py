"""The independent reader: `python -m tests.vectors.reader` checks every vector in this folder.

Written from docs/protocol.md; it and the `reader_…` modules import the standard library and the
`cryptography` package, and nothing of ours. It recomputes what can be recomputed, and what must be
refused it refuses by the same name.
"""

import json
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.vectors.reader_bytes import RefusedError, Value, check_free, parse, write
from tests.vectors.reader_chain import check_chain, check_first, committee_of
from tests.vectors.reader_committees import check_committees
from tests.vectors.reader_core import (
    address,
    audit_path,
    check_certificate,
    check_key_enrollable,
    check_receipt,
    consistency_path,
    merkle_root,
    read_address,
    read_policy,
    read_transaction,
    sha,
    signature_holds,
    tagged,
    tree_proof_holds,
    tree_root,
    u64,
    vote,
)
from tests.vectors.reader_epcis import check_epcis
from tests.vectors.reader_evidence import check_evidence
from tests.vectors.reader_genesis import check_genesis
from tests.vectors.reader_pages import check_structure, tables
from tests.vectors.reader_proofs import check_proofs
from tests.vectors.reader_records import check_record
from tests.vectors.reader_snapshot import check_snapshot
from tests.vectors.reader_votes import check_message, read_header

Json = Any


class MismatchError(Exception):
    """A vector says something else than the page."""


def same(what: str, said: object, computed: object) -> None:
    """Raise unless the vector says what the reader computed."""
    if said != computed:
        raise MismatchError(f"{what}: the vector says {said!r}, the page gives {computed!r}")


def holds(what: str, *facts: bool) -> None:
    """Raise unless all of these are so."""
    if not all(facts):
        raise MismatchError(f"{what}: doesn't hold")


def refusal(check: Callable[..., object], *arguments: object) -> str | None:
    """The name under which something is refused, or None."""
    try:
        check(*arguments)
    except RefusedError as error:
        return error.name
    return None


def raw(text: str) -> bytes:
    """Bytes of hex."""
    return bytes.fromhex(text)


def read_free(data: bytes) -> None:
    """Refuse what is no free value."""
    check_free(parse(data))


def enrol(data: bytes) -> None:
    """Refuse what is no policy."""
    read_policy(parse(data))


def untag(value: Json) -> Value:
    """A tagged JSON value as a free value."""
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    match kind:
        case "int":
            return int(inner)
        case "bytes":
            return raw(inner)
        case "array":
            return [untag(entry) for entry in inner]
        case "map":
            return {name: untag(entry) for name, entry in inner}
        case _:
            return inner


def check_canonical(vectors: Json) -> int:
    """Free values both ways, and bytes that are none."""
    for row in vectors["plain"]:
        data = raw(row["bytes"])
        value = parse(data)
        check_free(value)
        same(row["name"], untag(row["value"]), value)
        same(row["name"], data, write(value))
    for row in vectors["refused"]:
        data = raw(row["bytes"]) + raw(row.get("then", "")) * row.get("times", 0)
        newer = unicodedata.unidata_version != "14.0.0"
        if newer and row["name"] == "a code point of Unicode 15.0":
            continue  # this Python's own tables assign it
        holds(row["name"], refusal(read_free, data) is not None)
    return len(vectors["plain"]) + len(vectors["refused"])


def check_keys(vectors: Json) -> int:
    """Public keys from seeds, signatures, keys that are refused."""
    for row in vectors["keys"]:
        same(row["name"], row["seed"], sha(f"hushang vectors: {row['name']}".encode()).hex())
        key = Ed25519PrivateKey.from_private_bytes(raw(row["seed"])).public_key()
        same(row["name"], row["public_key"], key.public_bytes_raw().hex())
        check_key_enrollable(raw(row["public_key"]))
    for row in vectors["signatures"]:
        valid = signature_holds(*(raw(row[k]) for k in ("public_key", "message", "signature")))
        same(row["name"], row["valid"], valid)
    for row in vectors["keys_refused"]:
        why = refusal(check_key_enrollable, raw(row["public_key"]))
        same(row["name"], "KeyRefused", why)
    return sum(len(rows) for rows in vectors.values())


def check_accounts(vectors: Json) -> int:
    """Policies, ids, addresses."""
    for row in vectors["policies"]:
        data = raw(row["bytes"])
        value = [[[raw(key), weight] for key, weight in row["keys"]], row["threshold"]]
        read_policy(parse(data))
        same(row["name"], data, write(value))
        same(row["name"], row["account"], tagged("account", data).hex())
        same(row["name"], row["address"], address(raw(row["account"])))
        same(row["name"], row["account"], read_address(row["address"]).hex())
    for row in vectors["policies_refused"]:
        holds(row["name"], refusal(enrol, raw(row["bytes"])) is not None)
    for row in vectors["addresses_refused"]:
        why = refusal(read_address, row["address"])
        same(row["name"], "AddressMalformed", why)
    return sum(len(rows) for rows in vectors.values())


def check_merkle(vectors: Json) -> int:
    """Roots and proofs, by RFC 6962's recursive definitions."""
    leaves = [raw(leaf) for leaf in vectors["leaves"]]
    for row in vectors["roots"]:
        same("root", row["root"], merkle_root(leaves[: row["size"]]).hex())
    for row in vectors["inclusion"]:
        path = audit_path(row["index"], leaves[: row["size"]])
        same("inclusion", row["path"], [entry.hex() for entry in path])
    for row in vectors["consistency"]:
        path = consistency_path(row["old"], leaves[: row["new"]])
        same("consistency", row["path"], [entry.hex() for entry in path])
    return sum(len(rows) for rows in vectors.values())


def check_state_tree(vectors: Json) -> int:
    """Roots from the whole key sets; proofs, and that none holds for anything else."""
    for case in vectors["cases"]:
        entries = {raw(key): raw(value) for key, value in case["entries"]}
        root = tree_root(entries)
        same(case["name"], case["root"], root.hex())
        for row in case["proofs"]:
            key, proof = raw(row["key"]), raw(row["proof"])
            value = None if row["value"] is None else raw(row["value"])
            same(case["name"], value, entries.get(key))
            other = b"another" if value is None else None
            holds(
                case["name"],
                tree_proof_holds(root, key, value, proof),
                not tree_proof_holds(root, key, other, proof),
                not tree_proof_holds(sha(root), key, value, proof),
            )
    return len(vectors["cases"])


def check_transactions(vectors: Json) -> int:
    """Valid ones field by field, refused ones by name."""
    for row in vectors["valid"]:
        found = read_transaction(raw(row["raw"]))
        values = [untag(value) for value in row["transaction"].values()]
        same(row["name"], row["content"], write(values).hex())
        same(row["name"], row["content"], found.content.hex())
        same(row["name"], row["signing"], found.signing.hex())
        same(row["name"], (row["id"], row["body_hash"]), (found.id.hex(), found.body_hash.hex()))
        entries = [tuple(raw(part) for part in entry.values()) for entry in row["signatures"]]
        same(row["name"], row["raw"], write([found.content, entries]).hex())
    for row in vectors["refused"]:
        why = refusal(read_transaction, raw(row["raw"]))
        same(row["name"], row["refusal"], why)
    return len(vectors["valid"]) + len(vectors["refused"])


def check_blocks(vectors: Json) -> int:
    """Genesis, header, block, receipts."""
    made = vectors["genesis"]
    same("genesis hash", made["hash"], tagged("genesis", raw(made["bytes"])).hex())
    committee = committee_of(parse(raw(made["bytes"])))
    same("committee", made["committee"], write(committee).hex())
    first = read_header(parse(raw(made["header"])))
    check_first(first, parse(raw(made["bytes"])), parse(raw(made["certificate"])))
    same("genesis hash in the header", made["hash"], first["genesis_hash"].hex())
    same("first certificate", [0, 0, raw(made["digest"]), []], parse(raw(made["certificate"])))
    same("committee", made["committee_hash"], tagged("committee", raw(made["committee"])).hex())
    same("first digest", made["digest"], tagged("header", raw(made["header"])).hex())
    head = vectors["header"]
    same("header", head["bytes"], write([untag(v) for v in head["fields"].values()]).hex())
    same("digest", head["digest"], tagged("header", raw(head["bytes"])).hex())
    same("header of the block", head["bytes"], write(parse(raw(vectors["block"]))[0]).hex())
    header, bodies = parse(raw(vectors["block"]))
    values = read_header(header)
    hashes = [read_transaction(body).body_hash for body in bodies]
    same("body hashes", vectors["body_hashes"], [entry.hex() for entry in hashes])
    same("transactions root", values["transactions_root"], merkle_root(hashes))
    receipts = [raw(receipt) for receipt in vectors["receipts"]]
    for receipt in receipts:
        check_receipt(parse(receipt))
    same("receipts root", vectors["receipts_root"], merkle_root(receipts).hex())
    for row in vectors["system_receipt_ids"]:
        data = row["kind"].encode() + b"\x00" + u64(row["height"]) + u64(row["index"])
        same(row["kind"], row["id"], tagged("system-receipt", data).hex())
    return 3 + len(receipts) + len(hashes)


def check_votes(vectors: Json) -> int:
    """What votes sign, and the messages that carry them."""
    genesis = raw(vectors["genesis_hash"])
    for row in vectors["signed"]:
        slot = (row["epoch"], row["type"], row["view"], row["height"])
        signed = vote(genesis, *slot, raw(row["body"]))
        same("vote", row["bytes"], signed.hex())
        holds("sig", signature_holds(raw(row["public_key"]), signed, raw(row["signature"])))
    for row in vectors["messages"]:
        signing = check_message(raw(row["bytes"]), genesis)
        same(row["name"], row["signing"], signing.hex())
    return len(vectors["signed"]) + len(vectors["messages"])


def check_records(vectors: Json) -> int:
    """A journal's records."""
    genesis = raw(vectors["genesis_hash"])
    for row in vectors["records"]:
        found = check_record(raw(row["bytes"]), row["name"], vectors["member"], genesis)
        same(row["name"], untag(row["fields"]), found)
    return len(vectors["records"])


def check_certificates(vectors: Json) -> int:
    """Certificates of a header that hold and that don't."""
    genesis, committee = raw(vectors["genesis_hash"]), parse(raw(vectors["committee"]))
    made = tagged("committee", raw(vectors["committee"])).hex()
    same("committee", vectors["committee_hash"], made)
    digest = tagged("header", raw(vectors["header"]))
    for row in vectors["valid"]:
        certificate = parse(raw(row["bytes"]))
        same(row["name"], digest, certificate[2])
        check_certificate(certificate, committee, genesis)
    for row in vectors["invalid"]:
        certificate = parse(raw(row["bytes"]))
        why = refusal(check_certificate, certificate, committee, genesis)
        same(row["name"], "CertificateInvalid", why)
    return len(vectors["valid"]) + len(vectors["invalid"])


def check_payloads(vectors: Json) -> int:
    """Payloads of each type against the tables of docs/transactions.md."""
    known = tables("transactions.md")

    def read(kind: str, data: bytes) -> None:
        value = parse(data)
        check_free(value)
        check_structure(known, kind, value)

    for kind, rows in vectors.items():
        for row in rows["valid"]:
            read(kind, raw(row["bytes"]))
            same(row["name"], row["bytes"], write(untag(row["value"])).hex())
        for row in rows["refused"]:
            what = f"{kind}, {row['name']}"
            same(what, "EncodingInvalid", refusal(read, kind, raw(row["bytes"])))
    return sum(len(rows["valid"]) + len(rows["refused"]) for rows in vectors.values())


CHECKS: dict[str, Callable[[Json], int]] = {
    "canonical": check_canonical,
    "keys": check_keys,
    "accounts": check_accounts,
    "merkle": check_merkle,
    "state_tree": check_state_tree,
    "transactions": check_transactions,
    "blocks": check_blocks,
    "votes": check_votes,
    "certificates": check_certificates,
    "chain": check_chain,
    "committees": check_committees,
    "evidence": check_evidence,
    "records": check_records,
    "payloads": check_payloads,
    "genesis": check_genesis,
    "epcis": check_epcis,
    "proofs": check_proofs,
    "snapshot": check_snapshot,
}


def main(folder: Path) -> int:
    """Check all files; exit code 1 at the first that is wrong."""
    for name, check in CHECKS.items():
        vectors = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        try:
            count = check(vectors)
        except (MismatchError, RefusedError) as error:
            sys.stdout.write(f"{name}.json: {error}\n")
            return 1
        sys.stdout.write(f"{name}.json: {count} vectors hold\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent))
