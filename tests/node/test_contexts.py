"""Named contexts: the file that holds them, and which one a command means."""

import stat
from pathlib import Path

import pytest

from chain.bech32m import encode_account
from node import contexts
from node.contexts import (
    AccountNameTaken,
    ContextNameTaken,
    ContextRefused,
    Contexts,
    ContextsInvalid,
    ContextsTooOpen,
    ContextUnknown,
    NamedContext,
)
from node.testnet_layout import AccountUnnamed

ACCOUNT, OTHER = encode_account(bytes([1]) * 32), encode_account(bytes([2]) * 32)
NODE = NamedContext(("https://a.example:26780",))


def environ(place: Path) -> dict[str, str]:
    return {"HUSHANG_CONFIG_HOME": str(place), "HUSHANG_HOME": str(place / "nets")}


def test_what_was_saved_is_loaded_for_its_owner_alone(tmp_path: Path) -> None:
    full = NamedContext(
        ("https://a.example", "http://[::1]:7"),
        Path("/k 'x'\x7f"),
        Path("/ca"),
        Path("/g"),
        "json",
        "zh",
        {"sf": ACCOUNT, "a.b": OTHER},
        Path("/t"),
    )
    made = Contexts().with_added("one", NODE).with_added("two.b", full).using("two.b")
    path = contexts.save(made, environ(tmp_path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert contexts.load(environ(tmp_path)) == made
    assert [file.name for file in tmp_path.iterdir()] == ["contexts.toml"]


def test_without_a_file_there_is_no_context(tmp_path: Path) -> None:
    assert contexts.load(environ(tmp_path)) == Contexts()
    assert contexts.chosen(None, environ(tmp_path)) is None
    assert contexts.chosen("local", environ(tmp_path)) is None


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts.save(Contexts().with_added("one", NODE), environ(tmp_path))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="space"):
        contexts.save(Contexts(), environ(tmp_path))
    assert set(contexts.load(environ(tmp_path)).named) == {"one"}


def test_the_home_is_the_own_variable_then_that_of_xdg() -> None:
    assert contexts.home({"HUSHANG_CONFIG_HOME": "/own", "XDG_CONFIG_HOME": "/x"}) == Path("/own")
    assert contexts.home({"XDG_CONFIG_HOME": "/x"}) == Path("/x/hushang")
    assert contexts.home({}) == Path.home() / ".config" / "hushang"


def test_the_named_one_beats_the_one_in_use(tmp_path: Path) -> None:
    other = NamedContext(("http://b.example",))
    made = Contexts().with_added("one", NODE).with_added("two", other).using("one")
    contexts.save(made, environ(tmp_path))
    assert contexts.chosen(None, environ(tmp_path)) == NODE
    assert contexts.chosen("two", environ(tmp_path)) == other
    assert contexts.chosen("./one", environ(tmp_path)) is None


def test_a_name_of_two_networks_is_told_and_not_guessed(tmp_path: Path) -> None:
    contexts.save(Contexts().with_added("one", NODE), environ(tmp_path))
    (tmp_path / "nets" / "one").mkdir(parents=True)
    (tmp_path / "nets" / "one" / "testnet.json").write_text("{}")
    with pytest.raises(ContextNameTaken, match="test network"):
        contexts.chosen("one", environ(tmp_path))


def test_a_removed_context_is_in_use_no_more() -> None:
    made = Contexts().with_added("one", NODE).using("one").without("one")
    assert made == Contexts()
    with pytest.raises(ContextUnknown, match="did you mean one"):
        Contexts().with_added("one", NODE).using("onee")
    with pytest.raises(ContextNameTaken):
        Contexts().with_added("one", NODE).with_added("one", NODE)


def test_an_account_is_found_by_its_name_and_a_wrong_one_is_told_those_that_are_there() -> None:
    made = Contexts().with_added("one", NODE).naming("one", "sf", ACCOUNT)
    made = made.naming("one", "bank", ACCOUNT).naming("one", "sf", OTHER, anew=True)
    one = made.get("one")
    assert (one.account("sf"), one.account("bank")) == (OTHER, ACCOUNT)
    with pytest.raises(AccountUnnamed, match="did you mean bank"):
        one.account("bnk")
    with pytest.raises(AccountUnnamed, match="it has bank, sf"):
        made.naming("one", "nobody", None)
    assert made.naming("one", "sf", None).get("one").accounts == {"bank": ACCOUNT}
    with pytest.raises(ContextRefused):
        made.naming("one", "hs1", ACCOUNT)


def test_a_name_comes_to_mean_another_account_only_when_that_is_wanted() -> None:
    made = Contexts().with_added("one", NODE).naming("one", "sf", ACCOUNT)
    assert made.naming("one", "sf", ACCOUNT) == made
    with pytest.raises(AccountNameTaken, match=f"sf is {ACCOUNT}, not {OTHER}"):
        made.naming("one", "sf", OTHER)
    assert made.naming("one", "sf", OTHER, anew=True).get("one").account("sf") == OTHER


def test_more_than_can_be_read_is_not_written(tmp_path: Path) -> None:
    many = NamedContext(NODE.nodes, accounts={f"a{n}": ACCOUNT for n in range(1000)})
    made = Contexts({f"c{n}": many for n in range(10)})
    with pytest.raises(ContextRefused, match="larger"):
        contexts.save(made, environ(tmp_path))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("", NODE),
        ("a/b", NODE),
        (".a", NODE),
        ("a" * 65, NODE),
        ("\U00020000" * 64, NODE),
        ("-a", NODE),
        ("a ", NODE),
        ("a  b", NODE),
        ("a\u202eb", NODE),
        ("a\u200bb", NODE),
        ("a\u3164", NODE),
        ("a\ufe0f", NODE),
        ("a\nb", NODE),
        ("a\ud800", NODE),
        ("a\u0301" * 10_000, NODE),
        ("a", NamedContext(())),
        ("a", NamedContext(("a.example",))),
        ("a", NamedContext(("https://a",) * 33)),
        ("a", NamedContext(("https://a",), output="xml")),
        ("a", NamedContext(("https://a",), lang="fr")),
        ("a", NamedContext(("https://a",), accounts={"_a": ACCOUNT})),
        ("a", NamedContext(("https://a",), accounts={"HS1x": ACCOUNT})),
        ("a", NamedContext(("https://a",), accounts={"hs1x": ACCOUNT})),
        ("a", NamedContext(("https://a",), accounts={"sf": ACCOUNT[:-1]})),
        ("a", NamedContext(("https://a",), accounts={f"a{n}": ACCOUNT for n in range(1001)})),
    ],
)
def test_what_is_no_context_is_refused_in_few_words(name: str, made: NamedContext) -> None:
    with pytest.raises(ContextRefused) as caught:
        Contexts().with_added(name, made)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "name", ["顺丰", "浦东 3号店", "SF", "a.b_c-d", "7", "店" * 64, "हिन्दी", "é"]
)
def test_a_name_has_letters_of_any_script(tmp_path: Path, name: str) -> None:
    made = Contexts().with_added(name, NODE).naming(name, name, ACCOUNT).using(name)
    contexts.save(made, environ(tmp_path))
    assert contexts.load(environ(tmp_path)) == made
    found = contexts.chosen(name, environ(tmp_path))
    assert found is not None
    assert found.account(name) == ACCOUNT


def test_a_name_is_the_same_however_its_accents_are_typed() -> None:
    typed, kept = "e\u0301", "\u00e9"
    made = Contexts().with_added(typed, NODE).naming(typed, typed, ACCOUNT).using(typed)
    assert (list(made.named), made.current) == ([kept], kept)
    assert made.get(typed).accounts == {kept: ACCOUNT}
    assert made.get(typed).account(typed) == ACCOUNT
    with pytest.raises(ContextNameTaken):
        made.with_added(kept, NODE)
    assert made.naming(kept, typed, None).get(kept).accounts == {}
    assert made.without(typed) == Contexts()


@pytest.mark.parametrize(
    "text",
    [
        "current = ",
        'current = "gone"',
        "contexts = 3",
        "contexts.a = 3",
        "[contexts.a]",
        '[contexts.a]\nnodes = "https://a"',
        '[contexts.a]\nnodes = ["https://a"]\nkeys = "x"',
        '[contexts.a]\nnodes = ["https://a"]\nkey = 3',
        '[contexts.a]\nnodes = ["https://a"]\nlang = "fr"',
        '[contexts.a]\nnodes = ["https://a"]\naccounts = "sf"',
        '[contexts.a]\nnodes = ["https://a"]\naccounts.sf = 1',
        '[contexts.a]\nnodes = ["https://a"]\naccounts.sf = "hs1"',
        "other = 1",
        "#" * (256 * 1024 + 1),
    ],
)
def test_a_file_that_is_none_says_where(tmp_path: Path, text: str) -> None:
    (tmp_path / "contexts.toml").write_text(text)
    (tmp_path / "contexts.toml").chmod(0o600)
    with pytest.raises(ContextsInvalid):
        contexts.load(environ(tmp_path))


def test_a_file_that_others_may_write_is_not_believed(tmp_path: Path) -> None:
    path = contexts.save(Contexts().with_added("one", NODE), environ(tmp_path))
    path.chmod(0o622)
    with pytest.raises(ContextsTooOpen):
        contexts.load(environ(tmp_path))
