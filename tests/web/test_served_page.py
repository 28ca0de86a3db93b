"""The page of a served node, over a real socket: its files, its genesis and its proofs."""

import pytest
from playwright.async_api import Page, async_playwright, expect

from chain.account import ACCOUNTS
from node.code_words import CLAIMING, CLAIMING_TITLE, REPORTED, SIGNS, TEXTS, TITLES
from tests.chain.world import account
from tests.commerce.codes.atelier import serial_of
from tests.node.api.code_story import (
    claimed,
    copied,
    labelled,
    reported,
    revealed,
    withdrawn,
)
from tests.node.api.market import GTIN, found
from tests.node.api.service import Served, served
from tests.web.browser import TIMEOUT_MS, installed


@pytest.mark.asyncio
async def test_a_reader_of_a_nodes_page_checks_the_nodes_own_proof() -> None:
    path, flags = installed()
    expect.set_options(timeout=TIMEOUT_MS)
    async with served(hurried=True) as node, async_playwright() as playwright:
        await node.service.fund("buyer", 12_900)
        await node.service.decide()
        chrome = await playwright.chromium.launch(executable_path=path, args=flags)
        page = await chrome.new_page(locale="en")
        page.set_default_timeout(TIMEOUT_MS)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda said: complaints.append(said.text) if said.type == "error" else None
        )
        held = ACCOUNTS.key(account("buyer"))
        await page.goto(str(node.url(f"/verify#/v1/proof/state/{held.hex()}")))
        await expect(page.locator("#verdict")).to_have_text("Proven")
        await expect(page.locator("#facts")).to_contain_text("the ledger held: account of hs1")
        hash_hex = node.service.chain.genesis_hash.hex()
        await expect(page.locator("#chain-hash")).to_have_text(hash_hex)
        await page.fill("#trusted-hash", hash_hex)
        await expect(page.locator("#hash-state")).to_have_text("It is the chain of this hash.")
        async with page.expect_download() as waiting:
            await page.click("text=Save this page as one file")
        assert (await waiting.value).suggested_filename == "hushang-verify.html"
        await chrome.close()
        assert complaints == []


@pytest.mark.asyncio
async def test_a_scanned_label_has_words_without_a_script_and_leads_to_the_certificate() -> None:
    path, flags = installed()
    expect.set_options(timeout=TIMEOUT_MS)
    async with served(hurried=True) as node, async_playwright() as playwright:
        await found(node.service)
        await labelled(node.service)
        await copied(node.service, 0)
        await node.service.decide()
        chrome = await playwright.chromium.launch(executable_path=path, args=flags)
        label = str(node.url(f"/v/01/{GTIN}/21/{serial_of(0)}"))
        bare = await (await chrome.new_context(java_script_enabled=False)).new_page()
        await bare.goto(label)
        await expect(bare.locator("#verdict")).to_contain_text("Suspect")
        await expect(bare.locator("#result")).to_contain_text("单独一件商品不符")
        page = await chrome.new_page(locale="en")
        page.set_default_timeout(TIMEOUT_MS)
        complaints: list[str] = []
        page.on(
            "console", lambda said: complaints.append(said.text) if said.type == "error" else None
        )
        await page.goto(label)
        await page.click("text=check it on your own device")
        await expect(page.locator("#verdict")).to_have_text(TITLES["suspect"][0])
        await expect(page.locator("#facts")).to_contain_text(f"{serial_of(0)}")
        await expect(page.locator("#facts")).to_contain_text("the ledger held: code of")
        await chrome.close()
        assert complaints == []


async def judged(page: Page, node: Served, path: str) -> str:
    """The verdict that the page makes of a node's proof; none is green."""
    await node.service.decide()
    await page.goto("about:blank")
    await page.goto(str(node.url(f"/verify#/v1/proof/code/{path}")))
    await expect(page.locator("#result")).to_be_visible()
    assert await page.locator("#result.good").count() == 0
    assert await page.locator("#result").get_attribute("class") in {"warn", "bad"}
    return await page.inner_text("#verdict")


@pytest.mark.asyncio
async def test_a_checked_code_gets_its_verdict_in_words_and_never_a_mere_proven() -> None:
    path, flags = installed()
    async with served(hurried=True) as node, async_playwright() as playwright:
        await found(node.service)
        batch_id = await labelled(node.service)
        chrome = await playwright.chromium.launch(executable_path=path, args=flags)
        page = await chrome.new_page(locale="en")
        page.set_default_timeout(TIMEOUT_MS)
        plain = f"{GTIN}/{serial_of(0)}"
        assert await judged(page, node, plain) == TITLES["registered"][0]
        facts = page.locator("#facts")
        await expect(facts).to_contain_text(TEXTS["registered"][0])
        await expect(facts).to_contain_text(f"the code {serial_of(0)} of the product {GTIN}")
        await expect(facts).to_contain_text("leads to the same proof")
        await copied(node.service, 0)
        await reported(node.service, 0)
        await revealed(node.service, 0)
        assert await judged(page, node, plain) == TITLES["suspect"][0]
        for words in (SIGNS["travel"], REPORTED, CLAIMING):
            await expect(facts).to_contain_text(words[0].partition("{")[0])
        await claimed(node.service, 1)
        assert await judged(page, node, f"{GTIN}/{serial_of(1)}") == TITLES["claimed"][0]
        await revealed(node.service, 4)
        assert await judged(page, node, f"{GTIN}/{serial_of(4)}") == CLAIMING_TITLE[0]
        await withdrawn(node.service, batch_id, 1)
        assert await judged(page, node, f"{GTIN}/{serial_of(1)}") == TITLES["claimed"][0]
        await expect(facts).to_contain_text("Its brand took this code out of circulation on")
        await withdrawn(node.service, batch_id, 2)
        assert await judged(page, node, f"{GTIN}/{serial_of(2)}") == TITLES["withdrawn"][0]
        await expect(facts).not_to_contain_text("not among them")
        assert await judged(page, node, f"{GTIN}/{serial_of(3)}") == TITLES["registered"][0]
        await expect(facts).to_contain_text("not among them")
        assert await judged(page, node, f"{GTIN}/none") == TITLES["unknown"][0]
        await expect(facts).to_contain_text(f"no record of the code none of the product {GTIN}")
        await chrome.close()


@pytest.mark.asyncio
async def test_a_proof_of_another_code_than_the_asked_one_is_refused() -> None:
    """Of a node that lies: it answers for one label with the proof of another."""
    path, flags = installed()
    async with served(hurried=True) as node, async_playwright() as playwright:
        await found(node.service)
        await labelled(node.service)
        await node.service.decide()
        other = node.url(f"/v1/proof/code/{GTIN}/{serial_of(1)}")
        async with node.http.get(other) as response:
            body = await response.read()
        chrome = await playwright.chromium.launch(executable_path=path, args=flags)
        page = await chrome.new_page(locale="en")
        page.set_default_timeout(TIMEOUT_MS)
        await page.route("**/v1/proof/**", lambda route: route.fulfill(body=body))
        assert await judged(page, node, f"{GTIN}/{serial_of(0)}") == "Not proven"
        await expect(page.locator("#verdict-text")).to_contain_text("is not about the code")
        await chrome.close()
