"""Captured documents behind a served node, and answers of queries read with exact numbers."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode

from commerce.epcis.capture import EpcisCapture
from tests.commerce.epcis.statements import Members, data
from tests.node.api.market import done
from tests.node.api.service import FakeService, Served

EVENTS = "/v1/epcis/events"


async def capture(service: FakeService, *documents: Members | bytes, by: str = "merchant") -> None:
    """Each document in a block of its own."""
    for one in documents:
        raw = one if isinstance(one, bytes) else data(one)
        await done(service, by, "epcis.capture", EpcisCapture(raw, "public"))


def exact(text: str | bytes) -> Any:
    """JSON with numbers as exact decimals."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


class Answer:
    """An answer of the query interface."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.json: Any = exact(body) if body else None

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events told, without their recordTime."""
        listed = self.json["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        return [{k: v for k, v in event.items() if k != "recordTime"} for event in listed]

    @property
    def marks(self) -> list[dict[str, Any]]:
        """What the node knows of each."""
        found = next(v for k, v in self.json.items() if k.endswith(":captured"))
        assert isinstance(found, list)
        return found

    @property
    def next(self) -> str | None:
        """Path and query of the next page."""
        link = self.headers.get("Link")
        if link is None:
            return None
        assert link.endswith('>; rel="next"')
        return "/" + link[1:].partition(">")[0].split("/", 3)[3]


async def ask(node: Served, path: str, *query: tuple[str, str], **headers: str) -> Answer:
    """An answer to GET; a header's name has _ for -."""
    url = node.url(f"{path}?{urlencode(query)}" if query else path)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with node.http.get(url, headers=named) as response:
        return Answer(response.status, dict(response.headers), await response.read())


async def find(node: Served, **parameters: str) -> Answer:
    """The events that match."""
    return await ask(node, EVENTS, *parameters.items())


async def all_pages(node: Served, *query: tuple[str, str], **headers: str) -> list[Answer]:
    """Every page of a result, following its links."""
    pages = [await ask(node, EVENTS, *query, **headers)]
    while (path := pages[-1].next) is not None:
        pages.append(await ask(node, path, **headers))
    return pages


def in_path(name: str) -> str:
    """A name as a segment of a path."""
    return quote(name, safe="")
