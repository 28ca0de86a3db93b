"""Refusals as the EPCIS 2.0 REST binding names them: `epcisException:…` as the problem's type.

The rest of the body is as everywhere in this API: `code` is the stable name of the broken rule,
`where` its place. One table says which of the standard's exceptions a rule is; a rule without a row
is told by its status.
"""

from collections.abc import Mapping
from typing import ClassVar

from chain.errors import HushangError
from commerce.epcis.errors import EpcisInvalid, EpcisMalformed, EpcisTooLarge
from node.api.problems import (
    ApiProblem,
    BodyTooLarge,
    ParameterInvalid,
    ParameterUnknown,
    problem_json,
    status_of,
)
from node.api.render import Json
from node.api.replies import Reply, problem_of

TYPE_PREFIX = "epcisException:"
_SERVER_ERROR = 500


class EpcisProblem(ApiProblem):
    """A request that the EPCIS binding refuses; `exception` is the standard's name for it."""

    exception: ClassVar[str] = "ValidationException"

    def members(self) -> dict[str, Json]:
        """What the problem's body says besides."""
        return {}


class QueryParameterRefused(EpcisProblem):
    """A query parameter is unknown, has a wrong value, or contradicts another."""

    exception = "QueryParameterException"
    hint = "docs/protocol-api.md names the parameters of an EPCIS query"


class QueryBodyInvalid(EpcisProblem):
    """The body is no named query."""

    exception = "QueryValidationException"
    hint = 'send {"name": "…", "query": {"EQ_bizStep": ["shipping"], …}} as JSON'


class PageTokenInvalid(EpcisProblem):
    """The page token is another query's, expired, released, or of another run of this node."""

    exception = "QueryParameterException"
    hint = "ask for the first page again, without nextPageToken"


class QueryUnknown(EpcisProblem):
    """This node has no query of this name."""

    status = 404
    exception = "NoSuchNameException"
    hint = "GET /v1/epcis/queries lists the named queries"


class ResourceUnknown(EpcisProblem):
    """No captured event names this."""

    status = 404
    exception = "NoSuchNameException"
    hint = "check the id as you were given it, or GET the collection above it in the path"


class NotAcceptable(EpcisProblem):
    """The answer can't have the form or the version that the request asks for."""

    status = 406
    exception = "NotAcceptableException"
    hint = "this node answers in JSON or JSON-LD, by EPCIS 2.0 and CBV 2.0"


class ResourceExists(EpcisProblem):
    """Another resource has this name already."""

    status = 409
    exception = "ResourceAlreadyExistsException"
    hint = "choose another name, or GET /v1/epcis/queries/NAME to see the query that has it"


class ResultTooLarge(EpcisProblem):
    """The result has more events than the query allows."""

    status = 413
    exception = "QueryTooLargeException"
    hint = "ask for less, or leave maxEventCount out and read pages"


class QueryTooComplex(EpcisProblem):
    """The query is larger than this node takes, or needs more work."""

    status = 413
    exception = "QueryTooComplexException"
    hint = "ask for fewer values, or narrow the query by time, thing or place"


class UriTooLong(EpcisProblem):
    """The request's path and query are too long."""

    status = 414
    exception = "URITooLongException"
    hint = "POST the query to /v1/epcis/queries, then GET its events"


# Rules of other layers, and what a status means where a rule has no row.
_BY_RULE: Mapping[type[HushangError], tuple[int, str]] = {
    EpcisMalformed: (400, "ValidationException"),
    EpcisInvalid: (400, "ValidationException"),
    EpcisTooLarge: (413, "CaptureLimitExceededException"),
    BodyTooLarge: (413, "CaptureLimitExceededException"),
    ParameterInvalid: (400, "QueryParameterException"),
    ParameterUnknown: (400, "QueryParameterException"),
}
_BY_STATUS: Mapping[int, str] = {
    401: "SecurityException",
    403: "SecurityException",
    404: "NoSuchNameException",
    406: "NotAcceptableException",
    409: "ResourceAlreadyExistsException",
    410: "ImplementationException",
    413: "CaptureLimitExceededException",
    414: "URITooLongException",
    415: "UnsupportedMediaTypeException",
    429: "ImplementationException",
}


def exception_of(rule: type[HushangError]) -> tuple[int, str]:
    """HTTP status and the standard's exception of a refusal by this rule."""
    if issubclass(rule, EpcisProblem):
        return rule.status, rule.exception
    known = next((_BY_RULE[cls] for cls in rule.__mro__ if cls in _BY_RULE), None)
    if known is not None:
        return known
    status = status_of(rule)
    other = "ImplementationException" if status >= _SERVER_ERROR else "ValidationException"
    return status, _BY_STATUS.get(status, other)


def epcis_problem_reply(error: HushangError, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal as RFC 9457 problem details with the standard's type."""
    status, exception = exception_of(type(error))
    problem = {**problem_json(error), "type": TYPE_PREFIX + exception, "status": status}
    if isinstance(error, EpcisProblem):
        problem |= error.members()
    return problem_of(problem, error, status, headers)
