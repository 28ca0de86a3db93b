"""GS1 Digital Links in any web address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.epcis.digital_link import (
    Link,
    checked_digits,
    escaped,
    from_link,
    is_at_gs1,
    parse_link,
    unescaped,
)
from tests.commerce.epcis.variations import Chance

GTIN, GLN = "06901234123456", "6901234000009"

# fmt: off
CONSTRAINED = [
    # Every primary key (General Specifications §3.2), alone.
    ("https://tea.example/00/169012340000000013", "00/169012340000000013"),
    (f"https://tea.example/01/{GTIN}",            f"01/{GTIN}"),
    ("https://tea.example/253/6901234000009-doc", "253/6901234000009-doc"),
    ("https://tea.example/253/6901234000009",     "253/6901234000009"),
    ("https://tea.example/255/690123400000912",   "255/690123400000912"),
    ("https://tea.example/401/6901234c%2F1",      "401/6901234c%2F1"),
    ("https://tea.example/402/69012340000000009", "402/69012340000000009"),
    (f"https://tea.example/414/{GLN}",            f"414/{GLN}"),
    (f"https://tea.example/415/{GLN}/8020/R-7",   f"415/{GLN}/8020/R-7"),
    (f"https://tea.example/417/{GLN}",            f"417/{GLN}"),
    ("https://tea.example/8003/0690123400000917", "8003/0690123400000917"),
    ("https://tea.example/8004/6901234logger-4",  "8004/6901234logger-4"),
    ("https://tea.example/8006/069012341234560102", "8006/069012341234560102"),
    ("https://tea.example/8010/6901234A%23-1",    "8010/6901234A%23-1"),
    ("https://tea.example/8013/1987654Ad4X4bL5ttr2310c2K", "8013/1987654Ad4X4bL5ttr2310c2K"),
    ("https://tea.example/8017/690123400000000001", "8017/690123400000000001"),
    ("https://tea.example/8018/690123400000000001", "8018/690123400000000001"),
    # Qualifiers: the finest level stays, a variant never does.
    (f"https://x.example/01/{GTIN}/22/V/10/L/21/S", f"01/{GTIN}/21/S"),
    (f"https://x.example/01/{GTIN}/22/V/10/L",      f"01/{GTIN}/10/L"),
    (f"https://x.example/01/{GTIN}/22/V",           f"01/{GTIN}"),
    (f"https://x.example/01/{GTIN}/235/U",          f"01/{GTIN}/235/U"),
    ("https://x.example/8006/069012341234560102/22/V/10/L/21/S", "8006/069012341234560102/21/S"),
    ("https://x.example/8006/069012341234560102/10/L", "8006/069012341234560102/10/L"),
    (f"https://x.example/414/{GLN}/254/dock",       f"414/{GLN}/254/dock"),
    (f"https://x.example/414/{GLN}/7040/1ABC",      f"414/{GLN}/7040/1ABC"),
    (f"https://x.example/417/{GLN}/7040/1ABC",      f"417/{GLN}/7040/1ABC"),
    ("https://x.example/8010/6901234A/8011/7",      "8010/6901234A/8011/7"),
    ("https://x.example/8018/690123400000000001/8019/3", "8018/690123400000000001/8019/3"),
    # The short names of version 1.0.
    (f"https://tea.example/gtin/{GTIN}/cpv/V/lot/L/ser/9", f"01/{GTIN}/21/9"),
    (f"https://tea.example/gtin/{GTIN}/tpx/9",             f"01/{GTIN}/235/9"),
    (f"https://tea.example/gln/{GLN}/glnx/2",              f"414/{GLN}/254/2"),
    (f"https://tea.example/payTo/{GLN}/refno/2",           f"415/{GLN}/8020/2"),
    (f"https://tea.example/party/{GLN}",                   f"417/{GLN}"),
    ("https://tea.example/sscc/169012340000000013",        "00/169012340000000013"),
    ("https://tea.example/cpid/6901234A/cpsn/7",           "8010/6901234A/8011/7"),
    ("https://tea.example/gsrnp/690123400000000001/srin/3", "8017/690123400000000001/8019/3"),
    # GTINs of 8, 12 and 13 digits get zeros before them.
    ("http://tea.example/shop/01/6901234123456?x=1#top",   f"01/{GTIN}"),
    ("https://tea.example/01/691234567898/",               "01/00691234567898"),
    ("https://tea.example/01/96385074/10/L1",              "01/00000096385074/10/L1"),
    # Any scheme's case, host, user, port and path before the key.
    (f"HTTPS://ID.GS1.ORG/01/{GTIN}",                      f"01/{GTIN}"),
    (f"https://me@tea.example:8443/a/b/01/{GTIN}",         f"01/{GTIN}"),
    (f"https://tea.example//01/{GTIN}",                    f"01/{GTIN}"),
    # What looks like a key before the key: the first from which everything fits counts.
    (f"https://tea.example/01/12345678/01/{GTIN}/21/S",    f"01/{GTIN}/21/S"),
    (f"https://tea.example/gln/shop/01/{GTIN}",            f"01/{GTIN}"),
    # Values have one spelling (RFC 3986 §6.2.2, Digital Link table 7-1).
    (f"https://x.example/01/{GTIN}/21/%41b%2dc",           f"01/{GTIN}/21/Ab-c"),
    (f"https://x.example/01/{GTIN}/21/a%2fb",              f"01/{GTIN}/21/a%2Fb"),
    (f"https://x.example/01/{GTIN}/21/(1)+2!*,:",          f"01/{GTIN}/21/%281%29%2B2%21%2A%2C%3A"),
    (f"https://x.example/01/{GTIN}/21/a&b<%22>",           f"01/{GTIN}/21/a%26b%3C%22%3E"),
    (f"https://x.example/01/{GTIN}/21/a%26b%25'=;._-",     f"01/{GTIN}/21/a%26b%25'=;._-"),
    (f"https://x.example/01/{'%30' + GTIN[1:]}",           f"01/{GTIN}"),
    # Attributes and other questions go.
    (f"https://x.example/01/{GTIN}/10/L?17=261231&3103=000195&linkType=gs1:pip", f"01/{GTIN}/10/L"),
]
# fmt: on


@pytest.mark.parametrize(("uri", "link"), CONSTRAINED)
def test_a_link_is_constrained_to_its_finest_identification(uri: str, link: str) -> None:
    assert from_link(uri) == f"https://id.gs1.org/{link}"
    # What is canonical stays as it is.
    assert from_link(f"https://id.gs1.org/{link}") == f"https://id.gs1.org/{link}"


@pytest.mark.parametrize(
    "uri",
    [
        "https://tea.example/",
        "https://tea.example",
        "https://tea.example/01",
        f"https://tea.example/01/{GTIN}/99/x",
        f"https://tea.example/01/{GTIN}/21",
        f"https://tea.example/01/{GTIN}/21/",
        f"https://tea.example/01/{GTIN}/21/a/21/b",
        # Not in the order of §4.4, or of two sequences.
        f"https://tea.example/01/{GTIN}/21/S/10/L",
        f"https://tea.example/01/{GTIN}/10/L/22/V",
        f"https://tea.example/01/{GTIN}/235/U/21/S",
        f"https://tea.example/414/{GLN}/254/x/7040/1ABC",
        # Of another key, or missing.
        f"https://tea.example/417/{GLN}/254/x",
        f"https://tea.example/415/{GLN}",
        "https://tea.example/00/169012340000000013/21/S",
        "https://tea.example/po/12345678",
        "https://tea.example/8006/06901234123456",
        # Too long, or of characters that no GS1 value has.
        f"https://tea.example/01/{GTIN}/21/{'S' * 21}",
        f"https://tea.example/01/{GTIN}/10/{'L' * 21}",
        f"https://tea.example/01/{GTIN}/235/{'U' * 29}",
        f"https://tea.example/414/{GLN}/254/{'x' * 21}",
        "https://tea.example/8010/6901234A/8011/1234567890123",
        "https://tea.example/8010/6901234a",
        f"https://tea.example/01/{GTIN}/21/a%20b",
        f"https://tea.example/01/{GTIN}/21/a$b",
        f"https://tea.example/01/{GTIN}/21/%E8%8C%B6",
        f"https://tea.example/01/{GTIN}/21/a\u8336b",
        "https://tea.example/253/6901234000009" + "x" * 18,
        "https://tea.example/8003/1690123400000917",
        "https://tea.example/01/6901234123",
        "https://tea.example/01/069012341234567",
        "https://tea.example/01/0690123412345X",
        # The key is in no path.
        f"https://tea.example/?01={GTIN}",
        f"https://tea.example/#/01/{GTIN}",
        f"https://tea.example?/01/{GTIN}",
        f"ftp://tea.example/01/{GTIN}",
        "urn:epc:id:sgtin:6901234.012345.1",
    ],
)
def test_an_address_without_a_key_is_no_link(uri: str) -> None:
    assert from_link(uri) is None


def test_the_parts_of_a_link_are_told() -> None:
    uri = f"https://Tea.example/shop/gtin/{GTIN[1:]}/lot/L%2f1?17=261231;3103=000195&s=a%20b&x#top"
    assert parse_link(uri) == Link(
        host="Tea.example",
        stem="shop",
        ai="01",
        key=GTIN[1:],
        qualifiers=(("10", "L/1"),),
        attributes=(("17", "261231"), ("3103", "000195"), ("s", "a b")),
    )


def test_gs1s_own_host_is_known_in_any_spelling() -> None:
    for uri in ("https://id.gs1.org/x", "http://id.gs1.org/01/1", "HTTPS://ID.GS1.ORG"):
        assert is_at_gs1(uri)
    for uri in ("https://id.gs1.org.tea.example/", "https://tea.example/id.gs1.org/", "urn:x:y"):
        assert not is_at_gs1(uri)


@given(st.text("".join(map(chr, range(0x21, 0x7F)))))
def test_what_is_escaped_reads_back(value: str) -> None:
    assert unescaped(escaped(value)) == value
    assert not set('!()*+,:/?#%&<>"') & set(escaped(value).replace("%", ""))


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


def test_a_key_is_found_wherever_it_stands_in_an_address() -> None:
    """Against the plain reading: the first place from which the rest is a key and qualifiers."""
    chance, held = Chance(3), 0
    parts = ["01", "gtin", "gln", "x", "", GTIN, GLN, "21", "a?", "#", "7"]
    for _ in range(3_000):
        path = [chance.of(parts) for _ in range(chance.below(6))]
        uri = f"https://tea.example/{'/'.join(path)}"
        assert from_link(uri) == plainly("/".join(path)), uri
        held += from_link(uri) is not None
    assert held > 50


def plainly(path: str) -> str | None:
    """Of keys that the words above make: a GTIN with a serial, a GLN."""
    segments = path.partition("#")[0].partition("?")[0].removesuffix("/").split("/")
    for at in range(len(segments)):
        match segments[at:]:
            case ["01" | "gtin", key] if key in (GTIN, GLN):
                return f"https://id.gs1.org/01/{key.zfill(14)}"
            case ["01" | "gtin", key, "21", serial] if key in (GTIN, GLN) and serial:
                return f"https://id.gs1.org/01/{key.zfill(14)}/21/{serial}"
            case ["gln", key] if key == GLN:
                return f"https://id.gs1.org/414/{key}"
    return None
