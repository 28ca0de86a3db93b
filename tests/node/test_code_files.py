"""A batch of codes in a directory: what is secret, what is public, and what holds together."""

import json
import stat
from pathlib import Path

import pytest

from commerce.codes.serials import claim_code_hash, leaf_bytes
from commerce.codes.stretches import stretch_root
from node.code_files import (
    BATCH,
    HIDDEN,
    LABELS,
    LEAVES,
    BatchFiles,
    CodeFilesExist,
    CodeFilesMalformed,
    CodeFilesMissing,
    CodeNotInFiles,
    load_batch_files,
    new_batch,
)
from node.code_text import read_code

GTIN = "06901234000016"
BATCH_ID = bytes(range(32))


def made(place: Path, count: int = 7) -> BatchFiles:
    return new_batch(place, GTIN, count, lot="L1", domain="https://id.brand.example/")


def lines(place: Path, name: str) -> list[list[str]]:
    return [line.split(",") for line in (place / name).read_text().splitlines()]


def test_only_one_file_is_secret_and_nothing_else_holds_what_is_in_it(tmp_path: Path) -> None:
    made(tmp_path)
    assert stat.S_IMODE((tmp_path / HIDDEN).stat().st_mode) == 0o600
    hidden = dict(lines(tmp_path, HIDDEN))
    others = "".join((tmp_path / name).read_text() for name in (LABELS, LEAVES, BATCH))
    for serial, code in hidden.items():
        assert code not in others
        assert read_code(code).hex() not in others
        assert serial in others


def test_labels_leaves_and_hidden_codes_belong_together(tmp_path: Path) -> None:
    files = made(tmp_path)
    hidden = dict(lines(tmp_path, HIDDEN))
    for leaf, (serial, link) in zip(files.leaves, lines(tmp_path, LABELS), strict=True):
        assert leaf.serial == serial
        assert link == f"https://id.brand.example/01/{GTIN}/21/{serial}"
        assert leaf.claim_hash == claim_code_hash(read_code(hidden[serial]))
    loaded = load_batch_files(tmp_path)
    assert loaded.record == files.record
    assert (loaded.record.lot, loaded.record.count) == ("L1", 7)


def test_a_code_is_shown_by_its_place(tmp_path: Path) -> None:
    files = made(tmp_path).named(BATCH_ID)
    leaf = files.leaves[4]
    member = files.member(leaf.serial)
    assert (member.batch_id, member.index, member.claim_hash) == (BATCH_ID, 4, leaf.claim_hash)
    assert stretch_root([leaf_bytes(leaf)], 4, 7, member.path).hex() == files.record.root
    leaves, path = files.stretch(2, 5)
    assert stretch_root([leaf_bytes(one) for one in leaves], 2, 7, path).hex() == files.record.root
    with pytest.raises(CodeNotInFiles):
        files.member("none")


def test_the_chains_id_stays_with_the_files(tmp_path: Path) -> None:
    with pytest.raises(CodeFilesMissing):
        _ = made(tmp_path).batch_id
    load_batch_files(tmp_path).named(BATCH_ID)
    assert load_batch_files(tmp_path).batch_id == BATCH_ID


def test_hidden_codes_are_never_written_over(tmp_path: Path) -> None:
    made(tmp_path)
    with pytest.raises(CodeFilesExist):
        made(tmp_path)


def test_no_two_batches_have_a_code_in_common(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one"), made(tmp_path / "other")
    assert not {leaf.serial for leaf in one.leaves} & {leaf.serial for leaf in other.leaves}
    assert not {leaf.claim_hash for leaf in one.leaves} & {leaf.claim_hash for leaf in other.leaves}


def test_files_that_are_not_as_they_were_made_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CodeFilesMissing):
        load_batch_files(tmp_path)
    made(tmp_path)
    leaves, record = (tmp_path / LEAVES).read_text(), (tmp_path / BATCH).read_text()
    told = json.loads(record)
    damaged = {
        LEAVES: (
            "",
            leaves.replace(",", ""),
            leaves.replace(leaves[:13], "X" * 13),
            leaves + leaves,
        ),
        BATCH: ("", "[]", "{}", json.dumps(told | {"version": 2}), json.dumps(told | {"more": 1})),
    }
    for name, texts in damaged.items():
        whole = (tmp_path / name).read_text()
        for text in texts:
            (tmp_path / name).write_text(text)
            with pytest.raises(CodeFilesMalformed):
                load_batch_files(tmp_path)
        (tmp_path / name).write_text(whole)
    assert load_batch_files(tmp_path).record.gtin == GTIN
