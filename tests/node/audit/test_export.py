"""Export: what comes out leads back to the very bytes, and can go on after an interruption."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from chain.block import Block, Certificate, Header, Receipt, receipts_root, transactions_root
from chain.codec import decode, encode
from chain.transaction import body_hash
from tests.commands.command_line import inside
from tests.node.audit.stores import rows_under

BOTH = 24


def lines(text: bytes) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_export_holds_the_very_bytes_of_every_block_and_receipt(data: Path) -> None:
    ran = inside("export", str(data))
    assert ran.code == 0, ran.err
    exported = lines(ran.out)
    blocks = [line for line in exported if line["type"] == "block"]
    assert [line["height"] for line in blocks] == list(range(BOTH + 1))
    rebuilt = {}
    for line in blocks:
        header = decode(Header, bytes.fromhex(line["raw_header"]))
        decode(Certificate, bytes.fromhex(line["raw_certificate"]))
        bodies = tuple(bytes.fromhex(entry["raw"]) for entry in line["transactions"])
        assert transactions_root([body_hash(raw) for raw in bodies]) == header.transactions_root
        rebuilt[header.height] = encode(Block(header, bodies))
    stored = {int.from_bytes(key[1:]): value for key, value in rows_under(data, b"b")}
    assert rebuilt == stored
    receipts = [line for line in exported if line["type"] == "receipt"]
    raws = [bytes.fromhex(line["raw"]) for line in receipts]
    assert raws == [value for _, value in rows_under(data, b"r")]
    for below, above in pairwise(blocks):
        held = [
            decode(Receipt, bytes.fromhex(line["raw"]))
            for line in receipts
            if line["height"] == below["height"]
        ]
        assert receipts_root(held).hex() == above["header"]["receipts_root"]


def test_amounts_are_strings_as_in_the_api(data: Path) -> None:
    exported = lines(inside("export", str(data), "--to", "3").out)
    payloads = [
        operation["payload"]
        for line in exported
        if line["type"] == "block"
        for entry in line["transactions"]
        for operation in entry["operations"]
    ]
    amounts = [payload["amount_minor"] for payload in payloads if "amount_minor" in payload]
    assert amounts
    assert all(isinstance(amount, str) for amount in amounts)


def test_an_export_in_two_parts_is_the_export_in_one(data: Path, tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.jsonl", tmp_path / "parts.jsonl"
    assert inside("export", str(data), "--out", str(whole)).code == 0
    assert inside("export", str(data), "--to", "9", "--out", str(parts)).code == 0
    assert inside("export", str(data), "--from", "10", "--out", str(parts)).code == 2
    again = inside("export", str(data), "--from", "10", "--out", str(parts), "--append")
    assert again.code == 0
    assert parts.read_bytes() == whole.read_bytes()
    twice = inside("export", str(data), "--from", "9", "--out", str(parts), "--append")
    assert twice.code == 2
    assert "go on with --from" in twice.err
    assert parts.read_bytes() == whole.read_bytes()


def test_receipts_alone_and_blocks_alone_are_the_parts_of_both(data: Path) -> None:
    both = lines(inside("export", str(data)).out)
    for kind in ("block", "receipt"):
        alone = lines(inside("export", str(data), "--what", f"{kind}s").out)
        assert alone == [line for line in both if line["type"] == kind]
    assert inside("export", str(data), "--what", "orders").code == 2


def test_a_height_above_the_tip_is_a_wrong_question(data: Path) -> None:
    ran = inside("export", str(data), "--from", "99")
    assert ran.code == 2
    assert "above the last height, 24" in ran.err
