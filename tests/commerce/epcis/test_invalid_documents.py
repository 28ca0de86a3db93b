"""The project's own invalid documents: one change each to a valid one, and why it is refused.

A row: where the document is changed, to what, where it is refused ("=": there), words of the rule.
Events are `0` … `4` of `rich.whole`: object, aggregation, transformation, transaction, association.
"""

import json
import re
from typing import Any

import pytest

from chain.errors import LedgerError
from commerce.epcis.document import EVENTS_MAX, read_document
from commerce.epcis.lexeme import DEPTH_MAX, DOCUMENT_SIZE_MAX
from commerce.epcis.problems import problems_of
from tests.commerce.epcis.rich import whole
from tests.commerce.epcis.statements import CONTEXT, PREFIXES, data, harvest, serial

DROP = object()
EVENTS = "epcisBody.eventList"
LATER = "2024-04-05T08:30:00.001+08:00"


def changed(place: str, value: Any) -> dict[str, Any]:
    """The rich document with one member set, added or dropped; a leading number names an event."""
    made = whole()
    node: Any = made
    *steps, last = re.findall(r"@?[^.\[\]]+", at_full(place))
    for step in steps:
        node = node[int(step) if isinstance(node, list) else step]
    key: Any = int(last) if isinstance(node, list) else last.replace("|", ".")
    if value is DROP:
        del node[key]
    else:
        node[key] = value
    return made


def at_full(path: str) -> str:
    """`0.action` in full."""
    head, dot, rest = path.partition(".")
    return f"{EVENTS}[{head}]{dot}{rest}" if head.isdecimal() else path


def test_the_document_that_all_others_are_changed_from_is_valid() -> None:
    assert len(read_document(data(whole())).events) == 5


REPORT, META = "0.sensorElementList[0].sensorReport", "0.sensorElementList[0].sensorMetadata"
DEEP: Any = 1
for _ in range(DEPTH_MAX):
    DEEP = {"tea:x": DEEP}
URI, DATE, WORD = "must be an absolute URI", "a date and time with an offset", "of CBV 2.0"
VOCABULARY = "epcisHeader.epcisMasterData.vocabularyList[0]"
KEY, NO = "well-formed GS1 identifier", "is no member of EPCIS 2.0"

# fmt: off
INVALID: list[tuple[str, Any, str, str]] = [
    # The envelope.
    ("type",                      "EPCISQueryDocument",        "=", "query document"),
    ("type",                      "EPCISdocument",             "=", "must be EPCISDocument"),
    ("type",                      DROP,                        "=", "must be EPCISDocument"),
    ("schemaVersion",             DROP,                        "",  "schemaVersion is missing"),
    ("schemaVersion",             2.0,                         "=", "a version like 2.0"),
    ("creationDate",              DROP,                        "",  "creationDate is missing"),
    ("creationDate",              "2024-04-09",                "=", DATE),
    ("epcisBody",                 DROP,                        "",  "epcisBody is missing"),
    ("epcisBody",                 {},                          "=", "eventList is missing"),
    (EVENTS,                      {},                          "=", "must be an array"),
    (f"{EVENTS}[1]",              "event",                     "=", "must be an object"),
    ("epcisBody.event",           {},                          "=", NO),
    ("id",                        "document 1",                "=", URI),
    ("note",                      "bare",                      "=", NO),
    # Contexts.
    ("@context",                  DROP,                        "",  "@context is missing"),
    ("@context",                  [PREFIXES], "=", "context of EPCIS 2.0 is missing"),
    ("@context", [CONTEXT, "https://tea.example/c.jsonld"], "=", "none is fetched"),
    ("@context",                  [CONTEXT, PREFIXES, PREFIXES], "=", "must be distinct"),
    ("@context", [CONTEXT, {**PREFIXES, "@vocab": "https://tea.example/"}], "=", "bare names mean"),
    ("@context", [CONTEXT, {**PREFIXES, "https": "urn:x:"}], "=", "is a URI scheme"),
    ("@context", [CONTEXT, {**PREFIXES, "ex": "example"}], "=", "must stand for a URI"),
    ("@context",                  [CONTEXT],                   "tea:batch", "declared prefix"),
    ("0.@context",                ["https://tea.example/c.jsonld"], "=", "none is fetched"),
    ("0.coffee:note",             "x",                         "=", "declared prefix"),
    ("0.tea:note",                {"coffee:x": 1}, "0.tea:note.coffee:x", "not declared"),
    ("0.tea:note",                {"@context": {}}, "0.tea:note.@context", "no JSON-LD keyword"),
    ("0.tea:a b",                 1,                           "=", "must be a URI"),
    # When.
    ("0.eventTime",               DROP,                        "0", "eventTime is missing"),
    ("0.eventTime",               "2024-04-05T08:30:00",       "=", DATE),
    ("0.eventTime",               "2024-04-05 08:30:00+08:00", "=", DATE),
    ("0.eventTime",               "2024-02-30T08:30:00+08:00", "=", DATE),
    ("0.eventTime",               "2023-02-29T00:00:00Z",      "=", DATE),
    ("0.eventTime",               "2024-04-05T24:00:00Z",      "=", DATE),
    ("0.eventTime",               "2016-12-31T23:59:60Z",      "=", DATE),
    ("0.eventTime",               "2024-04-05T08:30:00+24:00", "=", DATE),
    ("0.eventTime",               "2024-04-05T08:30:00+0800",  "=", DATE),
    ("0.eventTime",               "0000-01-01T00:00:00Z",      "=", DATE),
    ("0.eventTime",               "9999-12-31T23:59:59.9995Z", "=", DATE),
    ("0.eventTime",               "0001-01-01T00:00:00+00:01", "=", DATE),
    ("0.eventTime",               "\uff12024-04-05T08:30:00Z", "=", DATE),
    ("0.eventTime",               1712277000,                  "=", DATE),
    ("0.eventTimeZoneOffset",     DROP, "0", "eventTimeZoneOffset is missing"),
    ("0.eventTimeZoneOffset",     "+8:00",                     "=", "an offset like"),
    ("0.eventTimeZoneOffset",     "Z",                         "=", "an offset like"),
    ("0.eventTimeZoneOffset",     "+14:01",                    "=", "an offset like"),
    ("0.recordTime",              "yesterday",                 "=", DATE),
    # What.
    ("0.type",                    "ObjectEvents",              "=", "five event types"),
    ("0.type",                    "QuantityEvent",             "=", "five event types"),
    ("0.type",                    DROP,                        "=", "five event types"),
    ("0.action",                  DROP,                        "0", "action is missing"),
    ("0.action",                  "OBSERVED",                  "=", "ADD, OBSERVE or DELETE"),
    ("2.action",                  "ADD",                       "=", NO),
    ("0.epcList",                 "urn:x:y",                   "=", "must be an array"),
    ("0.epcList",                 ["urn:x:y", "item 2"],       "0.epcList[1]", URI),
    ("0.epcList",                 ["http://a b"],              "0.epcList[0]", URI),
    ("0.epcList",                 [serial(1), serial(1)],      "=", "an item twice"),
    ("0.epcList",                 ["urn:epc:id:sgtin:6901234.12345.1"], "0.epcList[0]", KEY),
    ("0.epcList",                 ["urn:epc:id:sgtin:6901234.012345"], "0.epcList[0]", KEY),
    ("0.epcList",                 ["urn:epc:id:sscc:6901234.100000001"], "0.epcList[0]", KEY),
    ("0.epcList",                 ["urn:epc:id:bic:CSQU3054384"], "0.epcList[0]", KEY),
    ("0.epcList", ["https://id.gs1.org/01/06901234123450/21/1"], "0.epcList[0]", KEY),
    ("0.epcList", ["https://id.gs1.org/01/06901234123456/21/1/10/L"], "0.epcList[0]", KEY),
    ("0.epcList", ["https://id.gs1.org/00/169012340000000012"], "0.epcList[0]", KEY),
    ("0.epcList",                 ["urn:x:" + "y" * 512], "0.epcList[0]", "at most 512 characters"),
    ("0.quantityList",            [{"quantity": 5}], "0.quantityList[0]", "epcClass is missing"),
    ("0.quantityList[0].quantity", "5",                         "=", "must be a number"),
    ("0.quantityList[0].quantity", -5,                          "=", "must not be negative"),
    ("0.quantityList[0].uom",     "kilogram",                  "=", "unit of UN/ECE"),
    ("0.quantityList[0].tea:x",   1,                           "=", "no extension may stand here"),
    ("1.parentID",                DROP,                        "1", "must name its parentID"),
    ("1.parentID",                "urn:epc:id:sscc:6901234.1", "=", KEY),
    ("1.epcList",                 [serial(1)],                 "=", NO),
    ("4.parentID",                DROP,                        "4", "parentID is missing"),
    ("4.childEPCs",               [], "4", "childEPCs or childQuantityList"),
    ("2.inputQuantityList[0].epcClass", "rice",                      "=", URI),
    ("2.transformationID",        "blend 7",                   "=", URI),
    ("3.bizTransactionList",      DROP, "3", "bizTransactionList is missing"),
    ("3.bizTransactionList",      [],                          "=", "at least 1 item"),
    # Where.
    ("0.readPoint",               "urn:x:y",                   "=", "must be an object"),
    ("0.readPoint.id",            DROP,                        "0.readPoint", "id is missing"),
    ("0.readPoint.id",            "dock 2",                    "=", URI),
    ("0.readPoint.id",            "https://id.gs1.org/414/6901234000010", "=", KEY),
    ("0.bizLocation.id",          "urn:epc:id:sgln:6901234.1.0", "=", KEY),
    ("0.bizLocation.floor",       2,                           "=", NO),
    # Why.
    ("0.bizStep",                 "withering",                 "=", WORD),
    ("0.bizStep",                 "Shipping",                  "=", WORD),
    ("0.bizStep",                 "urn:epcglobal:cbv:bizstep:shipping", "=", WORD),
    ("0.bizStep",                 "https://ref.gs1.org/cbv/BizStep-withering", "=", WORD),
    ("0.bizStep",                 "cbv:Disp-active",           "=", WORD),
    ("0.disposition",             "shipping",                  "=", WORD),
    ("0.disposition",             None,                        "=", "must be a string"),
    ("0.persistentDisposition",   {},                          "=", "set or unset"),
    ("0.persistentDisposition.set", [],                          "=", "at least 1 item"),
    ("0.persistentDisposition.unset", ["nice"], "0.persistentDisposition.unset[0]", WORD),
    ("0.persistentDisposition.unset", ["active", "active"],        "=", "an item twice"),
    ("1.persistentDisposition",   {"set": ["active"]},         "=", NO),
    ("0.bizTransactionList[0].type", "order",                     "=", WORD),
    ("0.bizTransactionList[0].bizTransaction", DROP,
        "0.bizTransactionList[0]", "bizTransaction is missing"),
    ("0.sourceList[0].type",      DROP, "0.sourceList[0]", "type is missing"),
    ("0.sourceList[0].source",    "An",                        "=", URI),
    ("0.sourceList[0].source",    "https://id.gs1.org/417/6901234000010", "=", KEY),
    ("0.destinationList[0].type", "owner",                     "=", WORD),
    ("0.destinationList[0].tea:x", 1,                           "=", "no extension may stand here"),
    ("0.ilmd",                    [],                          "=", "must be an object"),
    ("0.ilmd.farm",               "x",                         "=", NO),
    ("0.action",                  "OBSERVE", "0.ilmd", "only an event that adds objects"),
    ("1.ilmd",                    {"tea:farm": "x"},           "=", NO),
    ("0.certificationInfo",       "certificate 7",             "=", URI),
    ("0.certificationInfo[1]",    7,                           "=", URI),
    # Ids and error declarations.
    ("0.eventID",                 "event 1",                   "=", URI),
    ("0.eventID",                 7,                           "=", URI),
    ("1.errorDeclaration.declarationTime", DROP,
        "1.errorDeclaration", "declarationTime is missing"),
    ("1.errorDeclaration.declarationTime", "2024-04-10",                "=", DATE),
    ("1.errorDeclaration.reason", "oops",                      "=", WORD),
    ("1.errorDeclaration.correctiveEventIDs", ["7"],
        "1.errorDeclaration.correctiveEventIDs[0]", URI),
    ("1.errorDeclaration.by",     "An",                        "=", NO),
    # How.
    ("0.sensorElementList[0].sensorReport", [],                          REPORT, "at least 1 item"),
    ("0.sensorElementList[0].sensorReport", DROP,
        "0.sensorElementList[0]", "sensorReport is missing"),
    (f"{REPORT}[0].type",         DROP,                        f"{REPORT}[0]", "type is missing"),
    (f"{REPORT}[0].type",         "Warmth",                    "=", WORD),
    (f"{REPORT}[0].value",        "4.5",                       "=", "must be a number"),
    (f"{REPORT}[0].booleanValue", "true",                      "=", "true or false"),
    (f"{REPORT}[0].hexBinaryValue", "0x1",                       "=", "hexadecimal"),
    (f"{REPORT}[0].stringValue",  7,                           "=", "must be a string"),
    (f"{REPORT}[0].uriValue",     "a b",                       "=", URI),
    (f"{REPORT}[0].component",    "w",                         "=", WORD),
    (f"{REPORT}[0].exception",    "ALARM",                     "=", WORD),
    (f"{REPORT}[0].time",         LATER,                       "=", "may not lie after"),
    (f"{META}.time",              LATER,                       "=", "may not lie after"),
    (f"{META}.endTime",           LATER,                       "=", "may not lie after"),
    (f"{META}.startTime",         "noon",                      "=", DATE),
    (f"{REPORT}[1].deviceID",     "urn:x:y",                   "=", "both"),
    (f"{REPORT}[1].bizRules",     "urn:x:y",                   "=", "both"),
    # Master data.
    ("epcisHeader.other",         7,                           "=", NO),
    (f"{VOCABULARY}.type", DROP,
        f"{VOCABULARY}", "type is missing"),
    (f"{VOCABULARY}.vocabularyElementList[0].id", "here", "=", URI),
    (f"{VOCABULARY}.vocabularyElementList[0].attributes[0].attribute",
        True, "=", "a number, a string or an object"),
]
# fmt: on


def test_there_are_many_of_them() -> None:
    assert len(INVALID) >= 120


@pytest.mark.parametrize(
    ("place", "value", "path", "words"),
    INVALID,
    ids=[f"{row[0]}-{n}" for n, row in enumerate(INVALID)],
)
def test_an_invalid_document_is_refused_where_and_because(
    place: str, value: Any, path: str, words: str
) -> None:
    (first, *_) = problems_of(data(changed(place, value)))
    expected = at_full(place if path == "=" else path)
    assert (first.code, first.path) == ("EpcisInvalid", expected)
    assert words in first.rule


def textual(old: str, new: str) -> bytes:
    """The rich document with a piece of its text replaced."""
    text = json.dumps(whole(), ensure_ascii=False)
    assert old in text
    return text.replace(old, new, 1).encode("utf-8", "surrogatepass")


# fmt: off
UNREADABLE: list[tuple[bytes, str, str]] = [
    (b"", "EpcisMalformed", "not well-formed JSON"),
    (b"\xef\xbb\xbf" + data(whole()), "EpcisMalformed", "not well-formed JSON"),
    (data(whole()).decode().encode("utf-16"),                   "EpcisMalformed", "not UTF-8"),
    (data(whole())[:-1], "EpcisMalformed", "not well-formed JSON"),
    (data(whole()) + b"{}", "EpcisMalformed", "not well-formed JSON"),
    (textual('"action": "ADD"', '"action": "ADD", "action": "ADD"'),
        "EpcisMalformed", "two members of one name"),
    (textual('"tea:batch": 7', '"tea:batch": 7,'), "EpcisMalformed", "not well-formed JSON"),
    (textual('"tea:batch": 7', "'tea:batch': 7"), "EpcisMalformed", "not well-formed JSON"),
    (textual('"tea:batch": 7', '"tea:batch": NaN'), "EpcisMalformed", "NaN and Infinity"),
    (textual('"tea:batch": 7', '"tea:batch": -Infinity'), "EpcisMalformed", "NaN and Infinity"),
    (textual('"tea:batch": 7', '"tea:batch": 07'), "EpcisMalformed", "not well-formed JSON"),
    (textual('"tea:batch": 7', '"tea:batch": .7'), "EpcisMalformed", "not well-formed JSON"),
    (textual('"tea:batch": 7', '"tea:batch": 7.'), "EpcisMalformed", "not well-formed JSON"),
    (textual('"tea:batch": 7', '"tea:batch": +7'), "EpcisMalformed", "not well-formed JSON"),
    (textual('"tea:batch": 7', '"tea:batch": 0x7'), "EpcisMalformed", "not well-formed JSON"),
    (textual('"tea:batch": 7', '"tea:batch": ' + "1" * 35),
        "EpcisMalformed", "34 significant digits"),
    (textual('"tea:batch": 7', '"tea:batch": 1e129'), "EpcisMalformed", "between 1e-128 and 1e128"),
    (textual('"tea:batch": 7', '"tea:batch": 1e-129'),
        "EpcisMalformed", "between 1e-128 and 1e128"),
    (textual('"tea:batch": 7', '"tea:batch": 1' + "0" * 5_000),
        "EpcisMalformed", "at most 200 characters"),
    (textual("雨前", "a\u0308"),                                  "EpcisMalformed", "NFC"),
    (textual("雨前", "\\u0061\\u0308"),                           "EpcisMalformed", "NFC"),
    (textual("雨前", "\u2126"),                                   "EpcisMalformed", "NFC"),
    (textual("雨前", "\\ud800"),                                  "EpcisMalformed", "NFC"),
    (textual("雨前", "\ud800"),                                   "EpcisMalformed", "not UTF-8"),
    # Assigned in Unicode 15.0: NFC would differ between Python releases.
    (textual("雨前", "\U00011f02"),                               "EpcisMalformed", "Unicode 14.0"),
    (textual("雨前", "\x7f"), "EpcisMalformed", "control characters"),
    (textual("雨前", "\\u0000"), "EpcisMalformed", "control characters"),
    (textual("雨前", "\x01"), "EpcisMalformed", "not well-formed JSON"),
    (data(changed("tea:batch", DEEP)),                          "EpcisTooLarge", "16 levels deep"),
    (data(changed("tea:batch", [1] * 7_000)),                   "EpcisTooLarge", "6144 values"),
    (data(changed("tea:batch", "x" * DOCUMENT_SIZE_MAX)),       "EpcisTooLarge", "262144 bytes"),
    (data(changed(EVENTS, [harvest()] * (EVENTS_MAX + 1))), "EpcisTooLarge", "at most 100 events"),
    (data(changed("0.epcList", [serial(n) for n in range(3_001)])),
        "EpcisTooLarge", "at most 3000 things"),
    (data(changed(REPORT, [{"type": "Mass"}] * 1_001)), "EpcisTooLarge", "1000 sensor elements"),
    (data(changed("@context", [CONTEXT, {"tea": "urn:" + "x" * 300}])),
        "EpcisTooLarge", "256 characters"),
]
# fmt: on


@pytest.mark.parametrize(("stated", "code", "words"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_what_can_not_be_read_or_is_too_much_is_refused(
    stated: bytes, code: str, words: str
) -> None:
    with pytest.raises(LedgerError, match=re.escape(words)) as refusal:
        read_document(stated)
    assert refusal.value.code == code


def test_two_spellings_of_one_name_are_refused_in_the_event_that_has_them() -> None:
    twice = changed("1.errorDeclaration", {
        "declarationTime": "2024-04-10T00:00:00Z",
        "tea:who": "An",
        "https://tea.example/epcis/who": "Mei",
    })  # fmt: skip
    (problem,) = problems_of(data(twice))
    assert (problem.path, problem.rule) == (
        at_full("1.errorDeclaration"),
        "two members have one full name",
    )
