"""The page of a served node, over a real socket: its files, its genesis and its proofs."""

import pytest
from playwright.async_api import async_playwright, expect

from chain.account import ACCOUNTS
from tests.chain.world import account
from tests.commerce.codes.atelier import serial_of
from tests.node.api.code_story import copied, labelled
from tests.node.api.market import GTIN, found
from tests.node.api.service import served
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
        await expect(page.locator("#verdict")).to_have_text("Proven")
        await expect(page.locator("#facts")).to_contain_text(f"{serial_of(0)}")
        await expect(page.locator("#facts")).to_contain_text("the ledger held: code of")
        await chrome.close()
        assert complaints == []
