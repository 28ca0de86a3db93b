"""GS1 identifiers in words."""

import pytest

from commerce.epcis.explained import Part, explain

LINK = "https://id.gs1.org/01/06901234123456/21/7"
URN = "urn:epc:id:sgtin:6901234.012345.7"


@pytest.mark.parametrize(
    "text",
    [URN, LINK, "https://tea.example/gtin/6901234123456/ser/7", "(01)06901234123456(21)7"],
)
def test_an_item_is_explained_whatever_its_spelling(text: str) -> None:
    told = explain(text, 7)
    assert (told.epc_uri, told.digital_link, told.problem) == (URN, LINK, None)
    assert told.company_prefix == "6901234"
    assert told.check_digit == "6, the last of 06901234123456"
    assert told.parts[1] == Part("21", "serial", "7")


def test_a_link_needs_the_length_of_its_company_prefix() -> None:
    assert explain(LINK).epc_uri is None
    assert "no link tells" in (explain(LINK).note or "")
    assert explain(LINK, 8).epc_uri == "urn:epc:id:sgtin:69012341.02345.7"
    gmn = explain("https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K", 7)
    assert (gmn.epc_uri, gmn.problem) == (None, None)
    assert "no EPC URI" in (gmn.note or "")


def test_every_level_and_every_attribute_of_a_link_is_told() -> None:
    told = explain("https://tea.example/01/06901234123456/22/V/10/L%2F1/21/S?17=261231&s=t")
    assert told.digital_link == "https://id.gs1.org/01/06901234123456/21/S"
    assert [(part.ai, part.title, part.value) for part in told.parts] == [
        ("01", "GTIN", "06901234123456"),
        ("22", "variant", "V"),
        ("10", "lot", "L/1"),
        ("21", "serial", "S"),
    ]
    assert told.attributes == (Part("17", "expiry", "261231"), Part("s", "", "t"))


@pytest.mark.parametrize(
    ("digits", "title"),
    [
        ("96385074", "GTIN"),
        ("036000291452", "GTIN"),
        ("6901234123456", "GTIN"),
        ("06901234123456", "GTIN"),
        ("69012340000000009", "GSIN"),
        ("169012340000000010", "SSCC"),
    ],
)
def test_bare_digits_are_a_key(digits: str, title: str) -> None:
    told = explain(digits)
    assert [part.title for part in told.parts] == [title]


# fmt: off
WRONG = [
    ("6901234123457",                            "is 7 and should be 6"),
    ("169012340000000012",                       "is 2 and should be 3"),
    ("https://tea.example/414/6901234000008",    "is 8 and should be 9"),
    ("00000000000000",                           "zeros"),
    ("https://id.gs1.org/01/06901234123456/21/S/10/L", "qualifiers in their order"),
    ("https://tea.example/tea",                  "no GS1 key"),
    ("tea",                                      "no GS1 key"),
    ("urn:epc:id:tea:1.2.3",                     "no EPC scheme"),
    ("urn:epc:class:sgtin:6901234.012345.7",     "no EPC scheme"),
    ("urn:epc:id:bic:CSQU3054384",               "malformed"),
    ("urn:epc:id:sgtin:69012.00012345.7",        "6 to 12 digits"),
    ("urn:epc:id:sgtin:6901234.12345.7",         "together are 13 digits, not 12"),
    ("urn:epc:id:sgtin:6901234.01234A.7",        "together are 13 digits"),
    ("urn:epc:id:giai:6901234." + "x" * 24,      "at most 30 characters"),
    ("urn:epc:id:sgtin:0000000.000000.7",        "zeros"),
    ("urn:epc:id:sscc:6901234.1000000001.1",     "no field after"),
    ("urn:epc:id:sgtin:6901234.012345",          "serial is missing"),
    ("urn:epc:id:grai:6901234.00000." + "1" * 17, "more than 16 characters"),
]
# fmt: on


@pytest.mark.parametrize(("text", "words"), WRONG)
def test_what_is_wrong_is_said_with_what_would_be_right(text: str, words: str) -> None:
    assert words in (explain(text).problem or "")
