"""The quick reader of a genesis agrees with the one that decides, or says nothing."""

import json
from typing import Any

import pytest

from chain.codec import encode
from chain.genesis import Genesis
from node.genesis_file import GenesisFileInvalid, example_path, genesis_text, parse_genesis
from node.genesis_quick import quick_genesis
from tests.chain.world import genesis
from tests.vectors import material

EXAMPLE = example_path().read_text("utf-8")
MADE = [genesis(), genesis(7, time_scale=60), material.genesis(), parse_genesis(EXAMPLE)]


@pytest.mark.parametrize("made", MADE, ids=lambda made: str(made.chain_id))
def test_every_form_of_a_genesis_is_read(made: Genesis) -> None:
    api = json.dumps({"hash": made.hash().hex(), "raw": encode(made).hex(), "chain_id": "x"})
    for data in (encode(made), genesis_text(made).encode(), b"\n " + api.encode()):
        assert quick_genesis(data) == made


def changed(document: Any, place: list[Any], value: object) -> bytes:
    """The document with another value, or None: without it."""
    copied = json.loads(json.dumps(document))
    at = copied
    for step in place[:-1]:
        at = at[step]
    if value is None:
        del at[place[-1]]
    else:
        at[place[-1]] = value
    return json.dumps(copied).encode()


def places(value: Any, above: list[Any]) -> list[list[Any]]:
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    found = []
    for name, entry in pairs:
        found.append([*above, name])
        if isinstance(entry, dict | list):
            found += places(entry, [*above, name])
    return found


def test_of_a_changed_file_it_says_the_same_or_nothing_or_another_chain() -> None:
    """Its word counts only if the hash is the expected one, so that no odd file passes for it."""
    document = json.loads(EXAMPLE)
    expected, agreed = MADE[-1].hash(), 0
    values: list[object] = [None, "1 s", [], {}, 2**64]
    for place in places(document, [])[::3]:
        for value in values:
            data = changed(document, place, value)
            quick = quick_genesis(data)
            try:
                slow = parse_genesis(data)
            except GenesisFileInvalid:
                # It may be read all the same, as another chain's; or it says nothing else, as an
                # empty object does where an empty list belongs.
                same = place[0] == "about" or value == {}
                assert quick is None or quick.hash() != expected or same, place
                continue
            assert quick == slow, place
            agreed += 1
    assert agreed > 20


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"{}", b'{"raw": 1}', b'{"raw": "zz"}', b"\x90", b'{"consensus": []}', b"1"],
)
def test_what_is_no_genesis_is_none(data: bytes) -> None:
    assert quick_genesis(data) is None
