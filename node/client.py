"""A node's REST API for the command line: synchronous, on the standard library, typed refusals.

Everything that is asked is safe to ask again: reads change nothing, and a transaction's bytes may
be sent any number of times, to any node. So a client holds several nodes and goes on to the next
one when one can't be reached; only after its time is over does it say that it doesn't know.
"""

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from chain.errors import HushangError

REPLY_SIZE_MAX: Final = 64 * 1024 * 1024
REQUEST_TIMEOUT_S: Final = 10.0
# How long one request lets the node wait for a decision before it is asked again.
WAIT_STEP_S: Final = 5.0
RETRY_S: Final = 0.1
OCTETS: Final = "application/octet-stream"
REDIRECTS: Final = 300
BAD_REQUEST: Final = 400
UNAUTHORISED: Final = (401, 403)
NOT_FOUND: Final = 404
TRY_LATER: Final = (429, 502, 503, 504)
SERVER_FAILED: Final = 500


class UrlRefused(HushangError):
    """A text is no URL of a node's API."""

    hint = "write http://HOST:PORT"


class NodeUnreachable(HushangError):
    """No node answered."""

    hint = "is it running? hushang testnet status"


class BrokeOff(NodeUnreachable):
    """The connection broke off when the request was under way: the node may have acted on it."""


class OutcomeUnknown(HushangError):
    """The transaction was handed in and its decision did not come in time."""

    hint = (
        "hushang tx show ID; the very same bytes are safe to submit again, a new transaction isn't"
    )
    told_hint = ""

    def __init__(self, message: str, transaction_id: str = "") -> None:
        super().__init__(message)
        self.details = {"id": transaction_id} if transaction_id else {}


class NodeFailed(HushangError):
    """The node's answer makes no sense, or it failed inside."""


class NodeRefused(HushangError):
    """The node refused a request and said why (RFC 9457); `told_code` is the broken rule."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        words = str(problem.get("detail") or problem.get("title") or f"HTTP status {status}")
        where = problem.get("where")
        super().__init__(f"{where}: {words}" if where else words)
        self.status = status
        self.told_code = str(problem.get("code") or f"Http{status}")
        self.told_hint = str(problem.get("hint") or "")


class RequestMalformed(NodeRefused):
    """What was asked or handed in does not have its form."""


class NotFound(NodeRefused):
    """What was asked for does not exist on this node."""


class NotAuthorised(NodeRefused):
    """A signature does not verify, or the node serves somebody else."""


class NodeBusy(NodeRefused):
    """The node can't take more now, or isn't ready."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float) -> None:
        super().__init__(status, problem)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transaction, as one node tells it. `receipt` is None while it is pending."""

    id: str
    receipt: Mapping[str, Any] | None

    @property
    def is_decided(self) -> bool:
        """Is its block synced on the answering node?"""
        return self.receipt is not None

    @property
    def status(self) -> str:
        """`ok`, the broken rule's name, or `pending`."""
        return "pending" if self.receipt is None else str(self.receipt["status"])

    @property
    def height(self) -> int:
        """The height of its block."""
        assert self.receipt is not None
        return int(self.receipt["height"])

    @property
    def events(self) -> Sequence[Mapping[str, Any]]:
        """What happened, in order."""
        return () if self.receipt is None else list(self.receipt["events"])

    def event(self, name: str) -> Mapping[str, Any]:
        """The data of the first event of this type; the caller knows that it happened."""
        found = next((entry["data"] for entry in self.events if entry["type"] == name), None)
        if found is None:
            raise NodeFailed(f"transaction {self.id} brought no event {name}")
        data: Mapping[str, Any] = found
        return data


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    retry_after_s: float
    body: Any


class NodeClient:
    """Asks the first of these nodes that answers."""

    def __init__(self, urls: Sequence[str], timeout_s: float = REQUEST_TIMEOUT_S) -> None:
        self.addresses = [_address(url) for url in urls]
        self.timeout_s = timeout_s

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """The JSON under a path. Raises `NodeUnreachable`, `NotFound` or another `NodeRefused`."""
        return self._ask("GET", _with_query(path, query)).body

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """As `get`, for a request whose JSON goes with it."""
        data = json.dumps(body, ensure_ascii=False).encode()
        return self._ask("POST", path, data, "application/json").body

    def file(self, path: str, query: Mapping[str, object] | None = None) -> bytes:
        """The bytes under a path, as they are. Raises like `get`."""
        body: bytes = self._ask("GET", _with_query(path, query), plain=True).body
        return body

    def text(self, path: str) -> str:
        """What is under a path, as text."""
        try:
            return self.file(path).decode("utf-8")
        except ValueError:
            raise NodeFailed(f"{path}: the node did not answer with text") from None

    def is_ready(self) -> bool:
        """Does the node take part and serve what is current?"""
        try:
            self.get("/ready")
        except (NodeUnreachable, NodeRefused, NodeFailed):
            return False
        return True

    def submit(self, raw: bytes, *, decided: bool = True, timeout_s: float = 30.0) -> Outcome:
        """Hand a signed transaction in, and wait for its decision unless told not to.

        Raises the door's refusal as `NodeRefused`; `OutcomeUnknown` if the time is over after the
        bytes may have reached a node; `NodeUnreachable` if they reached none.
        """
        deadline = time.monotonic() + timeout_s
        unsure: OutcomeUnknown | None = None
        while True:
            left_s = max(0.0, deadline - time.monotonic())
            pause_s = 0.0
            try:
                outcome = self._hand_in(raw, decided=decided, wait_s=min(left_s, WAIT_STEP_S))
            except (NodeUnreachable, NodeBusy) as error:
                if isinstance(error, BrokeOff):
                    unsure = OutcomeUnknown(str(error))
                failure: HushangError = unsure or error
                pause_s = max(RETRY_S, getattr(error, "retry_after_s", 0.0))
            else:
                if outcome.is_decided or not decided:
                    return outcome
                words = f"transaction {outcome.id} is not decided yet"
                failure = unsure = OutcomeUnknown(words, outcome.id)
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise failure
            time.sleep(min(pause_s, left_s))

    def _hand_in(self, raw: bytes, *, decided: bool, wait_s: float) -> Outcome:
        query = {"wait": "accepted"}
        if decided:
            query = {"wait": "decided", "timeout_ms": str(int(wait_s * 1000))}
        path = _with_query("/v1/transactions", query)
        timeout_s = self.timeout_s + wait_s
        body = self._ask("POST", path, raw, OCTETS, timeout_s=timeout_s).body
        return Outcome(str(body["id"]), body["receipt"])

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        media_type: str = "",
        *,
        timeout_s: float | None = None,
        plain: bool = False,
    ) -> _Answer:
        """One request, to the first node that answers."""
        failure: NodeUnreachable | None = None
        for host, port in self.addresses:
            try:
                answer = _request(
                    (host, port),
                    timeout_s or self.timeout_s,
                    (method, path, body, media_type),
                    plain=plain,
                )
            except NodeUnreachable as error:
                # What broke off half-way weighs more than what was never reached.
                failure = failure if isinstance(failure, BrokeOff) else error
                continue
            if answer.status < REDIRECTS:
                return answer
            raise _refusal(answer)
        raise failure or NodeUnreachable("no node is known")


def _request(
    address: tuple[str, int],
    timeout_s: float,
    request: tuple[str, str, bytes | None, str],
    *,
    plain: bool,
) -> _Answer:
    method, path, body, media_type = request
    where = f"http://{address[0]}:{address[1]}"
    headers = {"Accept": "*/*" if plain else "application/json"}
    if body is not None:
        headers["Content-Type"] = media_type
    connection = http.client.HTTPConnection(*address, timeout=timeout_s)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise NodeUnreachable(f"{where}: {error.strerror or error}") from error
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            data = response.read(REPLY_SIZE_MAX + 1)
        except (OSError, http.client.HTTPException) as error:
            raise BrokeOff(f"{where} broke off: {type(error).__name__}") from error
        retry_after_s = _seconds(response.headers.get("Retry-After"))
        status = response.status
    finally:
        connection.close()
    return _Answer(status, retry_after_s, _parse(data, where, status, plain=plain))


def _parse(data: bytes, where: str, status: int, *, plain: bool) -> Any:
    if len(data) > REPLY_SIZE_MAX:
        raise NodeFailed(f"{where} answered more than {REPLY_SIZE_MAX} bytes")
    if plain and status < REDIRECTS:
        return data
    try:
        return json.loads(data.decode("utf-8"))
    except ValueError:
        if status >= REDIRECTS:
            return {}
        raise NodeFailed(f"{where} did not answer with JSON") from None


def _refusal(answer: _Answer) -> HushangError:
    problem = answer.body if isinstance(answer.body, dict) else {}
    if answer.status == NOT_FOUND:
        return NotFound(answer.status, problem)
    if answer.status in UNAUTHORISED:
        return NotAuthorised(answer.status, problem)
    if answer.status in TRY_LATER:
        return NodeBusy(answer.status, problem, answer.retry_after_s)
    if answer.status >= SERVER_FAILED:
        return NodeFailed(f"the node failed: {problem.get('detail', answer.status)}")
    if answer.status == BAD_REQUEST:
        return RequestMalformed(answer.status, problem)
    return NodeRefused(answer.status, problem)


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isascii() and text.isdigit() else 0.0


def _with_query(path: str, query: Mapping[str, object] | None) -> str:
    given = {name: str(value) for name, value in (query or {}).items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _address(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UrlRefused(f"{url!r}") from None
    if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
        raise UrlRefused(f"{url!r}")
    return parts.hostname, port or http.client.HTTP_PORT


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="")
