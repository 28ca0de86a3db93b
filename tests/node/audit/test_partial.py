"""Auditing a pruned node: with its archive from the genesis on, without it what is there."""

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chain import schema
from chain.archive import ArchivedBlock
from chain.block import Certificate
from chain.codec import decode, encode
from chain.ledger import Ledger
from chain.pruning import removal, remove
from chain.snapshot_install import install
from chain.store import open_store
from chain.store_memory import MemoryStore
from chain.stored_chain import Base, Tip
from chain.transaction import read_transaction
from commerce.registry import Registry
from node.archive import Archive, write_archive
from node.audit.audit import Options, audit
from node.audit.export import BLOCKS, RECEIPTS, open_export
from node.audit.findings import AuditFailed, Finding
from node.genesis_file import genesis_text
from tests.chain.snapshots import parts_now, seal
from tests.commands.command_line import inside
from tests.node.audit.chains import Trading, founding, history
from tests.node.audit.stores import change, flip, rows_under

PRUNED_TO = 15


def file_blocks(ledger: Ledger, folder: Path, last: int, first: int = 1) -> None:
    """Write these heights into a file of an archive."""
    blocks = [
        ArchivedBlock(
            height,
            ledger.block_bytes(height) or b"",
            ledger.certificate_bytes(height) or b"",
            tuple(encode(receipt) for receipt in ledger.receipts(height)),
        )
        for height in range(first, last + 1)
    ]
    write_archive(folder, ledger.chain.genesis_hash, (first, last), blocks)


@pytest.fixture(scope="module")
def pruned(stored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`data` pruned up to height 15, and `archive` with what went."""
    folder = tmp_path_factory.mktemp("pruned")
    shutil.copytree(stored, folder / "data")
    with closing(open_store(folder / "data" / "db")) as store:
        ledger = Trading(store).ledger
        file_blocks(ledger, folder / "archive", 7)
        file_blocks(ledger, folder / "archive", PRUNED_TO, first=8)
        remove(ledger, removal(ledger, PRUNED_TO))
        assert ledger.base.first_block == PRUNED_TO + 1
    return folder


@pytest.fixture
def copy(pruned: Path, tmp_path: Path) -> Path:
    """A copy of both, for one test to damage."""
    shutil.copytree(pruned, tmp_path / "copy")
    return tmp_path / "copy"


def finding_of(folder: Path, archive: Path | None = None) -> Finding:
    with pytest.raises(AuditFailed) as caught:
        audit(folder / "data", founding(), Options(archive=archive, workers=0))
    return caught.value.finding


def test_a_pruned_node_with_its_archive_is_replayed_from_the_genesis(
    pruned: Path, stored: Path
) -> None:
    options = Options(archive=pruned / "archive", workers=0)
    report = audit(pruned / "data", founding(), options)
    assert report == audit(stored, founding(), Options(workers=0))
    assert report.replayed


def test_without_the_archive_it_says_so_and_checks_what_is_there(pruned: Path) -> None:
    report = audit(pruned / "data", founding(), Options(workers=0))
    assert not report.replayed
    assert "blocks below 16 are not here" in report.missing
    assert report.height == 24
    assert report.transactions > 0
    # Every header has its certificate still.
    assert report.signatures >= 24 * 3


def test_an_archive_that_lacks_heights_is_no_replay(copy: Path) -> None:
    min((copy / "archive").iterdir()).unlink()
    options = Options(archive=copy / "archive", workers=0)
    assert not audit(copy / "data", founding(), options).replayed


def test_a_wrong_byte_in_the_archive_is_named_with_the_height_that_needed_it(copy: Path) -> None:
    file = max((copy / "archive").iterdir())
    content = file.read_bytes()
    file.write_bytes(flip(content, len(content) // 2))
    found = finding_of(copy, copy / "archive")
    assert (found.height, found.rule) == (8, "storage")
    assert file.name in found.words


def test_an_archive_whose_block_was_forged_with_good_checksums_is_found_out(copy: Path) -> None:
    genesis_hash = founding().hash()
    with closing(Archive(copy / "archive", genesis_hash)) as archive:
        blocks = [archive.at(height) for height in range(8, PRUNED_TO + 1)]
    forged = replace(blocks[2], receipts=blocks[3].receipts)
    blocks[2] = forged
    write_archive(copy / "archive", genesis_hash, (8, PRUNED_TO), blocks)
    found = finding_of(copy, copy / "archive")
    assert (found.height, found.rule) == (10, "receipts")


@pytest.mark.parametrize(
    ("prefix", "place", "rules"),
    [
        (schema.HEADER, 5, {"header", "certificate"}),
        (schema.CERTIFICATE, 5, {"certificate", "signature"}),
        (schema.HEADER, 20, {"header", "certificate"}),
        (schema.BLOCK, 4, {"block", "transaction", "signature"}),
        (schema.RECEIPTS, 3, {"receipts"}),
        (schema.RECEIPT_PLACE, 3, {"receipt place"}),
        (schema.STATE, 30, {"state root", "invariants"}),
        (schema.TREE + b"e", 30, {"state tree"}),
        (schema.TREE + b"n", 2, {"state tree"}),
        (schema.REMEMBERED, -1, {"remembered id"}),
        (schema.BLOCK, 0, {"block"}),
    ],
)
def test_a_wrong_byte_of_what_is_left_is_found(
    prefix: bytes, place: int, rules: set[str], copy: Path
) -> None:
    key, value = rows_under(copy / "data", prefix)[place]
    change(copy / "data", {key: flip(value, -1)})
    found = finding_of(copy)
    assert found.rule in rules, found
    if prefix in {schema.HEADER, schema.CERTIFICATE, schema.BLOCK, schema.RECEIPTS}:
        assert found.height in {int.from_bytes(key[1:9]), int.from_bytes(key[1:9]) + 1}


def test_a_committee_that_the_headers_do_not_name_is_refused(copy: Path) -> None:
    """The change of the committee lies in the pruned part: only its certified header tells."""
    raw = rows_under(copy / "data", schema.CERTIFICATE)
    heights = {key: decode(Certificate, value).height for key, value in raw}
    changed = next(key for key, height in heights.items() if height == 15)
    change(copy / "data", {changed: None})
    assert finding_of(copy).height == 15


def test_a_tip_that_is_not_the_newest_header_is_refused(copy: Path) -> None:
    key, value = rows_under(copy / "data", schema.META_TIP)[0]
    tip = decode(Tip, value)
    older = rows_under(copy / "data", schema.HEADER)[-2]
    change(copy / "data", {schema.header_key(24): older[1]})
    assert tip.height == 24
    assert key == schema.META_TIP
    assert finding_of(copy).height == 24


def test_an_export_of_a_pruned_node_goes_on_in_the_archive(pruned: Path, stored: Path) -> None:
    both = frozenset({BLOCKS, RECEIPTS})
    with open_export(stored, None) as whole, open_export(pruned / "data", pruned / "archive") as it:
        for height in (0, 1, 8, 15, 16, 24):
            assert it.height(height, both) == whole.height(height, both)


def test_an_export_that_lacks_pruned_heights_writes_no_file_that_is_in_the_way(
    pruned: Path, tmp_path: Path
) -> None:
    out = tmp_path / "chain.jsonl"
    words = ("export", str(pruned / "data"), "--out", str(out), "-o", "json")
    ran = inside(*words)
    assert (ran.code, ran.error["code"]) == (7, "HistoryNotFiled")
    assert "height 1 was pruned; all from 16 on are here" in ran.error["message"]
    assert "--archive DIR" in ran.error["hint"]
    assert "--from FIRST" in ran.error["hint"]
    assert not out.exists()
    half = tmp_path / "half"
    half.mkdir()
    shutil.copy(min((pruned / "archive").iterdir()), half)
    lacking = inside(*words, "--archive", str(half))
    assert lacking.code == 7
    assert "height 8 was pruned, the archive lacks it" in lacking.error["message"]
    assert not out.exists()
    assert inside(*words, "--archive", str(pruned / "archive")).code == 0
    assert out.stat().st_size > 0
    out.unlink()
    assert inside(*words, "--from", "16").code == 0


def test_the_command_tells_what_is_missing_and_succeeds(pruned: Path, tmp_path: Path) -> None:
    genesis = tmp_path / "genesis.json"
    genesis.write_text(genesis_text(founding()))
    arguments = ("verify-chain", str(pruned / "data"), "--genesis", str(genesis), "-o", "json")
    ran = inside(*arguments)
    assert ran.code == 0, ran.err
    assert not ran.json["replayed"]
    assert "with --archive all is replayed" in ran.err
    again = inside(*arguments, "--archive", str(pruned / "archive"))
    assert again.json["replayed"]
    assert again.json["missing"] is None


def test_a_node_that_began_from_a_snapshot_is_checked_from_its_headers_on(copy: Path) -> None:
    """Of the past it has headers 10 to 15 without certificates, but that of the change at 15."""
    gone = {schema.header_key(height): None for height in range(1, 10)}
    gone |= {schema.certificate_key(height): None for height in range(1, 15)}
    base = encode(Base(PRUNED_TO + 1, 10))
    change(copy / "data", gone | {schema.META_BASE: base})
    report = audit(copy / "data", founding(), Options(workers=0))
    assert not report.replayed
    assert "below 10 only what changed the committee" in report.missing
    whole = audit(copy / "data", founding(), Options(archive=copy / "archive", workers=0))
    assert whole.replayed
    key, value = rows_under(copy / "data", schema.HEADER)[3]
    change(copy / "data", {key: flip(value, 60)})
    assert finding_of(copy).rule == "header"


def test_a_node_that_was_installed_from_a_snapshot_holds_and_follows(tmp_path: Path) -> None:
    original = history(MemoryStore(), 16)
    parts, made = parts_now(original.ledger)
    original.play(20)
    seal(parts, made, original.ledger)
    with closing(open_store(tmp_path / "data" / "db")) as store:
        install(store, founding(), Registry(), parts)
        ledger = Trading(store).ledger
        for height in (17, 18, 19, 20):
            block, certificate = original.ledger.block(height), original.ledger.certificate(height)
            assert block is not None
            assert certificate is not None
            bodies = [read_transaction(raw, ledger.rules) for raw in block.bodies]
            ledger.write(ledger.execute(block.header, bodies), certificate)
    report = audit(tmp_path / "data", founding(), Options(workers=0))
    assert not report.replayed
    assert report.state_root == original.ledger.tip.state_root
    assert report.transactions == sum(
        header.transactions_count
        for header in map(original.ledger.header, range(17, 21))
        if header is not None
    )
    file_blocks(original.ledger, tmp_path / "archive", 16)
    options = Options(archive=tmp_path / "archive", workers=0)
    assert audit(tmp_path / "data", founding(), options).replayed
