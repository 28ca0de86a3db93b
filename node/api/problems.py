"""Every refusal as an RFC 9457 problem: which rule, which status, what to do. One table for all.

`code` is the stable name of the broken rule: the class of the error. The status says whose turn it
is: 400 the bytes or the form are wrong, 403 the signatures do not speak for the sender, 413 too
large, 422 well formed but refused by a rule of the chain, 429 and 503 try again later. A detail
never holds more than the error's own message: no stack trace, no path, no key.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from chain import errors
from chain.errors import HushangError
from commerce import errors as commerce
from commerce.aftersale.errors import CaseUnknown
from commerce.banking.errors import CardUnknown, FreezeUnknown, RequestUnknown
from commerce.beacon.errors import DrawUnknown
from commerce.catalogue.errors import CouponUnknown, LicenceUnknown
from commerce.certificates.errors import CertificateUnknown
from commerce.codes.errors import CodeBatchUnknown, CodeReportUnknown, CodeUnknown
from commerce.deposits.errors import ClaimUnknown, DepositUnknown, LiabilityUnknown
from commerce.devices.errors import DeviceUnknown, PenaltyUnknown, WatchUnknown
from commerce.disputes.errors import ArbiterUnknown, DisputeUnknown
from commerce.goods.errors import OfferUnknown
from commerce.recalls.errors import RecallUnknown
from commerce.reviews.errors import ReviewUnknown
from node.ledger_queue import ProofsEnded
from node.proofs import ProofNotReady
from node.rendering import Json
from node.service import PoolFull
from node.strict_json import JsonRefused

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:hushang:problem:"


class Problem(BaseModel):
    """RFC 9457 problem details; `code`, `hint`, `where` and `retry_after_ms` are extensions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Annotated[str, Field(description="`urn:hushang:problem:` and the code")]
    title: Annotated[str, Field(description="what the rule says, the same for each occurrence")]
    status: Annotated[int, Field(ge=400, le=599)]
    detail: Annotated[str, Field(description="what happened this time, for people")]
    code: Annotated[str, Field(description="name of the broken rule; stable")]
    hint: str | None = None
    where: Annotated[
        str | None,
        Field(description="`query.NAME`, `path.NAME`, `header.NAME` or `body#PLACE`"),
    ] = None
    retry_after_ms: int | None = None


class ApiProblem(HushangError):
    """A request that this API refuses by a rule of its own."""

    status: ClassVar[int] = 400
    # Besides those of every answer.
    headers: ClassVar[Mapping[str, str]] = {}
    retry_after_ms: int | None = None

    def __init__(self, message: str, where: str | None = None) -> None:
        super().__init__(message)
        self.where = where


class BodyInvalid(ApiProblem):
    """The body does not have the form that this request needs."""

    hint = "mend the field that `where` names; GET /v1/openapi.json has the request's schema"


class ParameterInvalid(ApiProblem):
    """A parameter of the path or the query does not have its form."""

    hint = "mend the parameter that `where` names; GET /v1/openapi.json tells its form"


class ParameterUnknown(ApiProblem):
    """The request has a query parameter that it doesn't know."""

    hint = "leave out what `where` names; GET /v1/openapi.json lists the request's parameters"


class RequestInvalid(ApiProblem):
    """The bytes are no well-formed HTTP request."""

    hint = "send HTTP/1.1 as a common client does: the detail says what can't be read"


class OriginRefused(ApiProblem):
    """A web page of another origin may not drive this node."""

    status = 403
    hint = "add the page's origin to the node's setting api_origins"


class RouteUnknown(ApiProblem):
    """Nothing is here."""

    status = 404
    hint = "GET /v1/openapi.json lists every route"


class BlockUnknown(ApiProblem):
    """This node has no block of this height yet."""

    status = 404
    hint = "GET /v1/status tells the node's height; wait, or ask a node that is further"


class TransactionNotFound(ApiProblem):
    """This node neither decided the transaction nor holds it in its pool."""

    status = 404
    hint = "a transaction that expired before it was decided is forgotten"


class ReceiptNotFound(ApiProblem):
    """No receipt has this id on this node."""

    status = 404
    hint = "GET /v1/transactions/{id} tells whether the transaction waits, or is unknown here"


class ObjectNotFound(ApiProblem):
    """Nothing with this id exists on this chain."""

    status = 404
    hint = (
        "check that all of the id was copied, and that the node is of this chain and not "
        "behind: GET /v1/status"
    )


class MethodNotAllowed(ApiProblem):
    """The resource exists and doesn't take this method."""

    status = 405
    hint = "use a method that the header Allow names"

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"takes {', '.join(allowed)}")
        self.allowed = allowed


class BodyTimeout(ApiProblem):
    """The body did not arrive in time."""

    status = 408
    hint = "send the body at once and steadily, or in smaller parts; the request had no effect"


class BodyTooLarge(ApiProblem):
    """The body is larger than this request takes."""

    status = 413
    hint = "split it over several requests; the detail tells how many bytes one may have"


class MediaTypeUnsupported(ApiProblem):
    """The body's media type or encoding is not one that this request takes."""

    status = 415
    hint = "send a Content-Type that the detail names, without Content-Encoding"


class ExpectationFailed(ApiProblem):
    """The request expects something that this server doesn't do."""

    status = 417
    hint = "send Expect: 100-continue, or leave the header out"


class HostRefused(ApiProblem):
    """The request names a host that this node doesn't answer for."""

    status = 421
    hint = "use an IP address or localhost, or add the name to the node's setting api_hosts"


class TooManyStreams(ApiProblem):
    """All places for event streams are taken."""

    status = 503
    hint = "close streams that aren't read, ask another node, or wait; webhooks need no stream"


class Busy(ApiProblem):
    """The node holds as many requests as it may at once."""

    status = 503
    hint = "try again in a second"


class Internal(ApiProblem):
    """The node failed at this request; its log says why, under the id of the detail."""

    status = 500
    hint = (
        "this should not happen: report it with the node's log under the incident that the "
        "detail names"
    )


# Rules at the door (ledger.md § Node) and their statuses; a class not named here has its parent's.
STATUSES: dict[type[HushangError], int] = {
    HushangError: 422,
    JsonRefused: 400,
    errors.EncodingInvalid: 400,
    errors.TooLarge: 413,
    errors.KeyRefused: 400,
    errors.PolicyMalformed: 400,
    errors.AddressMalformed: 400,
    errors.SignaturesUnsorted: 400,
    errors.SignatureInvalid: 403,
    errors.SenderUnknown: 403,
    errors.PolicyNotSatisfied: 403,
    errors.VersionUnknown: 400,
    errors.OperationUnknown: 400,
    errors.OperationMalformed: 400,
    errors.TransactionRepeated: 409,
    errors.HistoryPruned: 410,
    # Raised by the views of an object that doesn't exist.
    commerce.AccountUnknown: 404,
    commerce.AssetUnknown: 404,
    commerce.ProductUnknown: 404,
    commerce.ListingUnknown: 404,
    commerce.OrderUnknown: 404,
    commerce.ParcelUnknown: 404,
    CouponUnknown: 404,
    LicenceUnknown: 404,
    CardUnknown: 404,
    RequestUnknown: 404,
    FreezeUnknown: 404,
    DepositUnknown: 404,
    DrawUnknown: 404,
    CaseUnknown: 404,
    ClaimUnknown: 404,
    LiabilityUnknown: 404,
    RecallUnknown: 404,
    CodeBatchUnknown: 404,
    CodeReportUnknown: 404,
    CodeUnknown: 404,
    OfferUnknown: 404,
    CertificateUnknown: 404,
    DeviceUnknown: 404,
    WatchUnknown: 404,
    PenaltyUnknown: 404,
    DisputeUnknown: 404,
    ArbiterUnknown: 404,
    ReviewUnknown: 404,
    PoolFull: 429,
    ProofNotReady: 503,
    ProofsEnded: 503,
}

# Seconds of Retry-After for statuses that pass by themselves.
RETRY_AFTER_S = {429: 1, 503: 1}


# Of each rule that has refused something; there are only those of the code.
_OF_RULES: dict[type[HushangError], dict[str, Json]] = {}


def status_of(rule: type[HushangError]) -> int:
    """The HTTP status of a refusal by this rule."""
    if issubclass(rule, ApiProblem):
        return rule.status
    return next(STATUSES[cls] for cls in rule.__mro__ if cls in STATUSES)


def problem_json(error: HushangError) -> dict[str, Json]:
    """The refusal as the data of a `Problem`; what does not apply is None.

    Without the model itself: a node with a full pool refuses thousands a second.
    """
    return {
        **_of_rule(type(error)),
        "detail": str(error),
        "code": error.code,
        "hint": error.hint or None,
        "where": _where(error),
        "retry_after_ms": _retry_after_ms(error),
    }


def _of_rule(rule: type[HushangError]) -> dict[str, Json]:
    """What is the same for each refusal by a rule."""
    known = _OF_RULES.get(rule)
    if known is None:
        known = _OF_RULES[rule] = {
            "type": TYPE_PREFIX + rule.__name__,
            "title": title_of(rule),
            "status": status_of(rule),
        }
    return known


def _where(error: HushangError) -> str | None:
    if isinstance(error, JsonRefused):
        return f"body#{error.place}"
    return error.where if isinstance(error, ApiProblem) else None


def _retry_after_ms(error: HushangError) -> int | None:
    return error.retry_after_ms if isinstance(error, ApiProblem | PoolFull) else None


def retry_after_s(error: HushangError) -> int | None:
    """The Retry-After header of a refusal, whole seconds rounded up; None without."""
    after_ms = _retry_after_ms(error)
    if after_ms is not None:
        return max(1, -(-after_ms // 1000))
    return RETRY_AFTER_S.get(status_of(type(error)))


def title_of(cls: type[HushangError]) -> str:
    """The rule in words: the first line of its class's docstring."""
    return (cls.__doc__ or cls.__name__).strip().partition("\n")[0]


@lru_cache(maxsize=512)
def rule_of(code: str) -> tuple[str, str] | None:
    """Title and hint of the rule that a failed receipt names; None for an unknown code."""
    classes: list[type[HushangError]] = [HushangError]
    while classes:
        cls = classes.pop()
        if cls.__name__ == code:
            return title_of(cls), cls.hint
        classes.extend(cls.__subclasses__())
    return None
