"""The page for whoever scanned a label: words without a script, and nothing foreign as markup."""

import re
from dataclasses import replace

import pytest

from commerce.codes.views import REGISTERED, UNKNOWN, VERDICTS, VerdictView
from node.api.code_page import PAGE, _facts, _page
from node.code_words import TITLES, said_of, said_of_unknown
from tests.commerce.codes.atelier import Atelier, serial_of
from tests.node.api.code_story import claimed, copied, labelled
from tests.node.api.market import GTIN, found
from tests.node.api.service import Served, served


async def page(node: Served, serial: str) -> tuple[int, str, str]:
    """Status, policy and text."""
    async with node.http.get(node.url(f"/v/01/{GTIN}/21/{serial}")) as response:
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
        status, _, text = await page(node, "none")
        assert status == 200
        assert "查无此码" in text


def verdict(**changes: object) -> VerdictView:
    return replace(Atelier().verdict(), **changes)  # type: ignore[arg-type]


def test_what_a_brand_wrote_is_text_and_never_markup() -> None:
    evil = '<img src=x onerror=alert(1)>"&$title'
    view = verdict(product=evil, lot=evil)
    text = _page(GTIN, "1", said_of(view), _facts(view), "warn")
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
        assert "genuine" not in (said.title.en + said.text.en).lower()
    assert "claim it" in said_of(verdict(verdict=REGISTERED)).text.en
    assert said_of_unknown().title.zh == "查无此码"
    assert 'class="good"' not in PAGE.template
