"""Drives the client's conversations without sockets: every reply is a function's."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chain.crypto import PrivateKey
from node.clients.errors import NodeUnreachable
from node.clients.settling import Trade
from node.clients.signing import Signer
from node.clients.wire import (
    Asked,
    Effect,
    Exchange,
    Listen,
    Pause,
    Place,
    Reply,
    Steps,
    read_place,
)

T = TypeVar("T")

KEY = PrivateKey(bytes(range(32)))
SIGNER = Signer.of(KEY)
GENESIS_HASH = bytes([7]) * 32
PLACES = [read_place(f"http://node-{number}:80") for number in (1, 2)]

Answer = tuple[int, Any] | Exception


@dataclass(slots=True)
class Driver:
    """Answers each exchange; time passes by pauses only."""

    answer: Callable[[Place, Asked], Answer]
    now_ms: int = 1_000_000
    asked: list[tuple[str, Asked]] = field(default_factory=list)
    # What the streams that are listened to say, in turn.
    says: list[Callable[[], bytes | Exception]] = field(default_factory=list)
    listened: list[tuple[str, str]] = field(default_factory=list)

    def run(self, steps: Steps[T]) -> T:
        """The value of a conversation."""
        try:
            effect = next(steps)
            while True:
                if isinstance(effect, Pause):
                    self.now_ms += int(effect.time_s * 1000)
                    effect = steps.send(None)
                    continue
                effect = self._exchanged(steps, effect)
        except StopIteration as ended:
            value: T = ended.value
            return value

    def _exchanged(self, steps: Steps[T], effect: Exchange | Listen) -> Effect:
        if isinstance(effect, Listen):
            return self._listened(steps, effect)
        self.asked.append((effect.place.host, effect.asked))
        answer = self.answer(effect.place, effect.asked)
        if isinstance(answer, NodeUnreachable):
            return steps.throw(answer)
        if isinstance(answer, Exception):
            raise answer
        return steps.send(Reply(answer[0], None, json.dumps(answer[1]).encode()))

    def _listened(self, steps: Steps[T], effect: Listen) -> Effect:
        self.listened.append((effect.place.host, effect.asked.path))
        said = self.says.pop(0)()
        if isinstance(said, Exception):
            return steps.throw(said)
        return steps.send(Reply(200, None, said))

    def trade(self) -> Trade:
        """Of two nodes, in the name of one key."""
        return Trade(PLACES, GENESIS_HASH, (SIGNER,), 60_000, 1.0, lambda: self.now_ms)

    def sent(self) -> list[bytes]:
        """The bytes of each transaction that was handed in."""
        return [asked.body for _, asked in self.asked if asked.body is not None]
