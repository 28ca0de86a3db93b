"""Whatever ends a command that sent something: its bytes lie in a file, for another try."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.codec import decode
from chain.transaction import SignedTransaction
from node.client import NodeClient, NodeRefused, Outcome, OutcomeUnknown
from node.clients.submission import EXPIRED
from node.commands.failures import UsageWrong
from node.commands.options import Output
from node.commands.output import Printer
from node.commands.sending import signals_interrupt
from node.commands.session import Session
from node.late_outcome import late_receipt
from tests.commands.command_line import ROOT, Ran
from tests.commands.conftest import Shop

PAYING = ("pay", "transfer", "inspector", "CNY 0.01", "--as", "buyer")
Then = Callable[[bytes], None]


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def kept() -> list[Path]:
    return sorted(Path.cwd().glob("hushang-unsent-*.json"))


def after_sending(shop: Shop, monkeypatch: pytest.MonkeyPatch, then: Then, *words: str) -> Ran:
    """A command whose transaction is decided, and then something happens."""
    submit = NodeClient.submit

    def sent(client: NodeClient, raw: bytes, *, decided: bool, timeout_s: float) -> Outcome:
        outcome = submit(client, raw, decided=decided, timeout_s=timeout_s)
        then(raw)
        return outcome

    with monkeypatch.context() as patch:
        patch.setattr(NodeClient, "submit", sent)
        return shop.run(*words)


def test_the_bytes_lie_in_a_file_before_they_go_out_until_their_fate_is_known(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Path]] = []
    ran = after_sending(shop, monkeypatch, lambda _: seen.append(kept()), *PAYING)
    assert (ran.code, [len(files) for files in seen]) == (0, [1])
    assert kept() == []
    # What a node refuses at its door has no effect, and a rule's word is a fate.
    assert shop.refused(*PAYING[:3], "CNY 999999.00", "--as", "inspector")[0] == 7
    assert shop.refused(*PAYING, "--key", "none.key")[0] == 3
    assert kept() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_file_and_the_id_as_ctrl_c_does(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    had = shop.balance("inspector")
    # Under nohup it would be ignored, here too.
    before = signal.signal(number, signal.SIG_DFL)
    try:
        ran = after_sending(shop, monkeypatch, lambda _: os.kill(os.getpid(), number), *PAYING)
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert ran.code == 130
    (file,) = kept()
    assert "id: " in ran.err
    assert f"hushang tx submit {file}" in ran.err
    again = shop.run("tx", "submit", str(file), "--field", "status")
    assert (again.code, again.out) == (0, b"ok\n")
    assert again.err == ""
    assert shop.balance("inspector") == had + 1


@pytest.mark.parametrize("ends", [KeyboardInterrupt, BrokenPipeError, RecursionError])
def test_a_payment_whose_outcome_could_not_be_printed_any_more_is_told_and_not_paid_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, ends: type[BaseException]
) -> None:
    had = shop.balance("inspector")

    def report(*_: object) -> None:
        raise ends

    with monkeypatch.context() as patch:
        patch.setattr(Session, "report", report)
        ran = shop.run(*PAYING)
    assert ran.code != 0
    (file,) = kept()
    assert "id: " in ran.err
    assert f"hushang tx submit {file}" in ran.err
    assert shop.run("tx", "submit", str(file), "--field", "status").out == b"ok\n"
    assert shop.balance("inspector") == had + 1


def test_what_was_refused_before_is_told_as_that(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("pay", "transfer", "merchant", "CNY 9999999.00", "--as", "inspector")

    def stop(_: bytes) -> None:
        raise KeyboardInterrupt

    assert after_sending(shop, monkeypatch, stop, *words).code == 130
    (file,) = kept()
    again = shop.run("tx", "submit", str(file))
    assert again.code == 7
    assert "it was decided before, at height" in again.err
    assert "make a new file" in again.err


def test_signals_are_left_alone_where_they_are_ignored_and_in_threads() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_interrupt():
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert signal.getsignal(signal.SIGTERM) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGHUP, before)
    found: list[object] = []

    def look() -> None:
        with signals_interrupt():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]


def test_what_is_refused_because_its_time_is_over_is_looked_up(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []

    def expired(raw: bytes) -> None:
        sent.append(raw)
        raise NodeRefused(422, {"code": EXPIRED, "detail": "valid until then"})

    ran = after_sending(shop, monkeypatch, expired, *PAYING, "--field", "status")
    assert (ran.code, ran.out) == (0, b"ok\n")
    assert kept() == []
    # Nobody has this one, and the chain's time hasn't passed it.
    client = NodeClient([shop.network.nodes[0].api])
    with pytest.raises(OutcomeUnknown, match="time"):
        late_receipt(client, "00" * 32, decode(SignedTransaction, sent[0]))


def test_where_no_file_can_be_made_the_transaction_goes_out_all_the_same(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: tmp_path / "gone")
    assert shop.run(*PAYING).code == 0

    def lost(_: bytes) -> None:
        raise OutcomeUnknown("lost")

    ran = after_sending(shop, monkeypatch, lost, *PAYING)
    assert ran.code == 6
    assert "could not be kept: No such file or directory" in ran.err


def test_a_full_disk_behind_stdout_is_no_error_of_the_payment(shop: Shop) -> None:
    command = [sys.executable, str(ROOT / "cli.py"), "--context", str(shop.network.directory)]
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [*command, *PAYING], stdout=full, stderr=subprocess.PIPE, timeout=60, check=False
        )
    assert ran.returncode == 0, ran.stderr
    assert b"stdout can't be written: No space left on device\nid: " in ran.stderr


def test_with_stdout_closed_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    printer = Printer(Output.JSON)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        with pytest.raises(UsageWrong, match="stdout is closed"):
            printer.before({})
    printer.before({})
