"""A JSON schema of the OpenAPI document in words of one line."""

from collections.abc import Mapping
from typing import Any, Final

PREFIX: Final = "#/components/schemas/"
Schema = Mapping[str, Any]
# Patterns that stand everywhere, as people name them.
KNOWN: Final = {
    "^[0-9a-f]{64}$": "hash, 64 hex digits",
    "^hs1[02-9ac-hj-np-z]{58}$": "account, hs1…",
    "^(0|[1-9][0-9]*)$": "digits",
}


def name_of(reference: str) -> str:
    """The record that a reference names."""
    return reference.removeprefix(PREFIX)


def link(name: str) -> str:
    """A link to a record of the same page."""
    return f"[{name}](#{name.lower()})"


def form(schema: Schema) -> str:
    """What a value looks like: kind, limits, choices."""
    if "$ref" in schema:
        return link(name_of(schema["$ref"]))
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(form(part) for part in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type")
    if kind == "array":
        return _array(schema)
    if kind == "string":
        return _string(schema)
    if kind in ("integer", "number"):
        return _number(schema, str(kind))
    names = {"boolean": "true or false", "null": "null", "object": _object(schema)}
    return names.get(str(kind), "any JSON")


def _object(schema: Schema) -> str:
    inner = schema.get("additionalProperties")
    return f"object of {form(inner)}" if isinstance(inner, dict) and inner else "object"


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return f"[{', '.join(form(item) for item in schema['prefixItems'])}]"
    items = form(schema.get("items", {}))
    most = schema.get("maxItems")
    return f"list of {items}" if most is None else f"list of up to {most} {items}"


def _string(schema: Schema) -> str:
    if "pattern" in schema:
        pattern = schema["pattern"]
        return KNOWN.get(pattern, f"text `{cell(pattern)}`")
    if schema.get("format") == "binary":
        return "bytes"
    least, most = schema.get("minLength"), schema.get("maxLength")
    if most is None:
        return "text"
    return f"text of {least or 0} to {most} characters"


def _number(schema: Schema, kind: str) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"{kind}, {least} to {most}"
    return kind if least is None else f"{kind}, at least {least}"


def about(schema: Schema) -> str:
    """What a schema says of itself; of a choice, what its first part says."""
    if "description" in schema:
        return cell(schema["description"])
    for part in schema.get("anyOf", ()):
        if "description" in part:
            return cell(part["description"])
    return ""


def cell(text: str) -> str:
    """Words that can stand in a table."""
    return " ".join(text.split()).replace("|", "\\|")
