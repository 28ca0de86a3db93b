"""`hushang listen`: events of a network, signed and posted to a program in the making."""

import asyncio
import json
import random
import secrets
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.bech32m import encode_account
from node.clients import files
from node.clients.feed import Feed, FeedCursor
from node.clients.feeds import FROM_NOW, FeedEvent
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.watch import is_reader_gone, words
from node.genesis_file import load_genesis
from node.keystore import read_private
from node.webhooks.addresses import AllowedPlaces
from node.webhooks.sender import Answer, Message, Sender
from node.words import said

app = noun("Send events to a program in the making, signed.", single=True)

# The developer names the place himself: it may be this machine, or any other.
ANYWHERE: Final = ("0.0.0.0/0", "::/0")
SECRET_FILE: Final = Path("hushang-listen.secret")
SECRET_BYTES: Final = 32
# As signatureToken of a subscription.
SECRET_SIZE_MIN: Final = 16
SECRET_SIZE_MAX: Final = 256
PAUSE_S: Final = 0.3
RETRY_FIRST_S: Final = 0.5
RETRY_MAX_S: Final = 30.0
HEADERS: Final = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Forwarder:
    """Posts events to one URL until each is taken; `runner` has the loop of its connections."""

    session: Session
    sender: Sender
    runner: asyncio.Runner
    url: str
    secret: bytes
    chain: str

    def forward(self, event: FeedEvent) -> int:
        """The status with which the event was taken, after as many tries as it takes."""
        body = json.dumps(event.json(), ensure_ascii=False, separators=(",", ":")).encode()
        key = f"{self.chain}/{event.cursor}-{event.cursor}"
        message = Message(self.url, self.secret, key, body, HEADERS)
        pause_s = RETRY_FIRST_S
        while True:
            answer: Answer = self.runner.run(self.sender.send(message, now_ms()))
            if answer.is_taken:
                return answer.status
            # Not for secrecy: that a restarted program isn't met by all at once.
            wait_s = pause_s * (1 + random.random()) / 2  # noqa: S311
            self.session.say(
                said(
                    "{cursor} {type}: {words}; again in {wait_s:.1f} s",
                    cursor=event.cursor,
                    type=event.type,
                    words=answer.words,
                    wait_s=wait_s,
                )
            )
            time.sleep(wait_s)
            pause_s = min(2 * pause_s, RETRY_MAX_S)


@verb(
    app,
    "listen",
    examples=(
        "hushang listen --forward-to http://127.0.0.1:8000/hook",
        "hushang listen --forward-to http://127.0.0.1:8000/hook --type order --account merchant",
        "hushang listen --forward-to http://127.0.0.1:8000/hook --cursor-file listen.cursor",
        "hushang listen --forward-to http://127.0.0.1:8000/hook --from 0.0.0 --count 3 -o ndjson",
    ),
)
def listen(
    session: Session,
    forward_to: Annotated[str, typer.Option(metavar="URL", help="Where to post each event.")],
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only these, or all of a beginning.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only what names it: hs1… or a name.")] = None,
    secret_file: Annotated[
        Path, typer.Option(help="The secret that signs; made with mode 0600 if it isn't there.")
    ] = SECRET_FILE,
    start: Annotated[
        str | None, typer.Option("--from", help="Where to begin: a cursor, 0.0.0, or `latest`.")
    ] = None,
    cursor_file: Annotated[
        Path | None, typer.Option(help="Keep the place here; what it says goes before --from.")
    ] = None,
    genesis: Annotated[
        Path | None, typer.Option(help="Check every event from this genesis; trust no node.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after this many events.")] = None,
) -> None:
    """Post each event to a URL as it is decided, one after another, until Ctrl-C.

    Headers and signature are those of a node's webhooks, so a receiver that checks them here is
    ready for these; the body is the event as GET /v1/events tells it. Each is sent again until it
    is answered with 2xx, and nothing after it before.
    """
    place = AllowedPlaces(ANYWHERE)
    place.check_url(forward_to)
    secret = load_secret(session, secret_file)
    file = None if cursor_file is None else FeedCursor(cursor_file)
    begin = (None if file is None else file.read()) or start or FROM_NOW
    named = None if account is None else encode_account(session.account(account))
    feed = session.client.feed(
        begin,
        types=types or (),
        account=named,
        genesis=None if genesis is None else load_genesis(genesis),
        keep=None if file is None else file.keep,
    )
    chain = session.genesis.hash().hex()
    with asyncio.Runner() as runner:
        sender = runner.run(Sender(place).__aenter__())
        try:
            _pass_on(Forwarder(session, sender, runner, forward_to, secret, chain), feed, count)
        finally:
            runner.run(sender.__aexit__(*sys.exc_info()))
            if file is None and feed.cursor is not None:
                session.say("go on with --from {cursor}", cursor=feed.cursor)


def _pass_on(forwarder: Forwarder, feed: Feed, count: int | None) -> None:
    left = count
    while left is None or left > 0:
        event = feed.poll()
        if event is None:
            if is_reader_gone():
                return
            time.sleep(PAUSE_S)
            continue
        status = forwarder.forward(event)
        feed.keep()
        _tell(forwarder.session, event, status)
        left = None if left is None else left - 1


def _tell(session: Session, event: FeedEvent, status: int) -> None:
    record: dict[str, Any] = {**event.json(), "status": status}
    session.printer.line(record, f"{status}  {words(session, event.json())}")


def load_secret(session: Session, path: Path) -> bytes:
    """The secret in a file that only its owner reads; a new one where there is no file."""
    made = secrets.token_urlsafe(SECRET_BYTES)
    if not path.exists() and files.write_new(path, f"{made}\n".encode()):
        session.say("a new secret is in {path}: give the file to your receiver", path=path)
    secret = read_private(path, SECRET_SIZE_MAX + 1).rstrip(b"\r\n")
    if not SECRET_SIZE_MIN <= len(secret) <= SECRET_SIZE_MAX:
        words = f"{len(secret)} bytes, not {SECRET_SIZE_MIN} to {SECRET_SIZE_MAX}"
        raise UsageWrong(f"{path}: the secret has {words}")
    return secret
