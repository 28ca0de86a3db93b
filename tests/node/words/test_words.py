"""Words in two languages: which one is meant, what is translated, and that data never is."""

import json
import string
from copy import deepcopy
from pathlib import Path

import pytest

import cli
from node import words
from node.commands.explain import every_code
from node.commands.help_words import HEADS, REQUIRED, SHOW_HELP, USAGE, texts_of
from node.commands.root import load_noun
from node.heard_words import TEMPLATES
from node.words import Words, lacking, language_of, listed, load, said, series, spoken
from tests.commands.command_line import ROOT, inside
from tests.node.words.spoken_words import (
    calls,
    codes,
    fields,
    has_words,
    is_unread,
    literals,
    sentences,
    sources,
)

# Templates that are a table of their own, and code words.
MATCHED = {Path("node/heard_words.py"), Path("node/words/__init__.py")}
TABLE = json.loads((ROOT / "node" / "words" / "zh.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("arguments", "environ", "language"),
    [
        ((), {}, "en"),
        ((), {"LANG": "zh_CN.UTF-8"}, "zh"),
        ((), {"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ((), {"LC_MESSAGES": "zh_TW", "LANG": "de_DE"}, "zh"),
        ((), {"LANG": "zh_CN", "HUSHANG_LANG": "en"}, "en"),
        (("--lang", "zh", "status"), {"HUSHANG_LANG": "en"}, "zh"),
        (("status", "--lang=zh"), {}, "zh"),
        (("status", "--lang"), {}, "en"),
    ],
)
def test_a_flag_beats_the_variable_and_that_the_locale(
    arguments: tuple[str, ...], environ: dict[str, str], language: str, tmp_path: Path
) -> None:
    assert language_of(arguments, {"HUSHANG_CONFIG_HOME": str(tmp_path), **environ}) == language


def test_a_context_brings_its_language(tmp_path: Path) -> None:
    text = 'current = "a"\n[contexts.a]\nlang = "zh"\n[contexts.b]\nlang = "en"\n'
    (tmp_path / "contexts.toml").write_text(text)
    environ = {"HUSHANG_CONFIG_HOME": str(tmp_path), "LANG": "C"}
    assert language_of((), environ) == "zh"
    assert language_of(("--context", "b"), environ | {"LANG": "zh_CN"}) == "en"
    assert language_of((), environ | {"HUSHANG_CONTEXT": "b"}) == "en"
    assert language_of(("--context", "gone"), environ) == "en"
    (tmp_path / "contexts.toml").write_text("[[")
    assert language_of((), environ) == "en"


def test_english_needs_no_table_and_what_a_table_lacks_is_said_in_english() -> None:
    assert load("en") == load("xx") == Words()
    chinese = load("zh")
    assert chinese.text("nobody translates this {name}", name=3) == "nobody translates this 3"
    assert chinese.text("using {name}", name="x") == "正在使用 x"
    assert (chinese.heading("  height"), chinese.heading("unheard_of")) == ("  高度", "unheard_of")
    assert (chinese.heading(" height 1"), chinese.heading("unheard_of 1")) == (
        " 高度 1",
        "unheard_of 1",
    )
    assert (chinese.heading(""), chinese.title("Unheard"), chinese.hint("Unheard")) == ("", "", "")


def test_a_heading_may_have_a_meaning_of_its_own_under_a_noun() -> None:
    chinese = load("zh")
    assert [chinese.heading(name, "trace") for name in ("key", " key", "height")] == [
        "事件键",
        " 事件键",
        "高度",
    ]
    try:
        words.use("zh")
        words.speak_of("trace")
        assert words.words().heading("key") == "事件键"
        words.use("zh")
        assert words.words().heading("key") == "密钥"
    finally:
        words.use("en")


def test_placeholders_are_the_same_in_both_languages() -> None:
    def names(text: str) -> list[str]:
        return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)

    for english, chinese in TABLE["texts"].items():
        assert names(english) == names(chinese), english


def test_every_title_is_of_a_code_and_every_hint_of_one_that_has_a_hint() -> None:
    known = every_code()
    own = {"Aborted"}
    assert set(TABLE["errors"]) - own <= set(known)
    for code, entry in TABLE["errors"].items():
        assert entry["title"]
        if code in known and not known[code].hint and code != "Internal":
            assert entry["hint"] == "", code


def test_nothing_is_translated_that_nobody_says() -> None:
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "node").rglob("*.py"))
    sources += (ROOT / "cli.py").read_text("utf-8")
    said = "".join(sources.split()).replace('""', "").replace('"f"', "")
    # Some help is put together of parts; what help shows is said.
    for english in TABLE["texts"].keys() - {*required(), *sentences(), *TEMPLATES, *codes()}:
        assert "".join(english.split()) in said, english


def test_every_sentence_has_chinese_words() -> None:
    spoken = [text for text in (*sentences(), *TEMPLATES) if has_words(text)]
    assert len(spoken) > len(TEMPLATES)
    assert lacking("zh", spoken, (), {}) == []


def test_every_event_state_and_kind_has_chinese_words() -> None:
    assert lacking("zh", codes(), (), {}) == []


def test_every_field_of_the_api_has_a_chinese_heading() -> None:
    assert lacking("zh", (), fields(), {}) == []


def test_a_sentence_is_made_of_a_text_that_stands_there() -> None:
    """What is no literal could not be looked for above."""
    unread = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sources()
        for call in calls(path.read_text("utf-8"))
        if is_unread(call) and path.relative_to(ROOT) not in MATCHED
    ]
    assert unread == []
    assert list(map(is_unread, calls('said(f"so {b}")\nsession.say(f"so")\nsaid("so")'))) == [
        True,
        True,
        False,
    ]


def test_a_sentence_without_its_words_is_found() -> None:
    (call,) = calls('said("so it is" if a else f"so {b}" if c else "or so")')
    assert list(literals(call.args[0])) == ["so it is", "or so"]
    assert lacking("zh", literals(call.args[0]), (), {}) == ["text: so it is", "text: or so"]


def test_a_sentence_is_english_as_data_and_is_put_into_a_language_only_where_it_is_shown() -> None:
    told = said("{name}: {words}", name="xuhui", words=said("away"))
    assert json.loads(json.dumps({"told": told})) == {"told": "xuhui: away"}
    assert (spoken(told), spoken("away")) == ("xuhui: away", "away")
    try:
        words.use("zh")
        assert spoken(told) == "xuhui：离线"
        assert spoken(deepcopy(told)) == "xuhui：离线"
        assert spoken("away") == "away"
        assert spoken(listed(["a", "b", "c"])) == "a、b、c"
        assert spoken(series([said("away"), "b"])) == "离线；b"
        assert json.dumps(told) == '"xuhui: away"'
    finally:
        words.use("en")


def required() -> list[str]:
    """What a person reads before and around data: help, options, usage."""
    told = [text for noun in cli.NOUNS for text in texts_of(load_noun(noun))]
    return [*cli.NOUNS.values(), cli.EXAMPLES, *HEADS, USAGE, REQUIRED, SHOW_HELP, *told]


def test_every_noun_verb_and_option_has_chinese_words() -> None:
    assert lacking("zh", required(), ("height", "time", "state"), {}) == []


def test_every_error_has_a_chinese_title_and_a_hint_where_english_has_one() -> None:
    assert lacking("zh", (), (), {code: cls.hint for code, cls in every_code().items()}) == []


def test_what_is_lacking_is_listed() -> None:
    texts = [*texts_of(load_noun("pay")), "Nobody says this."]
    hints = {code: cls.hint for code, cls in every_code().items()}
    missing = lacking("zh", texts, ("unheard_of",), hints)
    assert missing == ["text: Nobody says this.", "heading: unheard_of"]
    assert lacking("zh", (), (), {"WrongChain": "x", "Unheard": "x"}) == [
        "error: Unheard",
        "hint: Unheard",
    ]


def test_help_errors_and_tables_speak_chinese_and_data_does_not() -> None:
    try:
        ran = inside("--lang", "zh", "--help")
        assert ran.code == 0
        assert all(word in ran.out.decode() for word in ("用法：", "选项：", "退出码：", "购买"))
        ran = inside("pay", "transfer", "--help", "--lang", "zh")
        assert "用于签名的密钥文件。" in ran.out.decode()
        ran = inside("--lang", "zh", "keys", "show", "gone.key")
        assert (ran.code, ran.err.startswith("错误 KeyFileMissing: ")) == (3, True)
        assert "提示: " in ran.err
        ran = inside("--lang", "zh", "explain", "CosignerMissing")
        assert "操作所需的一方没有签名。" in ran.out.decode()
        for more in (("explain", "CosignerMissing"), ("context", "list")):
            told = [inside("--lang", lang, "-o", "json", *more) for lang in ("en", "zh")]
            assert told[0] == told[1]
        told = [inside("--lang", lang, "-o", "json", "keys", "show", "x") for lang in ("en", "zh")]
        assert told[0] == told[1]
    finally:
        words.use("en")


def test_the_next_command_line_speaks_its_own_language() -> None:
    inside("--lang", "zh", "--help")
    assert inside("--lang", "en", "--help").out.startswith(b"Usage: hushang")
