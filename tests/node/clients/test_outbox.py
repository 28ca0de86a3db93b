"""The outbox: files that are made once, read strictly, and never taken for another's."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.clients import files
from node.clients.outbox import (
    Entry,
    Outbox,
    OutboxDamaged,
    ReferenceRefused,
    ReferenceReused,
    meaning_of,
    nonce_of,
)
from node.clients.signing import Made, operation, sign
from tests.node.clients.scenes import GENESIS_HASH, SIGNER

PAY = operation("pay.transfer", {"to": "07" * 32, "symbol": "CNY", "amount_minor": 5})
MEANING = meaning_of([PAY], GENESIS_HASH, SIGNER.account)


def made(nonce: int) -> Made:
    return sign([PAY], GENESIS_HASH, [SIGNER], nonce, 1_000)


def entry(nonce: int = 1, **changed: Any) -> Entry:
    return replace(Entry("bill", 1, MEANING, 4, made(nonce)), **changed)


def test_of_two_processes_with_one_reference_both_get_the_bytes_of_the_first(
    tmp_path: Path,
) -> None:
    first, second = Outbox(tmp_path), Outbox(tmp_path)
    assert first.newest("bill", MEANING) is second.newest("bill", MEANING) is None
    kept = first.add(entry(1))
    assert second.add(entry(2)) == kept
    assert second.newest("bill", MEANING) == kept
    with pytest.raises(ReferenceReused):
        second.add(entry(3, meaning="of something else"))
    assert len(list(tmp_path.iterdir())) == 1


def test_the_newest_attempt_is_found_and_others_are_not_its(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    outbox.add(entry(1))
    last = outbox.add(entry(2, attempt=2))
    assert outbox.newest("bill", MEANING) == last
    assert outbox.newest("bill 2", MEANING) is None


@pytest.mark.parametrize("reference", ["", "x" * 257, "票" * 90])
def test_a_reference_has_a_size(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ReferenceRefused):
        Outbox(tmp_path).newest(reference, MEANING)


def test_a_reference_leads_to_no_other_directory(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.add(entry(1, reference="../../escape"))
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path / "outbox"]


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 2},
        {"id": "ab" * 32},
        {"raw": "zz"},
        {"raw": "80"},
        {"attempt": None},
    ],
)
def test_a_file_that_was_changed_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    outbox = Outbox(tmp_path)
    outbox.add(entry(1))
    (path,) = tmp_path.iterdir()
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(OutboxDamaged, match=path.name):
        outbox.newest("bill", MEANING)
    path.write_bytes(b"{")
    with pytest.raises(OutboxDamaged):
        outbox.newest("bill", MEANING)


def test_the_nonce_follows_from_what_is_meant_and_from_the_attempt() -> None:
    nonces = {nonce_of(name, MEANING, at) for name in ("a", "b") for at in (1, 2)}
    assert len(nonces) == 4
    assert nonce_of("a", MEANING, 1) in nonces
    other = meaning_of([PAY, PAY], GENESIS_HASH, SIGNER.account)
    assert nonce_of("a", other, 1) not in nonces


def test_a_file_is_made_once_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.write_new(path, b"one")
    assert not files.write_new(path, b"two")
    assert path.read_bytes() == b"one"
    files.replace(path, b"three")
    assert path.read_bytes() == b"three"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
