"""Named queries of this node: its own views on the events, kept over restarts in one file.

Nothing agreed: another node has other queries. Records: a query as its client wrote it, a removal.
"""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final

from chain.codec import Hash, Size, decode, encode
from chain.errors import LedgerError
from commerce.epcis.lexeme import Json, Number, read_json
from commerce.epcis.query.parameters import Query
from node.api.epcis.problems import EpcisProblem, QueryBodyInvalid, ResourceExists
from node.api.epcis.requests import QUERY_SCOPE, named_query
from node.gateway.rates import Rates, TooManyRequests
from node.record_log import STALE_MAX, RecordLog

logger = logging.getLogger(__name__)

FILE_NAME: Final = "epcis-queries"
LOG_NAME: Final = "epcis-queries"
QUERIES_MAX: Final = 256
# Of these, so many by clients that showed no token.
OWNERLESS_MAX: Final = 128
BODY_SIZE_MAX: Final = 64 * 1024
# By all clients without a token together; four seconds' worth may come at once.
CHANGES_PER_S: Final = 5
NAME_SIZE_MAX: Final = 64
_CONTEXT: Final = "@context"
_KEPT: Final = b"K"
_REMOVED: Final = b"R"


class TooManyQueries(EpcisProblem):
    """This node keeps as many named queries as it may."""

    status = 409
    exception = "ImplementationException"
    hint = "delete a query that is not used: DELETE /v1/epcis/queries/NAME"


class TooManyChanges(EpcisProblem):
    """Queries are made and deleted without a token more often than this node writes them."""

    status = 429
    exception = "ImplementationException"
    hint = "wait a second, or send a bearer token"


@dataclass(frozen=True, slots=True)
class StoredQuery:
    """A query as its client wrote it, JSON; `owner` is the account of its token, if it had one."""

    name: Annotated[str, Size(min=1, max=4 * NAME_SIZE_MAX)]
    definition: Annotated[bytes, Size(max=BODY_SIZE_MAX)]
    owner: Hash | None


class KnownQuery:
    """A stored query, read once."""

    def __init__(self, stored: StoredQuery) -> None:
        self.stored = stored

    @cached_property
    def definition(self) -> dict[str, Json]:
        """What the client wrote under `query`."""
        value = read_json(self.stored.definition)
        assert isinstance(value, dict)
        return value

    @cached_property
    def query(self) -> Query:
        """What it asks."""
        return query_of(self.definition)


def query_of(definition: dict[str, Json]) -> Query:
    """The query that a body writes: parameters by name, and perhaps a context with prefixes."""
    scope = QUERY_SCOPE
    if _CONTEXT in definition:
        scope = scope.with_context(definition[_CONTEXT], is_document=False)
    values = {n: _texts(n, value) for n, value in definition.items() if n != _CONTEXT}
    return named_query(values, scope)


def _texts(name: str, value: Json) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(_text(name, entry) for entry in values)


def _text(name: str, value: Json) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case str():
            return value
        case Number():
            return value.canonical() if value.exponent < 0 else value.positional()
        case _:
            msg = "a parameter's value is a string, a number, true, false, or an array of these"
            raise QueryBodyInvalid(msg, f"body#query.{name[:64]}")


class QueryBook:
    """All named queries. Methods may be called from any thread; writers sync."""

    def __init__(self, log: RecordLog) -> None:
        self._log = log
        self._lock = threading.Lock()
        self._rates = Rates()
        self._kept: dict[str, KnownQuery] = {}
        for record in log.records:
            self._replay(record)
        self._stale = len(log.records) - len(self._kept)
        log.records = []

    def _replay(self, record: bytes) -> None:
        kind, data = record[:1], record[1:]
        if kind == _KEPT:
            stored = decode(StoredQuery, data)
            known = KnownQuery(stored)
            try:
                known.query  # noqa: B018 - read now, so that nobody meets it unread
            except (EpcisProblem, LedgerError) as error:
                # A newer node reads more strictly than the one that took it.
                logger.warning("the named query %r is dropped: %s", stored.name, error)
                return
            self._kept[stored.name] = known
        elif kind == _REMOVED:
            self._kept.pop(data.decode(), None)

    def all(self) -> Sequence[KnownQuery]:
        """Every query, by name."""
        # One that another thread removes meanwhile is there or not.
        kept = self._kept.copy()
        return [kept[name] for name in sorted(kept)]

    def get(self, name: str) -> KnownQuery | None:
        """The query of a name."""
        return self._kept.get(name)

    def admit(self, now_s: float) -> None:
        """One change by somebody without a token, each of which is an fsync; `TooManyChanges`."""
        try:
            self._rates.take("anybody", CHANGES_PER_S, now_s)
        except TooManyRequests as error:
            raise TooManyChanges(str(error)) from error

    def add(self, stored: StoredQuery) -> None:
        """Keep a new query; `ResourceExists`, `TooManyQueries`."""
        with self._lock:
            if stored.name in self._kept:
                msg = "a query has this name already; delete it first"
                raise ResourceExists(msg, "body#name")
            ownerless = sum(known.stored.owner is None for known in self._kept.values())
            is_full = len(self._kept) >= QUERIES_MAX
            if is_full or (stored.owner is None and ownerless >= OWNERLESS_MAX):
                msg = f"{len(self._kept)} queries, {ownerless} of them made without a token"
                raise TooManyQueries(msg)
            self._write(_KEPT + encode(stored), 0)
            self._kept[stored.name] = KnownQuery(stored)

    def remove(self, name: str) -> bool:
        """Forget a query; was it there?"""
        with self._lock:
            if name not in self._kept:
                return False
            del self._kept[name]
            self._write(_REMOVED + name.encode(), 2)
            return True

    def _write(self, record: bytes, stale: int) -> None:
        """Append, or put the file in order when too much of it is stale."""
        self._stale += stale
        if self._stale < STALE_MAX:
            self._log.append(record)
            return
        self._log.rewrite([_KEPT + encode(known.stored) for known in self._kept.values()])
        self._stale = 0
