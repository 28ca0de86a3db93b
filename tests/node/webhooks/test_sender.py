"""Tests of one message to one webhook, against a real server."""

import hashlib
import hmac
import ssl
from pathlib import Path
from typing import Any

import pytest

from node.client import AuthorityFileInvalid
from node.webhooks.addresses import AllowedPlaces
from node.webhooks.sender import Answer, Message, Sender, signature_of
from tests.node.api.authority import Authority
from tests.node.scripted import node
from tests.node.webhooks.receiver import receiving

pytestmark = pytest.mark.asyncio

HERE = AllowedPlaces(("127.0.0.0/8",))
SECRET = "一 secret of the client".encode()


def message(dest: str, **changed: Any) -> Message:
    """A message to a URL."""
    values: dict[str, Any] = {
        "dest": dest,
        "secret": SECRET,
        "key": "id/1.0.0-1.0.0",
        "body": b'{"a": 1}',
        "headers": {"Content-Type": "application/json"},
    }
    return Message(**{**values, **changed})


async def test_a_message_is_signed_over_its_time_and_body() -> None:
    async with receiving() as receiver, Sender(HERE) as sender:
        answer = await sender.send(message(receiver.url), 1_700_000_000_123)
        told = await receiver.next()
    assert answer == Answer(200, "HTTP status 200")
    assert answer.is_taken
    assert told.body == b'{"a": 1}'
    assert told.headers["Idempotency-Key"] == "id/1.0.0-1.0.0"
    assert told.headers["Content-Type"] == "application/json"
    signed = b"1700000000123." + told.body
    digest = hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
    assert told.headers["GS1-Signature"] == f"t=1700000000123,v1={digest}"


async def test_a_message_without_a_secret_is_not_signed() -> None:
    async with receiving() as receiver, Sender(HERE) as sender:
        await sender.send(message(receiver.url, secret=None), 1)
        assert "GS1-Signature" not in (await receiver.next()).headers


async def test_the_signature_is_another_for_another_time_body_or_secret() -> None:
    made = {
        signature_of(SECRET, 1, b"body"),
        signature_of(SECRET, 2, b"body"),
        signature_of(SECRET, 1, b"other"),
        signature_of(b"another", 1, b"body"),
    }
    assert len(made) == 4


async def test_a_redirect_is_not_followed() -> None:
    async with receiving() as receiver, Sender(HERE) as sender:
        receiver.statuses = [302]
        answer = await sender.send(message(receiver.url), 1)
        assert (answer.status, answer.is_taken) == (302, False)
        await receiver.next()
        assert receiver.arrived.empty()


async def test_nothing_is_sent_where_webhooks_may_not_lead() -> None:
    async with receiving() as receiver, Sender(AllowedPlaces()) as sender:
        named = receiver.url.replace("127.0.0.1", "localhost")
        for url in (receiver.url, named, receiver.url.replace("127.0.0.1", "2130706433")):
            answer = await sender.send(message(url), 1)
            assert (answer.status, answer.is_taken) == (0, False)
        assert receiver.arrived.empty()


async def test_a_receiver_that_never_answers_is_given_up() -> None:
    async with receiving() as receiver, Sender(HERE, timeout_s=0.05) as sender:
        receiver.may_answer.clear()
        answer = await sender.send(message(receiver.url), 1)
        assert (answer.status, answer.words) == (0, "no answer in time")


async def test_a_port_where_nobody_listens_is_an_answer_too() -> None:
    async with receiving() as receiver:
        url = receiver.url
    async with Sender(HERE) as sender:
        answer = await sender.send(message(url), 1)
    assert answer.status == 0
    assert not answer.is_taken


async def test_a_webhook_may_have_a_certificate_of_a_private_ca(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*authority.issue())
    with node((200, {}), tls=tls) as served:
        async with Sender(HERE, ca=authority.file) as sender:
            assert (await sender.send(message(f"{served.url}/hook"), 1)).is_taken
        async with Sender(HERE) as sender:
            answer = await sender.send(message(f"{served.url}/hook"), 1)
    assert answer.status == 0
    assert "certificate" in answer.words
    assert len(served.asked) == 1


async def test_a_file_without_a_ca_is_refused_when_the_node_starts(tmp_path: Path) -> None:
    with pytest.raises(AuthorityFileInvalid):
        Sender(HERE, ca=tmp_path / "none.pem")
