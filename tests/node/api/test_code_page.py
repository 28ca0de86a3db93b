"""The page for whoever scanned a label: words without a script, and nothing foreign as markup."""

import re
from dataclasses import replace

import pytest
from yarl import URL

from commerce.codes.views import CLAIMED, REGISTERED, UNKNOWN, VERDICTS, WITHDRAWN, VerdictView
from commerce.timers import DAY_MS
from node.api.code_page import PAGE, POLICY, _facts, _page
from node.api.label_path import CheckDigitWrong, Label, LabelUnreadable
from node.api.problems import HostRefused
from node.code_words import FOOTER, REFUSALS, TITLES, said_of, said_of_refusal, said_of_unknown
from tests.commerce.codes.atelier import Atelier, serial_of
from tests.node.api.code_story import claimed, copied, labelled
from tests.node.api.market import GTIN, found
from tests.node.api.service import Served, served

# A label and its hidden code can be copied: nothing may promise that a thing is what it seems.
PROMISES = ("genuine", "authentic", "real", "真品", "为真", "正品", "真的")


async def page(node: Served, serial: str) -> tuple[int, str, str]:
    """Status, policy and text."""
    return await opened(node, f"/v/01/{GTIN}/21/{serial}")


async def opened(node: Served, path: str) -> tuple[int, str, str]:
    """The same of any address."""
    async with node.http.get(URL(str(node.url("")) + path, encoded=True)) as response:
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        return response.status, response.headers["Content-Security-Policy"], await response.text()


@pytest.mark.asyncio
async def test_the_page_says_the_verdict_and_leads_to_the_certificate() -> None:
    async with served() as node:
        await found(node.service)
        await labelled(node.service)
        status, policy, text = await page(node, serial_of(0))
        assert status == 200
        assert "Registered, not yet claimed" in text
        assert "尚未认领" in text
        assert f'href="/verify#/v1/proof/code/{GTIN}/{serial_of(0)}"' in text
        assert "script-src" not in policy
        assert "default-src 'none'" in policy
        assert "<script" not in text
        await copied(node.service, 0)
        assert "Suspect" in (await page(node, serial_of(0)))[2]
        await claimed(node.service, 0)
        assert "if that is not you" in (await page(node, serial_of(0)))[2]


@pytest.mark.asyncio
async def test_a_made_up_code_has_a_page_that_says_so() -> None:
    async with served() as node:
        await found(node.service)
        for serial in ("none", "GS1(a)%2Fb", "x" * 20):
            status, _, text = await page(node, serial)
            assert status == 404
            assert "查无此码" in text


@pytest.mark.asyncio
async def test_whatever_a_phone_opens_is_the_page() -> None:
    """A tag's tap, a resolver's and an expiry date's query; a lot, a variant; names; no /v."""
    async with served() as node:
        await found(node.service)
        await labelled(node.service)
        serial = serial_of(0)
        told = (await page(node, serial))[2]
        many = "&".join(f"n{number}=1" for number in range(40))
        for path in (
            f"/v/01/{GTIN}/21/{serial}?e=EF96&c=94EE",
            f"/v/01/{GTIN}/21/{serial}?linkType=all&17=271231&e=1&e=2&%FF=%zz&={many}",
            f"/v/01/{GTIN}/21/{serial}/",
            f"/v/01/{GTIN}/10/L1/21/{serial}",
            f"/v/01/{GTIN}/22/A%2Fb/10/L1/21/{serial}/?c=1",
            f"/v/cn/bags/01/{GTIN}/21/{serial}",
            f"/v/gtin/{GTIN[1:]}/ser/{serial}",
            f"/v/01/{GTIN}/21/%{ord(serial[0]):02x}{serial[1:]}",
            f"/01/{GTIN}/21/{serial}?e=EF96",
            f"/01/{GTIN}/10/L1/21/{serial}",
        ):
            assert await opened(node, path) == (200, POLICY, told), path


@pytest.mark.asyncio
async def test_an_address_with_another_lot_than_the_brands_is_told() -> None:
    async with served() as node:
        await found(node.service)
        await labelled(node.service)
        text = (await opened(node, f"/v/01/{GTIN}/10/L2/21/{serial_of(0)}"))[2]
        assert "The address names the lot L2, but the brand made this code for the lot L1" in text
        assert "地址中的批号为 L2" in text


@pytest.mark.asyncio
async def test_what_cannot_be_answered_is_a_page_in_words_with_its_status() -> None:
    wrong = GTIN[:-1] + str((int(GTIN[-1]) + 1) % 10)
    async with served() as node:
        await found(node.service)
        for path, status, title in (
            ("/v", 404, "This address names no code · "),
            ("/v/", 404, "此地址不含防伪码"),
            (f"/v/01/{GTIN}", 404, "此地址不含防伪码"),
            ("/v/00/106141412345678908", 404, "This address names no code · "),
            (f"/v/01/{GTIN}/21/%7E?e=1", 404, "This address names no code · "),
            (f"/v/01/{GTIN}/21/%3Cb%3E?e=1", 404, "查无此码"),
            (f"/v/01/{wrong}/21/S1", 404, "No such product number · "),
            (f"/01/{wrong}/21/S1", 404, "商品编码无效"),
        ):
            told, policy, text = await opened(node, path)
            assert (told, policy) == (status, POLICY), path
            assert title in text, path
            assert "<b>" not in text
        async with node.http.post(node.url(f"/v/01/{GTIN}/21/S1")) as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET")
            assert "未能查询" in await response.text()
        named = {"Host": "bags.example"}
        async with node.http.get(node.url(f"/v/01/{GTIN}/21/S1"), headers=named) as response:
            assert response.status == 421
            assert "api_hosts" in await response.text()
        status, problem = await node.get(f"/v1/codes/{wrong}/S1")
        assert (status, problem["code"]) == (400, "ParameterInvalid")
        assert "check digit" in problem["detail"]


def verdict(**changes: object) -> VerdictView:
    return replace(Atelier().verdict(), **changes)  # type: ignore[arg-type]


def test_what_a_brand_wrote_is_text_and_never_markup() -> None:
    evil = '<img src=x onerror=alert(1)>"&$title'
    view = verdict(product=evil, lot=evil)
    text = _page(Label(GTIN, "1", None), said_of(view), _facts(view), "warn")
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;&quot;&amp;$title" in text


def test_every_verdict_has_words_in_both_languages_and_none_is_green() -> None:
    assert set(TITLES) == {*VERDICTS, UNKNOWN}
    for name in VERDICTS:
        view = verdict(verdict=name, claimed_ms=1, withdrawn_ms=1)
        said = said_of(view)
        assert said.title.en
        assert re.search(r"[\u4e00-\u9fff]", said.text.zh)
        assert "{" not in said.text.en + said.text.zh
        for promise in PROMISES:
            assert promise not in f"{said.title} {said.text}".lower(), (name, promise)
    registered = said_of(verdict(verdict=REGISTERED)).text
    assert "at most that you are the first to claim this code" in registered.en
    assert "隐藏码也可能从已售商品上抄录" in registered.zh
    for promise in PROMISES:
        assert promise not in f"{FOOTER} {PAGE.template}".lower(), promise
    assert said_of_unknown().title.zh == "查无此码"
    assert 'class="good"' not in PAGE.template


def test_what_is_sold_or_withdrawn_after_its_claim_is_said() -> None:
    sold = said_of(verdict(sold_ms=DAY_MS)).notes[0]
    assert sold.en.startswith("An order on the chain got it on 1970-01-02")
    assert "1970-01-02" in sold.zh
    both = verdict(verdict=CLAIMED, claimed_ms=1, withdrawn_ms=DAY_MS)
    gone = said_of(both).notes[0]
    assert gone.en.startswith("Its brand took this code out of circulation on 1970-01-02")
    assert "停用" in gone.zh
    waiting = said_of(verdict(verdict=REGISTERED, claim_until_ms=DAY_MS))
    assert waiting.title.en == "Being claimed"
    assert waiting.text.en.startswith("Somebody has shown the hidden code")
    assert said_of(verdict(verdict=WITHDRAWN, withdrawn_ms=1)).notes == ()


def test_every_refusal_that_has_words_is_a_rule() -> None:
    rules = {rule.__name__ for rule in (LabelUnreadable, CheckDigitWrong, HostRefused)}
    assert set(REFUSALS) == rules
    for rule in (*rules, "Busy"):
        said = said_of_refusal(rule)
        assert re.search(r"[\u4e00-\u9fff]", said.title.zh + said.text.zh)
        assert said.text.en
