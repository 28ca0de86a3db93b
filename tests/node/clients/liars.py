"""Nodes before one real ledger, some of which lie: what a node shows is changed on its way."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from chain.genesis import Genesis
from node.api.cursors import parse_cursor
from node.api.event_pages import EventFilter
from node.clients.errors import NodeUnreachable
from node.clients.feeds import FeedEvent
from node.clients.verified import VerifiedSource
from node.clients.wire import Exchange, Listen, Pause, Reply, Steps, read_place
from tests.node.api.service import Served

T = TypeVar("T")

# Changes what is shown under a path; None: the node does not answer.
Lie = Callable[[str, Any], Any]


def honest(path: str, told: Any) -> Any:
    del path
    return told


def dead(path: str, told: Any) -> Any:
    del path, told
    return None


async def _nothing(path: str) -> None:
    del path


@dataclass(slots=True)
class Nodes:
    """`ledgers` serve node 0, 1, … (the first one for all without their own); `lies` are theirs."""

    ledgers: Sequence[Served]
    lies: list[Lie]
    wanted: EventFilter = field(default_factory=EventFilter)
    # Who was asked, by number; who was listened to, by its negative.
    asked: list[int] = field(default_factory=list)
    # What the streams that are listened to say, in turn.
    says: list[Callable[[], Awaitable[bytes]]] = field(default_factory=list)
    # What happens before a path is asked for.
    before: Callable[[str], Awaitable[None]] = _nothing
    time_s: float = 0.0
    source: VerifiedSource = field(init=False)

    def __post_init__(self) -> None:
        places = [read_place(f"http://node-{number}:80") for number in range(len(self.lies))]
        genesis: Genesis = self.ledgers[0].service.chain.genesis
        self.source = VerifiedSource(places, genesis, self.wanted, 1.0, lambda: self.time_s)

    async def run(self, steps: Steps[T]) -> T:
        """The value of a conversation."""
        try:
            effect = next(steps)
            while True:
                if isinstance(effect, Pause):
                    self.time_s += effect.time_s
                    effect = steps.send(None)
                    continue
                if isinstance(effect, Listen):
                    effect = steps.send(Reply(200, None, await self._heard(effect)))
                    continue
                reply = await self._exchanged(effect)
                if reply is None:
                    effect = steps.throw(NodeUnreachable("down"))
                else:
                    effect = steps.send(reply)
        except StopIteration as ended:
            value: T = ended.value
            return value

    async def _exchanged(self, effect: Exchange) -> Reply | None:
        number = int(effect.place.host.removeprefix("node-"))
        self.asked.append(number)
        await self.before(effect.asked.path)
        served = self.ledgers[min(number, len(self.ledgers) - 1)]
        status, told = await served.get(effect.asked.path)
        shown = self.lies[number](effect.asked.path, told)
        return None if shown is None else Reply(status, None, json.dumps(shown).encode())

    async def _heard(self, effect: Listen) -> bytes:
        self.asked.append(-int(effect.place.host.removeprefix("node-")))
        return await self.says.pop(0)()

    async def events(self, cursor: str = "0.0.0") -> list[FeedEvent]:
        """Everything from a cursor on, until there is no more for now."""
        found: list[FeedEvent] = []
        place = await self.run(self.source.start(parse_cursor(cursor)))
        while True:
            batch = await self.run(self.source.batch(place))
            assert batch.next >= place
            found += batch.events
            place = batch.next
            if batch.complete:
                return found

    @property
    def named(self) -> Mapping[int, str]:
        """The nodes that are not asked any more, and the rule by which each was caught."""
        return {
            int(url.partition("node-")[2].partition(":")[0]): words.partition(":")[0]
            for url, words in self.source.distrusted.items()
        }
