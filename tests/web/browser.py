"""The distribution's Chromium, without a head, and pages of this project opened in it.

What a page asks for is answered from memory with the very bytes and headers that a node sends, so
that no socket is needed; the content security policy holds as it would.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

WEB = Path(__file__).parent.parent.parent / "node" / "web"
# WebCrypto wants a secure context; localhost is one. Nothing listens there.
ORIGIN = "http://localhost"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# Without a network of its own; as root Chromium refuses to start its sandbox.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
MISSING = (
    "Chromium is not here: sh .ci/browser installs it, or says how; CHROMIUM=PATH names another"
)


# Nothing waits for time: this is how long a busy machine may take before a test calls it broken.
TIMEOUT_MS = 60_000
expect.set_options(timeout=TIMEOUT_MS)


def chromium() -> str | None:
    """Where Chromium is: what the variable CHROMIUM names, or the first on the path."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


def needed() -> bool:
    """May the tests not be skipped? In CI a check that isn't made must be seen."""
    return os.environ.get("CI") == "true" or os.environ.get("BROWSER_TESTS") == "required"


def installed() -> tuple[str, list[str]]:
    """Chromium's path and flags; skips, or fails where it is needed, if there is none."""
    path = chromium()
    if path is None:
        if needed():
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    return path, [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(FLAGS)


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    path, flags = installed()
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=flags)
        try:
            yield launched
        finally:
            launched.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands under a path."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Site:
    """A tab of a fresh profile, in which some paths of one origin have answers.

    `complaints` are errors of scripts and what the console calls an error.
    """

    page: Page
    complaints: list[str]


@contextmanager
def site(
    chrome: Browser, answers: Mapping[str, Answer], *, language: str = "en", origin: str = ORIGIN
) -> Iterator[Site]:
    """Open nothing yet; `page.goto(ORIGIN + path)` does."""
    context: BrowserContext = chrome.new_context(locale=language, timezone_id="Asia/Shanghai")

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(origin).partition("?")[0]
        found = answers.get(path)
        if found is None:
            route.fulfill(status=404, body="")
            return
        headers = {"Content-Type": found.content_type, **found.headers}
        route.fulfill(status=found.status, body=found.body, headers=headers)

    context.route(f"{origin}/**", answer)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    try:
        yield Site(page, complaints)
    finally:
        context.close()
