"""node/web/verify.html in a real Chromium: what a reader drops into it, and what they then read."""

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from chain import errors
from chain.bech32m import encode_account
from chain.codec import encode
from node.api.pages import MODULES, POLICY, SCRIPT, STYLE, one_file, web_file
from node.api.replies import HTML
from node.genesis_file import example_path, genesis_text, parse_genesis
from tests.chain.bundles import SEAL, small_chain
from tests.vectors.state_page import tables
from tests.web.browser import ORIGIN, WEB, Answer, Site, browser, site

CHAIN = small_chain()
GOOD = {name: data for name, (data, _) in CHAIN.good().items()}
GENESIS = CHAIN.genesis
HASH = GENESIS.hash().hex()
NODE_SAYS = json.dumps({"hash": HASH, "raw": encode(GENESIS).hex()}).encode()
TIME_MS = CHAIN.at(SEAL).header.time_ms
PHONE = {"width": 320, "height": 640}
Open = Callable[..., AbstractContextManager[Site]]


def answers(**more: Answer) -> dict[str, Answer]:
    """What a node serves of the page, and its genesis."""
    policy = {"Content-Security-Policy": POLICY}
    modules = {f"/{name}": Answer(web_file(name, SCRIPT).body, SCRIPT) for name in MODULES}
    return {
        "/verify": Answer(web_file("verify.html", HTML).body, HTML, headers=policy),
        "/verify.css": Answer(web_file("verify.css", STYLE).body, STYLE),
        "/v1/genesis": Answer(NODE_SAYS),
        **modules,
        **more,
    }


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """One browser; each test has a tab of its own in it."""
    with browser() as launched:
        yield launched


@pytest.fixture
def opened(chrome: Browser) -> Open:
    """The page as a node serves it."""
    return partial(site, chrome)


def load(page: Page, fragment: str = "") -> Page:
    """Open the page; returns when it knows the chain."""
    page.goto(f"{ORIGIN}/verify{fragment}")
    expect(page.locator("#chain-hash")).to_have_text(HASH)
    return page


def file(data: bytes, name: str = "order.hsproof") -> FilePayload:
    return FilePayload(name=name, mimeType="application/octet-stream", buffer=data)


def choose(page: Page, *files: FilePayload) -> str:
    """Hand files to the page; what it says then."""
    page.set_input_files("#files", list(files))
    expect(page.locator("#result")).to_be_visible()
    return page.inner_text("#result")


def drop(page: Page, content: str) -> None:
    """Let a file fall; `content` is JavaScript that makes its bytes."""
    script = f"""() => {{
      const transfer = new DataTransfer();
      transfer.items.add(new File([{content}], "trade.hsproof"));
      return transfer;
    }}"""
    page.dispatch_event("#drop", "drop", {"dataTransfer": page.evaluate_handle(script)})


def test_a_dropped_proof_is_told_in_plain_words(opened: Open) -> None:
    with opened(answers()) as made:
        page = load(made.page)
        drop(page, f"Uint8Array.of({','.join(map(str, GOOD['an event']))})")
        expect(page.locator("#verdict")).to_have_text("Proven")
        expect(page.locator("#verdict")).to_be_focused()
        told = page.inner_text("#result")
        assert "All of the following holds on the chain test-world." in told
        assert "Decided by 3 of the 4 members of the committee: m4, m3, m2." in told
        assert "Transaction 3 of block 9" in told
        assert "An outcome of block 9" in told
        assert "It succeeded." in told
        assert "1 Jan 2026, 08:00:10 (Shanghai)" in told
        assert "was not compared with one that you trust" in told
        assert made.complaints == []


def test_the_page_speaks_the_readers_language_and_changes_it_when_asked(opened: Open) -> None:
    with opened(answers(), language="zh-CN") as made:
        page = load(made.page)
        assert page.title() == "验证凭证"
        assert page.get_attribute("html", "lang") == "zh-Hans"
        told = choose(page, file(GOOD["an absent key"]))
        assert "已证实" in told
        assert "账本中没有" in told
        page.click("[data-language=en]")
        expect(page.locator("#verdict")).to_have_text("Proven")
        assert "the ledger had NO" in page.inner_text("#result")
        assert re.search("[\u4e00-\u9fff]", page.inner_text("main")) is None
        page.click("[data-language=zh]")
        expect(page.locator("#verdict")).to_have_text("已证实")


@pytest.mark.parametrize(
    ("language", "said"), [("en", "was changed or cut"), ("zh", "被改动或截断")]
)
def test_a_damaged_proof_is_refused_by_name_and_in_words(
    opened: Open, language: str, said: str
) -> None:
    data = bytearray(GOOD["a receipt"])
    data[200] ^= 1
    with opened(answers(), language=language) as made:
        told = choose(load(made.page), file(bytes(data)))
        assert "BundleDamaged" in told
        assert said in told
        assert made.page.get_attribute("#result", "class") == "bad"


def test_the_hash_of_the_chain_is_compared_with_the_one_that_the_reader_has(opened: Open) -> None:
    with opened(answers()) as made:
        page = load(made.page)
        choose(page, file(GOOD["a receipt"]))
        page.fill("#trusted-hash", f" {HASH.upper()} ")
        expect(page.locator("#hash-state")).to_have_text("It is the chain of this hash.")
        assert "was not compared" not in page.inner_text("#result")
        page.fill("#trusted-hash", "00" * 32)
        expect(page.locator("#verdict")).to_have_text("Not proven")
        expect(page.locator("#hash-state")).to_contain_text("NOT the chain of this hash")
        assert "WrongChain" in page.inner_text("#result")
        page.fill("#trusted-hash", HASH[:-1])
        expect(page.locator("#hash-state")).to_contain_text("64 digits")
        expect(page.locator("#facts")).to_contain_text("was not compared")


def test_how_fresh_it_is_is_told_and_asked(opened: Open) -> None:
    with opened(answers()) as made:
        made.page.clock.set_fixed_time(TIME_MS / 1000 + 121)
        page = load(made.page)
        told = choose(page, file(GOOD["vouched for"]))
        assert "(2 minutes ago)" in told
        assert "Members that signed that nothing newer was decided: m4, m2, m1." in told
        page.select_option("#age", "60000")
        expect(page.locator("#verdict")).to_have_text("Not proven")
        assert "ProofStale" in page.inner_text("#result")
        page.select_option("#age", "600000")
        expect(page.locator("#verdict")).to_have_text("Proven")


def test_a_proof_from_a_trusted_header_wants_that_header_named(opened: Open) -> None:
    with opened(answers()) as made:
        page = load(made.page)
        assert "AnchorUntrusted" in choose(page, file(GOOD["from a header"]))
        page.click("summary")
        trusted = CHAIN.trusted(5)
        page.fill("#trusted-header", "5:12")
        expect(page.locator("#header-state")).to_be_visible()
        page.fill("#trusted-header", f"{trusted.height}:{trusted.digest.hex()}")
        expect(page.locator("#verdict")).to_have_text("Proven")


def test_a_link_with_the_place_of_a_proof_shows_it_at_once(opened: Open) -> None:
    path = "/v1/proof/event/abc"
    with opened(answers(**{path: Answer(GOOD["an event"])})) as made:
        load(made.page, f"#{path}")
        expect(made.page.locator("#verdict")).to_have_text("Proven")
    with opened(answers()) as made:
        load(made.page, f"#{path}")
        expect(made.page.locator("#verdict-text")).to_contain_text("404")


def test_a_file_of_the_genesis_takes_the_place_of_the_nodes(opened: Open) -> None:
    other = dataclasses.replace(GENESIS, chain_id="test-<b>other</b>")
    view = json.dumps({"raw": encode(other).hex()}).encode()
    with opened(answers()) as made:
        page = load(made.page)
        told = choose(page, file(GOOD["a receipt"]), file(view, "genesis.json"))
        assert "WrongChain" in told
        # What is foreign is text and never markup.
        assert page.inner_text("#chain-name") == "test-<b>other</b>"
        assert "Proven" in choose(page, file(encode(GENESIS), "genesis.bin"))
        assert "no proof and no genesis: x.json" in choose(page, file(b"{}", "x.json"))
        assert "no proof and no genesis: y" in choose(page, file(b"\x9a\x01", "y"))
        drop(page, "new Uint8Array(2 ** 23 + 1)")
        expect(page.locator("#verdict-text")).to_contain_text("too large")


def test_a_genesis_json_as_people_write_it_is_the_same_chain(opened: Open) -> None:
    example = parse_genesis(example_path().read_bytes())
    whole = json.loads(genesis_text(GENESIS))
    turned = dict(reversed(whole.items()))
    turned["timers"] = dict(reversed(whole["timers"].items()))
    bare = {name: value for name, value in whole.items() if name not in ("about", "limits")}
    odd = dataclasses.replace(
        GENESIS, limits={"\uffee": 70_000, "\U0001f375": 2**32 - 1, "": 200, "a": 128, "aa": 0}
    )
    wrong: list[Any] = [None, [], "x", {**whole, "more": 1}, {**whole, "time_ms": 0.5}]
    wrong += [{**whole, "timers": {"pay": "1 year"}}, {**whole, "consensus": {}}]
    wrong += [{**whole, "members": [{**whole["members"][0], "node_key": "AB" * 32}]}]
    forms = [json.loads(example_path().read_text("utf-8")), whole, turned, bare]
    forms.append(json.loads(genesis_text(odd)))
    script = """async (forms) => {
      const { genesisOfForm } = await import("/verify-genesis.js");
      const { hex } = await import("/verify.js");
      return forms.map(genesisOfForm).map((bytes) => bytes && hex(bytes));
    }"""
    with opened(answers()) as made:
        page = load(made.page)
        found = page.evaluate(script, [*forms, *wrong])
        assert found[0] == encode(example).hex()
        assert found[1:5] == [encode(made).hex() for made in (*[GENESIS] * 3, odd)]
        assert found[5:] == [None] * len(wrong)
        text = genesis_text(GENESIS).encode()
        assert "Proven" in choose(page, file(GOOD["a receipt"]), file(text, "genesis.json"))
        assert page.inner_text("#chain-hash") == HASH


def test_the_one_file_page_works_from_disk(opened: Open, tmp_path: Path) -> None:
    kept = tmp_path / "hushang-verify.html"
    kept.write_bytes(one_file().body)
    with opened({}) as made:
        page = made.page
        page.goto(kept.as_uri())
        expect(page.locator("#chain-state")).to_contain_text("No genesis yet")
        expect(page.locator("#save")).to_be_hidden()
        told = choose(page, file(NODE_SAYS, "genesis.json"), file(GOOD["three epochs"]))
        assert "Proven" in told
        assert page.inner_text("#chain-hash") == HASH
        assert made.complaints == []


def test_where_a_page_may_not_check_it_says_so_and_judges_nothing(opened: Open) -> None:
    """A page over plain http from another host has no WebCrypto."""
    origin = "http://node.example"
    with opened(answers(), origin=origin) as made:
        made.page.goto(f"{origin}/verify")
        expect(made.page.locator("#verdict")).to_have_text("This browser cannot check it")
        choose(made.page, file(GOOD["a receipt"]))
        expect(made.page.locator("#verdict")).to_have_text("This browser cannot check it")


def test_without_scripts_the_page_says_what_it_needs(chrome: Browser) -> None:
    context = chrome.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((WEB / "verify.html").as_uri())
    expect(page.locator("#silent")).to_be_visible()
    context.close()


def test_all_of_it_fits_a_phone_and_every_control_has_a_name(opened: Open) -> None:
    with opened(answers()) as made:
        made.page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        page = load(made.page)
        for name in ("an event", "three epochs", "an absent key"):
            choose(page, file(GOOD[name]))
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        unnamed = page.locator("input, select, button").evaluate_all(
            "(all) => all.filter((one) => !(one.labels?.length || one.textContent.trim())).length"
        )
        assert unnamed == 0


def test_an_account_has_one_address(opened: Open) -> None:
    accounts = [bytes([i]) * 32 for i in range(0, 256, 17)]
    with opened(answers()) as made:
        script = """async (all) => {
          const { address } = await import("/verify-page.js");
          return all.map((account) => address(Uint8Array.from(account)));
        }"""
        found = load(made.page).evaluate(script, [list(account) for account in accounts])
    assert found == [encode_account(account) for account in accounts]


# The words.


@pytest.fixture(scope="module")
def words(chrome: Browser) -> Any:
    """What verify-words.js exports."""
    with site(chrome, answers()) as made:
        script = """async () => {
          const { ACCOUNTS, ...words } = await import("/verify-words.js");
          return words;
        }"""
        return load(made.page).evaluate(script)


def test_every_text_is_there_in_both_languages(words: Any) -> None:
    names = [entry[0] for entry in words["TABLES"].values()]
    said = [words[group].values() for group in ("TEXTS", "RULES", "EVENTS")]
    for english, chinese in [entry for group in (*said, names) for entry in group]:
        assert english
        assert re.search("[\u4e00-\u9fff]", chinese)
        assert sorted(re.findall(r"\{\w+\}", english)) == sorted(re.findall(r"\{\w+\}", chinese))


def test_every_text_that_the_page_shows_is_there(words: Any) -> None:
    page = (WEB / "verify.html").read_text("utf-8")
    script = (WEB / "verify-page.js").read_text("utf-8")
    shown = set(re.findall(r'data-text="(\w+)"', page))
    said = set(re.findall(r'\bsay\(\s*"(\w+)"', script))
    assert shown | said <= set(words["TEXTS"])


def test_every_rule_is_pythons_and_is_explained(words: Any) -> None:
    verifier = (WEB / "verify.js").read_text("utf-8")
    rules = set(re.findall(r'\b(?:refuse|Refusal)\(\s*"(\w+)"', verifier))
    assert len(rules) > 15
    assert set(words["RULES"]) == rules
    assert all(issubclass(getattr(errors, rule), errors.LedgerError) for rule in rules)


def test_every_event_of_a_receipt_has_words(words: Any) -> None:
    page = (Path(__file__).parent.parent.parent / "docs" / "protocol-events.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[^|]*`) \|", page, re.MULTILINE)
    assert set(words["EVENTS"]) == {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def fields_of(cls: Any) -> Iterator[tuple[str, Any, str]]:
    """Name, structure inside or None, `*` for a list."""
    hints = get_type_hints(cls, include_extras=True)
    for entry in dataclasses.fields(cls):
        kind, many = hints[entry.name], ""
        while get_origin(kind) in (Annotated, tuple, UnionType, Union):  # a union is `X | None`
            many = "*" if get_origin(kind) is tuple else many
            kind = get_args(kind)[0]
        yield entry.name, kind if dataclasses.is_dataclass(kind) else None, many


def spelt(cls: Any) -> str:
    """As verify-words.js spells the fields of a structure."""
    return " ".join(
        name if inside is None else f"{name}:{inside.__name__}{many}"
        for name, inside, many in fields_of(cls)
    )


def structures_of(cls: Any) -> Iterator[Any]:
    for _, inside, _ in fields_of(cls):
        if inside is not None:
            yield inside
            yield from structures_of(inside)


def test_the_page_knows_every_table_of_the_state(words: Any) -> None:
    known = {name: table.cls for name, table in tables().items()}
    assert {name: entry[2] for name, entry in words["TABLES"].items()} == {
        name: spelt(cls) for name, cls in known.items()
    }
    inside = {entry.__name__: entry for cls in known.values() for entry in structures_of(cls)}
    assert words["STRUCTURES"] == {name: spelt(cls) for name, cls in inside.items()}
    names = {name for cls in (*known.values(), *inside.values()) for name, _, _ in fields_of(cls)}
    assert names <= set(words["FIELDS"])
