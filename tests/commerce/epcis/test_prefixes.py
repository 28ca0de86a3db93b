"""Contexts: GS1's own pinned, prefixes inline, nothing fetched, no meaning changed."""

from typing import Any

import pytest

from commerce.epcis.errors import EpcisInvalid, EpcisTooLarge
from commerce.epcis.prefixes import (
    CONTEXTS_MAX,
    DOCUMENT_SCOPE,
    NAMESPACE_SIZE_MAX,
    NO_PREFIXES,
    PINNED_CONTEXTS,
    SHORT_NAME_MAX,
    Scope,
    may_have_long_names,
)
from tests.commerce.epcis.statements import CONTEXT

TEA = "https://tea.example/"


def scope(context: Any, *, is_document: bool = True) -> Scope:
    return DOCUMENT_SCOPE.with_context(context, is_document=is_document)


@pytest.mark.parametrize("context", sorted(PINNED_CONTEXTS))
def test_the_contexts_of_gs1_are_known_offline(context: str) -> None:
    assert scope(context).expand("cbv:BizStep-shipping").startswith("https://ref.gs1.org/cbv/")


def test_prefixes_given_inline_are_expanded() -> None:
    known = scope([CONTEXT, {"tea": TEA, "tea:at": {"@type": "@id"}}, {"kiln": {"@id": "urn:k:"}}])
    assert known.expand("tea:leaf") == f"{TEA}leaf"
    assert known.expand("kiln:7") == "urn:k:7"
    assert known.expand("other:x") == "other:x"
    assert known.expand("tea://x") == "tea://x"
    assert known.expand("plain") == "plain"
    assert known.expand("tea:at:b") == f"{TEA}at:b"


def test_an_events_context_adds_to_the_documents() -> None:
    inner = scope([CONTEXT, {"tea": TEA}]).with_context({"kiln": "urn:k:"}, is_document=False)
    assert (inner.expand("tea:x"), inner.expand("kiln:x")) == (f"{TEA}x", "urn:k:x")


def test_keywords_that_change_nothing_are_harmless() -> None:
    assert scope([CONTEXT, {"@version": "1.1", "@protected": True, "tea": TEA}]).expand("tea:")


@pytest.mark.parametrize(
    "context",
    [
        None,
        7,
        [],
        {"tea": TEA},
        "https://tea.example/context.jsonld",
        [CONTEXT, "https://tea.example/context.jsonld"],
        [CONTEXT, CONTEXT],
        [CONTEXT, {"tea": TEA}, {"tea": TEA}],
        [CONTEXT, None],
        [CONTEXT, [{"tea": TEA}]],
        [CONTEXT, {"tea": "no uri"}],
        [CONTEXT, {"tea": None}],
        [CONTEXT, {"tea": 7}],
        [CONTEXT, {"tea": {"@id": "no uri"}}],
        [CONTEXT, {"urn": TEA}],
        [CONTEXT, {" tea": TEA}],
        [CONTEXT, {"https": TEA}],
        [CONTEXT, {"@vocab": TEA}],
        [CONTEXT, {"@base": TEA}],
        [CONTEXT, {"@import": TEA}],
        [CONTEXT, *({f"p{i}": TEA} for i in range(CONTEXTS_MAX))],
        [CONTEXT, {f"p{i}": TEA for i in range(300)}],
    ],
)
def test_a_context_that_nobody_can_read_offline_is_refused(context: Any) -> None:
    with pytest.raises(EpcisInvalid) as refusal:
        scope(context)
    assert refusal.value.path == "@context"


def test_a_prefix_stands_for_a_short_uri() -> None:
    longest = "urn:" + "a" * (NAMESPACE_SIZE_MAX - 4)
    known = scope([CONTEXT, {"tea": longest}])
    assert known.added_size("tea:x") == len(known.expand("tea:x")) - len("x") == 256
    for term in (longest + "a", {"@id": longest + "a"}):
        with pytest.raises(EpcisTooLarge):
            scope([CONTEXT, {"tea": term}])


@pytest.mark.parametrize("text", ["tea", "tea://x", "coffee:x", "urn:x"])
def test_text_without_a_prefix_does_not_grow(text: str) -> None:
    known = scope([CONTEXT, {"tea": TEA}])
    assert (known.expand(text), known.added_size(text)) == (text, 0)


def test_an_extension_has_a_declared_prefix_or_a_whole_uri() -> None:
    known = scope([CONTEXT, {"tea": TEA}])
    for name in ("tea:leaf", "https://tea.example/leaf", "urn:tea:leaf", "rdfs:comment"):
        assert known.names_extension(name)
    for name in ("leaf", "coffee:bean", "", ":", "@type"):
        assert not known.names_extension(name)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "tea:x"}',
        '{"tea:x": 1}',
        '{"a": " \u3000tea:x"}',
        '{"a": "x", "b": "\ttea:"}',
        '["cbv:BizStep-shipping"]',
        r'["t\u0065a:x"]',
        r'["\ttea:x"]',
    ],
)
def test_text_that_may_need_the_prefixes_keeps_them(text: str) -> None:
    known = scope([CONTEXT, {"tea": TEA}])
    assert known.used_in(text) is known


@pytest.mark.parametrize(
    "text", ['{"a": "urn:x:y", "tea": "teas:x", "b": "x tea:y"}', f'["{"a" * SHORT_NAME_MAX}"]']
)
def test_text_that_needs_no_prefix_is_read_without(text: str) -> None:
    assert scope([CONTEXT, {"tea": TEA}]).used_in(text) is NO_PREFIXES


def test_a_long_string_may_be_a_long_name() -> None:
    assert may_have_long_names(f'["{"a" * (SHORT_NAME_MAX + 1)}"]')
    assert not may_have_long_names(f'["{"a" * SHORT_NAME_MAX}", "{"b" * SHORT_NAME_MAX}"]')


@pytest.mark.parametrize("names", [[f"p{i}" for i in range(30)], ["p" * 300]])
def test_many_or_long_prefixes_are_not_sought(names: list[str]) -> None:
    known = scope([CONTEXT, dict.fromkeys(names, TEA)])
    assert known.used_in("[]") is known
