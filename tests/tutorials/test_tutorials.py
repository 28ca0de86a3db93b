"""Every command of every tutorial, typed as it stands there, on real processes.

Two are followed at a time, in both languages, each in a shell, a home and a network of its own.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.tutorials.follow import follow, steps_of
from tests.tutorials.pages import LANGUAGES, READERS, Fence, fences, page
from tests.tutorials.warm import warm_hushang

AT_ONCE = 2
# A reader and a language.
Page = tuple[str, str]
PAGES: list[Page] = [(reader, language) for language in LANGUAGES for reader in READERS]
# What no test can do: setting up the machine, and its services.
NOT_RUN = {
    "developer": ["make setup\n. .venv/bin/activate"],
    "merchant": ["make setup\n. .venv/bin/activate"],
    "operator": [
        "make setup\n. .venv/bin/activate",
        "sudo useradd --system --home-dir /srv/hushang hushang\n"
        "sudo cp -r pudong /srv/hushang\n"
        "sudo chown -R hushang: /srv/hushang\n"
        "sudo chmod 700 /srv/hushang\n"
        'sudo "$(which hushang)" node unit --config /srv/hushang/hushang.toml | '
        "sudo tee /etc/systemd/system/hushang.service\n"
        "sudo systemctl daemon-reload\n"
        "sudo systemctl enable --now hushang",
    ],
    "regulator": ["make setup\n. .venv/bin/activate"],
}


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Page, Future[str]]]:
    """Each tutorial, followed to its end."""
    with (
        warm_hushang(tmp_path_factory.mktemp("warm")) as commands,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):
        yield {
            page: threads.submit(follow, *page, tmp_path_factory.mktemp("-".join(page)), commands)
            for page in PAGES
        }


@pytest.mark.parametrize("page", PAGES, ids="-".join)
def test_a_newcomer_follows_the_tutorial_without_a_stumble(
    followed: dict[Page, Future[str]], page: Page
) -> None:
    stumble = followed[page].result()
    assert not stumble, stumble


@pytest.mark.parametrize("reader", READERS)
def test_both_languages_have_the_same_boxes(reader: str) -> None:
    english, chinese = (
        [
            (fence.language, _without_words(fence, language), fence.not_run)
            for fence in fences(page(reader, language).read_text("utf-8"))
        ]
        for language in LANGUAGES
    )
    assert english == chinese


def _without_words(fence: Fence, language: str) -> list[str] | None:
    """The commands, but for the language that they ask for; of what they print nothing."""
    asked = f"export HUSHANG_LANG={language}"
    lines = ["(its language)" if line == asked else line for line in fence.lines]
    return lines if fence.language == "console" else None


@pytest.mark.parametrize("reader", READERS)
def test_only_what_sets_up_the_machine_is_not_run(reader: str) -> None:
    assert [step.commands for step in steps_of(reader) if step.not_run] == NOT_RUN[reader]


@pytest.mark.parametrize("reader", READERS)
def test_every_box_is_typed_or_is_what_was_printed(reader: str) -> None:
    found = list(fences(page(reader, "en").read_text("utf-8")))
    assert {fence.language for fence in found} == {"console", "text"}
    shown = sum(step.expected is not None for step in steps_of(reader))
    assert shown == sum(fence.language == "text" for fence in found)
    assert shown >= len(steps_of(reader)) // 2
