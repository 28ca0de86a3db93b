"""`hushang debug`: what is accepted exits 0, what is refused exits 8."""

import json
from typing import Any

import pytest

from chain import merkle
from chain.account import single_key_policy
from chain.block import Block, Certificate, CommitSignature
from chain.codec import encode
from chain.crypto import PrivateKey
from chain.genesis import genesis_header
from chain.transaction import Transaction, sign_transaction
from commerce.payments import PayTransfer
from commerce.registry import operation
from consensus.messages import Prepare, encode_message
from node.genesis_file import example_path, load_genesis
from tests.commands.command_line import hushang, inside

KEY = PrivateKey(bytes(range(32)))
ACCOUNT = single_key_policy(KEY.public_key).account_id()


def signed_payment() -> bytes:
    pay = operation("pay.transfer", PayTransfer(bytes(32), "CNY", 2**60, None))
    transaction = Transaction(1, bytes(32), ACCOUNT, 2**63 + 1, 1, (pay,), "memo")
    return encode(sign_transaction(transaction, [(ACCOUNT, KEY)]))


def test_a_transaction_is_decoded_with_its_fields_named() -> None:
    ran = hushang("debug", "decode", "transaction", stdin=signed_payment())
    assert ran.code == 0, ran.err
    (pay,) = ran.json["operations"]
    assert pay["type"] == "pay.transfer"
    assert pay["payload"]["amount_minor"] == str(2**60)
    assert ran.json["nonce"] == str(2**63 + 1)
    assert ran.json["sender"].startswith("hs1")
    assert [entry["verifies"] for entry in ran.json["signatures"]] == [True]


def test_blocks_votes_and_certificates_are_decoded() -> None:
    header = genesis_header(load_genesis(example_path()))
    block = inside("debug", "decode", "block", stdin=encode(Block(header, (signed_payment(),))))
    assert block.json["digest"] == header.digest().hex()
    assert block.json["transactions"][0]["memo"] == "memo"
    prepare = Prepare(1, 2, bytes(32), 3, bytes(64))
    vote = inside("debug", "decode", "vote", stdin=encode_message(prepare))
    assert (vote.json["type"], vote.json["view"], vote.json["member"]) == ("Prepare", 1, 3)
    certificate = Certificate(7, 1, bytes(32), (CommitSignature(2, bytes(64)),))
    ran = inside("debug", "decode", "certificate", stdin=encode(certificate))
    assert ran.json["signatures"][0]["member"] == 2


@pytest.mark.parametrize("kind", ["transaction", "block", "vote", "certificate"])
@pytest.mark.parametrize("data", [b"", b"\x00", signed_payment()[:-1], signed_payment() + b"\x00"])
def test_bytes_that_are_not_canonical_are_refused(kind: str, data: bytes) -> None:
    ran = inside("debug", "decode", kind, "-o", "json", stdin=data)
    assert (ran.code, ran.error["code"], ran.out) == (8, "VerificationFailed", b"")


def test_a_signature_is_judged_on_the_bytes_of_stdin() -> None:
    message = b"\x00\xff\n"
    words = ("debug", "verify-sig", KEY.public_key.hex(), KEY.sign(message).hex())
    assert inside(*words, stdin=message).code == 0
    assert inside(*words, stdin=message + b"\n").code == 8
    assert inside(*words[:3], "00" * 64, stdin=message).code == 8
    for signature in ("zz", "", words[3][:-1], words[3].upper(), " " + words[3]):
        assert inside(*words[:3], signature, stdin=message).code == 8
    for key in ("zz", words[2].upper()):
        assert inside("debug", "verify-sig", key, words[3], stdin=message).code == 8


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"7", b"{", b'{"a": 1, "a": 1}', b"\xff"])
def test_a_proof_of_no_form_is_refused(kind: str, data: bytes) -> None:
    ran = inside("debug", "merkle", kind, "-o", "json", stdin=data)
    assert (ran.code, ran.error["code"], ran.out) == (8, "VerificationFailed", b"")


LEAVES = [bytes([n]) for n in range(7)]


def inclusion(**changes: Any) -> bytes:
    proof = {
        "leaf": LEAVES[3].hex(),
        "index": 3,
        "size": 7,
        "path": [entry.hex() for entry in merkle.inclusion_proof(LEAVES, 3)],
        "root": merkle.root(LEAVES).hex(),
    }
    merged = {k: v for k, v in (proof | changes).items() if v is not None}
    return json.dumps(merged).encode()


def test_an_inclusion_proof_is_checked_from_the_leaf_or_its_hash() -> None:
    assert inside("debug", "merkle", "inclusion", stdin=inclusion()).code == 0
    hashed = inclusion(leaf=None, leaf_hash=merkle.leaf_hash(LEAVES[3]).hex())
    assert inside("debug", "merkle", "inclusion", stdin=hashed).code == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"index": 2}, 8),
        ({"index": 7}, 8),
        ({"size": 4}, 8),
        ({"path": []}, 8),
        ({"root": "00" * 32}, 8),
        ({"root": "00"}, 8),
        ({"leaf": None}, 8),
        ({"leaf_hash": "00" * 32}, 8),
        ({"size": None}, 8),
        ({"extra": 1}, 8),
        ({"leaf": "zz"}, 8),
        ({"root": merkle.root(LEAVES).hex().upper()}, 8),
    ],
)
def test_an_inclusion_proof_that_is_wrong_is_refused(changes: dict[str, Any], code: int) -> None:
    ran = inside("debug", "merkle", "inclusion", stdin=inclusion(**changes))
    assert (ran.code, ran.out) == (code, b"")


def test_a_consistency_proof_is_checked() -> None:
    proof = {
        "old_size": 4,
        "new_size": 7,
        "old_root": merkle.root(LEAVES[:4]).hex(),
        "new_root": merkle.root(LEAVES).hex(),
        "path": [entry.hex() for entry in merkle.consistency_proof(LEAVES, 4)],
    }
    right = inside("debug", "merkle", "consistency", stdin=json.dumps(proof).encode())
    assert right.code == 0, right.err
    wrong = json.dumps(proof | {"old_size": 5}).encode()
    assert inside("debug", "merkle", "consistency", stdin=wrong).code == 8
