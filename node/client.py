"""A node's REST API for programs: typed refusals, several nodes, retries that are safe.

Everything that is asked is safe to ask again: reads change nothing, and a transaction's bytes may
be sent any number of times, to any node. So a client holds several nodes and goes on to the next
one when one can't be reached; only after its time is over does it say that it doesn't know.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from node.clients.blocking import Blocking, Conversing
from node.clients.errors import (
    AnswerForeign,
    AuthorityFileInvalid,
    AuthorityUnknown,
    BrokeOff,
    NodeBusy,
    NodeFailed,
    NodeFailedInside,
    NodeRefused,
    NodeUnreachable,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    RequestMalformed,
    ServerCertificateExpired,
    ServerNameWrong,
    ServerUntrusted,
    UrlRefused,
)
from node.clients.submission import Outcome, submitted
from node.clients.wire import (
    REQUEST_TIMEOUT_S,
    Answer,
    Asked,
    ask,
    read_place,
    segment,
    with_query,
)

if TYPE_CHECKING:
    from chain.genesis import Genesis
    from node.clients.async_client import AsyncClient
    from node.clients.blocking_client import Client
    from node.clients.core import GenesisMissing, OutboxMissing, SignerMissing
    from node.clients.fates import Done, Fate, Lapsed, OperationRefused, Refused, Unknown
    from node.clients.feed import AsyncFeed, Feed, FeedCursor
    from node.clients.feeds import FeedEvent
    from node.clients.outbox import ReferenceReused
    from node.clients.signing import Signer, operation
    from node.clients.verified import EveryNodeDistrusted

__all__ = [
    "AnswerForeign",
    "AsyncClient",
    "AsyncFeed",
    "AuthorityFileInvalid",
    "AuthorityUnknown",
    "BrokeOff",
    "Client",
    "Done",
    "EveryNodeDistrusted",
    "Fate",
    "Feed",
    "FeedCursor",
    "FeedEvent",
    "GenesisMissing",
    "Lapsed",
    "NodeBusy",
    "NodeClient",
    "NodeFailed",
    "NodeFailedInside",
    "NodeRefused",
    "NodeUnreachable",
    "NotAuthorised",
    "NotFound",
    "OperationRefused",
    "OutboxMissing",
    "Outcome",
    "OutcomeUnknown",
    "ReferenceReused",
    "Refused",
    "RequestMalformed",
    "ServerCertificateExpired",
    "ServerNameWrong",
    "ServerUntrusted",
    "Signer",
    "SignerMissing",
    "Unknown",
    "UrlRefused",
    "operation",
    "segment",
]

SUBMIT_TIMEOUT_S: Final = 30.0
# How long no node may answer before a feed gives up.
FEED_PATIENCE_S: Final = 30.0

# Where the rest of the facade is. It comes with the ledger's own types when it is asked for: the
# command line, which needs none of it, starts without.
_PARTS: Final = {
    "node.clients.async_client": ("AsyncClient",),
    "node.clients.blocking_client": ("Client",),
    "node.clients.core": ("GenesisMissing", "OutboxMissing", "SignerMissing"),
    "node.clients.fates": ("Done", "Fate", "Lapsed", "OperationRefused", "Refused", "Unknown"),
    "node.clients.feed": ("AsyncFeed", "Feed", "FeedCursor"),
    "node.clients.feeds": ("FeedEvent",),
    "node.clients.outbox": ("ReferenceReused",),
    "node.clients.signing": ("Signer", "operation"),
    "node.clients.verified": ("EveryNodeDistrusted",),
}


def __getattr__(name: str) -> Any:
    for module, names in _PARTS.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class NodeClient(Conversing):
    """Asks the first of these nodes that answers, and that one from then on; as a context it keeps
    its connections.

    `ca` is a file of the CAs that sign the nodes' certificates (the system's without), `token` goes
    with every request as a bearer token.
    """

    def __init__(
        self,
        urls: Sequence[str],
        timeout_s: float = REQUEST_TIMEOUT_S,
        *,
        ca: Path | None = None,
        token: str | None = None,
    ) -> None:
        self.places = [read_place(url) for url in urls]
        self.timeout_s = timeout_s
        self._transport = Blocking(ca, token)

    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        """The JSON under a path. Raises `NodeUnreachable`, `NotFound` or another `NodeRefused`."""
        return self._ask(Asked("GET", with_query(path, query), timeout_s=self.timeout_s)).body

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """As `get`, for a request whose JSON goes with it."""
        data = json.dumps(body, ensure_ascii=False).encode()
        return self._ask(
            Asked("POST", path, data, "application/json", timeout_s=self.timeout_s)
        ).body

    def file(self, path: str, query: Mapping[str, object] | None = None) -> bytes:
        """The bytes under a path, as they are. Raises like `get`."""
        asked = Asked("GET", with_query(path, query), plain=True, timeout_s=self.timeout_s)
        body: bytes = self._ask(asked).body
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

    def submit(
        self, raw: bytes, *, decided: bool = True, timeout_s: float = SUBMIT_TIMEOUT_S
    ) -> Outcome:
        """Hand a signed transaction in, and wait for its decision unless told not to.

        Raises the door's refusal as `NodeRefused`; `OutcomeUnknown` if the time is over after the
        bytes may have reached a node; `NodeUnreachable` if they reached none.
        """
        deadline_s = time.monotonic() + timeout_s
        return self._transport.run(
            submitted(self.places, raw, deadline_s, decided=decided, timeout_s=self.timeout_s)
        )

    def feed(
        self,
        cursor: str,
        *,
        types: Sequence[str] = (),
        account: str | None = None,
        genesis: "Genesis | None" = None,
        keep: Callable[[str], None] | None = None,
    ) -> "Feed":
        """Events from a cursor on, without end; verified with a genesis (`Client.feed`)."""
        verified = import_module("node.clients.verified")
        source = verified.event_source(self.places, self.timeout_s, types, account, genesis)
        made: Feed = import_module("node.clients.feed").Feed(
            self._transport.run, source, cursor, keep, FEED_PATIENCE_S
        )
        return made

    def _ask(self, asked: Asked) -> Answer:
        answer = self._transport.run(ask(self.places, asked))
        if answer.place is not None and answer.place != self.places[0]:
            # Who keeps silent costs its whole timeout: not again with the next question.
            self.places.remove(answer.place)
            self.places.insert(0, answer.place)
        return answer
