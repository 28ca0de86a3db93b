"""`hushang epcis`: hashes, problems and identifiers, told without a node."""

import json
from pathlib import Path

import pytest

from chain.bech32m import encode_account
from commerce.epcis.canonical import event_key
from commerce.epcis.document import read_document
from tests.commands.command_line import Ran, hushang, inside
from tests.commerce.epcis.statements import (
    data,
    document,
    harvest,
    needs_outside_data,
    outside,
    packing,
    sensing,
    without,
)
from tests.commerce.world import account

NO_NODE = ("--node", "http://127.0.0.1:1")
LATE = sensing({"type": "Mass", "time": "2030-01-01T00:00:00Z"})


def ran(*words: str) -> Ran:
    """One command line of `hushang epcis`, with no node to ask."""
    return inside("epcis", *words, *NO_NODE, "-o", "json")


@pytest.fixture
def valid(tmp_path: Path) -> Path:
    """A document of two valid events."""
    file = tmp_path / "valid.jsonld"
    file.write_bytes(data(document(harvest(), packing())))
    return file


@pytest.fixture
def invalid(tmp_path: Path) -> Path:
    """A document with three problems."""
    file = tmp_path / "invalid.jsonld"
    event = without(harvest(bizStep="sipping", epcList=["urn:x:y", "z"]), "action")
    file.write_bytes(data(document(packing(), event)))
    return file


@pytest.fixture
def late(tmp_path: Path) -> Path:
    """A document whose members are right, and that breaks a rule of sensor data."""
    file = tmp_path / "late.jsonld"
    file.write_bytes(data(document(harvest(sensorElementList=LATE))))
    return file


@needs_outside_data
def test_the_published_documents_have_their_published_hashes() -> None:
    files = outside("epcis-hash")
    done = ran("hash", *map(str, files))
    assert done.code == 0, done.err
    published = [line for file in files for line in file.with_suffix(".hashes").read_text().split()]
    assert [row["hash"] for row in done.json] == published
    assert {row["file"] for row in done.json} == set(map(str, files))


def test_a_hash_comes_with_what_is_hashed_and_with_its_event_key(valid: Path) -> None:
    capturer = account("merchant")
    done = ran("hash", str(valid), "--prehash", "--capturer", encode_account(capturer))
    assert done.code == 0, done.err
    events = read_document(valid.read_bytes()).events
    assert [row["event_key"] for row in done.json] == [
        event_key(capturer, event).hex() for event in events
    ]
    assert done.json[1]["prehash"].startswith("eventType=AggregationEventeventTime=2024-04-06T01:")
    assert [(row["event"], row["type"]) for row in done.json] == [
        (0, "ObjectEvent"),
        (1, "AggregationEvent"),
    ]


def test_what_breaks_a_rule_still_has_a_hash_and_what_can_not_be_read_has_none(
    late: Path, invalid: Path
) -> None:
    done = ran("hash", str(late))
    assert (done.code, len(done.json)) == (0, 1)
    assert "capture would refuse" in done.err
    assert "sensorReport[0].time: sensor rule" in done.err
    refused = ran("hash", str(invalid))
    assert (refused.code, refused.error["code"]) == (8, "VerificationFailed")
    assert "epcisBody.eventList[1]" in refused.error["message"]


def test_the_events_of_an_answer_have_the_hashes_that_they_were_captured_with(
    tmp_path: Path, valid: Path
) -> None:
    made = document(harvest(), packing())
    results = {"queryName": "SimpleEventQuery", "resultsBody": made["epcisBody"]}
    answer = {**made, "type": "EPCISQueryDocument", "epcisBody": {"queryResults": results}}
    file = tmp_path / "answer.jsonld"
    file.write_bytes(data(answer))
    captured = [row["hash"] for row in ran("hash", str(valid)).json]
    asked = ran("hash", str(file))
    assert [row["hash"] for row in asked.json] == captured
    assert "query document" in asked.err
    file.write_bytes(data({**answer, "epcisBody": {}}))
    assert ran("hash", str(file)).code == 8


def test_valid_documents_are_told_to_be_valid(valid: Path) -> None:
    done = ran("validate", str(valid), str(valid))
    assert done.code == 0, done.err
    assert [(told["valid"], told["events"], told["problems"]) for told in done.json] == [
        (True, 2, []),
        (True, 2, []),
    ]
    assert b"valid: 2 events" in inside("epcis", "validate", str(valid), *NO_NODE).out


def test_every_problem_of_every_file_is_told_with_its_path_and_rule(
    valid: Path, invalid: Path, late: Path
) -> None:
    done = ran("validate", str(invalid), str(valid), str(late))
    assert (done.code, done.error["code"]) == (8, "DocumentsInvalid")
    assert done.error["message"].startswith("2 of 3 would be refused")
    assert [len(told["problems"]) for told in done.json] == [3, 0, 1]
    at = "epcisBody.eventList[1]"
    assert [entry["path"] for entry in done.json[0]["problems"]] == [
        at,
        f"{at}.epcList[1]",
        f"{at}.bizStep",
    ]
    table = inside("epcis", "validate", str(invalid), *NO_NODE)
    assert table.code == 8
    assert b"action is missing" in table.out


def test_documents_come_from_stdin_too(valid: Path) -> None:
    words = ("-", "-o", "json", *NO_NODE)
    checked = hushang("epcis", "validate", *words, stdin=valid.read_bytes())
    assert (checked.code, checked.json[0]["valid"]) == (0, True)
    hashed = inside("epcis", "hash", *words, stdin=valid.read_bytes())
    assert (hashed.code, len(hashed.json)) == (0, 2)
    huge = inside("epcis", "validate", *words, stdin=b" " * 300_000)
    assert (huge.code, huge.json[0]["problems"][0]["code"]) == (8, "EpcisTooLarge")


def test_a_file_that_is_not_there_is_a_mistake_of_usage(tmp_path: Path) -> None:
    for verb in ("hash", "validate"):
        missing = ran(verb, str(tmp_path / "no.jsonld"))
        assert (missing.code, missing.error["code"]) == (2, "UsageWrong")


def test_identifiers_are_explained_both_ways() -> None:
    urn = "urn:epc:id:sgtin:6901234.012345.7"
    link = "https://id.gs1.org/01/06901234123456/21/7"
    assert ran("link", urn).json["digital_link"] == link
    assert ran("link", link, "--prefix-digits", "7").json["epc_uri"] == urn
    both = ran("link", urn, "https://tea.example/01/06901234123456/21/7?17=261231")
    assert [told["digital_link"] for told in both.json] == [link, link]
    shown = inside("epcis", "link", f"{link}?17=261231", *NO_NODE)
    assert shown.code == 0
    assert b"(21) serial" in shown.out
    assert b"?17 expiry" in shown.out


def test_a_wrong_check_digit_is_told_with_the_right_one() -> None:
    told = ran("link", "06901234123457")
    assert (told.code, told.error["code"]) == (8, "IdentifierWrong")
    assert "is 7 and should be 6" in told.error["message"]
    assert "should be 6" in told.json["problem"]
    assert ran("link", "06901234123456", "--prefix-digits", "5").code == 2


def test_help_ends_with_examples() -> None:
    for words in (("epcis",), ("epcis", "hash"), ("epcis", "validate"), ("epcis", "link")):
        told = inside(*words, "--help")
        assert told.code == 0
        assert json.dumps(told.out.decode()).count("hushang epcis") >= 2
