"""Real LevelDB directories after power cuts: torn ends are cut off, damage is refused by name."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import chain.store
from chain.store import LevelStore, StorageFailed, StoreDamaged, open_store
from chain.store_log import TornLog, find_break, find_record, masked_crc32c
from tests.chain.leveldb_log import BLOCK_SIZE, HEAD_SIZE, fragments, records

SECTOR_SIZE = 512
END = b"\xff" * 40


def mask(crc: int) -> int:
    """LevelDB's doc/log_format.md and util/crc32c.h: rotate right by 15 bits, add a constant."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


class Crashed:
    """A database as a power cut found it: batches of one size, the log of all of them unread."""

    def __init__(self, directory: Path, batches: int, size: int) -> None:
        self.directory = directory
        self.batches = batches
        self._tries = 0
        store = LevelStore(directory / "live")
        for n in range(batches):
            store.write({b"newest": b"%d" % n, b"%d" % n: random.Random(n).randbytes(size)})
        shutil.copytree(directory / "live", directory / "crashed")
        store.close()
        (self.log,) = (directory / "crashed").glob("*.log")
        self.data = self.log.read_bytes()
        self.last = records(self.data)[-1][0]

    def with_log(self, data: bytes) -> Path:
        """A copy whose log reads as `data`."""
        self._tries += 1
        copy = self.directory / f"try {self._tries}"
        shutil.copytree(self.directory / "crashed", copy)
        (copy / self.log.name).write_bytes(data)
        return copy

    def newest(self, data: bytes) -> int:
        """The newest batch that is there with this log, whole, and after another opening too."""
        copy = self.with_log(data)
        seen = set()
        for _ in range(2):
            store = open_store(copy)
            rows = dict(store.scan(b"", END))
            store.close()
            seen.add(int(rows[b"newest"]))
            assert len(rows) == int(rows[b"newest"]) + 2, "all batches up to it, and no other"
        shutil.rmtree(copy)
        assert len(seen) == 1
        return seen.pop()


@pytest.fixture(scope="module", params=[(30, 900), (4, 70_000)], ids=["small", "many blocks"])
def crashed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Crashed:
    batches, size = request.param
    return Crashed(tmp_path_factory.mktemp("crashed"), batches, size)


def test_the_checksum_is_castagnolis_masked() -> None:
    # RFC 3720 appendix B.4, and the check value of the polynomial.
    assert masked_crc32c(bytes(32)) == mask(0x8A9136AA)
    assert masked_crc32c(b"\xff" * 32) == mask(0x62A8AB43)
    assert masked_crc32c(b"123456789") == mask(0xE3069283)


def test_every_record_that_leveldb_wrote_is_whole(crashed: Crashed) -> None:
    assert find_break(crashed.data, checksums=True) is None
    assert find_break(crashed.data, checksums=False) is None
    for start, end in records(crashed.data):
        assert find_break(crashed.data[:end], checksums=True) is None
        assert find_record(crashed.data, start, lambda _: True) == start
    assert find_break(b"", checksums=True) is None


def test_cut_at_any_byte_of_the_last_batch_the_batches_before_it_are_there(
    crashed: Crashed,
) -> None:
    data, last = crashed.data, crashed.last
    step = max(1, (len(data) - last) // 60)
    cuts = {*range(last, last + HEAD_SIZE + 1), *range(last, len(data), step), len(data) - 1}
    cuts |= {at + n for at, _, _ in fragments(data) if at > last for n in (0, 1, HEAD_SIZE)}
    for cut in sorted(cuts):
        assert crashed.newest(data[:cut]) == crashed.batches - 2
    assert crashed.newest(data) == crashed.batches - 1


def sectors(crashed: Crashed) -> list[int]:
    """Sectors that only the last batch wrote to."""
    first = crashed.last + (-crashed.last) % SECTOR_SIZE
    return list(range(first, len(crashed.data), SECTOR_SIZE))


@pytest.mark.parametrize("filling", ["zeros", "garbage"])
def test_whichever_sectors_of_the_last_batch_are_lost_it_is_dropped(
    crashed: Crashed, filling: str
) -> None:
    draw = random.Random(filling)
    every = sectors(crashed)
    lost = [[sector] for sector in draw.sample(every, min(12, len(every)))]
    lost += [draw.sample(every, draw.randint(1, len(every))) for _ in range(12)]
    lost += [every]
    for some in lost:
        torn = bytearray(crashed.data)
        for sector in some:
            size = min(SECTOR_SIZE, len(torn) - sector)
            torn[sector : sector + size] = (
                draw.randbytes(size) if filling == "garbage" else bytes(size)
            )
        assert crashed.newest(bytes(torn)) == crashed.batches - 2


def test_what_lies_beyond_the_last_batch_is_no_batch(crashed: Crashed) -> None:
    for tail in (bytes(1), bytes(4096), bytes(3 * BLOCK_SIZE), random.Random(1).randbytes(70_000)):
        assert crashed.newest(crashed.data + tail) == crashed.batches - 1


def test_what_was_cut_off_is_kept_and_told(crashed: Crashed) -> None:
    told: list[TornLog] = []
    copy = crashed.with_log(crashed.data[:-100])
    open_store(copy, mended=told.append).close()
    (torn,) = told
    assert torn.kept == copy / f"{crashed.log.name}.torn"
    assert torn.kept.read_bytes() == crashed.data[crashed.last : -100]
    assert (torn.offset, torn.size) == (crashed.last, len(crashed.data) - 100 - crashed.last)
    assert str(torn.kept) in torn.words
    open_store(copy, mended=told.append).close()
    assert len(told) == 1


def assert_refused(crashed: Crashed, damaged: bytes) -> None:
    """Refused by its name, and nothing was touched."""
    copy = crashed.with_log(damaged)
    with pytest.raises(StoreDamaged, match=r"\.log: damaged at byte") as refusal:
        open_store(copy)
    assert "check the disk" in refusal.value.hint
    assert (copy / crashed.log.name).read_bytes() == damaged
    assert not list(copy.glob("*.torn"))
    shutil.rmtree(copy)


def test_a_flipped_bit_before_the_last_batch_is_refused_and_nothing_is_cut(
    crashed: Crashed,
) -> None:
    earlier = [entry for entry in fragments(crashed.data) if entry[0] < crashed.last]
    draw = random.Random(3)
    # In the heads, where LevelDB itself would drop batches without a word, and in the data.
    places = [at + n for at, _, _ in draw.sample(earlier, 4) for n in range(HEAD_SIZE)]
    places += [draw.randrange(crashed.last) for _ in range(20)]
    for place in places:
        damaged = bytearray(crashed.data)
        damaged[place] ^= 1 << draw.randrange(8)
        if _in_a_trailer(crashed.data, place):
            continue
        assert_refused(crashed, bytes(damaged))


def _in_a_trailer(log: bytes, place: int) -> bool:
    """Is the byte one that fills a block up, which nobody reads?"""
    return not any(at <= place < at + size for at, size, _ in fragments(log))


def test_a_lost_sector_before_the_last_batch_is_refused(crashed: Crashed) -> None:
    for sector in random.Random(4).sample(range(0, crashed.last - SECTOR_SIZE, SECTOR_SIZE), 10):
        damaged = bytearray(crashed.data)
        damaged[sector : sector + SECTOR_SIZE] = bytes(SECTOR_SIZE)
        assert_refused(crashed, bytes(damaged))


def test_a_length_that_hides_later_batches_is_refused_though_leveldb_would_open(
    tmp_path: Path,
) -> None:
    crashed = Crashed(tmp_path, 20, 100)
    start, _ = records(crashed.data)[10]
    damaged = bytearray(crashed.data)
    damaged[start + 5] ^= 0x40
    assert_refused(crashed, bytes(damaged))
    damaged = bytearray(crashed.data)
    damaged[start : start + HEAD_SIZE] = bytes(HEAD_SIZE)
    assert_refused(crashed, bytes(damaged))


# Each run of this program is killed after its n-th batch, wherever LevelDB's own thread is then.
CRASHES = """
import os, random, sys
import chain.store
from chain.store import LevelStore
chain.store.WRITE_BUFFER_BYTES = 64 * 1024
for n in range(1, int(sys.argv[2])):
    if os.fork() == 0:
        store = LevelStore(os.path.join(sys.argv[1], str(n)))
        for k in range(n):
            store.write({b"newest": b"%d" % k, b"%d" % k: random.Random(k).randbytes(9000)})
        os.kill(os.getpid(), 9)
    os.wait()
"""
CRASHES_MAX = 40


def test_a_power_cut_around_the_change_to_another_log_loses_no_synced_batch(tmp_path: Path) -> None:
    root = Path(chain.store.__file__).parent.parent
    command = [sys.executable, "-c", CRASHES, str(tmp_path), str(CRASHES_MAX)]
    subprocess.run(command, cwd=root, check=True)
    draw = random.Random(5)
    numbers = set()
    for n in range(1, CRASHES_MAX):
        directory = tmp_path / str(n)
        newest = max(directory.glob("*.log"), key=lambda path: int(path.stem))
        numbers.add(newest.name)
        with newest.open("ab") as log:
            # The batch under way, of which some sectors came to the disk.
            log.write(draw.choice([b"", bytes(600), draw.randbytes(40), draw.randbytes(60_000)]))
        manifest = directory / (directory / "CURRENT").read_text().strip()
        with manifest.open("ab") as log:
            log.write(draw.choice([b"", bytes(30), draw.randbytes(60), draw.randbytes(5)]))
        store = open_store(directory)
        assert store.get(b"newest") == b"%d" % (n - 1)
        for k in range(n):
            assert store.get(b"%d" % k) == random.Random(k).randbytes(9000)
        store.close()
    assert len(numbers) > 2, "the log has changed"


def test_a_manifest_that_is_damaged_is_refused(crashed: Crashed) -> None:
    copy = crashed.with_log(crashed.data)
    manifest = copy / (copy / "CURRENT").read_text().strip()
    whole = manifest.read_bytes()
    assert find_break(whole, checksums=True) is None
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x04
        manifest.write_bytes(damaged)
        if place < records(whole)[-1][0]:
            with pytest.raises(StorageFailed):
                open_store(copy)
            assert manifest.read_bytes() == damaged
    manifest.write_bytes(bytes(len(whole)))
    with pytest.raises(StoreDamaged, match="damaged at byte 0"):
        open_store(copy)


def test_damage_of_a_table_is_refused_with_advice(tmp_path: Path) -> None:
    for _ in range(2):  # the second opening moves the log into a table
        store = LevelStore(tmp_path)
        store.write({b"%d" % n: b"value" * 100 for n in range(100)})
        store.close()
    (table,) = tmp_path.glob("*.ldb")
    table.write_bytes(table.read_bytes()[:-48] + bytes(48))
    with pytest.raises(StoreDamaged) as refusal:
        LevelStore(tmp_path)
    assert "check the disk" in refusal.value.hint
