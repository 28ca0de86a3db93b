"""Identifiers in the examples of `--help` and of the documents: a reader pastes them."""

import re
from pathlib import Path

from commerce.epcis.identifiers import is_key

PROJECT = Path(__file__).parent.parent.parent
PAGES = (*PROJECT.glob("node/commands/*.py"), *PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"))
# GTINs, GLNs and SSCCs; hashes and times are longer, shorter or of other digits.
KEY = re.compile(r"(?<![0-9a-f])[01]?0?6901234[0-9]{6,11}(?![0-9a-f])")


def test_every_gs1_key_in_an_example_has_its_check_digit() -> None:
    found = [
        (path.name, key) for path in sorted(PAGES) for key in KEY.findall(path.read_text("utf-8"))
    ]
    assert len(found) > 40
    assert [entry for entry in found if not is_key(entry[1])] == []
