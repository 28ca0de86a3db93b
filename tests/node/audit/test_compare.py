"""Comparing two nodes' data: the first height that differs, and what in it."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from chain import schema
from chain.block import Certificate
from chain.codec import decode, encode
from chain.store import open_store
from node.audit.compare import compare
from node.audit.findings import Finding
from tests.commands.command_line import inside
from tests.node.audit.chains import Trading
from tests.node.audit.stores import change, flip, rows_under


def finding_of(left: Path, right: Path) -> Finding:
    found = compare(left, right).finding
    assert found is not None
    return found


@pytest.fixture
def other(stored: Path, tmp_path: Path) -> Path:
    """A second node's copy."""
    shutil.copytree(stored, tmp_path / "other")
    return tmp_path / "other"


def trading(data: Path, height: int, seed: int) -> None:
    """Go on trading in a stored chain."""
    with closing(open_store(data / "db")) as store:
        more = Trading(store, seed)
        more.play(height)


def test_copies_agree(data: Path, other: Path) -> None:
    found = compare(data, other)
    assert found.finding is None
    assert found.left_height == found.right_height == 24


def test_another_quorum_of_signatures_is_no_difference(data: Path, other: Path) -> None:
    raw = rows_under(other, schema.CERTIFICATE)[7][1]
    certificate = decode(Certificate, raw)
    fewer = Certificate(
        certificate.height, certificate.view, certificate.digest, certificate.signatures[1:]
    )
    change(other, {schema.certificate_key(7): encode(fewer)})
    assert compare(data, other).finding is None


def test_a_chain_that_is_behind_agrees_up_to_its_tip(data: Path, other: Path) -> None:
    trading(other, 30, seed=5)
    found = compare(data, other)
    assert (found.left_height, found.right_height, found.finding) == (24, 30, None)
    assert found == compare(data, other)


def test_the_first_block_of_two_histories_is_named_with_its_fields(data: Path, other: Path) -> None:
    trading(data, 40, seed=5)
    trading(other, 33, seed=6)
    found = finding_of(data, other)
    assert (found.height, found.rule) == (25, "header")
    assert "transactions_root" in found.words
    assert "0 of them the same" in found.words


@pytest.mark.parametrize(
    ("prefix", "rule"),
    [
        (schema.BLOCK, "block"),
        (schema.RECEIPTS, "receipts"),
    ],
)
def test_damage_below_equal_headers_is_named_with_its_height(
    prefix: bytes, rule: str, data: Path, other: Path
) -> None:
    key, value = rows_under(other, prefix)[9]
    change(other, {key: flip(value, -1)})
    found = finding_of(data, other)
    assert (found.height, found.rule) == (int.from_bytes(key[1:9]), rule)


@pytest.mark.parametrize(
    ("prefix", "rule"),
    [
        (schema.STATE, "state"),
        (schema.TREE, "state tree"),
        (schema.INDEX, "index"),
        (schema.REMEMBERED, "remembered id"),
    ],
)
def test_a_difference_beside_equal_chains_is_named_at_the_tip(
    prefix: bytes, rule: str, data: Path, other: Path
) -> None:
    key, _ = rows_under(other, prefix)[-1]
    change(other, {key: None})
    found = finding_of(data, other)
    assert (found.height, found.rule) == (24, rule)
    assert "only the first has it" in found.words


def test_the_command_says_the_height_and_exits_with_8(data: Path, other: Path) -> None:
    assert inside("compare", str(data), str(other)).code == 0
    trading(data, 26, seed=5)
    trading(other, 26, seed=6)
    ran = inside("compare", str(data), str(other), "-o", "json")
    assert ran.code == 8
    assert ran.json["first_difference"] == 25
    assert ran.error["code"] == "AuditFailed"
    assert ran.error["height"] == 25
    assert inside("compare", str(data), str(data)).code == 2
