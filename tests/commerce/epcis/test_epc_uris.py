"""From links back to EPC URIs, for whoever knows the length of the company prefix."""

import pytest

from commerce.epcis.epc_uris import to_urn
from commerce.epcis.identifiers import canonical, company_prefix
from tests.commerce.epcis.test_identifiers import LINKS


@pytest.mark.parametrize("urn", [u for u in LINKS if ":id:" in u and "%2f" not in u])
def test_a_company_prefix_brings_the_epc_uri_back(urn: str) -> None:
    prefix = company_prefix(urn)
    link = canonical(urn)
    assert prefix is not None
    assert link is not None
    if "%41" not in urn:
        assert to_urn(link, len(prefix)) == urn
    # Another length is another company, and never the same EPC URI.
    assert to_urn(link, 6 if len(prefix) != 6 else 7) != urn


@pytest.mark.parametrize("urn", [u for u in LINKS if ":idpat:" in u and "upui" not in u])
def test_a_class_comes_back_as_a_pattern(urn: str) -> None:
    assert to_urn(canonical(urn) or "", 7) == urn


def test_what_no_epc_uri_can_say_has_none() -> None:
    for link in (
        "8006/069012341234560102/10/L",
        "8013/1987654Ad4X4bL5ttr2310c2K",
        "415/6901234000009/8020/R",
        "8018/690123400000000001/8019/3",
        "01/06901234123457/21/1",  # whose check digit should be 6
    ):
        assert to_urn(f"https://id.gs1.org/{link}", 7) is None


def test_a_lot_comes_back_as_a_class() -> None:
    link = "https://id.gs1.org/01/06901234123456/10/L1"
    assert to_urn(link, 7) == "urn:epc:class:lgtin:6901234.012345.L1"
    assert to_urn("https://tea.example/", 7) is None
    assert to_urn(link, 5) is None
