"""What certificates may be of, in every spelling."""

import pytest

from commerce.certificates.errors import SubjectUncertifiable
from commerce.certificates.subjects import Subject, read_subject
from tests.commerce.shop import TEA

LINK = f"https://id.gs1.org/01/{TEA}"


@pytest.mark.parametrize(
    ("uri", "subject"),
    [
        (LINK, Subject("product", LINK, TEA)),
        ("urn:epc:idpat:sgtin:6901234.000001.*", Subject("product", LINK, TEA)),
        (f"https://brand.example/some/01/{TEA}?17=271231", Subject("product", LINK, TEA)),
        ("urn:epc:class:lgtin:6901234.000001.A-7", Subject("lot", f"{LINK}/10/A-7", TEA)),
        (f"https://brand.example/01/{TEA}/10/A-7", Subject("lot", f"{LINK}/10/A-7", TEA)),
        (
            "urn:epc:id:sgln:6901234.00000.0",
            Subject("place", "https://id.gs1.org/414/6901234000009", "6901234000009"),
        ),
    ],
)
def test_products_lots_and_places_are_read_in_every_spelling(uri: str, subject: Subject) -> None:
    assert read_subject(uri) == subject


@pytest.mark.parametrize(
    "uri",
    [
        f"{LINK}/21/7",
        f"{LINK}/10/A-7/21/7",
        "https://id.gs1.org/00/069012340000000013",
        "https://id.gs1.org/01/06901234000011",
        "https://id.gs1.org/414/6901234000009/254/shelf",
        "urn:epc:id:gid:1.2.3",
        "https://example.com/tea",
        "06901234000017",
        "",
    ],
)
def test_nothing_else_is_certified(uri: str) -> None:
    with pytest.raises(SubjectUncertifiable):
        read_subject(uri)
