"""`hushang context`, and what a context does for the commands that follow."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from chain.bech32m import encode_account
from node.testnet_layout import GENESIS, MANIFEST
from tests.commands.command_line import Ran, inside
from tests.commands.conftest import Shop


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUSHANG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HUSHANG_HOME", str(tmp_path / "nets"))


def ok(*words: str) -> Any:
    ran = inside("-o", "json", *words)
    assert ran.code == 0, ran.err
    return json.loads(ran.out) if ran.out else None


def refused(*words: str) -> tuple[int, str]:
    ran = inside("-o", "json", *words)
    return ran.code, ran.error["code"]


def added(shop: Shop, name: str, *words: str) -> Ran:
    urls = [word for node in shop.network.nodes for word in ("--node", node.api)]
    key = shop.network.key_file(shop.network.account("buyer"))
    return inside("context", "add", name, *urls, "--key", str(key), *words)


def test_a_context_in_use_answers_for_node_key_and_chain(shop: Shop) -> None:
    genesis = str(shop.network.directory / GENESIS)
    assert added(shop, "shop", "--genesis", genesis, "-o", "json").code == 0
    ok("context", "use", "shop")
    assert ok("status")["chain_id"] == shop.network.chain_id
    shown = ok("context", "show")
    assert (shown["name"], shown["current"], shown["genesis"]) == ("shop", True, genesis)
    assert len(shown["nodes"]) == 4
    to = shop.network.account("merchant").account
    assert ok("pay", "transfer", to, "CNY 0.01")["status"] == "ok"
    ok("context", "use", "--none")
    assert refused("pay", "transfer", to, "CNY 0.01")[1] in ("NodeUnreachable", "KeyMissing")


def test_accounts_are_named_in_a_context_wherever_one_is_asked_for(shop: Shop) -> None:
    assert added(shop, "shop").code == 0
    ok("context", "use", "shop")
    account = shop.network.account("merchant").account
    ran = inside("pay", "transfer", "tea", "CNY 0.01")
    assert "AccountUnnamed: no account tea in the context\n" in ran.err
    ok("context", "name", "tea", account)
    assert ok("context", "show")["accounts"] == {"tea": account}
    assert ok("pay", "transfer", "tea", "CNY 0.01")["status"] == "ok"
    told = ok("watch", "--account", "tea", "--from", "0.0.0", "--count", "1")
    assert account in json.dumps(told)
    # A person sees the name beside the id.
    tried = inside("-o", "table", "pay", "transfer", "tea", "CNY 0.01", "--dry-run")
    assert f"{account} (tea)" in tried.out.decode()
    assert refused("pay", "transfer", "te", "CNY 0.01") == (3, "AccountUnnamed")
    assert refused("context", "name", "hs1", account) == (2, "ContextRefused")
    assert refused("context", "name", "tea") == (2, "UsageWrong")
    ok("context", "name", "tea", "--remove")
    assert ok("context", "show")["accounts"] == {}
    assert refused("context", "name", "tea", "--remove") == (3, "AccountUnnamed")


def test_flags_beat_the_context_and_the_context_the_defaults(shop: Shop) -> None:
    assert added(shop, "shop", "-o", "ndjson").code == 0
    assert inside("--context", "shop", "status").out.count(b"\n") == 1
    assert inside("--context", "shop", "-o", "json", "status").out.count(b"\n") > 10
    ran = inside("--context", "shop", "--node", "http://127.0.0.1:9", "status")
    assert ran.code == 5
    url = shop.network.nodes[0].api
    ran = inside("--context", "shop", "--node", "http://127.0.0.1:9", "--node", url, "status")
    assert ran.code == 0, ran.err


def test_nothing_is_signed_for_another_chain(shop: Shop, tmp_path: Path) -> None:
    genesis = json.loads((shop.network.directory / GENESIS).read_text())
    genesis["chain_id"] = "another"
    other = tmp_path / GENESIS
    other.write_text(json.dumps(genesis))
    assert added(shop, "shop", "--genesis", str(other)).code == 0
    to = shop.network.account("merchant").account
    words = ("--context", "shop", "pay", "transfer", to, "CNY 0.01")
    assert refused(*words) == (8, "ChainDiffers")
    operations = tmp_path / "operations.json"
    payload = {"to": to, "symbol": "CNY", "amount_minor": "1", "memo_commitment": None}
    made = {"operations": [{"type": "pay.transfer", "payload": payload}]}
    operations.write_text(json.dumps(made))
    unsigned = str(tmp_path / "unsigned.json")
    shop.run("tx", "build", str(operations), "--as", "buyer", "--out", unsigned)
    assert refused("--context", "shop", "tx", "sign", unsigned) == (8, "ChainDiffers")


def test_names_are_kept_apart(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "nets" / "shop").mkdir(parents=True)
    shutil.copy(shop.network.directory / MANIFEST, tmp_path / "nets" / "shop")
    assert refused("context", "add", "shop", "--node", "http://a.example") == (
        2,
        "ContextNameTaken",
    )
    ok("context", "add", "other", "--node", "http://a.example")
    assert refused("context", "add", "other", "--node", "http://a.example")[1] == "ContextNameTaken"
    kinds = {entry["name"]: entry["kind"] for entry in ok("context", "list")}
    assert kinds == {"other": "context", "shop": "test network"}
    assert refused("--context", "other", "status", "--node", "xuhui") == (2, "UrlRefused")


def test_what_is_missing_or_wrong_is_said(tmp_path: Path) -> None:
    assert refused("context", "show") == (2, "UsageWrong")
    assert refused("context", "use", "gone") == (3, "ContextUnknown")
    assert refused("context", "use") == (2, "UsageWrong")
    assert refused("context", "remove", "gone") == (3, "ContextUnknown")
    assert refused("context", "add", "a") == (2, "ContextRefused")
    words = ("context", "add", "a", "--node", "http://a.example", "--key", str(tmp_path / "none"))
    assert refused(*words) == (2, "UsageWrong")
    ok("context", "add", "a", "--node", "http://a.example")
    ok("context", "remove", "a")
    assert ok("context", "list") == []


def test_a_name_goes_to_another_account_only_with_yes_and_both_are_told() -> None:
    first, second = (encode_account(bytes([number]) * 32) for number in (1, 2))
    ok("context", "add", "店", "--node", "http://a.example")
    ok("context", "use", "店")
    ok("context", "name", "顺丰", first)
    ran = inside("context", "name", "顺丰", second)
    assert (ran.code, "AccountNameTaken" in ran.err) == (2, True)
    assert first in ran.err
    assert second in ran.err
    assert ok("context", "show")["accounts"] == {"顺丰": first}
    assert inside("context", "name", "顺丰", first).err == f"顺丰 is {first}\n"
    ran = inside("context", "name", "顺丰", second, "--yes")
    assert (ran.code, ran.err) == (0, f"顺丰 is {second}; was {first}\n")


def test_a_long_word_is_not_repeated_whole() -> None:
    word = "a" * 10_000
    for words in (
        ("context", "add", word, "--node", "http://a.example"),
        ("context", "use", word),
        ("--context", word, "status"),
        ("explain", word),
        ("genesis", "show", word),
    ):
        ran = inside(*words)
        assert ran.code in (2, 3, 9), ran.err[:300]
        assert len(ran.err) < 2_500
