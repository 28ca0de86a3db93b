"""The closed vocabularies of CBV 2.0."""

import json

import pytest

from commerce.epcis import vocabulary as cbv
from tests.commerce.epcis.statements import OUTSIDE, needs_outside_data

SCHEMA = OUTSIDE / "epcis" / "EPCIS-JSON-Schema.json"
LISTS = {
    "bizStep": cbv.BIZ_STEP,
    "disposition": cbv.DISPOSITION,
    "bizTransaction-type": cbv.BIZ_TRANSACTION_TYPE,
    "source-dest-type": cbv.SOURCE_DEST_TYPE,
    "error-reason": cbv.ERROR_REASON,
    "component": cbv.COMPONENT,
    "measurementType": cbv.MEASUREMENT_TYPE,
    "sensorAlertType": cbv.SENSOR_ALERT,
}


@needs_outside_data
@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_that_of_the_published_schema(name: str) -> None:
    definition = json.loads(SCHEMA.read_text())["definitions"][name]
    (words,) = [branch["enum"] for branch in definition["anyOf"] if "enum" in branch]
    assert sorted(LISTS[name].uris) == sorted(words)


def test_each_list_has_as_many_words_as_cbv_2_0() -> None:
    sizes = [len(vocabulary.uris) for vocabulary in LISTS.values()]
    assert sizes == [41, 33, 13, 3, 2, 14, 72, 2]


@pytest.mark.parametrize(
    ("vocabulary", "uri", "admitted"),
    [
        (cbv.BIZ_STEP, "https://ref.gs1.org/cbv/BizStep-shipping", True),
        (cbv.BIZ_STEP, "https://tea.example/steps/withering", True),
        (cbv.BIZ_STEP, "urn:example:steps:withering", True),
        (cbv.BIZ_STEP, "https://ref.gs1.org/cbv/BizStep-withering", False),
        (cbv.BIZ_STEP, "https://ref.gs1.org/cbv/Disp-active", False),
        (cbv.BIZ_STEP, "urn:epcglobal:cbv:bizstep:shipping", False),
        (cbv.BIZ_STEP, "https://ns.gs1.org/cbv/BizStep-shipping", False),
        (cbv.MEASUREMENT_TYPE, "https://gs1.org/voc/Temperature", False),
        (cbv.MEASUREMENT_TYPE, "https://www.gs1.org/voc/Temperature", False),
        (cbv.MEASUREMENT_TYPE, "https://tea.example/Bitterness", True),
    ],
)
def test_a_uri_is_admitted_unless_it_claims_to_be_standard(
    vocabulary: cbv.Vocabulary,
    uri: str,
    admitted: bool,  # noqa: FBT001
) -> None:
    assert vocabulary.admits(uri, uri) is admitted


def test_a_compact_uri_of_gs1_is_admitted_if_the_list_has_it() -> None:
    temperature, nothing = "https://gs1.org/voc/Temperature", "https://gs1.org/voc/Nothing"
    assert cbv.MEASUREMENT_TYPE.admits("gs1:Temperature", temperature)
    assert not cbv.MEASUREMENT_TYPE.admits("gs1:Nothing", nothing)
