"""A token for submitting goes with what is submitted, to the nodes that are meant, and is told to
nobody else."""

from pathlib import Path

import pytest

from node import contexts
from node.commands.options import Options
from node.commands.session import Session
from node.contexts import Contexts, NamedContext
from node.transaction_file import to_text
from tests.commands.command_line import inside
from tests.node.scripted import Served, node
from tests.node.test_transaction_file import signed

TOKEN = "hct_abc"
DONE = {"id": signed().id, "receipt": None}


def token_file(place: Path, text: str = f"{TOKEN}\n", mode: int = 0o600) -> Path:
    file = place / "till.token"
    file.touch(0o600)
    file.write_text(text)
    file.chmod(mode)
    return file


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUSHANG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("HUSHANG_HOME", str(tmp_path / "nets"))


def sent_with(served: Served) -> list[tuple[str, str | None]]:
    """Each request's method, and the token that went with it."""
    asked = zip(served.asked, served.headers, strict=True)
    return [(method, headers.get("Authorization")) for (method, _, _), headers in asked]


@pytest.mark.parametrize("variable", [True, False])
def test_it_goes_with_what_is_submitted_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, variable: bool
) -> None:
    file, sent = token_file(tmp_path), tmp_path / "signed.json"
    sent.write_text(to_text(signed()))
    flags = ["--token-file", str(file)]
    if variable:
        monkeypatch.setenv("HUSHANG_TOKEN_FILE", str(file))
        flags = []
    with node((404, {"code": "Unknown"}), (200, {"refusal": None}), (200, DONE)) as served:
        words = ("tx", "submit", str(sent), "--node", served.url, "--wait", "accepted")
        ran = inside(*words, *flags)
    assert ran.code == 0, ran.err
    assert sent_with(served) == [("GET", None), ("POST", None), ("POST", f"Bearer {TOKEN}")]


def test_a_contexts_token_goes_to_the_contexts_nodes_only(tmp_path: Path) -> None:
    with node((200, DONE)) as own, node((200, DONE)) as other:
        made = NamedContext((own.url,), token_file=token_file(tmp_path))
        contexts.save(Contexts().with_added("shop", made).using("shop"))
        for options in (Options(), Options(node=own.url), Options(node=other.url)):
            with Session(options) as session:
                session.submitter.submit(b"", decided=False)
    assert sent_with(own) == [("POST", f"Bearer {TOKEN}")] * 2
    assert sent_with(other) == [("POST", None)]


def test_it_follows_no_node_to_another_host(tmp_path: Path) -> None:
    with node((307, {})) as named:
        options = Options(node=named.url, token_file=token_file(tmp_path), timeout_s=0)
        ran = inside("tx", "submit", "-", "--node", named.url, stdin=signed().raw())
        assert ran.code != 0
        with Session(options) as session, pytest.raises(Exception, match="307") as refused:
            session.submitter.submit(signed().raw(), timeout_s=0)
    assert TOKEN not in repr(refused.value)


@pytest.mark.parametrize(
    ("text", "mode", "words"),
    [
        (TOKEN, 0o644, "has mode 0644, not 0600"),
        ("", 0o600, "its first line is no token"),
        (f"{TOKEN} secret\n", 0o600, "its first line is no token"),
        (f"{TOKEN}\r\nX-Other: secret\n", 0o600, None),
        (f"{TOKEN}\x00secret", 0o600, "its first line is no token"),
    ],
)
def test_a_file_that_others_read_or_that_holds_none_is_refused_and_never_shown(
    tmp_path: Path, text: str, mode: int, words: str | None
) -> None:
    file = token_file(tmp_path, text, mode)
    with node((404, {"code": "Unknown"}), (200, {"refusal": None}), (200, DONE)) as served:
        shared = ("--node", served.url, "--token-file", str(file), "--wait", "accepted")
        ran = inside("tx", "submit", "-", *shared, "-o", "json", stdin=signed().raw())
    if words is None:
        assert (ran.code, served.headers[-1].get("X-Other")) == (0, None)
        return
    assert (ran.code, ran.error["code"]) == (9, "SubmitTokenFileRefused")
    assert words in ran.error["message"]
    assert TOKEN not in ran.err
    assert "secret" not in ran.err
    assert [path for _, path, _ in served.asked] == [
        f"/v1/transactions/{signed().id}",
        "/v1/transactions/dry-run",
    ]


def test_a_missing_file_is_told_by_its_name(tmp_path: Path) -> None:
    with node((404, {"code": "Unknown"})) as served:
        shared = ("--node", served.url, "--token-file", str(tmp_path / "none"))
        ran = inside("tx", "submit", "-", *shared, "-o", "json", stdin=signed().raw())
    assert (ran.code, ran.error["code"]) == (9, "SubmitTokenFileRefused")
    assert f"{tmp_path / 'none'} does not exist" in ran.error["message"]


def test_a_context_keeps_where_the_file_is_and_shows_no_token(tmp_path: Path) -> None:
    file = token_file(tmp_path)
    added = ("--node", "https://a.example", "--token-file", str(file))
    assert inside("context", "add", "shop", *added).code == 0
    shown = inside("context", "show", "shop", "-o", "json")
    assert shown.json["token_file"] == str(file)
    assert TOKEN not in shown.out.decode()
