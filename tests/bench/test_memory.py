"""A sample of `python -m tests.bench.memory` and of how processes are measured from outside."""

import os
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import memory
from tests.bench.catching_up import HEAD, Replayed, Spent, cpu_s_of
from tests.bench.memory_use import anonymous_mib

MIB = 1024 * 1024


@pytest.fixture
def _untraced() -> Iterator[None]:
    yield
    tracemalloc.stop()


def test_memory_of_its_own_is_that_which_a_process_takes() -> None:
    before = anonymous_mib()
    taken = bytearray(os.urandom(1)) * (64 * MIB)
    assert 60 < anonymous_mib() - before < 70
    assert anonymous_mib(os.getpid()) > before
    assert len(taken) == 64 * MIB


def test_the_cpu_of_a_process_only_grows() -> None:
    before = cpu_s_of(os.getpid())
    assert before > 0
    assert cpu_s_of(os.getpid()) >= before


def test_a_replay_is_told_by_the_transaction_and_by_the_block() -> None:
    found = Replayed(1_000, 10, Spent(2.0, 1.0), Spent(4.0, 0.5))
    assert found.line().split() == ["100.0", "10", "4.0", "2.5", "250", "0.500", "50.00"]
    assert len(HEAD.split("  ")) >= len(found.line().split())


@pytest.mark.asyncio
@pytest.mark.usefixtures("_untraced")
async def test_four_nodes_are_traced_while_they_decide(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "TRACED_BATCH", 5)
    found = await memory.trace(tmp_path, 10, "memory")
    memory._print_trace(found, 10)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("bytes more a transaction and node; of these:")
    # In so short a run everything grows: each transaction is remembered, and in memory stored.
    assert any("p2p/gossip.py" in line or "chain/" in line for line in lines[1:])
