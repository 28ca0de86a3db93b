"""A document cut into documents of one event each, for `GS1-Capture-Error-Behaviour: proceed`.

Each keeps the bytes of its event and of everything around the event list as they were received, so
that its event means, and hashes, what it did in the whole document.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from commerce.epcis.document import EVENTS_MAX
from commerce.epcis.errors import EpcisInvalid, EpcisTooLarge
from commerce.epcis.lexeme import read_json

# Bytes of all parts together: what surrounds the events is repeated in each.
PARTS_SIZE_MAX: Final = 1024 * 1024
_BODY: Final = ("epcisBody", "eventList")
_SPACE: Final = " \t\n\r"

# Numbers are only passed over: as texts they can't break a setting of Python's.
_DECODER: Final = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)


@dataclass(frozen=True, slots=True)
class EventError:
    """Why one event of a document can't be captured; `path` is within the whole document."""

    index: int
    code: str
    path: str
    rule: str


def split(data: bytes) -> tuple[bytes, ...]:
    """One document for each event, in order; the same bytes where there is nothing to cut.

    Refuses what is no JSON of the agreed kind (`EpcisMalformed`, `EpcisTooLarge`); everything else
    is for whoever checks the parts.
    """
    value = read_json(data)
    if not isinstance(value, dict) or value.get("type") != "EPCISDocument":
        return (data,)
    body = value.get("epcisBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(events, list) or len(events) <= 1:
        return (data,)
    if len(events) > EVENTS_MAX:
        msg = f"a document has at most {EVENTS_MAX} events"
        raise EpcisTooLarge(msg)
    text = data.decode()
    spans = list(_items(text, _list_start(text)))
    head, tail = text[: spans[0][0]], text[spans[-1][1] :]
    parts = tuple([f"{head}{text[start:end]}{tail}".encode() for start, end in spans])
    if sum(map(len, parts)) > PARTS_SIZE_MAX:
        msg = f"one document for each event makes more than {PARTS_SIZE_MAX} bytes"
        raise EpcisTooLarge(msg)
    return parts


def error_at(error: EpcisInvalid, index: int) -> EventError:
    """What a part's refusal says of the whole document's event."""
    own, place = "epcisBody.eventList[0]", f"epcisBody.eventList[{index}]"
    path = error.path.replace(own, place, 1) if error.path.startswith(own) else error.path
    return EventError(index, error.code, path, error.rule)


def _list_start(text: str) -> int:
    """Where the event list's bracket stands: the text was read before, and has one."""
    at = 0
    for wanted in _BODY:
        at = next(start for name, start in _members(text, _skip(text, at)) if name == wanted)
    return at


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Names of an object's members and where their values begin; `at` is its brace."""
    at = _skip(text, at + 1)
    while text[at] != "}":
        name, at = _value(text, at)
        start = _skip(text, _skip(text, at) + 1)
        yield name, start
        at = _after(text, _value(text, start)[1])


def _items(text: str, at: int) -> Iterator[tuple[int, int]]:
    """Where an array's items begin and end; `at` is its bracket."""
    at = _skip(text, at + 1)
    while text[at] != "]":
        end = _value(text, at)[1]
        yield at, end
        at = _after(text, end)


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins here, and where it ends."""
    return _DECODER.raw_decode(text, at)


def _after(text: str, at: int) -> int:
    """Past a comma, if one comes; before the closing bracket otherwise."""
    at = _skip(text, at)
    return _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at
