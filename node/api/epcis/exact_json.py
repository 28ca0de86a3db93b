"""JSON text of what was captured: numbers with all their digits, which Python's own can't write."""

import json

from commerce.epcis import lexeme


def exact_json(value: lexeme.Json) -> str:
    """JSON text of a captured value, without line ends."""
    match value:
        case dict():
            inside = ",".join(f"{_text(name)}:{exact_json(inner)}" for name, inner in value.items())
            return f"{{{inside}}}"
        case list():
            return f"[{','.join(map(exact_json, value))}]"
        case lexeme.Number():
            return number_text(value)
        case _:
            return _text(value)


def number_text(number: lexeme.Number) -> str:
    """A number as people write it, unless that would need many zeros."""
    if -_ZEROS_MAX <= number.exponent <= _ZEROS_MAX:
        return number.positional()
    return number.canonical()


_ZEROS_MAX = 20


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
