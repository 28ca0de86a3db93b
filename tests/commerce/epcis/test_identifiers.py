"""GS1 identifiers: check digits, EPC URIs, links, company prefixes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commerce.epcis.digital_link import DOMAIN, checked_digits, from_link
from commerce.epcis.identifiers import (
    _from_urn,
    canonical,
    check_digit,
    classes_above,
    classes_of,
    company_prefix,
    gtin_of,
    identity,
    is_goods,
    is_key,
    is_well_formed,
    lot_of,
    lot_of_number,
    of_query,
    prefix_digits,
)
from commerce.epcis.uri import is_uri
from tests.commerce.epcis.variations import Chance, random_uri

LINKS = {
    "urn:epc:id:sgtin:6901234.012345.1": "01/06901234123456/21/1",
    "urn:epc:id:sgtin:690123412345.0.x": "01/06901234123456/21/x",
    "urn:epc:id:sgtin:690123.9412345.a(b)": "01/96901234123459/21/a%28b%29",
    "urn:epc:id:sgtin:6901234.012345.%22%2f": "01/06901234123456/21/%22%2F",
    "urn:epc:id:sscc:6901234.1000000001": "00/169012340000000013",
    "urn:epc:id:sgln:6901234.00000.0": "414/6901234000009",
    "urn:epc:id:sgln:6901234.00000.dock+2": "414/6901234000009/254/dock%2B2",
    "urn:epc:id:sgln:690123400000..5": "414/6901234000009/254/5",
    "urn:epc:id:pgln:6901234.00000": "417/6901234000009",
    "urn:epc:id:grai:6901234.00000.17": "8003/0690123400000917",
    "urn:epc:id:giai:6901234.logger-4": "8004/6901234logger-4",
    "urn:epc:id:gsrn:6901234.0000000000": "8018/690123400000000001",
    "urn:epc:id:gsrnp:6901234.0000000000": "8017/690123400000000001",
    "urn:epc:id:gdti:6901234.00000.PO-1": "253/6901234000009PO-1",
    "urn:epc:id:sgcn:6901234.00000.12": "255/690123400000912",
    "urn:epc:id:cpi:6901234.A%23-1.42": "8010/6901234A%23-1/8011/42",
    "urn:epc:id:ginc:6901234.c/1".replace("/", "%2F"): "401/6901234c%2F1",
    "urn:epc:id:gsin:6901234.000000000": "402/69012340000000009",
    "urn:epc:id:itip:6901234.012345.01.02.9": "8006/069012341234560102/21/9",
    "urn:epc:id:upui:6901234.012345.A*": "01/06901234123456/235/A%2A",
    "urn:epc:class:lgtin:6901234.012345.L1": "01/06901234123456/10/L1",
    "urn:epc:idpat:sgtin:6901234.012345.*": "01/06901234123456",
    "urn:epc:idpat:itip:6901234.012345.01.02.*": "8006/069012341234560102",
    "urn:epc:idpat:grai:6901234.00000.*": "8003/06901234000009",
    "urn:epc:idpat:gdti:6901234.00000.*": "253/6901234000009",
    "urn:epc:idpat:sgcn:6901234.00000.*": "255/6901234000009",
    "urn:epc:idpat:cpi:6901234.A%23-1.*": "8010/6901234A%23-1",
    "urn:epc:idpat:upui:6901234.012345.*": "01/06901234123456",
    # Company prefixes of other lengths.
    "urn:epc:id:sgtin:629104.9150021.7": "01/96291041500216/21/7",
    "urn:epc:id:sgtin:62910415002.01.7": "01/06291041500213/21/7",
    "urn:epc:id:sscc:376104.25002123456": "00/237610450021234563",
    "urn:epc:id:sscc:690123412345.10001": "00/169012341234500010",
    "urn:epc:id:gdti:690123400000..9": "253/69012340000099",
    "urn:epc:id:pgln:690123400000.": "417/6901234000009",
    "urn:epc:id:gsrn:690123.40000000000": "8018/690123400000000001",
    "urn:epc:id:gsin:690123400000.0000": "402/69012340000000009",
    "urn:epc:id:giai:690123400000." + "x" * 18: "8004/690123400000" + "x" * 18,
    # What is escaped without need has the same link as what is not.
    "urn:epc:id:sgtin:6901234.012345.%41%2Db": "01/06901234123456/21/A-b",
    "urn:epc:id:sgtin:6901234.012345.!')(*+,-.:;=_": (
        "01/06901234123456/21/%21'%29%28%2A%2B%2C-.%3A;=_"
    ),
    "urn:epc:id:sgtin:6901234.012345.%22%25%26%2F%3C%3E%3F": (
        "01/06901234123456/21/%22%25%26%2F%3C%3E%3F"
    ),
    "urn:epc:id:sgtin:6901234.012345." + "%2F" * 20: "01/06901234123456/21/" + "%2F" * 20,
}


@pytest.mark.parametrize(("urn", "link"), LINKS.items())
def test_an_epc_uri_has_one_canonical_link(urn: str, link: str) -> None:
    assert canonical(urn) == f"https://id.gs1.org/{link}"
    assert is_well_formed(urn)


@pytest.mark.parametrize(
    "urn",
    [
        "urn:epc:id:sgtin:6901234.012345",
        "urn:epc:id:sgtin:6901234.12345.1",
        "urn:epc:id:sgtin:69012.00012345.1",
        "urn:epc:id:sgtin:6901234x012345.1",
        "urn:epc:id:sgtin:690123A.012345.1",
        "urn:epc:id:sgtin:6901234.012345.",
        "urn:epc:id:sgtin:6901234.012345." + "1" * 21,
        "urn:epc:id:sgtin:6901234.012345.a b",
        "urn:epc:id:sgtin:6901234.012345.*/",
        "urn:epc:id:sgtin:6901234.012345.%20",
        "urn:epc:id:sgtin:6901234.012345.%23",
        "urn:epc:id:sgtin:6901234.012345.%C3%A4",
        "urn:epc:id:sgtin:6901234.012345.%4",
        "urn:epc:id:sgtin:6901234.012345." + "%2F" * 21,
        "urn:epc:id:sgln:6901234.00000",
        "urn:epc:id:sgln:6901234.000000.0",
        "urn:epc:id:grai:6901234.00000." + "1" * 17,
        "urn:epc:id:gdti:6901234.00000." + "1" * 18,
        "urn:epc:id:upui:6901234.012345." + "1" * 29,
        "urn:epc:id:gsrn:6901234.000000000",
        "urn:epc:id:gsin:6901234.0000000000",
        "urn:epc:id:ginc:6901234.",
        "urn:epc:class:lgtin:6901234.012345." + "1" * 21,
        "urn:epc:id:sscc:6901234.100000001",
        "urn:epc:id:sscc:6901234.1000000001.1",
        "urn:epc:id:sgcn:6901234.00000.x",
        "urn:epc:id:cpi:6901234.a.1",
        "urn:epc:id:giai:6901234." + "1" * 24,
        "urn:epc:id:itip:6901234.012345.1.02.9",
        "urn:epc:id:nothing:6901234.1",
        "urn:epc:idpat:sgtin:6901234.012345.1",
        "urn:epc:idpat:sscc:6901234.*",
        "urn:epc:class:sgtin:6901234.012345.1",
        "urn:epc:id",
        "urn:epc:id:sgtin:\u0666901234.012345.1",
    ],
)
def test_a_malformed_epc_uri_is_refused(urn: str) -> None:
    assert canonical(urn) is None
    assert not is_well_formed(urn)


@pytest.mark.parametrize(
    ("uri", "well_formed"),
    [
        ("https://id.gs1.org/01/06901234123456", True),
        ("https://id.gs1.org/01/06901234123457", False),
        ("https://id.gs1.org/01/00000000000000/21/1", False),
        ("https://id.gs1.org/414/6901234000009", True),
        ("https://id.gs1.org/414/6901234000008", False),
        ("https://id.gs1.org/nothing", False),
        ("http://id.gs1.org/01/06901234123457", False),
        ("HTTPS://ID.GS1.ORG/01/06901234123457", False),
        ("HTTPS://ID.GS1.ORG/01/06901234123456", True),
        ("https://id.gs1.org/01/06901234123456/21/S/10/L", False),
        ("https://id.gs1.org/00/169012340000000012", False),
        ("https://id.gs1.org/253/6901234000008X", False),
        ("https://id.gs1.org/8003/06901234000008X", False),
        ("https://id.gs1.org/402/69012340000000008", False),
        ("https://id.gs1.org/8018/690123400000000002", False),
        ("https://id.gs1.org/8004/6901234X", True),
        ("urn:epc:id:sgtin:000000.0000000.1", False),
        ("urn:epc:class:lgtin:000000000000.0.L", False),
        ("https://tea.example/01/06901234123457", True),  # it may be a page number
        ("urn:uuid:0b4f", True),
    ],
)
def test_check_digits_are_asserted_and_zero_is_no_key(uri: str, well_formed: bool) -> None:  # noqa: FBT001
    assert is_well_formed(uri) is well_formed


@pytest.mark.parametrize(
    "key",
    [
        *("06901234123456", "6901234000009", "96385074", "169012340000000013"),
        # Published examples: a GTIN-13, a GTIN-12, an SSCC, a GSIN.
        *("6291041500213", "036000291452", "376104250021234569", "40123452223334442"),
    ],
)
def test_keys_with_their_check_digit_are_keys(key: str) -> None:
    assert is_key(key)


@pytest.mark.parametrize(
    "key", ["", "0", "00000000000000", "06901234123457", "6901234X00009", "-1"]
)
def test_what_has_no_right_check_digit_is_no_key(key: str) -> None:
    assert not is_key(key)


@given(st.text("0123456789", min_size=1, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_a_check_digit_finds_every_wrong_digit(digits: str, place: int, error: int) -> None:
    place %= len(digits)
    wrong = str((int(digits[place]) + error) % 10)
    assert check_digit(digits) != check_digit(digits[:place] + wrong + digits[place + 1 :])


def test_a_link_does_not_show_its_company_prefix() -> None:
    assert company_prefix("https://id.gs1.org/01/06901234123456") is None
    assert company_prefix("urn:epc:id:sgtin:6901234.1.1") is None


@pytest.mark.parametrize(
    ("uri", "digits"),
    [
        ("urn:epc:id:sgtin:6901234.912345.1", "6901234123459"),
        ("urn:epc:id:sscc:6901234.1000000001", "69012340000000018"),
        ("urn:epc:id:grai:6901234.00000.17", "690123400000917"),
        ("urn:epc:id:giai:6901234.x", "6901234x"),
        ("urn:epc:id:sgln:6901234.00000.0", "6901234000009"),
        ("urn:uuid:0b4f", None),
    ],
)
def test_the_digits_of_a_company_prefix_come_first(uri: str, digits: str | None) -> None:
    found = prefix_digits(identity(uri))
    assert (found or "")[:9] == (digits or "")[:9]


def test_an_item_belongs_to_its_trade_item_and_its_lot() -> None:
    gtin = "https://id.gs1.org/01/06901234123456"
    assert classes_of("urn:epc:id:sgtin:6901234.012345.1") == (f"{gtin}/21/1", gtin)
    assert classes_of("urn:epc:class:lgtin:6901234.012345.L") == (f"{gtin}/10/L", gtin)
    assert classes_of(gtin) == (gtin,)
    assert classes_of("urn:uuid:0b4f") == ("urn:uuid:0b4f",)
    assert gtin_of(f"{gtin}/21/1") == "06901234123456"
    assert lot_of(f"{gtin}/10/L/21/1") == f"{gtin}/10/L"
    assert lot_of(f"{gtin}/21/1") is None


def test_a_lot_number_has_the_form_of_its_epc_uri() -> None:
    item = "urn:epc:id:sgtin:6901234.012345.1"
    for number, escaped in (("L-1", "L-1"), ("a/b", "a%2Fb"), ("a+b", "a+b"), ('"', "%22")):
        lot = canonical(f"urn:epc:class:lgtin:6901234.012345.{escaped}")
        assert lot is not None
        assert lot_of_number(item, number) == lot
    assert lot_of_number(item, "x" * 21) is None
    assert lot_of_number(item, "茶") is None
    assert lot_of_number("urn:uuid:0b4f", "L") is None


@pytest.mark.parametrize(
    ("text", "identity_"),
    [
        ("6901234123456", "https://id.gs1.org/01/06901234123456"),
        ("06901234123456", "https://id.gs1.org/01/06901234123456"),
        ("06901234123456/10/L1", "https://id.gs1.org/01/06901234123456/10/L1"),
        ("6901234123456/lot/L1", "https://id.gs1.org/01/06901234123456/10/L1"),
        ("urn:epc:class:lgtin:6901234.012345.L1", "https://id.gs1.org/01/06901234123456/10/L1"),
        ("https://tea.example/gtin/6901234123456", "https://id.gs1.org/01/06901234123456"),
        ("urn:uuid:0b4f", "urn:uuid:0b4f"),
    ],
)
def test_a_person_may_ask_for_a_gtin_a_lot_or_any_uri(text: str, identity_: str) -> None:
    assert of_query(text) == identity_


def test_a_very_long_uri_is_judged_without_being_remembered() -> None:
    long = "urn:epc:id:giai:6901234." + "1" * 100_000
    assert canonical(long) is None
    assert identity(long) == long


def slowly(uri: str) -> tuple[str | None, bool]:
    """Canonical link and well-formedness, each URI read as a whole."""
    is_urn = uri.startswith("urn:epc:")
    link = _from_urn(uri) if is_urn else from_link(uri)
    if not is_urn and not uri.startswith(DOMAIN):
        return link, True
    digits = "1" if link is None else checked_digits(link)
    if digits is None:
        return link, True
    return link, link is not None and (digits.strip("0") != "" if is_urn else is_key(digits))


def test_a_uri_read_by_its_parts_is_what_it_is_as_a_whole() -> None:
    chance, well_formed = Chance(7), 0
    uris = [random_uri(chance) for _ in range(5_000)]
    uris += [f"urn:epc:id:sgtin:{'0' * 7}.{'0' * 6}.1", f"urn:epc:class:lgtin:{'0' * 12}.0.A"]
    for uri in uris:
        assert (canonical(uri), is_well_formed(uri)) == slowly(uri), uri
        well_formed += is_well_formed(uri)
    assert 1_000 < well_formed < 4_500


def test_every_well_formed_epc_uri_is_an_absolute_uri() -> None:
    chance = Chance(8)
    for uri in [random_uri(chance) for _ in range(5_000)]:
        if uri.startswith("urn:epc:") and is_well_formed(uri):
            assert is_uri(uri), uri


def test_the_classes_above_items_and_lots_come_once_each_in_their_order() -> None:
    tea, cup = f"{DOMAIN}01/06901234123456", f"{DOMAIN}01/06901234777770"
    named = [f"{cup}/21/1", f"{tea}/10/L1", tea, f"{cup}/21/2", f"{DOMAIN}00/{'1' * 40}", "urn:x:y"]
    assert classes_above(named) == [cup, tea]


@pytest.mark.parametrize(
    ("uri", "goods"),
    [
        ("urn:epc:id:sgtin:6901234.012345.1", True),
        ("urn:epc:class:lgtin:6901234.012345.L1", True),
        ("urn:epc:id:itip:6901234.012345.01.02.7", True),
        ("urn:epc:id:cpi:6901234.PART.7", True),
        ("urn:epc:id:sscc:6901234.0123456789", False),
        ("urn:epc:id:grai:6901234.55555.17", False),
        ("urn:epc:id:giai:6901234.logger", False),
        ("urn:epc:id:sgln:6901234.00001.0", False),
        ("https://tea.example/01/crate-7", False),
        ("urn:uuid:8006", False),
    ],
)
def test_trade_items_parts_and_classes_are_goods_and_what_is_used_again_is_none(
    uri: str, *, goods: bool
) -> None:
    assert is_goods(identity(uri)) is goods
