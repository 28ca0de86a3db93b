"""Events that no node is trusted for: every one leads to the genesis, and none can be left out.

Headers are linked by the hash of their parent, so the certificate of the newest covers all below.
Committees are followed by `chain.light_client`. The receipts of a block are the leaves of the root
in the header above it: one that is missing, added or changed gives another root. A node that shows
anything else is named and not asked again. (A block's own receipts are certain one block later.)
A node's stream only rings: what it tells is believed no more than anything else.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import pairwise
from typing import Any, Final

from typing_extensions import override

from chain import merkle
from chain.bech32m import decode_account, encode_account
from chain.block import Certificate, Event, Header, Receipt
from chain.codec import decode
from chain.errors import HeadersContradict, HushangError, LedgerError, ProofInvalid
from chain.genesis import Genesis
from chain.light_client import CommitteeChain
from node.api.cursors import LATEST, Cursor
from node.api.event_pages import EventFilter
from node.api.outcomes import event_json
from node.clients.bell import Bell
from node.clients.errors import NodeFailed, NodeFailedInside, NodeRefused, NodeUnreachable
from node.clients.feeds import Batch, FeedEvent, PageSource, Source, Wanted
from node.clients.hearing import Hearing
from node.clients.wire import Asked, Place, Steps, ask_one, with_query
from node.following import CommitteeFileInvalid, read_step
from node.json_values import FormRefused, from_json

logger = logging.getLogger(__name__)

HEADERS_MAX: Final = 100
# Receipts of one block: some times what a block may have of transactions.
RECEIPTS_SIZE_MAX: Final = 256 * 1024 * 1024
# How long a node may have less than others before it is passed over, and for how long then.
BEHIND_S: Final = 15.0
PASSED_OVER_S: Final = 60.0
# A block and the one above, which says what the block has done.
_PAIR: Final = 2
_EMPTY_ROOT: Final = merkle.root(())
_HEADER_FIELDS: Final = tuple(entry.name for entry in fields(Header))


class EveryNodeDistrusted(HushangError):
    """Every node has shown something that does not hold."""

    hint = "compare the genesis with that of a member whom you trust, and ask other nodes"


class FeedForked(HushangError):
    """A node shows another block than the one that was verified at this height."""

    hint = "one of the two chains is false: keep both certificates, they convict who signed twice"


@dataclass(slots=True)
class _Node:
    """What is known of one node. `distrusted`: why it is not asked any more."""

    place: Place
    distrusted: str = ""
    behind_since_s: float | None = None
    passed_over_until_s: float = 0.0


class VerifiedSource(Source):
    """Reads blocks from whichever node answers, and believes none."""

    def __init__(
        self,
        places: Sequence[Place],
        genesis: Genesis,
        wanted: EventFilter,
        timeout_s: float,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._nodes = deque(_Node(place) for place in places)
        self._chain = CommitteeChain.of(genesis)
        self._wanted = wanted
        self._timeout_s = timeout_s
        self._clock_s = clock_s
        # Verified headers, linked; the receipts of all but the newest are certain and still to be
        # read.
        self._headers: deque[Header] = deque()
        self._known: Header | None = None
        self._bell = Bell(Hearing(clock_s), clock_s)

    @property
    def distrusted(self) -> Mapping[str, str]:
        """URLs of nodes that showed what does not hold, and what it was."""
        return {node.place.url: node.distrusted for node in self._nodes if node.distrusted}

    @override
    def start(self, cursor: Cursor) -> Steps[Cursor]:
        """After the newest block that a node proves."""
        if cursor != LATEST:
            return max(cursor, Cursor(1, 0, 0))
        newest: Header = yield from self._tried(self._newest)
        return Cursor(newest.height + 1, 0, 0)

    @override
    def batch(self, cursor: Cursor) -> Steps[Batch]:
        """The events of the next block that has any, and is certain."""
        if len(self._headers) < _PAIR or self._headers[0].height != cursor.height:
            found = yield from self._tried(partial(self._more, cursor.height))
            if found is None:
                return Batch((), cursor, complete=True)
            self._headers = deque(found)
        while len(self._headers) > 1:
            header, root = self._headers[0], self._headers[1].receipts_root
            receipts = yield from self._tried(partial(self._receipts, header.height, root))
            self._headers.popleft()
            events = self._events(header, receipts, cursor)
            if events:
                return Batch(events, Cursor(header.height + 1, 0, 0), complete=False)
        return Batch((), Cursor(self._headers[0].height, 0, 0), complete=False)

    @override
    def hear(self, cursor: Cursor) -> Steps[Batch | None]:
        """Until some node says that there is something: then that one is asked first."""
        account = self._wanted.account
        named = None if account is None else encode_account(account)
        rung = yield from self._bell.wait(Wanted(self._wanted.types, named), cursor)
        self._nodes = deque(sorted(self._nodes, key=lambda node: node.place != rung))
        return None

    def _events(
        self, header: Header, receipts: Sequence[Receipt], cursor: Cursor
    ) -> Sequence[FeedEvent]:
        """Those of a block that are wanted and not before the cursor."""
        return [
            _placed(at, header, receipt, event)
            for index, receipt in enumerate(receipts)
            for position, event in enumerate(receipt.events)
            if (at := Cursor(header.height, index, position)) >= cursor
            and self._wanted.passes(event)
        ]

    def _tried(self, question: Callable[[_Node], Steps[Any]]) -> Steps[Any]:
        """The first answer that holds, of whichever node; None where it has none yet."""
        failure: HushangError | None = None
        for node in self._askable():
            try:
                answer = yield from question(node)
            except (NodeUnreachable, NodeRefused, NodeFailedInside) as error:
                failure = error
            except (LedgerError, NodeFailed, FormRefused, CommitteeFileInvalid, FeedForked) as lie:
                node.distrusted = f"{lie.code}: {lie}"
                self._bell.hearing.leave(node.place)
                logger.warning("%s is not asked any more: %s", node.place.url, node.distrusted)
            else:
                if answer is None:
                    # Next time another one is asked: this one may stand still.
                    self._nodes.rotate(-1)
                return answer
            self._nodes.rotate(-1)
        if all(node.distrusted for node in self._nodes):
            told = "; ".join(f"{url}: {words}" for url, words in self.distrusted.items())
            raise EveryNodeDistrusted(told or "no node is known")
        raise failure or NodeUnreachable("no node is left to ask")

    def _askable(self) -> Sequence[_Node]:
        """Those that are trusted to answer; all of these if each is to be passed over."""
        honest = [node for node in self._nodes if not node.distrusted]
        now_s = self._clock_s()
        return [node for node in honest if node.passed_over_until_s <= now_s] or honest

    def _asked(self, node: _Node, path: str) -> Steps[Any]:
        return (yield from ask_one(node.place, Asked("GET", path, timeout_s=self._timeout_s))).body

    def _newest(self, node: _Node) -> Steps[Header]:
        return (yield from self._certified(node, "latest"))

    def _certified(self, node: _Node, height: int | str) -> Steps[Header]:
        """A header that the committee of its epoch has decided, by what the node shows."""
        told = yield from self._asked(node, f"/v1/headers/{height}")
        header = decode(Header, _bytes(told, "raw_header"))
        certificate = decode(Certificate, _bytes(told, "raw_certificate"))
        while self._chain.committee.epoch < header.epoch:
            path = f"/v1/committee/{self._chain.committee.epoch + 1}"
            step = read_step((yield from self._asked(node, path)), path)
            self._chain.advance(step.header, step.certificate, step.committee)
        self._chain.check(header, certificate)
        return header

    def _more(self, height: int, node: _Node) -> Steps[Sequence[Header] | None]:
        """Verified headers from a height on, at least two; None if the node has no more."""
        query = {"from": height, "limit": HEADERS_MAX}
        told = yield from self._asked(node, with_query("/v1/blocks", query))
        headers = _read_headers(told)
        if len(headers) < _PAIR:
            self._note_height(node, told.get("height"))
            self._bell.hearing.answered(node.place, news=False)
            return None
        _check_links(headers, height)
        top = yield from self._certified(node, headers[-1].height)
        if top.digest() != headers[-1].digest():
            raise HeadersContradict(f"two headers at height {top.height}")
        known = self._known
        if known is not None and any(h.height == known.height and h != known for h in headers):
            # Only now: whoever shows a second chain shows the certificates that convict its makers.
            raise FeedForked(f"two certified blocks at height {known.height}")
        self._known = headers[-1]
        self._bell.hearing.answered(node.place, news=True)
        node.behind_since_s = None
        return headers

    def _note_height(self, node: _Node, height: Any) -> None:
        """Nothing new from it; is that so because it stands still?"""
        known = self._known
        if known is None or (type(height) is int and height >= known.height):
            node.behind_since_s = None
            return
        now_s = self._clock_s()
        node.behind_since_s = now_s if node.behind_since_s is None else node.behind_since_s
        if now_s - node.behind_since_s >= BEHIND_S:
            node.passed_over_until_s, node.behind_since_s = now_s + PASSED_OVER_S, None
            words = "%s is stale: it has not decided %d, which others have"
            logger.warning(words, node.place.url, known.height)

    def _receipts(self, height: int, root: bytes, node: _Node) -> Steps[Sequence[Receipt]]:
        """All receipts of a block, which lead to the root in the header above."""
        rows: list[bytes] = []
        size, start = 0, None if root == _EMPTY_ROOT else 0
        while start is not None:
            path = with_query(f"/v1/blocks/{height}/receipts", {"receipts_from": start})
            told = yield from self._asked(node, path)
            page = _rows(told)
            size += sum(map(len, page))
            rows += page
            if size > RECEIPTS_SIZE_MAX or not page:
                raise NodeFailed(f"no end of the receipts of block {height}")
            start = None if told["next"] is None else len(rows)
        if merkle.root(rows) != root:
            raise ProofInvalid(f"the receipts of block {height} do not lead to their root")
        return [decode(Receipt, row) for row in rows]


def _read_headers(told: Any) -> Sequence[Header]:
    try:
        return [
            from_json(Header, {name: shown[name] for name in _HEADER_FIELDS}, "header")
            for shown in told["blocks"]
        ]
    except (KeyError, TypeError) as error:
        raise NodeFailed(f"the node's answer is no list of headers: {error}") from error


def _check_links(headers: Sequence[Header], first: int) -> None:
    for height, header in enumerate(headers, first):
        if header.height != height:
            raise NodeFailed(f"a header of height {header.height} where {height} was asked for")
    for below, above in pairwise(headers):
        if above.parent_hash != below.digest():
            raise HeadersContradict(f"the header at {above.height} has another parent")


def _bytes(told: Any, name: str) -> bytes:
    return from_json(bytes, told.get(name) if isinstance(told, dict) else None, name)


def _rows(told: Any) -> Sequence[bytes]:
    try:
        rows = [from_json(bytes, text, "receipts") for text in told["receipts"]]
        _ = told["next"]
    except (KeyError, TypeError) as error:
        raise NodeFailed(f"the node's answer is no page of receipts: {error}") from error
    return rows


def _placed(at: Cursor, header: Header, receipt: Receipt, event: Event) -> FeedEvent:
    told = event_json(event)
    data = told["data"]
    assert isinstance(data, dict)
    return FeedEvent(
        cursor=str(at),
        next=str(Cursor(at.height, at.receipt, at.event + 1)),
        height=at.height,
        block_hash=header.digest().hex(),
        time_ms=header.time_ms,
        receipt_id=receipt.id.hex(),
        type=event.type,
        data=data,
        verified=True,
    )


def event_source(
    places: Sequence[Place],
    timeout_s: float,
    types: Sequence[str],
    account: str | None,
    genesis: Genesis | None,
) -> Source:
    """Where a feed reads: verified with a genesis, else as nodes tell."""
    if genesis is None:
        return PageSource(places, Wanted(tuple(types), account), timeout_s)
    by_account = None if account is None else decode_account(account)
    return VerifiedSource(places, genesis, EventFilter(tuple(types), by_account), timeout_s)
