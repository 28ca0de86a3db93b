"""GS1 Digital Links in any web address."""

import pytest

from commerce.epcis.digital_link import (
    _KEY_FORMS,
    _NAMES,
    _constrained,
    checked_digits,
    from_link,
)
from tests.commerce.epcis.variations import Chance


@pytest.mark.parametrize(
    ("uri", "link"),
    [
        ("https://tea.example/gtin/06901234123456/ser/9", "01/06901234123456/21/9"),
        ("http://tea.example/shop/01/6901234123456?x=1#top", "01/06901234123456"),
        ("https://tea.example/01/691234567898/", "01/00691234567898"),
        ("https://tea.example/01/96385074/10/L1", "01/00000096385074/10/L1"),
        ("https://id.gs1.org/01/06901234123456/22/V/10/L/21/S", "01/06901234123456/21/S"),
        ("https://id.gs1.org/01/06901234123456/cpv/V", "01/06901234123456"),
        ("https://id.gs1.org/01/06901234123456/235/U", "01/06901234123456/235/U"),
        ("https://id.gs1.org/8006/069012341234560102/10/L/21/S", "8006/069012341234560102/21/S"),
        ("https://id.gs1.org/party/6901234000009", "417/6901234000009"),
        ("https://id.gs1.org/414/6901234000009/254/dock%2f2", "414/6901234000009/254/dock%2F2"),
        ("https://id.gs1.org/8010/6901234A%23/8011/7", "8010/6901234A%23/8011/7"),
        ("https://id.gs1.org/253/6901234000009-doc", "253/6901234000009-doc"),
        ("https://id.gs1.org/sscc/169012340000000012", "00/169012340000000012"),
    ],
)
def test_a_link_is_constrained_to_its_finest_identification(uri: str, link: str) -> None:
    assert from_link(uri) == f"https://id.gs1.org/{link}"


@pytest.mark.parametrize(
    "uri",
    [
        "https://tea.example/",
        "https://tea.example",
        "https://tea.example/01",
        "https://tea.example/01/690123412345",  # 12 digits are a GTIN-12
        "https://tea.example/01/06901234123456/99/x",
        "https://tea.example/01/06901234123456/21",
        "https://tea.example/01/06901234123456/21/a/21/b",
        "https://tea.example/417/6901234000009/254/x",
        "https://tea.example/po/12345678",
        "https://tea.example/8006/06901234123456",
        "urn:epc:id:sgtin:6901234.012345.1",
    ],
)
def test_an_address_without_a_key_is_no_link(uri: str) -> None:
    expected = "https://id.gs1.org/01/00690123412345" if uri.endswith("/690123412345") else None
    assert from_link(uri) == expected


def test_the_lot_of_an_item_can_be_asked_for() -> None:
    item = "https://id.gs1.org/01/06901234123456/10/L/21/S"
    assert from_link(item, finest="10") == "https://id.gs1.org/01/06901234123456/10/L"
    assert from_link(item.replace("/10/L", ""), finest="10") is None


@pytest.mark.parametrize(
    ("link", "digits"),
    [
        ("01/06901234123456/21/9", "06901234123456"),
        ("8003/069012345555501X", "06901234555550"),
        ("253/6901234000009-doc", "6901234000009"),
        ("8004/6901234X", None),
        ("401/6901234X", None),
    ],
)
def test_the_digits_under_a_check_digit_are_found(link: str, digits: str | None) -> None:
    assert checked_digits(f"https://id.gs1.org/{link}") == digits


def segment_by_segment(path: str) -> str | None:
    """As `from_link`, without asking first whether there is a key at all."""
    segments = path.partition("#")[0].partition("?")[0].removesuffix("/").split("/")
    for position, after in enumerate(segments[1:]):
        ai = _NAMES.get(segments[position], segments[position])
        if ai in _KEY_FORMS and _KEY_FORMS[ai].fullmatch(after):
            return _constrained(ai, after, segments[position + 2 :], "")
    return None


def test_a_key_is_found_wherever_it_stands_in_an_address() -> None:
    chance, held = Chance(3), 0
    parts = ["01", "gtin", "gln", "x", "", "06901234123456", "6901234000009", "21", "a?", "#", "7"]
    for _ in range(3_000):
        path = "/".join(chance.of(parts) for _ in range(chance.below(6)))
        found = from_link(f"https://tea.example/{path}")
        assert found == segment_by_segment(path), path
        held += found is not None
    assert held > 50
