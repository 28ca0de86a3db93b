"""A JSON schema in words."""

from typing import Any

import pytest

from node.reference.schema_words import about, form


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/OrderView"}, "[OrderView](#orderview)"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"enum": ["decided", "accepted"]}, "`decided`, `accepted`"),
        ({"const": "ok", "type": "string"}, "`ok`"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"type": "array", "maxItems": 9, "items": {}}, "list of up to 9 any JSON"),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}]},
            "[integer, true or false]",
        ),
        ({"type": "string", "pattern": "^[0-9a-f]{64}$"}, "hash, 64 hex digits"),
        ({"type": "string", "pattern": "^(a|b)$"}, "text `^(a\\|b)$`"),
        ({"type": "string", "format": "binary"}, "bytes"),
        ({"type": "string", "maxLength": 20}, "text of 0 to 20 characters"),
        ({"type": "integer", "minimum": 0, "maximum": 9}, "integer, 0 to 9"),
        ({"type": "integer", "minimum": 1}, "integer, at least 1"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "object of text"),
        ({"type": "object"}, "object"),
        ({}, "any JSON"),
    ],
)
def test_a_schema_in_words(schema: dict[str, Any], words: str) -> None:
    assert form(schema) == words


def test_a_choice_is_described_by_its_first_part_that_is() -> None:
    assert about({"anyOf": [{"type": "null"}, {"description": "of\nsome | kind"}]}) == (
        "of some \\| kind"
    )
    assert about({"type": "string"}) == ""
