"""What happened on the chain since a story began: events by type and content, waited for."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from node.client import NodeClient, NodeFailed
from node.demo.story import Claim

PAGE: Final = 500
POLL_S: Final = 0.05

Placed = Mapping[str, Any]


class Chronicle:
    """Events of some types from a cursor on, read page by page; each is kept."""

    def __init__(self, client: Callable[[], NodeClient], cursor: str, *types: str) -> None:
        self._client = client
        self._next = cursor
        self._types = ",".join(types)
        self.events: list[Placed] = []

    def read(self) -> None:
        """All that is known now."""
        while True:
            query = {"cursor": self._next, "limit": PAGE, "types": self._types}
            page = self._client().get("/v1/events", query)
            self.events += page["events"]
            self._next = page["next"]
            if page["complete"]:
                return

    def found(self, type_: str, **data: Any) -> Placed | None:
        """The first event of this type with these data, as far as is read."""
        wanted = data.items()
        return next(
            (
                entry
                for entry in self.events
                if entry["type"] == type_ and all(entry["data"].get(k) == v for k, v in wanted)
            ),
            None,
        )

    def wait(self, timeout_s: float, type_: str, **data: Any) -> Placed:
        """As `found`, once it has happened; `NodeFailed` when the time is over."""
        found: list[Placed] = []

        def happened() -> bool:
            entry = self.found(type_, **data)
            found[:] = [] if entry is None else [entry]
            return bool(found)

        self.wait_until(timeout_s, happened, f"{type_} of {data}")
        return found[0]

    def wait_until(self, timeout_s: float, is_so: Callable[[], bool], what: str) -> None:
        """Read on until something is so; `NodeFailed` when the time is over."""
        deadline = time.monotonic() + timeout_s
        while True:
            self.read()
            if is_so():
                return
            if time.monotonic() > deadline:
                raise NodeFailed(f"not within {timeout_s:g} s: {what}")
            time.sleep(POLL_S)


def placed_claims(entry: Placed, *names: str) -> list[Claim]:
    """Claims about the receipt that an event stands in, and about fields of the event."""
    path, index = f"/v1/receipts/{entry['receipt_id']}", entry["cursor"].split(".")[2]
    return [
        Claim(path, "/id", entry["receipt_id"]),
        Claim(path, "/status", "ok"),
        Claim(path, "/height", entry["height"]),
        Claim(path, f"/events/{index}/type", entry["type"]),
        *(Claim(path, f"/events/{index}/data/{name}", entry["data"][name]) for name in names),
    ]
