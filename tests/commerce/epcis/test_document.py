"""Documents from received bytes: which are captured, which refused, and where the fault is."""

from pathlib import Path

import pytest

from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisInvalid
from tests.commerce.epcis.statements import needs_outside_data, outside

EXAMPLES = outside("epcis/JSON")
REFUSED = [p for p in EXAMPLES if "all_possible_fields" in p.name or "Query" in p.name]
ACCEPTED = [path for path in EXAMPLES if path not in REFUSED]


@needs_outside_data
def test_of_the_47_examples_41_are_to_be_accepted() -> None:
    assert (len(ACCEPTED), len(REFUSED)) == (41, 6)


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.name)
def test_an_example_of_gs1_is_accepted(path: Path) -> None:
    assert read_document(path.read_bytes()).events


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.name)
def test_an_example_is_refused_for_the_rule_it_breaks(path: Path) -> None:
    rule = "query document" if "Query" in path.name else "sensor rule"
    with pytest.raises(EpcisInvalid, match=rule):
        read_document(path.read_bytes())
