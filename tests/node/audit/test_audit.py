"""`audit`: a whole chain holds; one wrong byte anywhere is found, and named with its height."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chain import schema
from chain.block import Block
from chain.codec import decode, encode
from chain.store import LevelStore, open_store
from chain.store_contract import KVStore, prefix_stop
from chain.stored_chain import ReceiptPlace
from node.audit.audit import Options, Report, audit
from node.audit.findings import AuditFailed, Finding, Step
from node.audit.stored import DataInUse, DataMissing
from tests.chain.world import genesis as other_genesis
from tests.node.audit.chains import founding

HEIGHT = 24


def report_of(data: Path) -> Report:
    return audit(data, founding(), Options(workers=0))


def finding_of(data: Path) -> Finding:
    with pytest.raises(AuditFailed) as caught:
        report_of(data)
    return caught.value.finding


def rows(store: KVStore, prefix: bytes) -> list[tuple[bytes, bytes]]:
    return list(store.scan(prefix, prefix_stop(prefix)))


def flip(value: bytes, at: int) -> bytes:
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


def change(data: Path, key: bytes, value: bytes | None) -> None:
    with closing(open_store(data / "db")) as store:
        assert store.get(key) != value
        store.write({key: value})


def test_a_chain_with_a_committee_change_holds_from_the_genesis_on(stored: Path) -> None:
    told: list[Step] = []
    report = audit(stored, founding(), Options(workers=0, full=True, tell=told.append))
    assert report.height == HEIGHT
    assert report.replayed
    assert report.missing == ""
    assert report.transactions > 50
    # Each block but the genesis has a quorum of Commits beside its transactions' signatures.
    assert report.signatures >= report.transactions + 3 * HEIGHT
    replayed = [step.done for step in told if step.stage == "replay"]
    assert replayed == list(range(1, HEIGHT + 1))


def test_the_directory_may_be_the_database_itself(stored: Path) -> None:
    assert report_of(stored / "db") == report_of(stored)


def numbered(prefix: bytes) -> Callable[[KVStore], tuple[bytes, bytes, int]]:
    """A row whose key begins with its height."""

    def pick(store: KVStore) -> tuple[bytes, bytes, int]:
        found = [row for row in rows(store, prefix) if int.from_bytes(row[0][1:9]) >= 9]
        key, value = found[len(found) // 3]
        return key, value, int.from_bytes(key[1:9])

    return pick


def placed(store: KVStore) -> tuple[bytes, bytes, int]:
    """A receipt's place, of which the audit names the receipt's height."""
    key, value = rows(store, schema.RECEIPT_PLACE)[7]
    return key, value, decode(ReceiptPlace, value).height


def once(prefix: bytes) -> Callable[[KVStore], tuple[bytes, bytes, int]]:
    """A row that the store has once: the audit names the tip's height."""

    def pick(store: KVStore) -> tuple[bytes, bytes, int]:
        found = [row for row in rows(store, prefix) if row[1]]
        key, value = found[len(found) // 2]
        return key, value, HEIGHT

    return pick


ROWS = {
    "block": (numbered(schema.BLOCK), {"block", "transaction", "header", "rules", "signature"}),
    "header": (numbered(schema.HEADER), {"header"}),
    "certificate": (numbered(schema.CERTIFICATE), {"certificate", "signature"}),
    "receipts": (numbered(schema.RECEIPTS), {"receipts"}),
    "place": (placed, {"receipt place"}),
    "state": (once(schema.STATE), {"state"}),
    "tree entry": (once(schema.TREE + b"e"), {"state tree"}),
    "tree node": (once(schema.TREE + b"n"), {"state tree"}),
    "tree root": (once(schema.TREE + b"r"), {"state tree"}),
    "index": (once(schema.INDEX), {"index"}),
    "tip": (once(schema.META_TIP), {"tip", "meta"}),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_wrong_byte_in_any_kind_of_row_is_named_with_its_height(kind: str, data: Path) -> None:
    pick, rules = ROWS[kind]
    with closing(open_store(data / "db")) as store:
        key, value, height = pick(store)
    for at in (0, len(value) // 2, len(value) - 1):
        change(data, key, flip(value, at))
        found = finding_of(data)
        assert found.rule in rules, found
        assert found.height == height or found.rule == "meta", found
        change(data, key, value)
    report_of(data)


@pytest.mark.parametrize("kind", ROWS)
def test_a_missing_row_of_any_kind_is_named(kind: str, data: Path) -> None:
    pick, rules = ROWS[kind]
    with closing(open_store(data / "db")) as store:
        key, _, height = pick(store)
    change(data, key, None)
    found = finding_of(data)
    assert found.rule in rules, found
    assert found.height == height or found.rule == "meta"


@pytest.mark.parametrize("prefix", [schema.REMEMBERED, schema.INDEX, schema.STATE, schema.BLOCK])
def test_a_row_that_nothing_wrote_is_named(prefix: bytes, data: Path) -> None:
    change(data, prefix + b"\x00" * 7 + b"\xffnobody wrote this", b"x")
    assert finding_of(data).height == HEIGHT


def test_a_row_under_a_prefix_that_is_not_in_the_schema_is_named(data: Path) -> None:
    change(data, b"zzz", b"x")
    assert finding_of(data).rule == "rows"


def test_a_forgotten_id_is_named(data: Path) -> None:
    with closing(open_store(data / "db")) as store:
        key, _ = rows(store, schema.REMEMBERED)[0]
    change(data, key, None)
    assert finding_of(data).rule == "remembered id"


def test_the_lowest_of_two_wrong_heights_is_named_although_signatures_are_checked_behind(
    data: Path,
) -> None:
    with closing(open_store(data / "db")) as store:
        raw = store.get(schema.certificate_key(5)) or b""
        store.write(
            {
                schema.certificate_key(5): flip(raw, len(raw) - 3),
                schema.header_key(6): b"nonsense",
            }
        )
    found = finding_of(data)
    assert (found.height, found.rule) == (5, "signature")


def test_signatures_on_other_cores_find_the_same(data: Path) -> None:
    with closing(open_store(data / "db")) as store:
        block = decode(Block, store.get(schema.block_key(1)) or b"")
        bodies = (flip(block.bodies[0], len(block.bodies[0]) - 2), *block.bodies[1:])
        store.write({schema.block_key(1): encode(Block(block.header, bodies))})
    assert finding_of(data).height == 1


def test_a_damaged_file_is_named_and_nothing_crashes(data: Path) -> None:
    with closing(LevelStore(data / "db")):
        pass
    table = max((data / "db").glob("*.ldb"), key=lambda file: file.stat().st_size)
    content = bytearray(table.read_bytes())
    content[len(content) // 3] ^= 4
    table.write_bytes(content)
    found = finding_of(data)
    assert found.rule == "storage"
    assert "StoreDamaged" in found.words


def test_data_of_another_chain_is_refused(data: Path) -> None:
    with pytest.raises(AuditFailed, match="another genesis"):
        audit(data, other_genesis())


def test_data_that_a_process_has_open_is_refused_with_what_to_do(data: Path) -> None:
    with closing(open_store(data / "db")), pytest.raises(DataInUse) as caught:
        report_of(data)
    assert "stop the node" in caught.value.hint


def test_a_directory_without_data_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    with pytest.raises(DataMissing):
        report_of(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_audit_that_is_interrupted_leaves_nothing_behind(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.audit.scratch.MEMORY_BYTES_MAX", 0)
    before = sorted(data.iterdir())
    during: list[Path] = []

    def interrupt(step: Step) -> None:
        during.extend(data.iterdir())
        if step.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit(data, founding(), Options(workers=0, tell=interrupt))
    assert set(during) > set(before)
    assert sorted(data.iterdir()) == before
    report_of(data)
