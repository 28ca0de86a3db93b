"""How much memory of its own a process holds: RssAnon, without the files that LevelDB maps."""

from pathlib import Path

KIB_PER_MIB = 1024


def anonymous_mib(pid: int | None = None) -> float:
    """Anonymous resident memory of a process, by default this one. Linux tells it."""
    status = Path("/proc") / ("self" if pid is None else str(pid)) / "status"
    line = next(line for line in status.read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) / KIB_PER_MIB
