"""What one command does around its transaction."""

from pathlib import Path

import pytest

from node.client import NodeClient, Outcome, OutcomeUnknown
from tests.commands.command_line import Ran
from tests.commands.conftest import Shop


def run_without_answer(shop: Shop, monkeypatch: pytest.MonkeyPatch, *words: str) -> Ran:
    """A command line whose transaction arrives and whose decision comes too late."""
    submit = NodeClient.submit

    def lose(client: NodeClient, raw: bytes, *, decided: bool, timeout_s: float) -> Outcome:
        outcome = submit(client, raw, decided=decided, timeout_s=timeout_s)
        raise OutcomeUnknown("too late", outcome.id)

    with monkeypatch.context() as patch:
        patch.setattr(NodeClient, "submit", lose)
        return shop.run(*words)


def test_an_unknown_outcome_keeps_the_bytes_so_that_nobody_pays_twice(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = shop.balance("inspector")
    words = ("pay", "transfer", "inspector", "CNY 3.00", "--as", "buyer")
    ran = run_without_answer(shop, monkeypatch, "-o", "json", *words)
    assert (ran.code, ran.error["code"]) == (6, "OutcomeUnknown")
    kept = Path(ran.error["file"])
    assert kept.stat().st_mode & 0o077 == 0
    assert f"hushang tx submit {kept} --context {shop.network.directory}" in ran.error["hint"]
    sent = shop.ok("tx", "submit", str(kept)).json
    assert sent["id"] == ran.error["id"]
    assert shop.ok("tx", "submit", str(kept)).json["height"] == sent["height"]
    assert shop.balance("inspector") == before + 300


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("listing", "publish", "06901234000016", "--price", "CNY 1", "--stock"), "Operation"),
        (("pay", "transfer", "merchant", "CNY 1", "--valid-for"), "Encoding"),
    ],
)
def test_a_number_that_no_transaction_can_hold_is_refused_before_it_is_signed(
    shop: Shop, words: tuple[str, ...], code: str
) -> None:
    ran = shop.run("-o", "json", *words, str(2**70), "--as", "buyer")
    assert ran.code == 2
    assert ran.error["code"].startswith(code)
    assert "expected an integer" in ran.error["message"]


def test_in_chinese_too_an_unknown_outcome_names_the_file_to_hand_in_again(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("--lang", "zh", "pay", "transfer", "inspector", "CNY 0.01", "--as", "buyer")
    ran = run_without_answer(shop, monkeypatch, *words)
    (kept,) = tmp_path.glob("hushang-unsent-*.json")
    again = f"hushang tx submit {kept} --context {shop.network.directory}"
    assert f"{again} 可以安全地重复执行；再次执行原命令则会成为第二笔交易" in ran.err
    shop.ok("tx", "submit", str(kept))
