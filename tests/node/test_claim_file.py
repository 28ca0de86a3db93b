"""A claim on its way: kept before anything is sent, and only for its owner."""

import json
import stat
from pathlib import Path

import pytest

from node.claim_file import ClaimFileMalformed, begin, claim_path, load
from node.code_text import CODE_SIZE

GTIN, SERIAL, ACCOUNT = "06901234000016", "S1", bytes(range(32))
CODE = bytes(range(CODE_SIZE))


def test_a_claim_is_loaded_as_it_was_begun(tmp_path: Path) -> None:
    path = claim_path(tmp_path, GTIN, SERIAL, ACCOUNT)
    begun = begin(path, GTIN, SERIAL, ACCOUNT, CODE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load(path, GTIN, SERIAL, ACCOUNT) == begun
    assert load(path, GTIN, SERIAL, ACCOUNT).commitment == begun.commitment


def test_two_claims_of_one_thing_have_two_salts_and_two_files(tmp_path: Path) -> None:
    other = bytes(32)
    paths = [claim_path(tmp_path, GTIN, SERIAL, account) for account in (ACCOUNT, other)]
    assert paths[0] != paths[1]
    claims = [begin(path, GTIN, SERIAL, ACCOUNT, CODE) for path in paths]
    assert claims[0].salt != claims[1].salt
    with pytest.raises(FileExistsError):
        begin(paths[0], GTIN, SERIAL, ACCOUNT, CODE)


def test_a_file_of_another_claim_or_of_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claim"
    begin(path, GTIN, SERIAL, ACCOUNT, CODE)
    for gtin, serial, account in (
        (GTIN, "S2", ACCOUNT),
        ("06901234000023", SERIAL, ACCOUNT),
        (GTIN, SERIAL, bytes(32)),
    ):
        with pytest.raises(ClaimFileMalformed):
            load(path, gtin, serial, account)
    told = json.loads(path.read_text())
    for text in ("", "[]", "{}", json.dumps(told | {"salt": "00"}), json.dumps(told | {"salt": 1})):
        path.write_text(text)
        with pytest.raises(ClaimFileMalformed):
            load(path, GTIN, SERIAL, ACCOUNT)
