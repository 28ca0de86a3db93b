"""The CBV 2.0 event hash: the published vectors, and where the reference goes wrong."""

from pathlib import Path
from typing import Any

import pytest

from commerce.epcis.cbv_hash import cbv_hash, prehash
from commerce.epcis.document import read_document
from tests.commerce.epcis.statements import (
    data,
    document,
    harvest,
    needs_outside_data,
    outside,
    serial,
)

VECTORS = outside("epcis-hash")
# Its .prehashes file is garbled where it was published; the .hashes file is right.
GARBLED = "epcisDocWithAllGS1Keys"


def prehash_of(event: dict[str, Any], **changes: Any) -> str:
    read = read_document(data(document(event, **changes)))
    return prehash(read.events[0], read.hash_ignored)


@needs_outside_data
def test_all_nine_vectors_are_here() -> None:
    assert len(VECTORS) == 9


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_published_document_has_its_published_hashes(path: Path) -> None:
    read = read_document(path.read_bytes())
    hashes = [cbv_hash(event, read.hash_ignored) for event in read.events]
    assert hashes == path.with_suffix(".hashes").read_text().split()


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_published_document_has_its_published_prehashes(path: Path) -> None:
    if path.stem == GARBLED:
        return
    read = read_document(path.read_bytes())
    expected = path.with_suffix(".prehashes").read_text().strip("\n").split("\n")
    assert [prehash(event, read.hash_ignored) for event in read.events] == expected


def test_a_whole_prehash_follows_the_standard() -> None:
    event = harvest(
        epcList=[serial(2), serial(1)],
        bizLocation={"id": "https://tea.example/shop/7", "tea:shelf": "B"},
        certificationInfo=["https://cert.example/b", "https://cert.example/a"],
        ilmd={"tea:lot": "L7", "tea:altitude": 1250.50},
    )
    assert prehash_of(event) == (
        "eventType=ObjectEventeventTime=2024-04-05T00:30:00.000ZeventTimeZoneOffset=+08:00"
        "certificationInfo=https://cert.example/acertificationInfo=https://cert.example/b"
        "epcListepc=https://id.gs1.org/01/06901234123456/21/1"
        "epc=https://id.gs1.org/01/06901234123456/21/2action=ADD"
        "bizStep=https://ref.gs1.org/cbv/BizStep-commissioning"
        "disposition=https://ref.gs1.org/cbv/Disp-active"
        "readPointid=https://id.gs1.org/414/6901234000016"
        "bizLocationid=https://tea.example/shop/7{https://tea.example/epcis/}shelf=B"
        "ilmd{https://tea.example/epcis/}altitude=1250.5{https://tea.example/epcis/}lot=L7"
    )
