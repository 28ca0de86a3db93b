"""A disk that refuses to sync: Python runs this file first in a process that has it on its path.

While the file that HUSHED_DISK names exists, fdatasync fails with the number in it, as a full or
failing disk lets it fail. (HUSHANG_ variables don't reach a node.)
"""

import os
from pathlib import Path

_trigger = Path(os.environ["HUSHED_DISK"])
_healthy = os.fdatasync


def _fdatasync(handle: int) -> None:
    if _trigger.exists():
        number = int(_trigger.read_text())
        raise OSError(number, os.strerror(number))
    _healthy(handle)


os.fdatasync = _fdatasync  # type: ignore[assignment]
