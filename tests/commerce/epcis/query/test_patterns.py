"""What MATCH_ values stand for."""

import pytest

from commerce.epcis.identifiers import identity
from commerce.epcis.prefixes import DOCUMENT_SCOPE
from commerce.epcis.query.errors import QueryRefused
from commerce.epcis.query.patterns import wanted

GTIN = "https://id.gs1.org/01/06901234123456"


def stands_for(pattern: str, thing: str, *, classes: bool = False) -> bool:
    return wanted(pattern, DOCUMENT_SCOPE, "MATCH_epc", classes=classes).matches(identity(thing))


@pytest.mark.parametrize(
    ("pattern", "thing", "expected"),
    [
        ("urn:epc:id:sgtin:6901234.012345.7", f"{GTIN}/21/7", True),
        (f"{GTIN}/21/7", "urn:epc:id:sgtin:6901234.012345.7", True),
        ("urn:epc:idpat:sgtin:6901234.012345.7", f"{GTIN}/21/7", True),
        ("urn:epc:idpat:sgtin:6901234.012345.*", f"{GTIN}/21/7", True),
        ("urn:epc:idpat:sgtin:6901234.012345.*", f"{GTIN}/10/L1", False),
        ("urn:epc:idpat:sgtin:6901234.012345.*", GTIN, False),
        ("urn:epc:idpat:sgtin:6901234.012346.*", f"{GTIN}/21/7", False),
        ("urn:epc:idpat:sgtin:6901234.*.*", f"{GTIN}/21/7", True),
        ("urn:epc:idpat:sgtin:690123.*.*", f"{GTIN}/21/7", True),
        ("urn:epc:idpat:sgtin:6901235.*.*", f"{GTIN}/21/7", False),
        ("urn:epc:idpat:sgtin:*.*.*", f"{GTIN}/21/7", True),
        ("urn:epc:idpat:sgtin:*.*.*", "urn:epc:id:sscc:6901234.1000000007", False),
        ("urn:epc:idpat:lgtin:6901234.012345.*", f"{GTIN}/10/L1", True),
        ("urn:epc:idpat:lgtin:6901234.012345.*", f"{GTIN}/21/7", False),
        ("urn:epc:idpat:sscc:6901234.*", "urn:epc:id:sscc:6901234.1000000007", True),
        ("urn:epc:idpat:sscc:6901234.*", f"{GTIN}/21/7", False),
        ("urn:epc:idpat:sgln:6901234.00001.*", "urn:epc:id:sgln:6901234.00001.7", True),
        ("urn:epc:idpat:sgln:6901234.00001.*", "urn:epc:id:sgln:6901234.00001.0", True),
        ("urn:epc:idpat:sgln:6901234.*.*", "urn:epc:id:sgln:6901234.00001.0", True),
        ("urn:epc:idpat:sgln:6901234.00002.*", "urn:epc:id:sgln:6901234.00001.0", False),
        ("urn:epc:idpat:grai:6901234.55555.*", "urn:epc:id:grai:6901234.55555.17", True),
        ("urn:epc:idpat:giai:6901234.*", "urn:epc:id:giai:6901234.logger-4", True),
        ("urn:epc:idpat:gdti:6901234.00001.*", "urn:epc:id:gdti:6901234.00001.9", True),
        (
            "urn:epc:idpat:itip:6901234.012345.01.02.*",
            "urn:epc:id:itip:6901234.012345.01.02.9",
            True,
        ),
        (f"{GTIN}/21/*", f"{GTIN}/21/7", True),
        (f"{GTIN}/10/*", f"{GTIN}/10/L1", True),
        (f"{GTIN}/10/*", f"{GTIN}/21/7", False),
        ("https://a.example/gtin/6901234123456/ser/*", f"{GTIN}/21/7", True),
        ("tea:crate", "tea:crate", True),
        ("urn:uuid:1", "urn:uuid:2", False),
    ],
)
def test_a_pattern_stands_for_things_however_they_are_spelt(
    pattern: str,
    thing: str,
    expected: bool,  # noqa: FBT001 - a row of the table
) -> None:
    assert stands_for(pattern, thing) is expected


def test_a_class_is_a_pattern_and_a_wider_one_has_it_in() -> None:
    own = "urn:epc:idpat:sgtin:6901234.012345.*"
    assert stands_for(own, own, classes=True)
    assert stands_for("urn:epc:idpat:sgtin:6901234.*.*", own, classes=True)
    assert stands_for(GTIN, own, classes=True)
    assert not stands_for("urn:epc:idpat:sgtin:6901234.012346.*", own, classes=True)


@pytest.mark.parametrize(
    "pattern",
    [
        *("urn:epc:idpat:sgtin:", "urn:epc:idpat:sgtin:6901234", "urn:epc:idpat:sgtin:x.*.*"),
        *("urn:epc:idpat:sgtin:*.012345.*", "urn:epc:idpat:sgtin:6901234.*.7", "urn:epc:idpat:x:*"),
        *("urn:epc:idpat:sgtin:6901234.0123456789.*", f"{GTIN}/22/*", "https://a.example/b/*"),
        *("urn:epc:idpat:sscc:6901234.1000000007.*", "urn:epc:idpat:itip:6901234.012345.*.*.*"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(QueryRefused):
        wanted(pattern, DOCUMENT_SCOPE, "MATCH_epc", classes=False)


def test_items_are_found_by_the_rows_of_their_product() -> None:
    for pattern in ("urn:epc:idpat:sgtin:6901234.012345.*", f"{GTIN}/21/*"):
        assert wanted(pattern, DOCUMENT_SCOPE, "MATCH_epc", classes=False).indexed == GTIN
    wide = wanted("urn:epc:idpat:sgtin:6901234.*.*", DOCUMENT_SCOPE, "MATCH_epc", classes=False)
    assert wide.indexed is None
