"""EPC URIs without a GS1 key: accepted as they are, if they are well-formed."""

import pytest

from commerce.epcis.epc_uris import to_urn
from commerce.epcis.identifiers import canonical, identity, is_well_formed
from commerce.epcis.other_epcs import container_check_digit, is_other_epc, vessel_check_digit

# fmt: off
WELL_FORMED = [
    "urn:epc:id:gid:95100000.12345.400",
    "urn:epc:id:gid:0.0.0",
    "urn:epc:idpat:gid:95100000.12345.*",
    "urn:epc:id:usdod:2S194.12345678901",
    "urn:epc:id:usdod:W81X9C.0",
    "urn:epc:idpat:usdod:2S194.*",
    "urn:epc:id:adi:35962.PQ7VZ4.M37GXB92",
    "urn:epc:id:adi:2S194..12345678901",
    "urn:epc:id:adi:W81X9C.3KL984PX1.%232WMA52",
    "urn:epc:id:adi:W81X9C.3KL%2F84.2-A",
    "urn:epc:idpat:adi:35962.PQ7VZ4.*",
    "urn:epc:id:bic:CSQU3054383",
    "urn:epc:id:bic:MSCU6639870",
    "urn:epc:id:imovn:9176187",
    "urn:epc:id:imovn:9074729",
    "urn:epc:raw:96.x1234567890ABCDEF12345678",
    "urn:epc:raw:96.xA1.x1234",
    "urn:epc:raw:64.20018283527919",
]
MALFORMED = [
    "urn:epc:id:gid:95100000.12345",
    "urn:epc:id:gid:095.1.1",
    "urn:epc:id:usdod:2I194.1",
    "urn:epc:id:usdod:2S194.01",
    "urn:epc:id:usdod:2S19.1",
    "urn:epc:id:adi:35962.PQ7VZ4.",
    "urn:epc:id:adi:35962.pq7vz4.M37GXB92",
    "urn:epc:id:adi:35962.PQ7VZ4." + "M" * 31,
    "urn:epc:id:bic:CSQU3054384",
    "urn:epc:id:bic:CSQX3054383",
    "urn:epc:id:bic:csqu3054383",
    "urn:epc:id:imovn:9176188",
    "urn:epc:id:imovn:917618",
    "urn:epc:raw:96.1234X",
    "urn:epc:raw:0.x1",
    "urn:epc:tag:sgtin-96:3.0614141.812345.6789",
    "urn:epc:",
]
# fmt: on


@pytest.mark.parametrize("uri", WELL_FORMED)
def test_a_well_formed_one_stands_for_itself(uri: str) -> None:
    assert is_other_epc(uri)
    assert is_well_formed(uri)
    assert canonical(uri) is None
    assert identity(uri) == uri
    assert to_urn(uri, 7) is None


@pytest.mark.parametrize("uri", MALFORMED)
def test_a_malformed_one_is_refused(uri: str) -> None:
    assert not is_other_epc(uri)
    assert not is_well_formed(uri)


def test_their_check_digits_are_those_of_their_standards() -> None:
    """ISO 6346 and the IMO scheme, by published examples."""
    containers = {"CSQU305438": "3", "MSCU663987": "0"}
    assert {code: container_check_digit(code) for code in containers} == containers
    vessels = {"917618": "7", "907472": "9"}
    assert {code: vessel_check_digit(code) for code in vessels} == vessels
