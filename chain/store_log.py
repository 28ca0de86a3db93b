"""What a power cut leaves of LevelDB's logs: a torn last record is cut off, anything else refused.

LevelDB keeps two logs of one format (its doc/log_format.md): the newest `*.log`, a record for each
batch, and the manifest, a record for each change of its set of tables. Both are synced after each
record, so that a power cut can tear the last record only, in any way: short, zeros or garbage in
any of its sectors. Nobody was told that it is written, and LevelDB's own reader drops it only if
it is short; opened with paranoid checks it stops at anything else.

A log is blocks of 32 KiB, a block is fragments: masked CRC-32C of type and data (4 bytes), length
(2), type (1), data, integers little-endian. A record is one FULL fragment, or FIRST, MIDDLE ...,
LAST, one a block.

So: find the first record that is not whole. If a whole FULL or FIRST fragment begins after it, a
later record was written, so this one was synced: the disk has damaged it, and people must decide.
Else it is the last one; it is cut off, and what was cut is kept beside the log for people.

Which of both it was can't be told of the last record of the newest log: a bit that flips there
after it was synced reads like a torn end. The node's journal knows (`consensus.recovery`). Of the
manifest it can be told: LevelDB deletes an older log only when the record that makes it needless is
synced, so that the log which a cut manifest names is gone if its last record was.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chain.store_contract import StoreDamaged
from chain.store_manifest import named_log

BLOCK_SIZE = 32 * 1024
SEQUENCE_SIZE = 8
SEQUENCE_MAX = 2**40
LOG_SUFFIX = ".log"
TORN_SUFFIX = ".torn"

_HEAD = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4
_MASK_DELTA = 0xA282EAD8
_POLYNOMIAL = 0x82F63B78  # Castagnoli, reflected (RFC 3720 appendix B.4)

# Could these be the first bytes of a record of this log?
Plausible = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class TornLog:
    """A log whose last record was cut off at `offset`; the `size` bytes cut are in `kept`."""

    kept: Path
    offset: int
    size: int

    @property
    def words(self) -> str:
        """For people."""
        return f"cut a torn end of {self.size} bytes at byte {self.offset}, kept in {self.kept}"


def mend_logs(directory: Path, *, checksums: bool) -> tuple[TornLog, ...]:
    """Cut torn ends off the logs of a closed database. Raises `StoreDamaged` or an OSError.

    Without `checksums` only the chain of lengths is followed: quick, and it finds what LevelDB
    drops in silence (a length that points beyond the end hides every record after it).
    """
    current = directory / "CURRENT"
    needed = 0
    found: list[TornLog | None] = []
    if current.exists():
        manifest = directory / current.read_text("ascii", "replace").strip()
        if manifest.is_file():
            found.append(_mend_manifest(manifest, checksums=checksums))
            needed = named_log(manifest.read_bytes()) or 0
    numbered = {int(path.stem): path for path in directory.glob(f"*{LOG_SUFFIX}") if _is_log(path)}
    for number in sorted(numbered)[:-1]:
        if number >= needed:
            _require_whole(numbered[number])
    if numbered:
        found.append(_mend(numbered[max(numbered)], _begins_batch, checksums=checksums))
    return tuple(torn for torn in found if torn is not None)


def _is_log(path: Path) -> bool:
    return path.stem.isdecimal() and path.stem.isascii()


def _require_whole(path: Path) -> None:
    """An older log was synced to its end; LevelDB would drop a broken one's rest in silence."""
    broken = find_break(path.read_bytes(), checksums=False)
    if broken is not None:
        raise StoreDamaged(f"{path}: damaged at byte {broken[1]}, a later log follows")


def _mend_manifest(path: Path, *, checksums: bool) -> TornLog | None:
    """Cut a torn end off, unless the log is gone that the rest names; that it is there anyway."""
    data = path.read_bytes()
    broken = find_break(data, checksums=checksums)
    needed = named_log(data if broken is None else data[: broken[0]])
    if needed is not None and not (path.parent / f"{needed:06}{LOG_SUFFIX}").exists():
        where = "" if broken is None else f" at byte {broken[1]}"
        raise StoreDamaged(
            f"{path}: damaged{where}, or {needed:06}{LOG_SUFFIX}, which it names, is lost"
        )
    return _mend(path, lambda _: True, checksums=checksums)


def _begins_batch(data: bytes) -> bool:
    """A batch begins with its sequence number; random bytes hardly ever look like one."""
    return (
        len(data) >= SEQUENCE_SIZE and int.from_bytes(data[:SEQUENCE_SIZE], "little") < SEQUENCE_MAX
    )


def _mend(path: Path, plausible: Plausible, *, checksums: bool) -> TornLog | None:
    log = path.read_bytes()
    found = find_break(log, checksums=checksums)
    if found is None:
        return None
    start, broken = found
    later = find_record(log, broken + 1, plausible)
    if later is not None:
        raise StoreDamaged(f"{path}: damaged at byte {broken}, a whole record follows at {later}")
    if start == 0 and path.suffix != LOG_SUFFIX:
        # CURRENT names a manifest only once its first record is synced.
        raise StoreDamaged(f"{path}: damaged at byte {broken}")
    kept = path.with_name(path.name + TORN_SUFFIX)
    kept.write_bytes(log[start:])
    with path.open("r+b") as file:
        file.truncate(start)
    return TornLog(kept, start, len(log) - start)


def find_break(log: bytes, *, checksums: bool) -> tuple[int, int] | None:
    """Where the first record that is not whole begins, and where it breaks; None if all are."""
    at = 0
    begun: int | None = None
    while at < len(log):
        if _left(at) < _HEAD.size:
            at += _left(at)
            continue
        end = _fragment_end(log, at, checksums=checksums)
        expected = (_FULL, _FIRST) if begun is None else (_MIDDLE, _LAST)
        if end is None or log[at + 6] not in expected:
            return at if begun is None else begun, at
        if log[at + 6] == _FIRST:
            begun = at
        elif log[at + 6] == _LAST:
            begun = None
        at = end
    return None if begun is None else (begun, len(log))


def find_record(log: bytes, start: int, plausible: Plausible) -> int | None:
    """Where a record begins with a whole fragment, at any byte from `start`; None if nowhere."""
    for at in range(start, len(log) - _HEAD.size + 1):
        kind = log[at + 6]
        # What is not FULL goes on to the end of its block.
        if kind not in {_FULL, _FIRST} or _left(at) < _HEAD.size:
            continue
        size = int.from_bytes(log[at + 4 : at + 6], "little")
        if kind == _FIRST and size != _left(at) - _HEAD.size:
            continue
        if not plausible(log[at + _HEAD.size : at + _HEAD.size + min(size, SEQUENCE_SIZE)]):
            continue
        if _fragment_end(log, at, checksums=True) is not None:
            return at
    return None


def _left(at: int) -> int:
    """Bytes from `at` to the end of its block."""
    return BLOCK_SIZE - at % BLOCK_SIZE


def _fragment_end(log: bytes, at: int, *, checksums: bool) -> int | None:
    """Where the fragment at `at` ends; None if it is not whole."""
    if at + _HEAD.size > len(log):
        return None
    checksum, size, kind = _HEAD.unpack_from(log, at)
    end: int = at + _HEAD.size + size
    if not _FULL <= kind <= _LAST or end > len(log) or size > _left(at) - _HEAD.size:
        return None
    if checksums and masked_crc32c(log[at + 6 : end]) != checksum:
        return None
    return end


def _make_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)  # noqa: PLW2901
        table.append(value)
    return tuple(table)


_TABLE = _make_table()


def masked_crc32c(data: bytes) -> int:
    """CRC-32C as LevelDB stores it: rotated and shifted, since its data may hold CRCs itself."""
    table, crc = _TABLE, 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + _MASK_DELTA) & 0xFFFFFFFF
