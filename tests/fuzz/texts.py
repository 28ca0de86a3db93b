"""Decoders of JSON, of addresses and of all that people type: requests, documents, identifiers."""

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import BaseModel

from chain.bech32m import decode_account, encode_account
from chain.errors import AddressMalformed, EncodingInvalid, HushangError, LedgerError
from commerce.epcis import lexeme
from commerce.epcis.cbv_hash import cbv_hash
from commerce.epcis.digital_link import from_link, parse_link
from commerce.epcis.document import read_document
from commerce.epcis.epc_uris import to_urn
from commerce.epcis.errors import EpcisMalformed
from commerce.epcis.explained import explain
from commerce.epcis.identifiers import canonical, classes_of, gtin_of, identity, links_of, of_query
from commerce.epcis.problems import problems_of
from commerce.epcis.query.parameters import read_query
from commerce.epcis.times import read_instant
from node.api import cursors, label_path, paging
from node.api.body import json_form
from node.api.epcis.page_tokens import PageTokens, _split
from node.api.epcis.queries import _stored
from node.api.epcis.query_parameters import QUERY
from node.api.epcis.requests import QUERY_SCOPE
from node.api.epcis.result_pages import Start
from node.api.guard import _name_of
from node.api.parameters import account_bytes, hash_bytes
from node.api.problems import ApiProblem
from node.api.routes import ROUTES
from node.api.routing import Router, read_parameters
from node.code_text import ClaimCodeMalformed, read_code
from node.days import read_day
from node.durations import parse_duration, read_age
from node.gateway.splitting import split
from node.json_values import FormRefused, from_json
from node.money_text import AmountMalformed, parse_amount
from node.proof_file import read_trusted
from node.readings import read_decimal, read_measure
from node.state_names import key_of, key_of_hex
from node.strict_json import JsonRefused, read_json
from node.sun import TapMalformed, read_address
from node.webhooks.addresses import DestinationRefused, _parts
from tests.fuzz.decoders import Decoder, of_text
from tests.fuzz.mutation import Form
from tests.fuzz.wire import vectors
from tests.vectors.material import account

ACCOUNT: Final = encode_account(account("buyer"))
LINKS: Final = (
    "https://id.gs1.org/01/06901234000016/21/7ZK4M2XJ0QW8R",
    "https://id.gs1.org/01/06901234000016/10/LOT-1/21/a%2Fb?17=270101&e=00",
    "https://brand.example/some/gtin/6901234000016/lot/7?linkType=gs1:pip#x",
    "https://id.gs1.org/00/106141412345678908",
    "https://id.gs1.org/414/6901234000016/254/12",
    "urn:epc:id:sgtin:0614141.107346.2017",
    "urn:epc:class:lgtin:4012345.012345.998877",
    "urn:epc:idpat:sgtin:0614141.107346.*",
    "urn:epc:id:sscc:0614141.1234567890",
    "urn:epc:id:itip:4012345.012345.01.02.987",
    "urn:epcglobal:cbv:bizstep:shipping",
    "http://example.com/obj/1",
)


def texts(*lines: str) -> Callable[[], Sequence[bytes]]:
    """A corpus of these lines."""
    return lambda: [line.encode() for line in lines]


def words(
    name: str,
    read: Callable[[str], Any],
    refuses: tuple[type[Exception], ...],
    corpus: Callable[[], Sequence[bytes]],
    *covers: str,
) -> Decoder:
    """A reader of a line of text."""
    return Decoder(name, of_text(read), refuses, Form.TEXT, corpus, covers)


def _documents() -> Sequence[bytes]:
    found = [row["document"] for row in vectors("epcis")]
    made = [text.encode() for text in found]
    first = json.loads(found[0])
    events = first["epcisBody"].get("eventList", [first["epcisBody"].get("event")])
    many = {**first, "epcisBody": {"eventList": [*events, *events]}}
    alone = {"@context": first["@context"], **events[0]}
    return [*made, json.dumps(many).encode(), json.dumps(alone).encode()]


def _read_epcis(data: bytes) -> None:
    """As capture does: refused, or every part of it hashes and splits too."""
    problems = problems_of(data)
    parts = split(data)
    if problems:
        return
    for part in parts:
        document = read_document(part)
        for event in document.events:
            cbv_hash(event, document.hash_ignored)


FORMS: Final = tuple(
    sorted(
        {form for route in ROUTES for form in route.bodies.values() if isinstance(form, type)},
        key=lambda form: form.__name__,
    )
)


def _form(form: type[BaseModel]) -> Decoder:
    fields: dict[str, Any] = {
        name: example for name in form.model_fields for example in [_example_of(name)]
    }
    corpus = [json.dumps(fields).encode(), b"{}", json.dumps(dict.fromkeys(fields)).encode()]
    return Decoder(
        f"body: {form.__name__}",
        lambda data: json_form(data, form),
        (JsonRefused, ApiProblem),
        Form.JSON,
        lambda: corpus,
        ("node/api/body.py:json_form",),
    )


def _example_of(name: str) -> Any:
    known: dict[str, Any] = {
        "transactions": ["00", "ab" * 100],
        "signers": [{"account": ACCOUNT, "public_key": "00" * 32}],
    }
    return known.get(name, "00" * 40)


def _requests() -> Sequence[bytes]:
    """A method, a path and a query: one of each route, its parameters the least that fit."""
    lines = []
    for route in ROUTES:
        query = "&".join(f"{entry.name}=1" for entry in route.parameters if entry.place == "query")
        path = route.path.replace("{account}", ACCOUNT).replace("{id}", "00" * 32)
        lines.append(f"{route.method} {path.format_map(_Any())}?{query}".encode())
    return [*lines, b"GET /v/01/06901234000016/21/A%2FB?e=00&c=11"]


class _Any(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return {"height": "latest", "gtin": "06901234000016"}.get(key, "1")


_ROUTER: Final = Router(ROUTES)


def _read_request(line: str) -> None:
    """As the server does once aiohttp has the line: the path as it came, the query unquoted."""
    method, _, target = line.partition(" ")
    path, _, query = target.partition("?")
    if label_path.is_label(path):
        path = label_path.label_of(path).path
    route, found = _ROUTER.find(method, path)
    read_parameters(route, found, parse_qsl(query, keep_blank_values=True))


def _read_query(line: str) -> None:
    """A query of the EPCIS binding."""
    given: dict[str, tuple[str, ...]] = {}
    for name, value in parse_qsl(line, keep_blank_values=True):
        given[name] = (*given.get(name, ()), *value.split("|"))
    read_query(given, QUERY_SCOPE)


def _queries() -> Sequence[bytes]:
    known = [f"{entry.name}=2026-01-01T00%3A00%3A00Z" for entry in QUERY]
    return texts(
        "EQ_bizStep=shipping&GE_eventTime=2026-01-01T00:00:00Z&orderBy=eventTime&eventCountLimit=3",
        "MATCH_anyEPC=urn:epc:idpat:sgtin:0614141.*.*&EQ_action=ADD|OBSERVE",
        "GT_INNER_SENSORREPORT_value=1.5&EQ_type_SENSORREPORT=gs1:Temperature",
        *known,
    )()


def _identifiers(text: str) -> None:
    """Whoever reads one reads it in all these ways."""
    canonical(text)
    identity(text)
    gtin_of(text)
    classes_of(text)
    of_query(text)
    links_of((text, text))
    link = from_link(text)
    parse_link(text)
    if link is not None:
        to_urn(link, 7)


def _tokens() -> Iterator[bytes]:
    made = PageTokens(lambda: 0)
    for place in (None, b"x" * 20):
        yield made.seal(b"query", Start(7, place, 3))[0].encode()


def _open_token(text: str) -> None:
    _split(text)
    PageTokens(lambda: 0).open(b"query", text)


VALUE_ERROR: Final = (ValueError,)
TEXTS: Final = (
    Decoder(
        "strict JSON",
        read_json,
        (JsonRefused,),
        Form.JSON,
        texts('{"a": [1, -2, true, null, "沪商"], "b": {"c": {"d": [[]]}}}', "[]", '"x"', "0"),
        ("node/strict_json.py:read_json", "node/control.py:_read_form"),
    ),
    Decoder(
        "JSON as EPCIS has it",
        lexeme.read_json,
        (LedgerError,),
        Form.JSON,
        _documents,
        ("commerce/epcis/lexeme.py:read_json", "commerce/epcis/query/subjects.py:read_stated"),
    ),
    Decoder(
        "EPCIS document",
        _read_epcis,
        (LedgerError,),
        Form.JSON,
        _documents,
        (
            "commerce/epcis/document.py:read_document",
            "commerce/epcis/problems.py:problems_of",
            "node/gateway/splitting.py:split",
            "node/gateway/splitting.py:_value",
            "node/gateway/gateway.py:check_whole",
            "node/gateway/gateway.py:check_each",
            "node/api/epcis/capture.py:_require_event",
            "node/commands/capture.py:checked",
            "node/commands/epcis.py:hash_",
            "node/commands/epcis.py:validate",
            "commerce/epcis/capture.py:epcis_capture",
        ),
    ),
    words(
        "identifier, explained",
        explain,
        (HushangError,),
        texts(*LINKS, "6901234000016", "a"),
        "commerce/epcis/explained.py:explain",
    ),
    Decoder(
        "named query",
        lambda data: _stored(data, None).definition.decode(),
        (LedgerError, ApiProblem),
        Form.JSON,
        texts(
            '{"name": "tea", "query": {"EQ_bizStep": ["shipping"], "GE_quantity": 1.5}}',
            '{"name": "a", "query": {"@context": [{"ex": "https://x.example/"}], "EQ_ex:a": "b"}}',
        ),
        (
            "node/api/epcis/queries.py:_stored",
            "node/api/epcis/query_book.py:KnownQuery.definition",
        ),
    ),
    *map(_form, FORMS),
    words(
        "request of any route",
        _read_request,
        (ApiProblem,),
        _requests,
        "node/api/label_path.py:label_of",
    ),
    words("EPCIS query", _read_query, (HushangError,), _queries),
    words(
        "page token",
        _open_token,
        (ApiProblem, EncodingInvalid),
        lambda: list(_tokens()),
        "node/api/epcis/page_tokens.py:PageTokens.open",
        "node/api/epcis/page_tokens.py:_split",
    ),
    words("event cursor", cursors.parse_cursor, VALUE_ERROR, texts("0.0.0", "latest", "7.1.12")),
    words("page cursor", paging._key, VALUE_ERROR, texts("00" * 32, "ab")),
    words("hash", hash_bytes, VALUE_ERROR, texts("00" * 32)),
    words(
        "Host header",
        _name_of,
        (),
        texts("localhost:26600", "[::1]:1", "node.example.", "127.0.0.1"),
        "node/api/guard.py:_name_of",
    ),
    words(
        "account id",
        decode_account,
        (AddressMalformed,),
        texts(ACCOUNT),
        "node/commands/keys.py:new",
        "node/commands/session.py:Session.account",
        "node/json_values.py:_read_bytes",
    ),
    words(
        "account in a path",
        account_bytes,
        VALUE_ERROR,
        texts(ACCOUNT),
        "node/api/parameters.py:account_bytes",
    ),
    words(
        "GS1 identifier",
        _identifiers,
        (),
        texts(*LINKS),
        "commerce/epcis/digital_link.py:from_link",
        "commerce/epcis/epc_uris.py:to_urn",
    ),
    words(
        "tap of a label",
        read_address,
        (TapMalformed,),
        texts(LINKS[0] + "?e=EF963FF7828658A599F3041510671E88&c=94EED9EE65337086", "?e=&c="),
        "node/sun.py:read_address",
    ),
    words("instant", read_instant, (EpcisMalformed,), texts("2026-01-01T00:00:00.123+08:00")),
    words("amount", lambda text: parse_amount(text, 2), (AmountMalformed,), texts("CNY 1,129.00")),
    words("duration", parse_duration, VALUE_ERROR, texts("90 s", "10 d")),
    words("age", read_age, VALUE_ERROR, texts("10min", "3 h")),
    words("day", read_day, VALUE_ERROR, texts("2027-10-01"), "node/days.py:read_day"),
    words("decimal", read_decimal, VALUE_ERROR, texts("4.50", "-18", "1e3")),
    words("measure", read_measure, (), texts("temperature", "gs1:Temperature")),
    words("claim code", read_code, (ClaimCodeMalformed,), texts("7H2K-" * 5 + "7H2K")),
    words("trusted header", read_trusted, (HushangError,), texts(f"7:{'00' * 32}")),
    words("key in hex", key_of_hex, (HushangError,), texts(b"account/".hex() + "00" * 32)),
    words(
        "name of a place in the state",
        lambda text: key_of(text, lambda _: bytes(32)),
        (HushangError,),
        texts(f"account/{ACCOUNT}", f"balance/{ACCOUNT}/CNY", f"order/{'00' * 32}"),
    ),
    words(
        "webhook's address",
        _parts,
        (DestinationRefused,),
        texts("https://hooks.example/a?b=c", "http://127.0.0.1:80/", "https://[::1]:443/"),
        "node/webhooks/addresses.py:_parts",
    ),
    Decoder(
        "bytes, number or text in JSON",
        lambda data: [from_json(kind, read_json(data)) for kind in (bytes, int, str)],
        (JsonRefused, FormRefused, LedgerError),
        Form.JSON,
        texts('"00"', "7", f'"{ACCOUNT}"', '"18446744073709551615"'),
        ("node/json_values.py:from_json",),
    ),
)
