"""What is damaged is moved aside, never deleted; promises are kept, whenever it is interrupted."""

import asyncio
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from chain.genesis import Genesis
from chain.store import StoreLocked, open_store
from commerce.assets import AssetIssue
from commerce.registry import operation
from consensus.records import Record, SilenceRecord, SyncedRecord, encode_record
from consensus.recovery import Replay
from node import repair
from node.clock import now_ms
from node.damage import DataOfAnother, NodeData, State, examine_journal
from node.journal import Journal, journal_owner
from node.repair import Plan, RepairRefused, examine, mend
from tests.bench.bit_flips import equivocation
from tests.chain.snapshots import snapshot_of
from tests.chain.world import World, account, key
from tests.node.cluster import Cluster, cluster

WAIT_MS = 20_000
ISSUES = 6


@dataclass(frozen=True)
class Made:
    """A directory with a node's data that is closed, its genesis, its height."""

    directory: Path
    genesis: Genesis
    height: int

    def copy(self, place: Path) -> NodeData:
        """A node's data of one's own."""
        shutil.copytree(self.directory, place)
        return NodeData(place, self.genesis, key("node of m0").public_key)


async def decided(net: Cluster, number: int) -> None:
    issue = AssetIssue("CNY", account("buyer"), 1_000, f"bank-{number}")
    submitted = await net.nodes[0].submit(net.signed("issuer", operation("asset.issue", issue)))
    assert await net.nodes[0].wait_decided(submitted.id, WAIT_MS) is not None


async def make(directory: Path, n: int) -> Made:
    """Some blocks, made into tables by another start, with evidence beside them."""
    async with cluster(directory, n=n, kind="leveldb") as net:
        for number in range(ISSUES):
            await decided(net, number)
        await net.level()
        await net.stop(0)
        await net.start(0)
        height = await net.level()
        assert net.nodes[0].evidence.add(equivocation(net.genesis.hash(), 5))
        return Made(directory / "m0", net.genesis, height)


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """One of four members."""
    return asyncio.run(make(tmp_path_factory.mktemp("four"), 4))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The only member."""
    return asyncio.run(make(tmp_path_factory.mktemp("alone"), 1))


def look(data: NodeData) -> Plan:
    return examine(data, now_ms)


def states(plan: Plan) -> dict[str, State]:
    return {part.name: part.state for part in plan.parts}


def ruin(path: Path) -> None:
    """Every hundredth byte is another one."""
    content = bytearray(path.read_bytes())
    for at in range(60, len(content), 100):
        content[at] ^= 0x5A
    path.write_bytes(content)


def ruin_database(directory: Path) -> None:
    """All tables of the database in a data directory."""
    for table in (directory / "db").glob("*.ldb"):
        ruin(table)


def journal_of(data: NodeData) -> Path:
    return data.directory / "journal" / "journal"


def shorten_journal(data: NodeData, height: int) -> None:
    """As a rewrite leaves it at rest: what is synced, and nothing of the blocks."""
    owner = journal_owner(data.genesis.hash(), data.public_key)
    with closing(Journal(data.directory / "journal", owner, may_create=False)) as journal:
        journal.rewrite([encode_record(SyncedRecord(height))])


def records_of(data: NodeData) -> tuple[Record, ...]:
    return examine_journal(data).records


def files(directory: Path) -> dict[str, bytes]:
    """Every file by its name in the directory."""
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path.relative_to(directory)): path.read_bytes() for path in found}


def test_whole_data_needs_nothing(four: Made, tmp_path: Path) -> None:
    data = four.copy(tmp_path / "data")
    plan = look(data)
    assert plan.intact
    assert set(states(plan).values()) == {State.WHOLE}
    assert mend(data, plan) is None
    assert f"height {four.height}" in plan.parts[0].words
    assert (plan.notes, plan.votes_later) == ((), False)


def test_a_damaged_database_is_moved_aside_and_a_journal_that_reaches_back_stays_as_it_is(
    four: Made, tmp_path: Path
) -> None:
    data = four.copy(tmp_path / "data")
    ruin_database(data.directory)
    damaged, promised = files(data.directory / "db"), journal_of(data).read_bytes()
    plan = look(data)
    assert states(plan) == {"db": "damaged", "journal": "whole", "evidence": "whole"}
    assert plan.silence is None
    aside = mend(data, plan)
    assert aside == data.directory / "damaged-1"
    kept = files(aside / "db")
    assert all(kept[name] == damaged[name] for name in damaged if name.endswith(".ldb"))
    assert journal_of(data).read_bytes() == promised
    again = look(data)
    assert again.intact
    assert states(again)["db"] == "missing"
    assert states(again)["damaged-1"] == "left over"


def test_a_shortened_journal_is_kept_silent_up_to_what_it_knows(four: Made, tmp_path: Path) -> None:
    data = four.copy(tmp_path / "data")
    ruin_database(data.directory)
    shorten_journal(data, four.height)
    plan = look(data)
    assert plan.silence == SilenceRecord(four.height)
    mend(data, plan)
    records = records_of(data)
    assert records[-1] == SilenceRecord(four.height)
    assert Replay.of(records, 0).silence == SilenceRecord(four.height)
    assert look(data).intact


def test_a_lost_database_is_the_same_without_a_move(four: Made, tmp_path: Path) -> None:
    data = four.copy(tmp_path / "data")
    shutil.rmtree(data.directory / "db")
    shorten_journal(data, four.height)
    plan = look(data)
    assert (plan.silence, plan.moved) == (SilenceRecord(four.height), ())
    assert mend(data, plan) is None
    assert look(data).intact


def test_a_damaged_journal_is_moved_aside_where_others_can_tell(four: Made, tmp_path: Path) -> None:
    data = four.copy(tmp_path / "data")
    ruin(journal_of(data))
    # A mark of a new key would vouch for the journal that comes.
    (data.directory / "journal" / "new").touch()
    plan = look(data)
    assert states(plan) == {"db": "whole", "journal": "damaged", "evidence": "whole"}
    aside = mend(data, plan)
    assert aside is not None
    assert sorted(path.name for path in (aside / "journal").iterdir()) == ["journal", "new"]
    assert not (data.directory / "journal").exists()
    assert (data.directory / "db").exists()


def test_a_damaged_journal_of_a_small_committee_is_refused_and_left_alone(
    alone: Made, tmp_path: Path
) -> None:
    data = alone.copy(tmp_path / "data")
    ruin(journal_of(data))
    before = journal_of(data).read_bytes()
    with pytest.raises(RepairRefused, match="no other member can tell") as caught:
        look(data)
    assert "move it aside and hushang node accept-loss" in caught.value.told_hint
    assert journal_of(data).read_bytes() == before
    observer = look(replace(data, observer=True))
    assert (observer.moved, observer.votes_later) == ((data.directory / "journal",), False)
    journal_of(data).unlink()
    with pytest.raises(RepairRefused) as caught:
        look(data)
    assert "accept-loss" in caught.value.told_hint
    assert "move it aside" not in caught.value.told_hint, "there is no file"


def test_the_only_members_chain_comes_from_its_journal_or_from_a_backup(
    alone: Made, tmp_path: Path
) -> None:
    data = alone.copy(tmp_path / "data")
    ruin_database(data.directory)
    plan = look(data)
    assert plan.moved == (data.directory / "db",)
    assert "comes back from the journal" in plan.notes[0]
    assert not any("peers" in note for note in plan.notes)
    assert not plan.votes_later
    shorten_journal(data, alone.height)
    with pytest.raises(RepairRefused, match="this node is the only member") as caught:
        look(data)
    assert "hushang restore" in caught.value.told_hint
    assert look(replace(data, has_peers=True)).silence == SilenceRecord(alone.height)


def test_a_damaged_evidence_book_is_moved_aside(four: Made, tmp_path: Path) -> None:
    data = four.copy(tmp_path / "data")
    ruin(data.directory / "evidence")
    damaged = (data.directory / "evidence").read_bytes()
    aside = mend(data, look(data))
    assert aside is not None
    assert (aside / "evidence").read_bytes() == damaged
    assert look(data).intact


def test_a_damaged_snapshot_is_moved_aside_and_a_whole_one_stays(tmp_path: Path) -> None:
    world = World()
    for _ in range(2):
        world.decide()
        parts, manifest = snapshot_of(world)
        folder = tmp_path / "snapshots" / str(manifest.height)
        folder.mkdir(parents=True)
        for part, content in parts.held.items():
            (folder / part.name).write_bytes(content)
    first, second = sorted((tmp_path / "snapshots").iterdir(), key=lambda path: int(path.name))
    ruin(next(first.glob("state-*")))
    data = NodeData(tmp_path, world.genesis, key("node of m0").public_key)
    plan = look(data)
    assert states(plan)[f"snapshots/{first.name}"] == "damaged"
    assert states(plan)[f"snapshots/{second.name}"] == "whole"
    aside = mend(data, plan)
    assert aside is not None
    assert (aside / "snapshots" / first.name / "manifest").exists()
    assert list((tmp_path / "snapshots").iterdir()) == [second]


def test_a_second_repair_takes_the_next_number(four: Made, tmp_path: Path) -> None:
    data = four.copy(tmp_path / "data")
    for number in (1, 2):
        shutil.copy(four.directory / "evidence", data.directory / "evidence")
        ruin(data.directory / "evidence")
        assert mend(data, look(data)) == data.directory / f"damaged-{number}"


def test_data_of_another_chain_or_key_is_not_taken_for_damaged(four: Made, tmp_path: Path) -> None:
    data = four.copy(tmp_path / "data")
    other = replace(data.genesis, chain_id="another")
    with pytest.raises(DataOfAnother, match="test-world"):
        look(replace(data, genesis=other))
    with pytest.raises(DataOfAnother, match="node key"):
        look(replace(data, public_key=key("node of m1").public_key))
    # A few bytes of the owner are damage all the same.
    content = bytearray(journal_of(data).read_bytes())
    content[30] ^= 1
    journal_of(data).write_bytes(content)
    assert states(look(data))["journal"] == "damaged"


def test_while_a_node_runs_nothing_is_looked_at_or_moved(four: Made, tmp_path: Path) -> None:
    data = four.copy(tmp_path / "data")
    ruin(data.directory / "evidence")
    plan = look(data)
    with closing(open_store(data.directory / "db")):
        with pytest.raises(StoreLocked):
            look(data)
        with pytest.raises(StoreLocked):
            mend(data, plan)
    assert (data.directory / "evidence").exists()


class Killed(BaseException):
    """The process ends here."""


class Lives:
    """Steps that touch the disk, of which the process survives `left`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        steps: list[tuple[Any, str]] = [
            (Path, "rename"),
            (Path, "mkdir"),
            (Journal, "append"),
            (repair, "sync_directory"),
        ]
        for owner, name in steps:
            monkeypatch.setattr(owner, name, self._counting(getattr(owner, name)))

    def _counting(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            if self.left == 0:
                raise Killed
            self.left -= 1
            return step(*arguments, **options)

        return counted


def test_killed_before_any_step_it_is_done_by_the_next_run(four: Made, tmp_path: Path) -> None:
    ends, count = 0, 0
    while not ends:
        data = four.copy(tmp_path / f"data {count}")
        ruin_database(data.directory)
        ruin(data.directory / "evidence")
        shorten_journal(data, four.height)
        plan = look(data)
        with pytest.MonkeyPatch.context() as patch:
            lives = Lives(patch)
            lives.left = count
            try:
                mend(data, plan)
                ends += 1
            except Killed:
                count += 1
        again = look(data)
        mend(data, again)
        assert look(data).intact
        assert [type(one) for one in records_of(data)].count(SilenceRecord) == 1
        moved = [path.name for path in data.directory.glob("damaged-*/*")]
        assert sorted(moved) == ["db", "evidence"]
    assert count >= 6
