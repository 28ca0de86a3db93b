"""The load process's protocol, as the bench's end of it sees it."""

from pathlib import Path

import pytest

from node.bench.load import ACKNOWLEDGED, OfferTask
from node.bench.load_process import load_process
from node.bench.loops import NOT_SENT
from node.bench.plan import Load
from node.bench.stock import StockWriter
from node.bench.tally import UNKNOWN, read_result
from node.bench.targets import UNREACHABLE
from node.bench.workloads import Chain, Step
from node.client import NodeFailed
from node.testnet_genesis import free_ports


def task(directory: Path, rate_per_s: int = 1_000) -> OfferTask:
    """To a node that nobody runs."""
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    return OfferTask(Load("transfer", 60.0, 10, rate_per_s, None), (url,), directory, grace_s=0.1)


def test_a_task_travels_as_one_line(tmp_path: Path) -> None:
    one = task(tmp_path)
    assert "\n" not in one.text()
    assert OfferTask.read(one.text()) == one


def test_a_stopped_run_tells_what_it_saw_until_then(tmp_path: Path) -> None:
    chains = [Chain((Step(b"%d" % at, 1, "pay"),)) for at in range(5)]
    list(StockWriter(tmp_path, 0, 0).write(chains))
    with load_process(task(tmp_path)) as process:
        process.say("go")
        assert process.hear() == "began"
        line = process.hear()
        assert line is not None
        assert line.startswith("progress 0")
        process.say("stop")
        while line.startswith("progress"):
            line = process.hear() or ""
    result = read_result(line)
    assert (result.offered, result.decided) == (5, 0)
    # Nobody answered: each was under way at the end, or not even sent by then.
    assert sum(result.refused.values()) == 5
    assert set(result.refused) <= {UNKNOWN, NOT_SENT}
    assert set(result.retried) <= {UNREACHABLE}
    assert (tmp_path / ACKNOWLEDGED).read_bytes() == b""


def test_a_load_process_that_dies_is_an_error_and_no_hang(tmp_path: Path) -> None:
    with load_process(task(tmp_path / "none")) as process:
        process.say("go")
        with pytest.raises(NodeFailed, match="ended"):
            process.hear()
