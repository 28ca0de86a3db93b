"""A process that dies as by kill -9 when it is about to rename something to a name.

Python runs this file first in a process that has its folder on its path. DIES_AT is the last part
of the new name. (HUSHANG_ variables don't reach a node.)
"""

import os
import signal
from pathlib import Path
from typing import Any

_name = os.environ.get("DIES_AT", "")
_rename, _replace = os.rename, os.replace


def _die_at(target: Any) -> None:
    if Path(target).name == _name:
        os.kill(os.getpid(), signal.SIGKILL)


def _dying_rename(source: Any, target: Any, **where: Any) -> None:
    _die_at(target)
    _rename(source, target, **where)


def _dying_replace(source: Any, target: Any, **where: Any) -> None:
    _die_at(target)
    _replace(source, target, **where)


os.rename = _dying_rename  # type: ignore[assignment]
os.replace = _dying_replace  # type: ignore[assignment]
