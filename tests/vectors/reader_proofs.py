"""An independent verifier of proof bundles for proofs.json.

Written from docs/protocol-proofs.md, whose numbers stand in the comments; imports nothing of ours.
"""

from dataclasses import dataclass
from typing import Any

from tests.vectors.reader_bytes import (
    RefusedError,
    Value,
    array,
    blob,
    check_free,
    check_key,
    fields,
    hash32,
    integer,
    name,
    parse,
    write,
)
from tests.vectors.reader_chain import committee_of
from tests.vectors.reader_committees import read_committee
from tests.vectors.reader_core import (
    MIB,
    TIME_MAX,
    U64,
    check_certificate,
    sha,
    signature_holds,
    tagged,
    tree_proof_holds,
    u64,
)
from tests.vectors.reader_votes import read_header

FIELDS = 7
SIZE_MAX = 2 * MIB
TREE_PROOF_MAX = 13_313
CONSENSUS, CLOCK_DRIFT = 4, 4


@dataclass
class Asked:
    """What the verifier knows and wants."""

    genesis: bytes
    trusted: tuple[int, bytes] | None = None
    now_ms: int = 0
    max_age_ms: int | None = None


def refuse(unless: bool, name: str) -> None:  # noqa: FBT001
    """Refuse the bundle under this name unless something holds."""
    if not unless:
        raise RefusedError(name)


def ascend(values: list[Any]) -> None:
    """Strictly."""
    refuse(sorted(set(values)) == values, "BundleMalformed")


# The file.


def read_file(data: bytes) -> list[Value]:
    """1 to 6: the fields of a bundle."""
    refuse(len(data) <= SIZE_MAX, "TooLarge")
    refuse(tagged("proof", data[:-32]) == data[-32:], "BundleDamaged")
    value = parse(data[:-32])
    refuse(isinstance(value, list) and value[:1] == ["hushang-proof"], "BundleMalformed")
    refuse(len(value) > 1 and type(value[1]) is int and value[1] == 1, "VersionUnknown")
    bundle = fields(value, FIELDS)
    _, _, genesis, anchor, steps, proven, heads = bundle
    hash32(genesis)
    if anchor is not None:
        _check_anchor_form(anchor)
    for step in array(steps, 0, 1_024):
        header, certificate, committee = fields(step, 3)
        read_header(header), read_committee(committee)
        _check_certificate_form(certificate)
    for entry in array(proven, 1, 4):
        _check_proven_form(entry)
    for head in array(heads, 0, 128):
        member, time_ms, signature = fields(head, 3)
        integer(member, 0, 65_535), integer(time_ms, 0, TIME_MAX), blob(signature, 64, 64)
    _check_order(proven)
    return bundle


def _check_anchor_form(anchor: Value) -> None:
    header, record, proof = fields(anchor, 3)
    read_header(header)
    committee, first_height = fields(record, 2)
    read_committee(committee), integer(first_height, 0, TIME_MAX)
    blob(proof, 1, TREE_PROOF_MAX)


def _check_certificate_form(certificate: Value) -> None:
    height, view, digest, entries = fields(certificate, 4)
    integer(height, 0, TIME_MAX), integer(view, 0, TIME_MAX), hash32(digest)
    for entry in array(entries, 0, 128):
        member, signature = fields(entry, 2)
        integer(member, 0, 65_535), blob(signature, 64, 64)


def _check_proven_form(entry: Value) -> None:
    header, certificate, states, transactions, receipts = fields(entry, 5)
    read_header(header)
    _check_certificate_form(certificate)
    for claim in array(states, 0, 16):
        key, value, proof = fields(claim, 3)
        blob(key, 1, 512), blob(proof, 1, TREE_PROOF_MAX)
        if value is not None:
            blob(value, 0, SIZE_MAX)
    for claim in array(transactions, 0, 4):
        index, raw, path = fields(claim, 3)
        integer(index, 0, 2**32 - 1), blob(raw, 0, MIB)
        for sibling in array(path, 0, 32):
            hash32(sibling)
    for claim in array(receipts, 0, 4):
        receipt, path = fields(claim, 2)
        _check_receipt_form(receipt)
        for sibling in array(path, 0, 32):
            blob(sibling, 33, 33)


def _check_receipt_form(receipt: Value) -> None:
    receipt_id, status, failed, events = fields(receipt, 4)
    hash32(receipt_id), name(status)
    if failed is not None:
        integer(failed, 0, 65_535)
    for entry in array(events, 0, 4_096):
        kind, data = fields(entry, 2)
        name(kind)
        refuse(isinstance(data, dict) and len(data) <= 64, "EncodingInvalid")
        for key, value in data.items():
            check_key(key)
            check_free(value)


def _check_order(proven: list[Value]) -> None:
    ascend([entry[0][2] for entry in proven])
    for _, _, states, transactions, receipts in proven:
        refuse(bool(states or transactions or receipts), "BundleMalformed")
        ascend([claim[0] for claim in states])
        ascend([claim[0] for claim in transactions])
        ascend([claim[0][0] for claim in receipts])


# Who decides.


class Follower:
    """The committee, the first height that it decides, and the last step's."""

    def __init__(self, genesis: bytes, committee: Value, first: int, last: int) -> None:
        self.genesis, self.committee, self.first, self.last = genesis, committee, first, last

    def decided(self, header: Value, certificate: Value) -> dict[str, Value]:
        """A header that this committee decided."""
        values = read_header(header)
        refuse(values["version"] == 1, "VersionUnknown")
        refuse(values["genesis_hash"] == self.genesis, "WrongChain")
        refuse(values["epoch"] == self.committee[0], "EpochUnexpected")
        refuse(values["height"] >= self.first, "HeaderOutdated")
        named = [values["height"], tagged("header", write(header))]
        refuse([certificate[0], certificate[2]] == named, "CertificateInvalid")
        check_certificate(certificate, self.committee, self.genesis)
        return values

    def step(self, header: Value, certificate: Value, committee: Value) -> None:
        """10: the header names the next committee."""
        values = self.decided(header, certificate)
        refuse(values["height"] > self.last, "HeaderOutdated")
        named = values["next_committee_hash"] == tagged("committee", write(committee))
        refuse(named and committee[0] == self.committee[0] + 1, "CommitteeUnproven")
        self.committee, self.first, self.last = committee, values["height"] + 1, values["height"]


def start(genesis: Value, anchor: Value, asked: Asked) -> Follower:
    """9: from the genesis or the anchor."""
    chain = tagged("genesis", asked.genesis)
    if anchor is None:
        return Follower(chain, committee_of(genesis), 1, 0)
    header, (committee, first), proof = anchor
    values = read_header(header)
    own = values["height"], tagged("header", write(header))
    refuse(asked.trusted == own, "AnchorUntrusted")
    refuse(values["version"] == 1, "VersionUnknown")
    refuse(values["genesis_hash"] == chain, "WrongChain")
    refuse(0 < values["epoch"] == committee[0], "AnchorUntrusted")
    refuse(0 < first <= values["height"], "AnchorUntrusted")
    key, row = b"committee/" + u64(U64 - values["epoch"]), write([committee, first])
    refuse(tree_proof_holds(values["state_root"], key, row, proof), "ProofInvalid")
    return Follower(chain, committee, first, values["height"] - 1)


def check_heights(bundle: list[Value], trusted: tuple[int, bytes] | None) -> None:
    """8: one header a height."""
    known = {} if trusted is None else {trusted[0]: trusted[1]}
    anchor, steps, proven = bundle[3:6]
    shown = [] if anchor is None else [anchor[0]]
    for header in [*shown, *(step[0] for step in steps), *(entry[0] for entry in proven)]:
        own = tagged("header", write(header))
        refuse(known.setdefault(header[2], own) == own, "HeadersContradict")


def follow(follower: Follower, steps: list[Value], proven: list[Value]) -> None:
    """10 and 11."""
    waiting = list(proven)
    for step in steps:
        while waiting and waiting[0][0][8] == follower.committee[0]:
            header, certificate = waiting.pop(0)[:2]
            refuse(header[2] <= step[0][2], "EpochOver")
            follower.decided(header, certificate)
        follower.step(*step)
    refuse(bool(waiting), "StepUnneeded")
    for entry in waiting:
        follower.decided(*entry[:2])


# How old it is.


def check_heads(heads: list[Value], header: Value, follower: Follower) -> None:
    """12."""
    members, values = follower.committee[1], read_header(header)
    indexes = [head[0] for head in heads]
    refuse(sorted(set(indexes)) == indexes, "HeadInvalid")
    refuse(all(index < len(members) for index in indexes), "HeadInvalid")
    place = u64(values["epoch"]) + u64(values["height"]) + tagged("header", write(header))
    for index, time_ms, signature in heads:
        signed = b"hushang/1/head\x00" + follower.genesis + place + u64(time_ms)
        refuse(signature_holds(members[index][2], signed, signature), "HeadInvalid")


def check_age(heads: list[Value], header: Value, follower: Follower, asked: Asked) -> None:
    """13."""
    if asked.max_age_ms is None:
        return
    drift = parse(asked.genesis)[CONSENSUS][CLOCK_DRIFT]
    oldest, newest = asked.now_ms - asked.max_age_ms, asked.now_ms + drift
    values = read_header(header)
    if oldest <= values["time_ms"] <= newest:
        return
    refuse(values["time_ms"] < oldest and values["transactions_count"] == 0, "ProofStale")
    timely = sum(oldest <= head[1] <= newest for head in heads)
    refuse(timely > (len(follower.committee[1]) - 1) // 3, "ProofStale")


def as_of_ms(heads: list[Value], header: Value, follower: Follower) -> int:
    """The time for which one correct member at least stands."""
    values, faulty = read_header(header), (len(follower.committee[1]) - 1) // 3
    times = sorted((head[1] for head in heads), reverse=True)
    own = int(values["time_ms"])
    if values["transactions_count"] or len(times) <= faulty:
        return own
    return max(own, int(times[faulty]))


# The claims.


def check_claims(entry: Value) -> None:
    """14 and 15: all claims under one header."""
    header, _, states, transactions, receipts = entry
    values = read_header(header)
    for key, value, proof in states:
        refuse(tree_proof_holds(values["state_root"], key, value, proof), "ProofInvalid")
    for index, raw, path in transactions:
        leaf = sha(b"\x00" + tagged("transaction-body", raw))
        root, size = values["transactions_root"], values["transactions_count"]
        refuse(index < size and _root_of(leaf, index, size - 1, path) == root, "ProofInvalid")
        _check_transaction(raw)
    for receipt, path in receipts:
        computed = sha(b"\x00" + write(receipt))
        for side, sibling in ((part[0], part[1:]) for part in path):
            refuse(side in (0, 1), "ProofInvalid")
            pair = computed + sibling if side else sibling + computed
            computed = sha(b"\x01" + pair)
        refuse(computed == values["receipts_root"], "ProofInvalid")


def _root_of(own: bytes, first: int, last: int, path: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.3.2; empty if the path is too long or too short."""
    for sibling in path:
        if last == 0:
            return b""
        if first % 2 or first == last:
            own = sha(b"\x01" + sibling + own)
            while first % 2 == 0 and first:
                first, last = first // 2, last // 2
        else:
            own = sha(b"\x01" + own + sibling)
        first, last = first // 2, last // 2
    return b"" if last else own


def _check_transaction(raw: bytes) -> None:
    content, signatures = fields(parse(raw), 2)
    blob(content, 0, MIB)
    for value in array(signatures, 1, 128):
        account, public_key, signature = fields(value, 3)
        hash32(account), hash32(public_key), blob(signature, 64, 64)
    version, genesis, sender, nonce, valid_until, operations, _ = fields(parse(content), 7)
    integer(version, 0, 255), hash32(genesis), hash32(sender)
    integer(nonce, 0, U64), integer(valid_until, 0, TIME_MAX)
    for entry in array(operations, 1, 100):
        check_free(fields(entry, 2)[1])


# The whole.


def verify(data: bytes, asked: Asked) -> dict[str, Any]:
    """What the bundle proves, or `RefusedError` with the rule's name."""
    bundle = read_file(data)
    _, _, genesis_hash, anchor, steps, proven, heads = bundle
    refuse(genesis_hash == tagged("genesis", asked.genesis), "WrongChain")
    check_heights(bundle, asked.trusted)
    follower = start(parse(asked.genesis), anchor, asked)
    follow(follower, steps, proven)
    newest = proven[-1][0]
    check_heads(heads, newest, follower)
    check_age(heads, newest, follower, asked)
    for entry in proven:
        check_claims(entry)
    facts: dict[str, list[Any]] = {"states": [], "transactions": [], "receipts": []}
    for header, _, states, transactions, receipts in proven:
        at = {"height": header[2] - 1}
        for key, value, _ in states:
            told = None if value is None else value.hex()
            facts["states"].append({"key": key.hex(), "value": told, **at, "time_ms": header[6]})
        for index, raw, _ in transactions:
            named = tagged("transaction-id", parse(raw)[0]).hex()
            facts["transactions"].append({"id": named, "height": header[2], "index": index})
        for receipt, _ in receipts:
            facts["receipts"].append({"id": receipt[0].hex(), "status": receipt[1], **at})
    epoch = {"epoch": newest[8], "as_of_ms": as_of_ms(heads, newest, follower)}
    return {**epoch, **facts}


def check_proofs(vectors: Any) -> int:
    """Every good bundle proves what its row says, every bad one is refused by its rule's name."""
    genesis = bytes.fromhex(vectors["genesis"])
    for row in vectors["good"]:
        if verify(bytes.fromhex(row["bundle"]), _asked(genesis, row)) != row["proves"]:
            raise RefusedError("ProofDiffers", row["name"])
    for row in vectors["refused"]:
        try:
            verify(bytes.fromhex(row["bundle"]), _asked(genesis, row))
        except RefusedError as error:
            if error.name == row["refusal"]:
                continue
            raise RefusedError(error.name, f"{row['name']}: {row['refusal']} was due") from error
        raise RefusedError("ProofTaken", row["name"])
    return len(vectors["good"]) + len(vectors["refused"])


def _asked(genesis: bytes, row: Any) -> Asked:
    digest = row["trusted_digest"]
    known = None if digest is None else (row["trusted_height"], bytes.fromhex(digest))
    return Asked(genesis, known, row["now_ms"] or 0, row["max_age_ms"])
