"""What simulated disks and clocks do when they fail, and that a node has to answer for it."""

from random import Random

import pytest

from chain.block import VoteType
from chain.store_contract import StorageFailed, StoreDamaged
from consensus.records import Record, SilenceRecord, VoteRecord
from node.journal import JournalDamaged, JournalFailed
from tests.sim.alarm import Alarm
from tests.sim.cast import GENESIS_MS, Clock
from tests.sim.disk import Disk, SimJournal
from tests.sim.profile import plan
from tests.sim.simulation import Simulation
from tests.sim.world import MS, SECOND, World

FOUNDED = {b"a1": b"one", b"a2": b"two", b"b1": b"three"}


def vote(height: int) -> Record:
    digest = height.to_bytes(32, "big")
    return VoteRecord(VoteType.PREPARE, 0, height, digest, b"\x01" * 64)


def synced(*records: Record) -> SimJournal:
    journal = SimJournal()
    journal.append(records)
    journal.sync()
    return journal


def test_a_crash_keeps_what_was_synced_and_all_of_the_rest_or_nothing() -> None:
    kept = set()
    for seed in range(300):
        journal = synced(vote(1), vote(2))
        journal.append([vote(3), *(vote(height) for height in range(4, 24))])
        journal.crash(Random(seed))
        found = journal.recover()
        assert found[:2] == [vote(1), vote(2)]
        kept.add(len(found) - 2)
    assert kept == {0, 21}


def test_a_flipped_bit_of_the_journal_has_a_name() -> None:
    for seed in range(100):
        journal = synced(vote(1), vote(2))
        assert journal.flip(Random(seed))
        with pytest.raises(JournalDamaged):
            journal.recover()
    assert not SimJournal().flip(Random(1)), "there is nothing to flip"


def test_a_journal_that_cannot_be_written_forgets_nothing() -> None:
    disk = Disk({})
    disk.journal.append([vote(1)])
    disk.journal.sync()
    disk.refuse("no space")
    disk.journal.append([vote(2)])
    for write in (disk.journal.sync, lambda: disk.journal.rewrite([])):
        with pytest.raises(JournalFailed, match="no space"):
            write()
    assert disk.journal.durable == [vote(1)]
    disk.mend()
    assert disk.journal.sync() == [vote(2)]


def test_a_lost_journal_begins_with_silence_and_an_older_one_with_less() -> None:
    disk = Disk({})
    for height in range(1, 6):
        disk.journal.append([vote(height)])
        disk.journal.sync()
    assert disk.age_journal(Random(1))
    older = disk.journal.recover()
    assert older == [vote(height) for height in range(1, 1 + len(older))]
    assert 0 < len(older) < 5
    assert disk.lose_journal(Random(1))
    assert disk.journal.recover() == [SilenceRecord(None)]
    assert not disk.age_journal(Random(1)), "nothing was before it"


def test_a_store_that_cannot_be_written_keeps_what_it_had() -> None:
    disk = Disk(FOUNDED)
    disk.refuse("no space")
    with pytest.raises(StorageFailed, match="no space"):
        disk.store.write({b"a1": b"other"})
    disk.mend()
    disk.store.write({b"a2": b"other"})
    assert (disk.store.get(b"a1"), disk.store.get(b"a2")) == (b"one", b"other")


def test_a_damaged_row_is_an_error_never_another_value() -> None:
    hit = set()
    for seed in range(50):
        disk = Disk(FOUNDED)
        assert disk.flip_store(Random(seed))
        for key, value in FOUNDED.items():
            try:
                assert disk.store.get(key) == value
            except StoreDamaged:
                hit.add(key)
        with pytest.raises(StoreDamaged):
            list(disk.store.scan(b"a", b"c"))
        assert list(disk.store.scan(b"c", b"d")) == []
    assert hit == set(FOUNDED)


def test_only_a_faulty_disk_excuses_a_node_that_stops() -> None:
    drawn = plan(3, 4, "calm")
    simulation = Simulation(3, drawn)
    node = simulation.nodes[0]
    node.start()
    failure = JournalFailed("for no reason")
    with pytest.raises(JournalFailed):
        node.stop(failure)
    node.disk.refuse("no space")
    node.stop(failure)
    assert not node.alive


def test_a_node_whose_disk_is_full_stops_by_name_and_comes_back_when_there_is_space() -> None:
    simulation = Simulation(3, plan(3, 4, "calm"))
    world, nodes = simulation.world, simulation.nodes
    stopped: list[tuple[int, str]] = []
    for node in nodes:
        node.start()
    nodes[2].stopped = lambda place, error: stopped.append((place, error.code))
    nodes[2].disk.refuse("no space")
    simulation.workload.begin()
    assert world.run(2 * SECOND, lambda: not nodes[2].alive)
    assert stopped == [(2, "JournalFailed")]
    nodes[2].start()
    assert world.run(4 * SECOND, lambda: not nodes[2].alive)
    nodes[2].disk.mend()
    nodes[2].start()
    height = simulation.checks.height
    assert height
    assert world.run(9 * SECOND, lambda: nodes[2].ledger.tip.height > height)


def test_a_clock_shows_the_right_time_but_for_its_error() -> None:
    clock = Clock(rate=1.2)
    clock.set_error(10 * SECOND, -500)
    right_ms = GENESIS_MS + 1_000 + 10_000
    assert abs(clock.time_ms(10 * SECOND) - (right_ms - 500)) <= 1
    assert abs(clock.time_ms(11 * SECOND) - (right_ms - 500 + 1_200)) <= 1


def test_an_alarm_rings_once_at_the_newest_time() -> None:
    world, rung = World(1), list[int]()
    alarm = Alarm(world, world.after, lambda: rung.append(world.now_us))
    alarm.set(50 * MS)
    alarm.set(20 * MS)
    alarm.set(70 * MS)
    world.run(SECOND)
    assert rung == [70 * MS]
    alarm.set(5 * MS)
    world.run(2 * SECOND)
    assert rung == [70 * MS, SECOND], "what is due already rings at once"
