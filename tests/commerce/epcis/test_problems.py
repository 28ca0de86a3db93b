"""Every problem of a document at once, the first one being what capture refuses it for."""

from itertools import islice

from chain.errors import LedgerError
from commerce.epcis.canonical import event_key
from commerce.epcis.document import read_document
from commerce.epcis.errors import PROBLEMS_MAX
from commerce.epcis.problems import Problem, problems_of
from tests.commerce.epcis import variations
from tests.commerce.epcis.statements import (
    blending,
    data,
    document,
    harvest,
    lot,
    packing,
    sensing,
    without,
)


def paths(*events: dict[str, object], **changes: object) -> list[str]:
    """Where a document of these events has problems."""
    return [problem.path for problem in problems_of(data({**document(*events), **changes}))]


def test_a_valid_document_has_none() -> None:
    assert problems_of(data(document(harvest(), packing(), blending()))) == ()


def test_every_member_item_and_event_is_judged() -> None:
    broken = harvest(
        eventTime="yesterday",
        epcList=["urn:x:y", "z", "urn:epc:id:sgtin:1.2.3"],
        readPoint={"id": "here", "gate": 2},
        quantityList=[{"quantity": "5", "tea:x": 1}, {"epcClass": lot("L"), "uom": "kg"}],
        **{"tea:x": {"coffee:a": 1, "@context": {}}},
    )
    event = "epcisBody.eventList[1]"
    assert paths(packing(), broken, without(packing(), "parentID"), creationDate="now") == [
        "creationDate",
        f"{event}.eventTime",
        f"{event}.epcList[1]",
        f"{event}.epcList[2]",
        f"{event}.readPoint.id",
        f"{event}.readPoint.gate",
        f"{event}.quantityList[0]",
        f"{event}.quantityList[0].quantity",
        f"{event}.quantityList[1].uom",
        f"{event}.tea:x.coffee:a",
        f"{event}.tea:x.@context",
        "epcisBody.eventList[2]",
    ]


def test_each_broken_rule_of_an_event_is_told() -> None:
    late = "2030-01-01T00:00:00Z"
    elements = [
        *sensing({"type": "Mass", "time": late, "deviceID": "urn:x:1"}, {"deviceID": "urn:x:2"}),
        *sensing({"type": "Mass"}, {"startTime": late, "endTime": late}),
    ]
    event = without(packing(sensorElementList=elements), "parentID")
    at = "epcisBody.eventList[0]"
    assert paths(event) == [
        at,
        f"{at}.sensorElementList[0].sensorReport[0].deviceID",
        f"{at}.sensorElementList[0].sensorReport[0].time",
        f"{at}.sensorElementList[1].sensorMetadata.startTime",
        f"{at}.sensorElementList[1].sensorMetadata.endTime",
    ]


def test_two_names_for_one_member_are_told_for_each_event() -> None:
    twice = harvest(**{"tea:a": 1, "https://tea.example/epcis/a": 2})
    found = problems_of(data(document(twice, harvest(), twice)))
    assert [(problem.path, problem.rule) for problem in found] == [
        (f"epcisBody.eventList[{index}]", "two members have one full name") for index in (0, 2)
    ]


def test_what_can_not_be_read_is_one_problem() -> None:
    assert problems_of(b"{") == (Problem("EpcisMalformed", "", "not well-formed JSON"),)
    (large,) = problems_of(data(document(*[harvest()] * 101)))
    assert (large.code, large.path) == ("EpcisTooLarge", "")


def test_there_is_an_end_to_it() -> None:
    wrong = [str(number) for number in range(1_000)]
    assert len(problems_of(data(document(harvest(epcList=wrong), harvest(epcList=wrong))))) == (
        PROBLEMS_MAX
    )


def test_the_first_is_what_capture_refuses_a_document_for() -> None:
    several = 0
    for stated in islice(variations.documents(5), 400):
        found = problems_of(stated)
        several += len(found) > 1
        assert refusal(stated) == (found[0] if found else None)
    assert several > 20


def refusal(stated: bytes) -> Problem | None:
    """As the handler comes to it."""
    try:
        for event in read_document(stated).events:
            event_key(bytes(32), event)
    except LedgerError as error:
        path, rule = getattr(error, "path", ""), getattr(error, "rule", str(error))
        return Problem(error.code, path, rule)
    return None
