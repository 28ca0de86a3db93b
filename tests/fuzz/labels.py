"""Decoders of what belongs to labels: code files, claims, the keys of tags, scans and taps."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from chain.bech32m import encode_account
from chain.crypto import sha256
from chain.errors import LedgerError
from commerce.codes.serials import Leaf
from node import (
    claim_file,
    code_files,
    keystore,
    sun,
)
from node.code_text import code_text
from node.commands.code import read_scans, tap_of
from node.commands.failures import UsageWrong
from node.json_values import FormRefused
from node.strict_json import JsonRefused
from tests.fuzz.decoders import Decoder, folder, of_file
from tests.fuzz.mutation import Form
from tests.vectors.material import TIME_MS, account

CLAIM: Final = {
    "format": claim_file.FORMAT,
    "gtin": "06901234000016",
    "serial": "S1",
    "account": encode_account(account("buyer")),
    "code": code_text(bytes(range(15))),
    "salt": "00" * 32,
}


def _read_claim(path: Path) -> object:
    return claim_file.load(path, "06901234000016", "S1", account("buyer"))


TAG_KEYS: Final = {
    "picc_key": "00" * 16,
    "file_keys": {"*": "11" * 16, "04c767f2066180": "22" * 16},
    "things": {"04c767f2066180": "06901234000016/S1"},
}
TAP: Final = {"uid": "04c767f2066180", "counter": 3, "mac_right": True, "signature": "00" * 64}
SCAN: Final = {
    "gtin": "06901234000016",
    "serial": "S1",
    "scanner": "00" * 32,
    "time_ms": TIME_MS,
    "cell": "wtw3",
}


def _batch() -> bytes:
    leaves = [Leaf(f"S{number}", sha256(bytes([number]))) for number in range(3)]
    record = code_files.BatchRecord("06901234000016", None, len(leaves), "", None)
    root = code_files.BatchFiles(folder(), record, leaves).levels[-1][0].hex()
    told = {"format": code_files.FORMAT, "version": code_files.FORMAT_VERSION}
    rows = "".join(f"{leaf.serial},{leaf.claim_hash.hex()}\r\n" for leaf in leaves)
    return f"{json.dumps({**told, **asdict(replace(record, root=root))})}\n\n{rows}".encode()


def _read_batch(data: bytes) -> object:
    """A record, a line of nothing, and the leaves."""
    record, _, leaves = data.partition(b"\n\n")
    place = folder() / "batch"
    place.mkdir(exist_ok=True)
    (place / code_files.BATCH).write_bytes(record)
    (place / code_files.LEAVES).write_bytes(leaves)
    return code_files.load_batch_files(place)


LABELS: Final = (
    Decoder(
        "claim file",
        of_file(_read_claim),
        (claim_file.ClaimFileMalformed, keystore.KeyFileMalformed),
        Form.JSON,
        lambda: [json.dumps(CLAIM).encode()],
        ("node/claim_file.py:load",),
    ),
    Decoder(
        "code files",
        _read_batch,
        (code_files.CodeFilesMalformed,),
        Form.TEXT,
        lambda: [_batch()],
        ("node/code_files.py:load_batch_files", "node/code_files.py:_read_rows"),
    ),
    Decoder(
        "tag keys",
        of_file(sun.read_keys),
        (sun.TagKeysMalformed, keystore.KeyFileMalformed),
        Form.JSON,
        lambda: [json.dumps(TAG_KEYS).encode()],
        ("node/sun.py:read_keys",),
    ),
    Decoder(
        "scans",
        read_scans,
        (UsageWrong, JsonRefused, FormRefused, LedgerError),
        Form.JSON,
        lambda: [json.dumps(SCAN).encode()],
        ("node/commands/code.py:read_scan", "node/commands/code.py:scan"),
    ),
    Decoder(
        "tap",
        tap_of,
        (UsageWrong, JsonRefused),
        Form.JSON,
        lambda: [json.dumps(TAP).encode()],
        ("node/commands/code.py:tap_of",),
    ),
)
