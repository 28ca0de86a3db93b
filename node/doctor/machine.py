"""The machine: room and speed of the disk, memory, open files, the clock's source, libraries."""

import ctypes
import errno
import os
import resource
import shutil
import ssl
import statistics
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from node.doctor.report import Check, failed, not_checked, ok, warning
from node.words import said

MIB: Final = 1024 * 1024
GIB: Final = 1024 * MIB
FREE_FAILED: Final = 256 * MIB
FREE_WARNED: Final = 2 * GIB
FREE_WARNED_PERCENT: Final = 10
INODES_WARNED_PERCENT: Final = 5
MEMORY_FAILED: Final = 128 * MIB
MEMORY_WARNED: Final = 512 * MIB
FILES_WARNED: Final = 4096
# A block takes about three such syncs on its way to being decided.
SYNC_WARNED_MS: Final = 20.0
SYNC_FAILED_MS: Final = 300.0
PROBES: Final = 9
PROBE: Final = b"p" * 4096
PROBE_NAME: Final = ".hushang-doctor"
TEMPORARY: Final = frozenset(("tmpfs", "ramfs"))
REMOTE: Final = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"))
LAYERED: Final = frozenset(("overlay", "aufs"))
# adjtimex(2): the clock isn't synchronised. The structure is smaller than this on every platform.
TIME_ERROR: Final = 5
TIMEX_SIZE: Final = 512


def check_disk(directory: Path) -> Iterator[Check]:
    """Room, kind of file system, and how long a synced write takes, where the data lies."""
    place = _existing(directory)
    yield _room(place)
    yield _inodes(place)
    yield _file_system(place)
    if place == directory:
        yield _sync_speed(directory)
    else:
        yield not_checked(
            "disk speed",
            said("{directory} doesn't exist yet: the first start makes it", directory=directory),
        )


def _existing(directory: Path) -> Path:
    return next(path for path in (directory, *directory.resolve().parents) if path.exists())


def free_bytes(directory: Path) -> int:
    """Room where a directory is, or will be."""
    return shutil.disk_usage(_existing(directory)).free


def _room(place: Path) -> Check:
    usage = shutil.disk_usage(place)
    percent = 100 * usage.free // max(1, usage.total)
    words = said(
        "{free:.1f} GiB of {total:.1f} GiB are free ({percent} %)",
        free=usage.free / GIB,
        total=usage.total / GIB,
        percent=percent,
    )
    do = said("make room or a larger disk: a node that can't write stops")
    if usage.free < FREE_FAILED:
        return failed("disk room", words, do)
    if usage.free < FREE_WARNED or percent < FREE_WARNED_PERCENT:
        return warning("disk room", words, do)
    return ok("disk room", words)


def _inodes(place: Path) -> Check:
    found = os.statvfs(place)
    if not found.f_files:
        return ok("disk inodes", said("this file system has no fixed number of files"))
    percent = 100 * found.f_favail // found.f_files
    words = said("{count} more files fit ({percent} %)", count=found.f_favail, percent=percent)
    if not found.f_favail:
        return failed("disk inodes", words, said("remove files: no new one can be made"))
    if percent < INODES_WARNED_PERCENT:
        return warning("disk inodes", words, said("remove files before no new one can be made"))
    return ok("disk inodes", words)


def _file_system(place: Path) -> Check:
    kind = file_system_of(place)
    if not kind:
        return not_checked(
            "file system", said("this system doesn't tell the kinds of its file systems")
        )
    if kind in TEMPORARY:
        do = said("put data_dir on a disk: the journal must outlive a restart of the machine")
        return warning(
            "file system",
            said("{kind} is memory: a restart loses chain and journal", kind=kind),
            do,
        )
    if kind in REMOTE:
        do = said("put data_dir on a local disk")
        words = said("{kind} is another machine's: its locks and syncs may not hold", kind=kind)
        return warning("file system", words, do)
    if kind in LAYERED:
        do = said("mount a volume at data_dir")
        return warning("file system", said("{kind} goes with its container", kind=kind), do)
    return ok("file system", kind)


def file_system_of(place: Path) -> str:
    """The kind of the file system under a path, by /proc; empty where there is none."""
    best, kind = "", ""
    real = str(place.resolve())
    try:
        lines = Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        left, _, right = line.partition(" - ")
        mount = left.split(" ")[4].encode().decode("unicode_escape", "replace")
        inside = mount in {"/", real} or real.startswith(f"{mount}/")
        if inside and len(mount) >= len(best):
            best, kind = mount, right.split(" ")[0]
    return kind


def _sync_speed(directory: Path) -> Check:
    """The median of a few synced writes to a file of its own, which is removed."""
    probe = directory / f"{PROBE_NAME}-{os.getpid()}"
    try:
        took_ms = statistics.median(_probe(probe))
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        do = (
            said("make room")
            if full
            else said("let the node's user write there, and look at the kernel's log")
        )
        return failed(
            "disk speed",
            said("{path}: {error}", path=directory, error=error.strerror),
            do,
        )
    words = said("a synced write takes {took:.1f} ms", took=took_ms)
    do = said("use a faster disk, or one with a write cache that survives a power cut")
    if took_ms > SYNC_FAILED_MS:
        return failed("disk speed", said("{words}: blocks will time out", words=words), do)
    if took_ms > SYNC_WARNED_MS:
        return warning(
            "disk speed", said("{words}: each block waits for about three", words=words), do
        )
    return ok("disk speed", words)


def _probe(path: Path) -> Iterator[float]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        for _ in range(PROBES):
            began = time.perf_counter()
            os.write(descriptor, PROBE)
            os.fsync(descriptor)
            yield (time.perf_counter() - began) * 1000
    finally:
        os.close(descriptor)
        path.unlink(missing_ok=True)


def check_memory() -> Check:
    """What programs may still take."""
    free = _available_memory()
    if free is None:
        return not_checked("memory", said("this system doesn't tell how much memory is free"))
    words = said("{free} MiB are free", free=free // MIB)
    do = said("end what else runs here, or give the machine more memory")
    if free < MEMORY_FAILED:
        return failed("memory", words, do)
    return warning("memory", words, do) if free < MEMORY_WARNED else ok("memory", words)


def _available_memory() -> int | None:
    try:
        text = Path("/proc/meminfo").read_text("ascii")
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    found = fields.get("MemAvailable")
    return None if found is None else int(found.split()[0]) * 1024


def check_open_files(pid: int | None) -> Check:
    """The limit of the node's process, or of this one where none runs."""
    limit = _limit_of(pid) if pid is not None else None
    whose = said("the node's")
    if limit is None:
        limit, whose = resource.getrlimit(resource.RLIMIT_NOFILE)[0], said("this shell's")
    if limit in {-1, resource.RLIM_INFINITY}:
        return ok("open files", said("{whose} limit is none", whose=whose))
    words = said("{whose} limit is {limit}", whose=whose, limit=limit)
    if limit < FILES_WARNED:
        do = said("LimitNOFILE=65536 in the systemd unit, or ulimit -n 65536")
        return warning(
            "open files", said("{words}: a crowd at the API uses it up", words=words), do
        )
    return ok("open files", words)


def _limit_of(pid: int) -> int | None:
    """Of another process of this user; None where the system doesn't tell."""
    try:
        lines = Path(f"/proc/{pid}/limits").read_text("ascii").splitlines()
    except OSError:
        return None
    found = [line.split()[3] for line in lines if line.startswith("Max open files")]
    return int(found[0]) if found and found[0].isdigit() else None


def check_clock_source() -> Check:
    """Does the kernel take its clock for synchronised? (adjtimex(2), which only reads here.)"""
    library = ctypes.CDLL(None, use_errno=True)
    asked = getattr(library, "adjtimex", None)
    if asked is None:
        return not_checked(
            "clock source", said("this system doesn't tell whether its clock is kept")
        )
    state = asked(ctypes.create_string_buffer(TIMEX_SIZE))
    if state < 0:
        return not_checked(
            "clock source", said("this process may not ask whether the clock is kept")
        )
    if state == TIME_ERROR:
        words = said("nobody keeps this machine's clock: it drifts by seconds a day")
        return warning("clock source", words, said("run chrony, or timedatectl set-ntp true"))
    return ok("clock source", said("the clock is kept by NTP or the like"))


def check_software() -> Iterator[Check]:
    """Versions, and what would make the node faster."""
    parts = [f"Python {sys.version.split()[0]}", ssl.OPENSSL_VERSION]
    parts += [f"{name} {found}" for name in ("hushang", "PyNaCl") if (found := _version(name))]
    yield ok("software", ", ".join(parts))
    plyvel = _version("plyvel")
    if plyvel is None:
        do = said("Python 3.11 or 3.12 on Linux x86-64 has it; else give the node a fast disk")
        yield warning(
            "store engine", said("no LevelDB (plyvel): new chains are kept in sqlite"), do
        )
    else:
        yield ok("store engine", f"plyvel {plyvel}")
    if find_spec("uvloop") is None:
        yield warning(
            "event loop",
            said("without uvloop"),
            said("pip install 'hushang[fast]': it is faster"),
        )
    else:
        yield ok("event loop", f"uvloop {_version('uvloop')}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
