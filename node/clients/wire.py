"""What goes to a node and what comes back, without waiting for either (sans I/O).

A conversation is a generator: it yields `Exchange` and `Pause`, and one that listens `Listen` too;
whoever drives it (`node.clients.blocking`, `unblocking`) sends back what came of each. So the two
clients share every decision: whom to ask next, what to repeat, what an answer means.
"""

import http.client
import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from chain.errors import HushangError
from node.clients.errors import (
    AnswerForeign,
    BrokeOff,
    NodeBusy,
    NodeFailed,
    NodeFailedInside,
    NodeRefused,
    NodeUnreachable,
    NotAuthorised,
    NotFound,
    RequestMalformed,
    ServerUntrusted,
    UrlRefused,
)

REPLY_SIZE_MAX: Final = 64 * 1024 * 1024
REQUEST_TIMEOUT_S: Final = 10.0
NODES_MAX: Final = 64
OCTETS: Final = "application/octet-stream"
REDIRECTS: Final = 300
BAD_REQUEST: Final = 400
UNAUTHORISED: Final = (401, 403)
NOT_FOUND: Final = 404
TRY_LATER: Final = (429, 502, 503, 504)
SERVER_FAILED: Final = 500
_PORTS: Final = {"http": http.client.HTTP_PORT, "https": http.client.HTTPS_PORT}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node's API is."""

    scheme: str
    host: str
    port: int

    @property
    def url(self) -> str:
        """As it is written."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def is_secure(self) -> bool:
        """Is it asked over TLS?"""
        return self.scheme == "https"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `plain`: the answer is bytes as they are, and not JSON."""

    method: str
    path: str
    body: bytes | None = None
    media_type: str = ""
    plain: bool = False
    timeout_s: float = REQUEST_TIMEOUT_S

    def headers(self, token: str | None) -> dict[str, str]:
        """The headers that go with it."""
        told = {"Accept": "*/*" if self.plain else "application/json", "User-Agent": "hushang"}
        if self.body is not None:
            told["Content-Type"] = self.media_type
        if token is not None:
            told["Authorization"] = f"Bearer {token}"
        return told


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, unread."""

    status: int
    retry_after: str | None
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node answered; `place` is the node."""

    status: int
    retry_after_s: float
    body: Any
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Exchange:
    """To be done: one request. Its `Reply` is sent back, or `NodeUnreachable` thrown in."""

    place: Place
    asked: Asked


@dataclass(frozen=True, slots=True)
class Pause:
    """To be done: let this time pass."""

    time_s: float


@dataclass(frozen=True, slots=True)
class Listen:
    """To be done: wait for the next message of this place's stream, within the time of `asked`.

    The stream that is open there, else a new one by what is asked; that of another place is closed.
    A `Reply` is sent back, or `NodeUnreachable` thrown in: the stream has ended, or none is given.
    """

    place: Place
    asked: Asked


Effect: TypeAlias = Exchange | Pause | Listen
Steps: TypeAlias = Generator[Effect, Any, T]


def ask(places: Sequence[Place], asked: Asked) -> Steps[Answer]:
    """One request, to the first node that can answer it. A refusal is an answer, and final; but of
    what was handed in it says nothing where a node before may have acted on that.
    """
    failures: list[HushangError] = []
    for place in places:
        try:
            return (yield from ask_one(place, asked))
        except (NodeUnreachable, NodeBusy, NodeFailedInside) as error:
            failures.append(error)
        except NodeRefused:
            heaviest = _weightiest(failures) if failures else None
            if asked.body is None or not isinstance(heaviest, BrokeOff | NodeFailedInside):
                raise
            raise heaviest from None
    raise _weightiest(failures)


def ask_one(place: Place, asked: Asked) -> Steps[Answer]:
    """One request to this node."""
    reply: Reply = yield Exchange(place, asked)
    answer = replace(read_reply(reply, place.url, plain=asked.plain), place=place)
    if answer.status < REDIRECTS:
        return answer
    raise refusal(answer)


def _weightiest(failures: Sequence[HushangError]) -> HushangError:
    """What one node may have acted on weighs more than what none can; then what says most."""
    if not failures:
        return NodeUnreachable("no node is known")
    for kind in (BrokeOff, NodeFailedInside, NodeBusy):
        for error in failures:
            if isinstance(error, kind):
                return error
    if len(failures) == 1 or all(isinstance(error, ServerUntrusted) for error in failures):
        return failures[0]
    return NodeUnreachable("; ".join(str(error) for error in failures))


def read_reply(reply: Reply, where: str, *, plain: bool = False) -> Answer:
    """The answer in a reply: JSON, bytes if they were asked for, or a problem."""
    retry_after_s = _seconds(reply.retry_after)
    return Answer(reply.status, retry_after_s, _parse(reply, where, plain=plain))


def _parse(reply: Reply, where: str, *, plain: bool) -> Any:
    if len(reply.data) > REPLY_SIZE_MAX:
        raise NodeFailed(f"{where} answered more than {REPLY_SIZE_MAX} bytes")
    if plain and reply.status < REDIRECTS:
        return reply.data
    try:
        return json.loads(reply.data.decode("utf-8"))
    except (ValueError, RecursionError):
        if reply.status >= SERVER_FAILED or reply.status in TRY_LATER:
            # That much a proxy may say for the node.
            return {}
        raise AnswerForeign(f"{where} answered {reply.status} without JSON") from None


def refusal(answer: Answer) -> HushangError:
    """The error that an answer of 3xx, 4xx or 5xx means."""
    problem = answer.body if isinstance(answer.body, dict) else {}
    if "code" not in problem and answer.status < SERVER_FAILED and answer.status not in TRY_LATER:
        where = "" if answer.place is None else f"{answer.place.url} "
        return AnswerForeign(f"{where}answered {answer.status} without a rule's name")
    if answer.status == NOT_FOUND:
        return NotFound(answer.status, problem)
    if answer.status in UNAUTHORISED:
        return NotAuthorised(answer.status, problem)
    if answer.status in TRY_LATER:
        return NodeBusy(answer.status, problem, answer.retry_after_s)
    if answer.status >= SERVER_FAILED:
        return NodeFailedInside(f"the node failed: {problem.get('detail', answer.status)}")
    if answer.status == BAD_REQUEST:
        return RequestMalformed(answer.status, problem)
    return NodeRefused(answer.status, problem)


def whole(told: Any, name: str) -> int:
    """An integer of an answer; `NodeFailed`."""
    value = told.get(name) if isinstance(told, dict) else None
    if type(value) is not int:
        raise NodeFailed(f"the node's answer has no number {name}")
    return value


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() else 0.0


def with_query(path: str, query: Mapping[str, object] | None) -> str:
    """A path with its query; what is None is left out."""
    given = {name: str(value) for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")


def read_place(url: str) -> Place:
    """Where a URL leads; `UrlRefused`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlRefused(f"{url!r}") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
        raise UrlRefused(f"{url!r}")
    if parts.username is not None or parts.query or parts.fragment:
        raise UrlRefused(f"{url!r}")
    return Place(parts.scheme, parts.hostname, port or _PORTS[parts.scheme])
