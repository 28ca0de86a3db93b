"""Damage of a closed node's files, bit by bit, file by file: noticed, healed, harmless or known.

`python -m tests.bench.bit_flips` makes 500 flips and prints the table; here is a sample of it.
"""

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.genesis import Genesis
from chain.scrub import silent
from node.damage import LEFTOVERS, NodeData, State, examine_database, leftovers
from tests.bench.bit_flips import (
    Content,
    files_of,
    flips,
    kind_of,
    make_data,
    outcome_of,
    read_content,
)
from tests.chain.world import key

FLIPS = 48
CUTS_PER_FILE = 2
# LevelDB's own log for people says nothing to anybody.
FOR_PEOPLE = {"db LOG", "db LOG.old"}
# What shortens these is like an older copy of them: the members are asked what an older journal
# lacks before the node votes (docs/adr/0061), and the book is nothing agreed.
OLDER = {"journal", "evidence"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Genesis]:
    """The data of a node that ran and was closed."""
    return make_data(tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="module")
def whole(made: tuple[Path, Genesis], tmp_path_factory: pytest.TempPathFactory) -> Content:
    """What is read of it undamaged."""
    data, genesis = made
    copy = tmp_path_factory.mktemp("whole") / "copy"
    shutil.copytree(data, copy)
    return read_content(copy, genesis)[0]


def test_no_flipped_bit_is_silent(made: tuple[Path, Genesis]) -> None:
    data, genesis = made
    kinds: Counter[str] = Counter()
    for flip in flips(data, genesis, FLIPS, seed=4):
        kinds[flip.outcome.kind] += 1
        assert flip.outcome.kind != "silent", flip
        if kind_of(flip.path) in FOR_PEOPLE:
            assert flip.outcome.kind == "harmless"
    assert kinds["noticed"] > FLIPS // 3


def copies(data: Path, place: Path) -> Iterator[tuple[str, Path, Path]]:
    """Each file by its kind: a fresh copy of all data, and where the file is in it."""
    for number, path in enumerate(files_of(data)):
        copy = place / f"copy {number}"
        shutil.copytree(data, copy)
        yield kind_of(path), copy, copy / path.relative_to(data)
        shutil.rmtree(copy)


def test_a_file_that_is_cut_short_anywhere_is_noticed_or_heals(
    made: tuple[Path, Genesis], whole: Content, tmp_path: Path
) -> None:
    data, genesis = made
    draw = random.Random(5)
    for number in range(CUTS_PER_FILE):
        for kind, copy, path in copies(data, tmp_path / str(number)):
            content = path.read_bytes()
            path.write_bytes(content[: draw.randrange(len(content))])
            outcome = outcome_of(copy, genesis, whole)
            assert outcome.kind != "silent" or kind in OLDER, (path, outcome)


def test_a_file_that_is_lost_is_noticed_or_heals(
    made: tuple[Path, Genesis], whole: Content, tmp_path: Path
) -> None:
    data, genesis = made
    for kind, copy, path in copies(data, tmp_path):
        path.unlink()
        outcome = outcome_of(copy, genesis, whole)
        expected = "harmless" if kind in FOR_PEOPLE else "noticed"
        assert outcome.kind == ("silent" if kind in OLDER else expected), (path, outcome)


def test_a_lost_database_comes_back_from_a_journal_that_reaches_back(
    made: tuple[Path, Genesis], whole: Content, tmp_path: Path
) -> None:
    data, genesis = made
    shutil.copytree(data, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "db")
    assert outcome_of(tmp_path / "copy", genesis, whole).kind == "healed"


def test_each_damaged_file_of_the_database_is_found_by_an_examination(
    made: tuple[Path, Genesis], tmp_path: Path
) -> None:
    data, genesis = made
    for kind, copy, path in copies(data, tmp_path):
        if path.parent.name != "db" or kind in FOR_PEOPLE:
            continue
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 0x10
        path.write_bytes(content)
        node = NodeData(copy, genesis, key("node of m0").public_key)
        found = examine_database(node, silent)
        assert found.part.state is State.DAMAGED, path
        assert "StoreDamaged" in found.part.words


@pytest.mark.parametrize("name", ["CURRENT", "000007.log", "store.sqlite3-wal"])
def test_what_is_left_of_a_database_is_damage_and_only_its_locks_are_nothing(
    made: tuple[Path, Genesis], tmp_path: Path, name: str
) -> None:
    node = NodeData(tmp_path, made[1], key("node of m0").public_key)
    (tmp_path / "db").mkdir()
    for lock in ("store.lock", "LOCK", "LOG"):
        (tmp_path / "db" / lock).touch()
    assert examine_database(node, silent).part.state is State.MISSING
    (tmp_path / "db" / name).write_bytes(b"x")
    assert examine_database(node, silent).part.state is State.DAMAGED


def test_what_a_killed_node_leaves_is_told_and_is_no_damage(
    made: tuple[Path, Genesis], tmp_path: Path
) -> None:
    for name in ("db.joining", "db.restoring", "joining", "damaged-3"):
        (tmp_path / name).mkdir()
    for name in ("epcis-captures.damaged", "epcis-subscriptions.new"):
        (tmp_path / name).touch()
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "000007.log.torn").touch()
    (tmp_path / "snapshots" / "7.making").mkdir(parents=True)
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "journal.new").touch()
    node = NodeData(tmp_path, made[1], key("node of m0").public_key)
    found = leftovers(node)
    assert len(found) == len(LEFTOVERS)
    assert {part.state for part in found} == {State.LEFTOVER}
