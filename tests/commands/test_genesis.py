"""`hushang genesis`; `node card`, `adopt`, `join`, `config`, `unit`: what they refuse and say."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from node.commands.failures import UsageWrong
from node.commands.node_noun import read_address
from node.config import load_config
from node.genesis_file import load_genesis
from node.keystore import show_key
from tests.commands.command_line import Ran, inside
from tests.node.api.service import served

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def founded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four members' directories with cards, and their genesis."""
    monkeypatch.chdir(tmp_path)
    for port, name in enumerate(NAMES, start=1):
        address = f"{name}.example:{port}"
        words = ("--name", name, "--dir", name, "--address", address, "--card", "--plain")
        ok(inside("node", "init", *words))
    ok(inside("genesis", "new", "test-founded", *cards()))
    return tmp_path


def cards() -> list[str]:
    return [f"{name}/{name}.card" for name in NAMES]


def ok(ran: Ran) -> Ran:
    assert ran.code == 0, ran.err
    return ran


@pytest.mark.usefixtures("founded")
def test_a_genesis_names_its_members_and_its_hash() -> None:
    told = ok(inside("genesis", "show")).json
    assert [member["name"] for member in told["members"]] == list(NAMES)
    assert (told["quorum"], told["chain_id"]) == (3, "test-founded")
    assert told["hash"] == load_genesis(Path("genesis.json")).hash().hex()
    checked = ok(inside("genesis", "check", "--hash", told["hash"], "--config", "a/hushang.toml"))
    assert told["hash"] in checked.out.decode()


@pytest.mark.usefixtures("founded")
def test_what_is_wrong_with_a_founding_has_its_exit_code() -> None:
    assert inside("genesis", "new", "test-again", *cards()).code == 2
    assert inside("genesis", "add-member", "a/a.card").code == 2
    assert inside("genesis", "check", "--hash", "00" * 32).code == 8
    assert inside("node", "adopt", "genesis.json", "--hash", "00" * 32).code == 2
    adopting = ("node", "adopt", "genesis.json", *cards(), "--config", "a/hushang.toml")
    assert inside(*adopting, "--hash", "00" * 32).code == 8
    Path("a/a.card").write_text("{}")
    assert inside(*adopting, "--yes").code == 9
    assert inside("genesis", "show", "missing.json").code == 9


@pytest.mark.usefixtures("founded")
def test_adopting_names_each_peer_once_however_often() -> None:
    adopting = ("node", "adopt", "genesis.json", *cards(), "--config", "a/hushang.toml", "--yes")
    for _ in range(2):
        ok(inside(*adopting))
    settings = load_config(Path("a/hushang.toml"), {}, {})
    assert [(p.name, p.port) for p in settings.peers] == [("b", 2), ("c", 3), ("d", 4)]
    assert load_genesis(settings.genesis) == load_genesis(Path("genesis.json"))


@pytest.mark.usefixtures("founded")
def test_adopting_asks_and_where_nobody_answers_it_says_how_to() -> None:
    adopting = ("node", "adopt", "genesis.json", *cards(), "--config", "a/hushang.toml")
    ran = inside(*adopting, stdin=b"")
    assert (ran.code, "--yes answers every question" in ran.err) == (2, True)
    assert inside(*adopting, stdin=b"n\n").code == 1
    asked = inside("--lang", "zh", *adopting, stdin=b"").err
    assert "所有成员说的都是这个哈希吗？" in asked
    ok(inside(*adopting, stdin=b"y\n"))
    # What the settings name already is still there, and told.
    again = ok(inside(*adopting[:4], "--config", "a/hushang.toml", "--yes", "-o", "json"))
    assert again.json["peers"] == "b, c, d"


@pytest.mark.usefixtures("founded")
def test_settings_are_shown_as_their_file_has_them_and_in_the_language_asked_for() -> None:
    shown = ok(inside("node", "config", "--config", "a/hushang.toml")).out.decode()
    assert "false" in shown
    assert "False" not in shown
    told = ok(inside("--lang", "zh", "node", "config", "--config", "a/hushang.toml")).out.decode()
    assert "默认值" in told
    assert " default" not in told
    assert " none" not in told


@pytest.mark.usefixtures("founded")
def test_a_node_that_the_genesis_does_not_seat_adopts_nothing() -> None:
    ok(inside("node", "init", "--name", "e", "--dir", "e", "--card", "--plain"))
    ran = inside("node", "adopt", "genesis.json", "--yes", "--config", "e/hushang.toml")
    assert ran.code == 8
    assert not Path("e/genesis.json").exists()
    adopting = ("node", "adopt", "genesis.json", "e/e.card", "--yes", "--config", "a/hushang.toml")
    assert inside(*adopting).code == 2


@pytest.mark.parametrize("name", ["../evil", "a/b", "..", ".a", "", "a b", "x" * 65, "a\n", "a\\b"])
def test_a_name_leads_out_of_no_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    words = ("--name", name, "--address", "a.example:1", "--card", "--plain", "--dir", "site")
    assert inside("node", "init", *words).code == 2
    joining = ("http://127.0.0.1:1", "--name", name, "--plain")
    assert inside("node", "join", *joining).code == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["in"]


@pytest.mark.parametrize(
    "address", ["", "a", ":1", "a:", "a:0", "a:65536", "a:²", f"a:{'9' * 5000}"]
)
def test_an_address_has_a_host_and_a_port(tmp_path: Path, address: str) -> None:
    words = ("--name", "a", "--address", address, "--card", "--plain", "--dir", str(tmp_path / "a"))
    ran = inside("node", "init", *words, "-o", "json")
    assert (ran.code, ran.error["code"]) == (2, "UsageWrong")


@pytest.mark.usefixtures("founded")
def test_a_card_is_not_written_where_a_name_in_the_settings_leads() -> None:
    settings = Path("a/hushang.toml")
    settings.write_text(settings.read_text().replace('name = "a"', 'name = "../a"'))
    words = ("--account-key", "a/account.key", "--config", str(settings))
    assert inside("node", "card", *words).code == 2
    ok(inside("node", "card", *words, "--out", "there.card"))


def test_a_name_may_be_of_any_script(tmp_path: Path) -> None:
    words = ("--name", "浦东.2_a-b", "--dir", str(tmp_path), "--card", "--plain")
    ok(inside("node", "init", *words))
    assert (tmp_path / "浦东.2_a-b.card").exists()


@pytest.mark.usefixtures("founded")
def test_a_draft_says_what_it_lacks() -> None:
    ran = ok(inside("genesis", "add-asset", "CNY", "--issuer", "bank"))
    assert "not whole yet" in ran.err
    shown = inside("genesis", "show")
    assert shown.code == 9
    assert "add what it lacks" in shown.err
    ok(inside("keys", "new", "bank.key", "--plain"))
    words = ("--account-key", "bank.key", "--sponsor", "a", "--role", "merchant:gcp:6901234")
    ran = ok(inside("genesis", "add-account", "bank", *words))
    assert "compares the hash" in ran.err
    (account,) = ok(inside("genesis", "show")).json["accounts"]
    assert account["roles"] == ["merchant:gcp:6901234"]


@pytest.mark.usefixtures("founded")
@pytest.mark.parametrize("key", ["", "ab", "AB" * 32, "zz" * 32])
def test_a_public_key_is_64_hex_digits(key: str) -> None:
    words = ("genesis", "add-account", "bank", "--public-key", key, "--sponsor", "a", "-o", "json")
    ran = inside(*words)
    assert (ran.code, ran.error["code"]) == (2, "FormRefused")


@pytest.mark.usefixtures("founded")
def test_a_card_can_be_made_again_with_two_keys() -> None:
    ok(inside("keys", "new", "second.key", "--plain"))
    words = ("--account-key", "a/account.key", "--account-key", "second.key", "--threshold", "2")
    ok(inside("node", "card", *words, "--config", "a/hushang.toml", "--out", "new.card"))
    assert '"threshold": 2' in Path("new.card").read_text()
    assert inside("node", "card", "--config", "a/hushang.toml").code == 2
    too_many = ("--account-key", "second.key", "--threshold", "2")
    assert inside("node", "card", *too_many, "--config", "a/hushang.toml").code == 2


@pytest.mark.usefixtures("founded")
def test_every_setting_is_shown_with_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUSHANG_API_PORT", "7")
    shown = ok(inside("node", "config", "--config", "a/hushang.toml", "-o", "json")).json
    found = {one["name"]: one for one in shown}
    assert (found["api_port"]["value"], found["api_port"]["origin"]) == (7, "HUSHANG_API_PORT")
    assert found["name"]["origin"] == "a/hushang.toml:1"
    assert found["archive_dir"]["origin"] == "default"


@pytest.mark.usefixtures("founded")
def test_the_unit_and_the_files_are_printed_and_written() -> None:
    unit = ok(inside("node", "unit", "--config", "a/hushang.toml", "--user", "me")).out.decode()
    assert "User=me\n" in unit
    assert inside("node", "unit").code == 2
    told = ok(inside("node", "manifests", "monitoring", "--dir", "m", "-o", "json")).json
    assert [Path(one["file"]).name for one in told] == ["alerts.yaml", "dashboard.json"]
    assert inside("node", "manifests", "monitoring", "--dir", "m").code == 2


@pytest.mark.asyncio
async def test_joining_writes_everything_once_and_says_what_to_send(tmp_path: Path) -> None:
    async with served() as node:
        url, place = f"http://127.0.0.1:{node.port}", tmp_path / "site"
        words = ("node", "join", url, "--name", "suzhou", "--dir", str(place), "--plain")
        agreed = node.service.chain.genesis_hash.hex()
        wrong = await asyncio.to_thread(inside, *words, "--no-start", "--hash", "00" * 32)
        assert (wrong.code, place.exists()) == (8, False)
        # This node tells no port of its own: no settings are written, and what is made stays.
        early = await asyncio.to_thread(inside, *words, "--no-start", "--hash", agreed)
        assert "reach it" in early.err
        key = (place / "node.key").read_bytes()
        told = node.service.status
        node.service.status = lambda: replace(told(), p2p_port=26_700)  # type: ignore[method-assign]
        made = await asyncio.to_thread(inside, *words, "--no-start", "--hash", agreed)
    assert made.code == 0, made.err
    assert (place / "node.key").read_bytes() == key
    settings = load_config(place / "hushang.toml", {}, {})
    assert (settings.observer, settings.name) == (True, "suzhou")
    assert settings.peers[0].port == 26_700
    own = show_key(place / "account.key").public_key.hex()
    assert f"hushang member register suzhou --account-key {own} --node-key" in made.err
    assert f"hushang tx sign register.json --key {place}/account.key" in made.err
    again = inside("node", "join", "--dir", str(place), "--no-start")
    assert again.code == 0, again.err
    assert inside("node", "join", "--dir", str(tmp_path / "other"), "--no-start").code == 2


@pytest.mark.parametrize("text", ["0.0.0.0:26700", "[::]:1", "a b:1", "http://x:1", "*:1", ":1"])
def test_an_address_that_nobody_can_dial_is_none(text: str) -> None:
    with pytest.raises(UsageWrong):
        read_address(text)


def test_an_address_is_a_name_or_a_number_with_a_port() -> None:
    assert read_address("node.example:26700") == ("node.example", 26_700)
    assert read_address("[::1]:1") == ("::1", 1)
