"""What a request asks of the query interface: parameters of the URL, prefixes, page, spelling.

Lists are written with `|` between their values, or by repeating the parameter; a compact name's
prefix is declared in the header `GS1-Extensions` (`ex=https://ns.example/,…`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from commerce.epcis.prefixes import DOCUMENT_SCOPE, Scope
from commerce.epcis.query.errors import QueryRefused, QueryTooLong
from commerce.epcis.query.parameters import Query, Values, read_query
from node.api.epcis.headers import EpcFormat, epc_format
from node.api.epcis.library import NAMESPACE, PREFIX
from node.api.epcis.page_tokens import digest_of
from node.api.epcis.problems import QueryParameterRefused, QueryTooComplex, UriTooLong
from node.api.epcis.result_pages import PER_PAGE, PER_PAGE_MAX

PATH_SIZE_MAX: Final = 8_000
EXTENSIONS_SIZE_MAX: Final = 2_048
_EXTENSION: Final = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,63})=(\S{1,256})")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,8}")
_LISTS: Final = ("EQ_", "MATCH_", "WD_", "HASATTR_", "EQATTR_")
# The prefixes that a query has without declaring any.
QUERY_SCOPE: Final = DOCUMENT_SCOPE.with_context({PREFIX: NAMESPACE}, is_document=False)
PER_PAGE_NAME: Final = "perPage"
PAGE_NAME: Final = "nextPageToken"


@dataclass(frozen=True, slots=True)
class PageAsked:
    """Which page, and how: `token` None is the first."""

    per_page: int
    token: str | None
    form: EpcFormat


@dataclass(frozen=True, slots=True)
class Asked:
    """A query and the page that is wanted; `digest` is what its tokens are bound to."""

    query: Query
    page: PageAsked
    digest: bytes


def asked_in(request: web.BaseRequest, also: Values | None = None) -> Asked:
    """The query of a request's URL, with what its path says besides (`also`)."""
    given, page = _split(request)
    scope = scope_of(request)
    query = _query(given, scope, also or {})
    return Asked(query, page, _digest(request, given, page))


def page_in(request: web.BaseRequest, *more: str) -> tuple[PageAsked, bytes]:
    """The page of a request that has no query, and what its tokens are bound to.

    `QueryParameterRefused` for other parameters, but for those named.
    """
    given, page = _split(request)
    for name in given:
        if name not in more:
            msg = f"this request has no parameter {name[:64]!r}"
            raise QueryParameterRefused(msg, f"query.{name[:64]}")
    return page, _digest(request, {}, page)


def named_query(given: Values, scope: Scope) -> Query:
    """As `read_query`, refused as the binding refuses: 400, or 413 where it asks too much."""
    return _query(given, scope, {})


def scope_of(request: web.BaseRequest) -> Scope:
    """The prefixes that a request declares."""
    text = ",".join(request.headers.getall("GS1-Extensions", []))
    if len(text) > EXTENSIONS_SIZE_MAX:
        msg = "the header is too long"
        raise QueryParameterRefused(msg, "header.GS1-Extensions")
    declared: dict[str, str] = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        match = _EXTENSION.fullmatch(entry)
        if match is None:
            msg = "expected prefix=namespace, separated by commas"
            raise QueryParameterRefused(msg, "header.GS1-Extensions")
        declared[match[1]] = match[2]
    return QUERY_SCOPE.with_context(dict(declared), is_document=False)


def _split(request: web.BaseRequest) -> tuple[dict[str, tuple[str, ...]], PageAsked]:
    """The query's parameters, and those of the page."""
    url = request.rel_url
    if len(url.raw_path_qs) > PATH_SIZE_MAX:
        msg = f"path and query have at most {PATH_SIZE_MAX} characters"
        raise UriTooLong(msg)
    given: dict[str, tuple[str, ...]] = {}
    for name, text in url.query.items():
        values = tuple(text.split("|")) if _is_list(name) else (text,)
        given[name] = given.get(name, ()) + values
    per_page = _per_page(given.pop(PER_PAGE_NAME, (str(PER_PAGE),)))
    tokens = given.pop(PAGE_NAME, ())
    if len(tokens) > 1:
        msg = "the parameter stands twice"
        raise QueryParameterRefused(msg, f"query.{PAGE_NAME}")
    token = tokens[0] if tokens and tokens[0] else None
    return given, PageAsked(per_page, token, epc_format(request))


def _is_list(name: str) -> bool:
    return name == "eventType" or name.startswith(_LISTS)


def _per_page(values: Sequence[str]) -> int:
    if len(values) != 1 or not _COUNT.fullmatch(values[0]):
        msg = "perPage: expected a whole number from 1 on"
        raise QueryParameterRefused(msg, f"query.{PER_PAGE_NAME}")
    return min(int(values[0]), PER_PAGE_MAX)


def _query(given: Values, scope: Scope, also: Values) -> Query:
    try:
        query = read_query(given, scope)
        if not also:
            return query
        return query.within(read_query(also, scope))
    except QueryRefused as refusal:
        raise QueryParameterRefused(str(refusal), f"query.{refusal.parameter}") from refusal
    except QueryTooLong as refusal:
        raise QueryTooComplex(str(refusal)) from refusal


def _digest(request: web.BaseRequest, given: Values, page: PageAsked) -> bytes:
    extensions = request.headers.getall("GS1-Extensions", [])
    words = [f"{name}={'|'.join(given[name])}" for name in sorted(given)]
    return digest_of(request.rel_url.raw_path, page.form, *extensions, *words)
