"""What the checking page says of codes: the words and signs of the consumer's page."""

from typing import Any

from node import code_words
from tests.web.browser import browser, site
from tests.web.test_page import answers, load

SCRIPT = """async () => {
  const { CODE_TITLES, CODE_TEXTS, CODE_NOTES, CODE_SIGNS } = await import("/verify-codes.js");
  return [CODE_TITLES, CODE_TEXTS, CODE_NOTES, CODE_SIGNS];
}"""


def test_the_page_that_checks_says_the_words_of_the_page_of_the_label() -> None:
    with browser() as chrome, site(chrome, answers()) as made:
        titles, texts, notes, signs = load(made.page).evaluate(SCRIPT)
    # What a proof doesn't tell is said by the checking page only.
    assert titles.pop("partial")
    assert texts.pop("partial")
    assert notes.pop("unsure")
    assert notes.pop("recalls")
    assert as_tuples(titles) == dict(code_words.TITLES)
    assert as_tuples(texts) == dict(code_words.TEXTS)
    assert as_tuples(signs) == dict(code_words.SIGNS)
    kept = {
        "claiming": code_words.CLAIMING,
        "passed": code_words.PASSED,
        "claimingTitle": code_words.CLAIMING_TITLE,
        "reported": code_words.REPORTED,
        "sold": code_words.SOLD,
        "gone": code_words.GONE,
    }
    assert as_tuples(notes) == kept


def as_tuples(words: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {name: (english, chinese) for name, (english, chinese) in words.items()}
