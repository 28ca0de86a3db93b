"""Commands that run real nodes and print their figures: data stays where a promise broke."""

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.processes.net import Net, running

Record = dict[str, Any]


def in_network(
    name: str,
    work: Callable[[Net], Record],
    so_far: Callable[[], Record] = dict,
    **plan: Any,
) -> int:
    """Run `work` on a network of this plan; the exit code is 1 unless its record is `ok`.

    `so_far` tells what was known when an assertion failed.
    """
    record: Record
    directory = Path(tempfile.mkdtemp(prefix=f"hushang-{name}-"))
    try:
        with running(directory, **plan) as net:
            record = {"ok": True} | work(net)
    except AssertionError as error:
        record = {"ok": False, "why": str(error), "data": str(directory)} | so_far()
    else:
        shutil.rmtree(directory)
    sys.stderr.write("\n")
    sys.stdout.write(json.dumps(record) + "\n")
    return 0 if record["ok"] else 1
