"""A served node whose merchant has a capture token, and documents to capture with it."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chain.crypto import sha256
from commerce.delegations import Delegate
from node.api.epcis.desk import DeskSettings, FindQuery
from node.gateway.tokens import FILE_NAME, TokenEntry, add_token, digest_of, new_token
from node.keystore import write_key
from tests.chain.world import account, key
from tests.node.api.market import CONTEXT, FOREVER_MS, done, event, found
from tests.node.api.service import Served, served

GATEWAY_KEY = "gateway"
THING = "urn:epc:id:sgtin:6901234.000001.{}"


def make_token(
    folder: Path, name: str, of: str, *, signer: str = GATEWAY_KEY, rate: int = 50
) -> str:
    """A token for a party's account, with the key of `signer`; its text."""
    token = new_token()
    file = folder / f"{name}.key"
    write_key(file, sha256(f"test key of {signer}".encode()), account=account(of))
    add_token(
        folder / FILE_NAME,
        TokenEntry(name, digest_of(token), account(of), file.name, 1, rate),
    )
    return token


def observed(number: int, **members: Any) -> dict[str, Any]:
    """An item was seen."""
    seen = {
        "eventTime": "2024-04-08T08:30:00.000+08:00",
        "bizStep": "storing",
        "epcList": [THING.format(number)],
    }
    return event(**{**seen, **members})


def document(*events: dict[str, Any], **members: Any) -> bytes:
    """An EPCIS document of these events."""
    text = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-04-09T00:00:00.000+08:00",
        **members,
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(text, indent=1).encode()


class Gateway:
    """A served node and the merchant's token."""

    def __init__(self, node: Served, token: str) -> None:
        self.node = node
        self.token = token

    async def ask(
        self, method: str, path: str, data: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON body of a request with the token."""
        sent = {"Authorization": f"Bearer {self.token}", **headers}
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.node.http.request(
            method, f"/v1/epcis{path}", data=data, headers=sent
        ) as response:
            told = await response.read()
            body = json.loads(told) if told else None
            return response.status, dict(response.headers), body


@asynccontextmanager
async def opened(
    folder: Path, *, hurried: bool = False, find_query: FindQuery | None = None
) -> AsyncIterator[Gateway]:
    """A node that signs the merchant's captures and keeps its records in a folder."""
    token = (
        make_token(folder, "erp", "merchant") if not (folder / FILE_NAME).exists() else new_token()
    )
    desk = DeskSettings(folder, folder / FILE_NAME, ("127.0.0.0/8",))
    async with served(hurried=hurried, desk=desk, find_query=find_query) as node:
        await found(node.service)
        await delegate(node, "merchant")
        yield Gateway(node, token)


async def delegate(node: Served, owner: str) -> None:
    """The gateway's key may capture for a party."""
    scope = Delegate(key(GATEWAY_KEY).public_key, ("epcis.capture",), 0, FOREVER_MS)
    await done(node.service, owner, "delegate", scope)
