"""Signatures behind a replay: every one is checked, on other cores too, and the first is named."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing

import pytest

from chain.crypto import PrivateKey, sha256
from node.audit import signatures
from node.audit.findings import AuditFailed
from node.audit.signatures import BATCH_MAX, Signatures, Signed

KEY = PrivateKey(sha256(b"an auditor's test"))


def signed(count: int, wrong: tuple[int, ...] = ()) -> Iterator[Signed]:
    """One signature a height."""
    for height in range(count):
        message = b"message %d" % height
        signature = KEY.sign(message if height not in wrong else b"another")
        yield height, f"signature {height}", KEY.public_key, message, signature


def check(checking: Signatures, given: Iterator[Signed]) -> None:
    for one in given:
        checking.add(one)
    checking.finish()


@pytest.mark.parametrize("workers", [0, 1])
def test_good_ones_pass_and_are_counted(workers: int) -> None:
    with closing(Signatures(workers, in_place_max=0)) as checking:
        check(checking, signed(2 * BATCH_MAX + 5))
        assert checking.count == 2 * BATCH_MAX + 5


@pytest.mark.parametrize("workers", [0, 1])
def test_the_lowest_wrong_one_is_named(workers: int) -> None:
    wrong = (3 * BATCH_MAX - 1, BATCH_MAX + 7, 2 * BATCH_MAX)
    with closing(Signatures(workers, in_place_max=0)) as checking:
        with pytest.raises(AuditFailed) as caught:
            check(checking, signed(4 * BATCH_MAX, wrong))
        assert caught.value.finding.height == BATCH_MAX + 7


def test_few_signatures_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "ProcessPoolExecutor", None)
    with closing(Signatures(workers=1)) as checking:
        check(checking, signed(BATCH_MAX + 1))


def test_what_a_process_took_with_it_is_checked_again_here() -> None:
    with closing(Signatures(1, in_place_max=0)) as checking:
        for one in signed(BATCH_MAX):
            checking.add(one)
        assert checking._pool is not None
        for process in list(checking._pool._processes.values()):
            os.kill(process.pid or 0, signal.SIGKILL)
        with pytest.raises(AuditFailed, match="height 7"):
            check(checking, signed(4 * BATCH_MAX, wrong=(7,)))
