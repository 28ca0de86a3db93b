"""Page tokens: where a result goes on, sealed, for one query and a while.

A token says nothing that its client could change: it carries the place, the height of the result
and its end of life under a MAC of this process's own key, and holds for the very query it was given
for. So nothing is kept for clients that never come back; a token that was released is remembered
until it would have ended anyway.
"""

import base64
import hmac
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_bytes
from typing import Annotated, Final

from chain.codec import U32, U64, Size, TimeMs, decode, encode
from node.api.epcis.problems import PageTokenInvalid
from node.api.epcis.result_pages import Start

LIFE_MS: Final = 600_000
TOKEN_SIZE_MAX: Final = 512
# Ids of released tokens that are remembered; of more the oldest count again.
RELEASED_MAX: Final = 4_096
_MAC_SIZE: Final = 16
_KEY_SIZE: Final = 32
_PLACE_SIZE_MAX: Final = 160
# Base64 for URLs without padding; no length of it leaves a single character over.
_TOKEN: Final = re.compile(r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2,3})?")


@dataclass(frozen=True, slots=True)
class _Sealed:
    height: U64
    place: Annotated[bytes, Size(max=_PLACE_SIZE_MAX)] | None
    told: U32
    expires_ms: TimeMs


class PageTokens:
    """Makes and reads the tokens of one process. Methods may be called from any thread."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._key = token_bytes(_KEY_SIZE)
        self._lock = threading.Lock()
        self._released: dict[bytes, int] = {}

    def seal(self, query: bytes, start: Start) -> tuple[str, int]:
        """The token of a page of a query (by its digest), and when it ends, UTC milliseconds."""
        expires_ms = self._clock_ms() + LIFE_MS
        data = encode(_Sealed(start.height, start.place, start.told, expires_ms))
        token = base64.urlsafe_b64encode(self._mac(query, data) + data).decode()
        return token.rstrip("="), expires_ms

    def open(self, query: bytes, token: str) -> Start:
        """Where the page begins; `PageTokenInvalid`."""
        mac, data = _split(token)
        if not hmac.compare_digest(mac, self._mac(query, data)):
            msg = "this token was not given for this query by this node since it started"
            raise PageTokenInvalid(msg, "query.nextPageToken")
        sealed = decode(_Sealed, data)
        if sealed.expires_ms <= self._clock_ms() or mac in self._released:
            msg = "the token has expired or was released"
            raise PageTokenInvalid(msg, "query.nextPageToken")
        return Start(sealed.height, sealed.place, sealed.told)

    def release(self, token: str) -> None:
        """Let a token end now; whether it ever was one can't be seen without its query."""
        mac, _ = _split(token)
        now_ms = self._clock_ms()
        with self._lock:
            while self._released:
                oldest = next(iter(self._released))
                if self._released[oldest] > now_ms and len(self._released) < RELEASED_MAX:
                    break
                del self._released[oldest]
            self._released[mac] = now_ms + LIFE_MS

    def _mac(self, query: bytes, data: bytes) -> bytes:
        return hmac.digest(self._key, query + data, "sha256")[:_MAC_SIZE]


def _split(token: str) -> tuple[bytes, bytes]:
    """The MAC of a token and what it seals."""
    raw = b""
    if len(token) <= TOKEN_SIZE_MAX and _TOKEN.fullmatch(token):
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    if len(raw) <= _MAC_SIZE:
        msg = "not a page token"
        raise PageTokenInvalid(msg, "query.nextPageToken")
    return raw[:_MAC_SIZE], raw[_MAC_SIZE:]


def digest_of(*parts: str) -> bytes:
    """What a token is bound to: a query in all its words, and where it was asked."""
    hasher = sha256()
    for part in parts:
        # A header's bytes need be no UTF-8.
        data = part.encode("utf-8", "surrogateescape")
        hasher.update(len(data).to_bytes(8, "big") + data)
    return hasher.digest()
